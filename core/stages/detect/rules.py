"""The rule-based way of stage 1: every judgement rests on a label, a tool status or a span.

Order of trust: what the source says (label, reward, reason), then the shape of the tool results,
then the final answer. Words of the user's request and of thoughts decide nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.models import (
    Cause,
    Evidence,
    FailedTrajectory,
    FailureAnalysis,
    FailureType,
    Field,
    LabelOutcome,
    StepKind,
    input_text,
    plain,
)
from core.stages.claims import denies, give_up, invented_values, names_from_nowhere, undone_claims
from core.stages.detect.failure_type import Finding, types_of
from core.stages.detect.severity import severity_of
from core.stages.results import Result, read_result
from core.stages.spans import cut
from core.stages.tool_kind import ToolKind, kind_of, reads_only

RULES = re.compile(
    r"\b(?:policy|policies|must|should not|may not|only if|not allowed|cannot be|deny|rules?)\b", re.IGNORECASE
)
_MOST_NAMED = 5  # repeated calls that are named


@dataclass(frozen=True)
class Signs:
    """What the shape of a run shows before anything is concluded from it."""

    calls: int = 0
    errors: tuple[int, ...] = ()
    unhandled: tuple[int, ...] = ()  # errors that no later call of the same tool made good
    achieved: tuple[int, ...] = ()  # calls that worked and told or changed something
    environment: tuple[int, ...] = ()  # errors that are the environment's fault
    repeated: tuple[int, ...] = ()  # calls that were made before, with the same result
    untold: bool = False  # no answer, though one was called for
    quits: Evidence | None = None
    undone: tuple[Evidence, ...] = ()
    unfounded: tuple[str, ...] = ()  # values that the answer claims and no result holds
    denied: tuple[str, ...] = ()  # the same, but the answer says that there is none such: nothing has to hold them
    spoke: bool = False
    evidence: dict[int, Evidence] = field(default_factory=dict)


def detect_with_rules(trajectory: FailedTrajectory) -> FailureAnalysis:
    """What became of the run, by rules alone. Never guesses: `is_failure` None = it cannot be told."""
    signs = read_signs(trajectory)
    failed = _is_failure(trajectory, signs)
    if failed is False:
        return FailureAnalysis(
            is_failure=False,
            severity=0.0,
            recoverable=bool(signs.achieved),
            explanation=_why_success(trajectory),
            error_steps=signs.errors,
        )
    finding, *others = types_of(trajectory, signs)
    recoverable = bool(signs.achieved)
    return FailureAnalysis(
        is_failure=failed,
        failure_type=finding.failure_type if failed else None,
        other_types=tuple(other.failure_type for other in others) if failed else (),
        severity=severity_of(signs, finding.failure_type, recoverable=recoverable),
        recoverable=recoverable,
        cause=_cause(trajectory, signs),
        explanation=_explain(trajectory, signs, (finding, *others), failed=failed),
        evidence=_evidence(trajectory, signs, (finding, *others)),
        error_steps=signs.errors,
    )


def achieved_something(trajectory: FailedTrajectory, number: int) -> bool:
    """Whether the call at a 1-based step worked and changed or told something."""
    step = trajectory.steps[number - 1]
    if step.kind is not StepKind.ACTION or kind_of(step) in (ToolKind.NOISE, ToolKind.CALCULATE):
        return False
    result = read_result(step)
    if result.lost:
        return False
    # A change that was made need not say anything; a look-up that says nothing achieved nothing.
    return result.informative or (not result.failed and not reads_only(step) and kind_of(step) is not ToolKind.SHELL)


def read_signs(trajectory: FailedTrajectory) -> Signs:
    """What the shape of the run shows."""
    results: list[tuple[int, Result]] = [(n, read_result(step)) for n, step in trajectory.actions]
    errors = tuple(n for n, result in results if result.failed)
    spans = {
        n: cut(trajectory, step=n, field=Field.OBSERVATION, start=r.start, end=r.end) for n, r in results if r.failed
    }
    answer = trajectory.final_answer
    quits = give_up(answer)
    invented = invented_values(answer, trajectory)
    undone = tuple(
        cut(trajectory, step=0, field=Field.FINAL_ANSWER, start=found.start(), end=found.end())
        for found in undone_claims(answer, trajectory.steps)
    )
    return Signs(
        calls=len(results),
        errors=errors,
        unhandled=_unhandled(trajectory, results),
        achieved=tuple(n for n, _ in trajectory.actions if achieved_something(trajectory, n)),
        environment=tuple(n for n in errors if _is_environment(spans[n].quote)),
        repeated=_repeated(trajectory),
        untold=_is_untold(trajectory),
        quits=cut(trajectory, step=0, field=Field.FINAL_ANSWER, start=quits.start(), end=quits.end())
        if quits
        else None,
        undone=undone,
        unfounded=(
            *(v.text for v in invented if not denies(answer, v.start, v.end)),
            *names_from_nowhere(answer, trajectory),
        ),
        denied=tuple(v.text for v in invented if denies(answer, v.start, v.end)),
        spoke=any(step.kind is StepKind.MESSAGE and step.text.strip() for step in trajectory.steps),
        evidence=spans,
    )


def _is_failure(trajectory: FailedTrajectory, signs: Signs) -> bool | None:  # noqa: PLR0911 - one line a sign
    if trajectory.label.outcome is LabelOutcome.SUCCESS:
        return False
    if trajectory.label.outcome is LabelOutcome.FAILURE or trajectory.failure_reason.strip():
        return True
    if not signs.calls and not signs.spoke and not trajectory.final_answer.strip():
        return True
    if signs.calls and len(signs.errors) == signs.calls:
        return True
    # Under rules of a system prompt it may be right to refuse, or to hand the user over.
    if signs.undone or signs.untold or (signs.quits and not RULES.search(trajectory.system_prompt)):
        return True
    last_calls = {number for number, _ in trajectory.actions[-1:]}
    if last_calls & set(signs.unhandled):
        return True
    # An answer alone is no sign of success: it may be wrong, or not what was asked for. Only the source can say.
    return False if _hands_on_sum(trajectory) and not signs.unhandled else None


def _hands_on_sum(trajectory: FailedTrajectory) -> bool:
    """Whether the whole answer is what the last call, a calculation, gave back: nothing else was to be done."""
    if not trajectory.actions or any(step.kind is StepKind.USER for step in trajectory.steps):
        return False
    last = trajectory.actions[-1][1]
    return (
        kind_of(last) is ToolKind.CALCULATE
        and read_result(last).informative
        and plain(last.observation) == plain(trajectory.final_answer)
    )


def _is_untold(trajectory: FailedTrajectory) -> bool:
    """Whether a run that ends without an answer owed one: it only looked something up, or talked to the user."""
    if trajectory.final_answer.strip():
        return False
    if not trajectory.actions:
        return True
    last = trajectory.actions[-1][1]
    asked = kind_of(last) in (ToolKind.SEARCH, ToolKind.LOOKUP, ToolKind.READ_FILE, ToolKind.BROWSE)
    return asked or (kind_of(last) is not ToolKind.NOISE and trajectory.steps[-1].kind is StepKind.USER)


def _repeated(trajectory: FailedTrajectory) -> tuple[int, ...]:
    """Steps of calls that were made before with the same arguments, and gave the same."""
    seen: set[tuple[str, str, str]] = set()
    again = []
    for number, step in trajectory.actions:
        call = (step.action_name, input_text(step), step.observation)
        if call in seen and kind_of(step) is not ToolKind.NOISE:
            again.append(number)
        seen.add(call)
    return tuple(again)


def _unhandled(trajectory: FailedTrajectory, results: list[tuple[int, Result]]) -> tuple[int, ...]:
    """The errors that no later call of the same tool made good."""
    worked = {trajectory.steps[n - 1].action_name: n for n, result in results if not result.failed}
    return tuple(n for n, r in results if r.failed and worked.get(trajectory.steps[n - 1].action_name, 0) < n)


_ENVIRONMENT_WORDS = (
    "timeout", "timed out", "unavailable", "connection", "refused", "502", "503", "504", "500", "429", "rate limit",
    "quota", "redirects", "unreachable", "network", "gateway", "internal server", "dns",
)  # fmt: skip


def _is_environment(quote: str) -> bool:
    return any(word in quote.lower() for word in _ENVIRONMENT_WORDS)


def _cause(trajectory: FailedTrajectory, signs: Signs) -> Cause:
    if not signs.calls and not signs.spoke and not trajectory.final_answer.strip():
        return Cause.NEVER_STARTED
    if signs.errors and len(signs.errors) == signs.calls and 2 * len(signs.environment) >= signs.calls:
        return Cause.ENVIRONMENT
    last = trajectory.actions[-1][0] if trajectory.actions else 0
    if last in signs.unhandled and set(signs.unhandled) <= set(signs.environment):
        return Cause.ENVIRONMENT
    return Cause.AGENT


def _why_success(trajectory: FailedTrajectory) -> str:
    label = trajectory.label
    if label.outcome is LabelOutcome.SUCCESS:
        reward = f" (reward {label.reward:g})" if label.reward is not None else ""
        return f"The source says that the run succeeded{reward}."
    return "The answer is what the last calculation gave back, and no error is left open."


def _explain(trajectory: FailedTrajectory, signs: Signs, findings: Sequence[Finding], *, failed: bool | None) -> str:
    finding = findings[0]
    parts = []
    if trajectory.failure_reason.strip():
        parts.append(f"The source says: {trajectory.failure_reason.strip()}")
    elif trajectory.label.outcome is LabelOutcome.FAILURE:
        reward = f" (reward {trajectory.label.reward:g})" if trajectory.label.reward is not None else ""
        parts.append(f"The source says that the run failed{reward}.")
    elif failed is None:
        parts.append(
            "Nothing says for sure whether the run failed: it has no label, and it ends with an answer."
            if finding.failure_type is FailureType.WRONG_RESULT
            else "Nothing says for sure whether the run failed."
        )
    if failed or finding.failure_type is not FailureType.WRONG_RESULT:
        parts += [each.reason for each in findings]
    if signs.repeated:
        listed = ", ".join(map(str, signs.repeated[:_MOST_NAMED]))
        parts.append(f"It made the same call again, with the same result (step {listed}).")
    if not signs.achieved:
        parts.append(_nothing_achieved(signs))
    return " ".join(part for part in parts if part)


def _nothing_achieved(signs: Signs) -> str:
    if not signs.calls:
        return "No tool was called, so nothing in the run can be checked."
    if len(signs.errors) == signs.calls:
        calls = "The only call" if signs.calls == 1 else f"All {signs.calls} calls"
        return f"{calls} came back with an error."
    return "No call returned anything of use."


def _evidence(trajectory: FailedTrajectory, signs: Signs, findings: Sequence[Finding]) -> tuple[Evidence, ...]:
    spans = [*(span for finding in findings for span in finding.evidence), *signs.undone]
    if signs.quits:
        spans.append(signs.quits)
    spans += [signs.evidence[number] for number in signs.unhandled]
    for number in signs.repeated[:_MOST_NAMED]:
        end = len(input_text(trajectory.steps[number - 1]))
        spans.append(cut(trajectory, step=number, field=Field.ACTION_INPUT, start=0, end=end))
    return tuple(sorted(dict.fromkeys(spans), key=lambda span: span.place))
