"""Stage 2 by a model: claims with a quote each, of which code keeps those whose quote it finds.

The model sees calls and results, never the old goal, the thoughts or the final answer: what a run
did must not be read through what it was meant to do. A run that is too long for one prompt is read
in parts, and what they show is put together.
"""

from pydantic import BaseModel

from core.llm import Ask, Chat, Words
from core.models import Claim, FailedTrajectory, Field, ReplayOutcome
from core.prompts import render, room_for_steps, show_windows
from core.settings import PipelineConfig
from core.stages.deeds import deed_of
from core.stages.quotes import SHOWN, locate
from core.stages.results import read_result


class _Claim(BaseModel):
    text: Words
    step: int
    quote: Words


class _Outcome(BaseModel):
    """What the model must supply, and nothing more."""

    achievements: list[_Claim]
    observations: list[_Claim] = []
    limitations: Words = ""


def extract_with_model(trajectory: FailedTrajectory, chat: Chat, settings: PipelineConfig) -> ReplayOutcome:
    """Ask the model what the run did; claims without a findable quote are dropped and counted.

    Raises `StageFailure` or `ModelUnreachable`.
    """
    values = {"seed": trajectory.system_prompt, "window": 1, "windows": 2}
    windows = show_windows(trajectory, tokens=room_for_steps("extract", settings.context_tokens, **values))
    said = []
    for number, steps in enumerate(windows, 1):
        prompt = render("extract", seed=trajectory.system_prompt, steps=steps, window=number, windows=len(windows))
        ask = Ask("extract", prompt.hash, prompt.system, prompt.user, _Outcome, settings.temperature)
        said.append(chat.ask(ask).value)
    claimed = [claim for part in said for claim in part.achievements]
    seen = [claim for part in said for claim in part.observations]
    achievements = [kept for claim in claimed if (kept := _achieved(trajectory, claim))]
    observations = [kept for claim in seen if (kept := _checked(trajectory, claim))]
    return ReplayOutcome(
        achievements=tuple(dict.fromkeys(achievements)),
        observations=tuple(dict.fromkeys(observations)),
        limitations=" ".join(dict.fromkeys(part.limitations.strip() for part in said if part.limitations.strip())),
        dropped=len(claimed) + len(seen) - len(achievements) - len(observations),
        method=chat.model,
    )


def _achieved(trajectory: FailedTrajectory, claim: _Claim) -> Claim | None:
    """Keep the claim if a call that worked shows it. What the agent only says it did is no achievement."""
    kept = _checked(trajectory, claim)
    if kept is None or kept.evidence[0].field is Field.TEXT:
        return None
    step = trajectory.steps[kept.evidence[0].step - 1]
    return None if read_result(step).failed else kept.model_copy(update={"deed": deed_of(step)})


def _checked(trajectory: FailedTrajectory, claim: _Claim) -> Claim | None:
    evidence = locate(trajectory, step=claim.step, quote=claim.quote, fields=SHOWN)
    return Claim(text=claim.text.strip(), evidence=(evidence,)) if evidence and claim.text.strip() else None
