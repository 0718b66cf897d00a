"""The rule-based way of stage 2: every working call is a claim, worded as what was done.

Evidence is what was sent and what came back. Nothing is shortened without saying so, and no number is
taken out of its place: a fact is a whole record or line of a result.
"""

from core.models import (
    AgentStep,
    Claim,
    Evidence,
    FailedTrajectory,
    FailureAnalysis,
    Field,
    ReplayOutcome,
    StepKind,
    input_text,
)
from core.stages.calls import current_year, in_words
from core.stages.deeds import deed_of
from core.stages.detect.rules import achieved_something
from core.stages.extract.wording import done_words
from core.stages.facts import MOST_FACTS, count_of, evidence_of, facts_of
from core.stages.results import read_result
from core.stages.tool_kind import ToolKind, kind_of

_MOST_OBSERVATIONS = 60
_MOST_NAMED = 20  # step numbers in one sentence
_LONGEST = 2_000  # characters of one span; it is read on a screen


def extract_with_rules(trajectory: FailedTrajectory, analysis: FailureAnalysis) -> ReplayOutcome:
    """What the run achieved and saw, from its working calls alone."""
    year = current_year(trajectory)
    achievements = tuple(
        _achievement(trajectory, number, year=year)
        for number, _ in trajectory.actions
        if achieved_something(trajectory, number)
    )
    return ReplayOutcome(
        achievements=achievements,
        observations=_observations(trajectory),
        limitations=_limitations(trajectory, analysis),
    )


def _achievement(trajectory: FailedTrajectory, number: int, *, year: int | None) -> Claim:
    step = trajectory.steps[number - 1]
    said = done_words(step, in_words(step, year=year))
    count = count_of(step)
    if count is not None and kind_of(step) is not ToolKind.CHANGE:
        said = f"{said}: {count} {'result' if count == 1 else 'results'}"
    spans = []
    arguments = input_text(step)
    if arguments:
        spans.append(
            Evidence(
                step=number,
                field=Field.ACTION_INPUT,
                start=0,
                end=len(arguments[:_LONGEST]),
                quote=arguments[:_LONGEST],
            )
        )
    facts = facts_of(step)
    if facts:
        spans.append(evidence_of(facts[0], step, number))
    elif step.observation.strip():
        line = step.observation.partition("\n")[0][:_LONGEST]
        spans.append(Evidence(step=number, field=Field.OBSERVATION, start=0, end=len(line), quote=line))
    return Claim(text=said, evidence=tuple(spans), deed=deed_of(step))


def _observations(trajectory: FailedTrajectory) -> tuple[Claim, ...]:
    seen: dict[str, Claim] = {}
    for number, step in trajectory.actions:
        if kind_of(step) is ToolKind.NOISE:
            continue
        for fact in facts_of(step):
            seen.setdefault(fact.text, Claim(text=fact.text, evidence=(evidence_of(fact, step, number),)))
        if len(seen) >= _MOST_OBSERVATIONS:
            break
    return tuple(seen.values())[:_MOST_OBSERVATIONS]


def _limitations(trajectory: FailedTrajectory, analysis: FailureAnalysis) -> str:
    calls = trajectory.actions
    failed = [n for n, step in calls if read_result(step).failed]
    lost = [n for n, step in calls if read_result(step).lost]
    empty = [n for n, step in calls if _found_nothing(step)]
    parts = []
    if failed:
        parts.append(f"{_calls(len(failed))} of {len(calls)} failed (step {_listed(failed)}).")
    if empty:
        parts.append(f"{_calls(len(empty))} found nothing (step {_listed(empty)}).")
    if lost:
        parts.append(f"What {_calls(len(lost))} gave back was not kept (step {_listed(lost)}).")
    if any(step.kind is StepKind.USER for step in trajectory.steps):
        parts.append("The user spoke in mid-run, so the goal moved.")
    if any(len(facts_of(step)) >= MOST_FACTS for _, step in calls):
        parts.append(f"Of long results the first {MOST_FACTS} records are listed.")
    return " ".join(parts) or analysis.explanation


def _found_nothing(step: AgentStep) -> bool:
    result = read_result(step)
    return result.empty and not result.failed and not result.lost and kind_of(step) is not ToolKind.NOISE


def _listed(numbers: list[int]) -> str:
    more = f" and {len(numbers) - _MOST_NAMED} more" if len(numbers) > _MOST_NAMED else ""
    return ", ".join(map(str, numbers[:_MOST_NAMED])) + more


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"
