"""The grounding check: what code can say of a prompt before any model or human looks at it.

Used by stages, screens, export and tests alike. It says *found* or *not found*, never true or
false: a value that stands in a call or a result is supported as far as a string can show it.
"""

from collections.abc import Iterable, Iterator

from core.models import CheckedValue, Evidence, FailedTrajectory, Grounding, StepKind
from core.stages.grounding.alike import ORIGINAL_AGAIN, Requests, likeness, may_serve
from core.stages.grounding.amounts import at_another_time, miscounted
from core.stages.grounding.asked_deeds import undone
from core.stages.grounding.directions import opposite
from core.stages.grounding.index import Origin, Place, RunIndex, evidence_at, index_of
from core.stages.grounding.inputs import missing_inputs
from core.stages.grounding.routes import swapped
from core.stages.grounding.secrets import secrets_in
from core.stages.grounding.stale import only_old, stale_words
from core.stages.grounding.units import stands_with_unit, unit_of
from core.stages.grounding.unseen import unseen_words
from core.stages.grounding.values import FoundValue, ValueKind, find_values
from core.stages.results import read_result

_STRICT = {ValueKind.NUMBER, ValueKind.DATE, ValueKind.TIME, ValueKind.ID, ValueKind.SUPERLATIVE}


def check_prompt(
    prompt: str,
    trajectory: FailedTrajectory,
    *,
    first_step: int = 1,
    last_step: int | None = None,
    final_answer: str = "",
) -> Grounding:
    """What the steps `first_step`..`last_step` (1-based, inclusive) support of `prompt`.

    `final_answer` is the rewritten one, searched for words of the old goal. Under 50 ms once a run
    is indexed; the first check of a run pays for its index.
    """
    last = len(trajectory.steps) if last_step is None else min(last_step, len(trajectory.steps))
    index = index_of(trajectory)
    found = find_values(prompt)
    checked = _checked(found, index, trajectory, first=first_step, last=last)
    wrong = [*_contradicted(prompt, found, trajectory, index, first=first_step, last=last)]
    unseen = [
        CheckedValue(text=prompt[start:end], start=start, end=end, kind="word")
        for start, end in unseen_words(prompt, trajectory, found)
    ]
    others = [v for v in (*checked, *unseen) if not any(v.start < w.end and w.start < v.end for w in wrong)]
    return Grounding(
        values=tuple(sorted([*others, *wrong], key=lambda value: value.start)),
        similarity=similarity_to_original(prompt, trajectory),
        missing_inputs=missing_inputs(prompt, trajectory, first=first_step, last=last),
        stale_words=stale_words(prompt, trajectory, first=first_step, last=last, final_answer=final_answer),
        secrets=secrets_in(f"{prompt}\n{final_answer}", trajectory),
    )


def _contradicted(
    prompt: str, found: Iterable[FoundValue], trajectory: FailedTrajectory, index: RunIndex, *, first: int, last: int
) -> Iterator[CheckedValue]:
    """What the request says and its working calls show otherwise: an end of an order, a way, an amount, a deed."""
    calls = [
        (number, step)
        for number, step in trajectory.actions
        if first <= number <= last and not read_result(step).failed
    ]
    for value in found:
        if value.kind is ValueKind.SUPERLATIVE and (against := opposite(value, calls)):
            place = {"start": value.start, "end": value.end}
            yield CheckedValue(text=value.text, against=against, kind=value.kind.value, **place)
    against_it = {
        "way": swapped(prompt, calls),
        "count": miscounted(prompt, calls, index),
        "time": at_another_time(prompt, index, first=first, last=last),
    }
    for kind, places in against_it.items():
        for start, end, against in places:
            yield CheckedValue(text=prompt[start:end], start=start, end=end, against=against, kind=kind)
    for start, end in undone(prompt, calls):
        yield CheckedValue(text=prompt[start:end], start=start, end=end, kind="deed")


def check_answer(
    answer: str, trajectory: FailedTrajectory, *, first_step: int = 1, last_step: int | None = None
) -> tuple[CheckedValue, ...]:
    """Every value that an answer states, and the call or result in `first_step`..`last_step` that supports it."""
    last = len(trajectory.steps) if last_step is None else min(last_step, len(trajectory.steps))
    index = index_of(trajectory)
    found = [value for value in find_values(answer) if value.kind is not ValueKind.SUPERLATIVE]
    return _checked(found, index, trajectory, first=first_step, last=last)


def similarity_to_original(prompt: str, trajectory: FailedTrajectory) -> float:
    """0..1: how much of the original request the prompt repeats; 1 only if no value differs."""
    turns = [step.text for step in trajectory.steps if step.kind is StepKind.USER]
    originals = {trajectory.original_prompt, "\n".join([trajectory.original_prompt, *turns])}
    return round(max(likeness(prompt, original) for original in originals), 3)


def _checked(
    found: Iterable[FoundValue], index: RunIndex, trajectory: FailedTrajectory, *, first: int, last: int
) -> tuple[CheckedValue, ...]:
    """Each value checked; one that is stated a thousand times is looked up once."""
    known: dict[tuple[object, ...], CheckedValue] = {}
    checked = []
    for value in found:
        same = (value.kind, value.keys, value.unit and unit_of(value.text))
        if same not in known:
            known[same] = _check(value, index, trajectory, first=first, last=last)
        place = {"text": value.text, "start": value.start, "end": value.end}
        checked.append(known[same].model_copy(update=place))
    return tuple(checked)


def _check(value: FoundValue, index: RunIndex, trajectory: FailedTrajectory, *, first: int, last: int) -> CheckedValue:
    best: tuple[int, Evidence] | None = None
    given = seen = False
    beside: list[str] = []
    unit = unit_of(value.text) if value.unit else None
    for place, start, end in _hits(value, index):
        inside = place.step == 0 or place.origin in (Origin.USER, Origin.SYSTEM) or first <= place.step <= last
        given = given or (inside and place.origin is not Origin.OBSERVATION)
        if not inside:
            continue
        beside.append(place.text)
        seen = seen or place.origin is Origin.OBSERVATION
        rank = _rank(place, trajectory)
        if best is None or rank < best[0]:
            best = (rank, evidence_at(place, start, end))
            if rank == 0 and unit is None:
                break
    evidence = best[1] if best else None
    if unit and evidence and not stands_with_unit(value.keys[0], unit, beside, (p.text for p in index.places)):
        best = evidence = None
    trivial = value.kind is ValueKind.NUMBER and not value.unit and len(value.keys[0]) <= 2
    return CheckedValue(
        text=value.text,
        start=value.start,
        end=value.end,
        evidence=evidence,
        leak=evidence is not None and seen and not given and not trivial,
        asked_only=best is not None and best[0] >= _ASKED and value.kind in _STRICT,
        kind=value.kind.value,
    )


_ASKED = 3


def _hits(value: FoundValue, index: RunIndex) -> Iterator[tuple[Place, int, int]]:
    for key in value.keys:
        yield from index.find(key)


def _rank(place: Place, trajectory: FailedTrajectory) -> int:
    """How well a place supports a value: a working call best, what was only asked for or tried in vain worst."""
    if place.origin is Origin.SYSTEM:
        return 2
    if place.origin is Origin.USER:
        return _ASKED
    if read_result(trajectory.steps[place.step - 1]).failed:
        return _ASKED + 1
    return 0 if place.origin is Origin.INPUT else 1


__all__ = [
    "ORIGINAL_AGAIN",
    "Requests",
    "check_answer",
    "check_prompt",
    "find_values",
    "may_serve",
    "only_old",
    "similarity_to_original",
]
