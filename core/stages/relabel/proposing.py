"""One question to the relabeller: requests that the run, or a stretch of it, satisfies.

Several goals for one run are the "future" and "episode" strategies of hindsight replay (Andrychowicz 2017):
what was achieved up to some step is a goal of that prefix, whatever came after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from core.llm import Ask, Chat, Percent, Words
from core.models import Attempt, Claim, Deed, Evidence, FailedTrajectory, Field, ReplayOutcome
from core.prompts import Prompt, render, room_for_steps, shorten, show_steps, show_text
from core.settings import PipelineConfig
from core.stages.grounding import check_prompt

# Characters of the system prompt: who the agent is and what day it is. Whether the run kept its rules is for the
# judge, who sees all of it; here it would be a third of the prompt.
_POLICY_LIMIT = 600
_CLAIM_LIMIT = 200  # characters of a claim
_QUOTE_LIMIT = 100  # characters of a quote shown with its claim
_LEAST_QUOTE = 80
_TOLD = 1_500  # characters shown of an earlier attempt, and of what was wrong with it


class _Goal(BaseModel):
    hindsight_prompt: Words
    is_valid: bool
    confidence: Percent
    rationale: Words = ""
    first_step: int
    last_step: int
    final_answer: Words = ""
    claims: list[int] = []


class _Proposal(_Goal):
    """What the relabeller must supply, and nothing more."""

    others: list[_Goal] = []


@dataclass(frozen=True)
class TurnedDown:
    """An attempt and what was wrong with it, in words for the next one."""

    attempt: Attempt
    problem: str


def propose(
    trajectory: FailedTrajectory,
    outcome: ReplayOutcome,
    chat: Chat,
    settings: PipelineConfig,
    *,
    number: int,
    earlier: Sequence[TurnedDown],
) -> list[Attempt]:
    """Ask for up to `settings.goals` goals; each is an attempt with its grounding, not yet judged.

    Raises `BadReply`, `StageFailure` or `ModelUnreachable`.
    """
    temperature = settings.temperature if number == 1 else settings.retry_temperature
    claims = [*outcome.achievements, *outcome.observations]
    limit = settings.context_tokens
    values: dict[str, Any] = {
        "seed": trajectory.system_prompt,
        "goals": settings.goals,
        "system_prompt": show_text(trajectory.system_prompt, _POLICY_LIMIT),
        "original_prompt": show_text(trajectory.original_prompt, limit // 2),
        "claims": _shown(claims, achievements=len(outcome.achievements), characters=limit),
        "earlier": [
            {
                "number": position,
                "hindsight_prompt": shorten(down.attempt.hindsight_prompt, _TOLD),
                "problem": shorten(down.problem, _TOLD),
            }
            for position, down in enumerate(earlier, 1)
        ],
        "step_count": len(trajectory.steps),
    }
    # Measured without the earlier attempts, so that the calls are cut alike for each attempt of a run.
    room = room_for_steps("relabel", limit - limit // 8, **{**values, "earlier": []})
    calls = show_steps(trajectory, tokens=room, thoughts=False, messages=False, observations=False)
    prompt = render("relabel", steps=calls.steps, **values)
    said = chat.ask(Ask("relabel", prompt.hash, prompt.system, prompt.user, _Proposal, temperature)).value
    goals: dict[str, _Goal] = {}
    for goal in (_own(each, prompt) for each in (said, *said.others[: settings.goals - 1])):
        goals.setdefault(goal.hindsight_prompt.strip(), goal)
    attempts = [_attempt(goal, trajectory, claims) for goal in goals.values()]
    made = {"number": number, "temperature": temperature, "model": chat.model, "prompt_hash": prompt.hash}
    return [attempt.model_copy(update={**made, "goal": place}) for place, attempt in enumerate(attempts, 1)]


def _own(goal: _Goal, prompt: Prompt) -> _Goal:
    """The goal without its request where that stands in the instructions: small models hand back the example.

    It names no value, so no other check would find it out.
    """
    copied = goal.hindsight_prompt.strip().casefold() in prompt.system.casefold()
    return goal.model_copy(update={"hindsight_prompt": ""}) if copied else goal


def _shown(claims: Sequence[Claim], *, achievements: int, characters: int) -> list[dict[str, Any]]:
    limit = max(_LEAST_QUOTE, min(_QUOTE_LIMIT, characters // max(len(claims), 1)))
    return [
        {
            "number": position,
            "kind": "claim" if position <= achievements else "fact",
            "text": shorten(claim.text, _CLAIM_LIMIT),
            "deed": claim.deed.value if claim.deed and claim.deed is not Deed.LOOKED_UP else "",
            "steps": sorted({evidence.step for evidence in claim.evidence}),
            "quotes": [shorten(e.quote, limit) for e in claim.evidence if not _stands_there(e, claim)],
        }
        for position, claim in enumerate(claims, 1)
    ]


def _stands_there(evidence: Evidence, claim: Claim) -> bool:
    """Whether a quote needs no second place: it stands in the claim itself, or among the calls."""
    return evidence.quote in claim.text or evidence.field is Field.ACTION_INPUT


def _attempt(goal: _Goal, trajectory: FailedTrajectory, claims: Sequence[Claim]) -> Attempt:
    request, answer = goal.hindsight_prompt.strip(), goal.final_answer.strip()
    first, last = _inside(goal.first_step, goal.last_step, len(trajectory.steps))
    cited = [claims[position - 1] for position in goal.claims if 1 <= position <= len(claims)]
    spans: dict[Evidence, None] = {
        span: None for claim in cited for span in claim.evidence if first <= span.step <= last
    }
    return Attempt(
        hindsight_prompt=request,
        is_valid=goal.is_valid and bool(request),
        confidence=goal.confidence / 100,
        rationale=goal.rationale.strip(),
        first_step=first,
        last_step=last,
        final_answer=answer,
        answer_evidence=tuple(spans),
        grounding=check_prompt(request, trajectory, first_step=first, last_step=last, final_answer=answer),
    )


def _inside(first: int, last: int, count: int) -> tuple[int, int]:
    """Keep the step range a model gives within the run; a reversed one means the whole run."""
    first, last = max(1, first), min(last, count)
    return (first, last) if first <= last else (1, count)
