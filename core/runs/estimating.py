"""What a run would cost, before it: the stages make their prompts for a sample, and nobody is asked."""

import math
import statistics
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from core.errors import AgentHERError
from core.llm import Chat, build_chats
from core.models import FailedTrajectory
from core.pipeline import run_stages
from core.prices import Price, Usage, cost_of
from core.runs.running import settings_identity
from core.runs.stand_in import Noted, StandIn, hints_for
from core.settings import PipelineConfig, Settings
from core.store import Store
from core.store.calls import find_reply
from core.store.sampling import pending_by_label, sample_pending
from core.store.trajectories import load_trajectory

_SAMPLE = 50  # trajectories looked at
_LEAST_SAMPLE = 10  # of each label
_SURE = 1.96  # standard errors to either side of a mean that hold it 19 times out of 20
ACCEPTED = 0.5  # share of attempts that the middle course takes for accepted

Course = Literal["least", "middle", "most"]
_COURSES: tuple[Course, ...] = ("least", "middle", "most")


@dataclass(frozen=True)
class Load:
    """Calls and tokens of a whole run on one course of things; `cost_usd` None = the price of a model is unknown."""

    calls: float = 0.0
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    cost_usd: float | None = 0.0

    def __add__(self, other: "Load") -> "Load":
        known = self.cost_usd is not None and other.cost_usd is not None
        return Load(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            (self.cost_usd or 0) + (other.cost_usd or 0) if known else None,
        )

    def __mul__(self, factor: float) -> "Load":
        cost = None if self.cost_usd is None else self.cost_usd * factor
        return Load(self.calls * factor, self.input_tokens * factor, self.output_tokens * factor, cost)


@dataclass(frozen=True)
class Estimate:
    """What is to come. `without_calls`: share of the trajectories at which no model is asked.

    least: nothing of use is found in any run. middle: every second attempt is accepted, which is no
    forecast. most: all attempts are made and turned down, and every answer is as long as `max_tokens`
    allows. `margins`: by how many calls a sample may be off, 19 times out of 20; 0 where all were looked at.
    """

    pending: int
    sampled: int
    without_calls: float
    loads: Mapping[Course, Load]
    margins: Mapping[Course, float]
    unpriced: tuple[str, ...]  # models without a price


def estimate(store: Store, settings: Settings, *, known: Store | None) -> Estimate:
    """Estimate a run of `settings` over what is pending in `store`; asks nobody and writes nothing.

    Labels are sampled apart, since a run that is known to have succeeded is asked about less. What the
    store `known` holds the reply to is not asked again, so it costs nothing.
    """
    config = settings.pipeline
    identity = settings_identity(config)[1]
    chat, judges = build_chats(config)
    chats = (chat, *judges) if chat else ()
    counts = pending_by_label(store, identity)
    pending = sum(counts.values())
    loads: dict[Course, Load] = dict.fromkeys(_COURSES, Load())
    spread: dict[Course, float] = dict.fromkeys(_COURSES, 0.0)
    sampled, silent = 0, 0.0
    for label, of in counts.items() if chats else ():
        count = min(of, max(_LEAST_SAMPLE, round(_SAMPLE * of / pending)))
        keys = sample_pending(store, identity, label, count=count, of=of)
        found = [_courses(known, load_trajectory(store, key), chats, settings) for key in keys]
        sampled += len(found)
        silent += of / len(found) * sum(not courses for courses in found)
        for course in _COURSES:
            each = [courses.get(course, Load()) for courses in found]
            loads[course] = loads[course] + sum(each, Load()) * (of / len(each))
            spread[course] += of**2 * (1 - len(each) / of) * _variance([load.calls for load in each]) / len(each)
    models = dict.fromkeys(one.model for one in chats)
    return Estimate(
        pending=pending,
        sampled=sampled,
        without_calls=silent / max(pending, 1) if chats else 1.0,
        loads=loads,
        margins={course: _SURE * math.sqrt(spread[course]) for course in _COURSES},
        unpriced=tuple(model for model in models if model not in settings.prices),
    )


def _variance(values: Sequence[float]) -> float:
    return statistics.variance(values) if len(values) > 1 else 0.0


def _courses(
    known: Store | None, run: FailedTrajectory, chats: Sequence[Chat], settings: Settings
) -> dict[Course, Load]:
    """Load of one trajectory by course of things; empty where no model is asked."""
    config, prices = settings.pipeline, settings.prices
    hints = hints_for(run, config)
    accepted = _calls(known, run, chats, config, hints, accepts=True)
    if not accepted:
        return {}
    refused = _calls(known, run, chats, config, hints, accepts=False)
    attempts = config.relabel_max_attempts
    beyond_first = sum((1 - ACCEPTED) ** number for number in range(1, attempts))
    share = beyond_first / (attempts - 1) if attempts > 1 else 0.0
    least = [call for call in accepted if call.stage == accepted[0].stage]
    longest = [Noted(c.stage, c.model, Usage(c.usage.input_tokens, config.max_tokens)) for c in refused]
    return {
        "least": _load(least, prices),
        "middle": _load(accepted, prices) * (1 - share) + _load(refused, prices) * share,
        "most": _load(longest, prices),
    }


def _calls(
    known: Store | None,
    run: FailedTrajectory,
    chats: Sequence[Chat],  # the writer, then the judges
    config: PipelineConfig,
    hints: Mapping[str, Any],
    *,
    accepts: bool,
) -> list[Noted]:
    """The calls of one trajectory where every judge says yes, or every judge says no."""
    noted: list[Noted] = []
    stored = partial(find_reply, known) if known else lambda _: None
    chat, *judges = (StandIn(one.model, one.name, hints, accepts, noted, stored) for one in chats)
    with suppress(AgentHERError):  # an answer that the stand-in cannot give: what was asked so far counts
        run_stages(run, chat, judges, config)
    return noted


def _load(calls: Sequence[Noted], prices: Mapping[str, Price]) -> Load:
    load = Load()
    for call in calls:
        cost = cost_of(prices.get(call.model), call.usage)
        load += Load(1, call.usage.input_tokens, call.usage.output_tokens, cost)
    return load
