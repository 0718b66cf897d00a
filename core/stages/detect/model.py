"""Stage 1 by a model: what went wrong, with the steps and words that show it."""

from pydantic import BaseModel

from core.llm import Ask, Chat, Percent, Words
from core.models import Cause, FailedTrajectory, FailureAnalysis, FailureType, Field, LabelOutcome
from core.prompts import policy, render, room_for_steps, show_steps, show_text
from core.settings import PipelineConfig
from core.stages.quotes import SHOWN, locate, locate_rule

_MOST_EVIDENCE = 5


class _Quote(BaseModel):
    step: int
    quote: Words


class _Analysis(BaseModel):
    """What the model must supply, and nothing more."""

    is_failure: bool | None
    failure_type: FailureType | None = None
    other_types: list[FailureType] = []
    severity: Percent
    recoverable: bool
    cause: Cause = Cause.UNKNOWN
    explanation: Words = ""
    evidence: list[_Quote] = []
    broken_rules: list[Words] = []
    error_steps: list[int] = []


def detect_with_model(trajectory: FailedTrajectory, chat: Chat, settings: PipelineConfig) -> FailureAnalysis:
    """Ask the model what failed. The source's own label, where it has one, overrules the model.

    Raises `StageFailure` or `ModelUnreachable`.
    """
    limit = settings.context_tokens
    values = {
        "seed": trajectory.system_prompt,
        "system_prompt": policy(trajectory.system_prompt, limit),
        "original_prompt": show_text(trajectory.original_prompt, limit // 2),
        "final_answer": show_text(trajectory.final_answer, limit // 2),
        "failure_reason": show_text(trajectory.failure_reason, limit // 2),
    }
    view = show_steps(trajectory, tokens=room_for_steps("detect", limit, **values))
    prompt = render("detect", steps=view.steps, **values)
    ask = Ask("detect", prompt.hash, prompt.system, prompt.user, _Analysis, settings.temperature)
    said = chat.ask(ask).value
    is_failure = _failed(trajectory, said.is_failure)
    cause = Cause.LABEL_NOISE if is_failure and said.is_failure is False else said.cause
    fields = (*SHOWN, Field.THOUGHT)
    found = [locate(trajectory, step=e.step, quote=e.quote, fields=fields) for e in said.evidence[:_MOST_EVIDENCE]]
    rules = [rule for quote in said.broken_rules[:_MOST_EVIDENCE] if (rule := locate_rule(trajectory, quote))]
    types = dict.fromkeys(t for t in (said.failure_type, *said.other_types) if t)
    if rules:
        types.setdefault(FailureType.CONSTRAINT_VIOLATION)
    if is_failure is False:
        types.clear()
    return FailureAnalysis(
        is_failure=is_failure,
        failure_type=next(iter(types), None),
        other_types=tuple(types)[1:],
        severity=said.severity / 100,
        recoverable=said.recoverable,
        cause=cause,
        explanation=said.explanation.strip(),
        evidence=tuple(sorted({*filter(None, found), *rules}, key=lambda span: span.place)),
        error_steps=tuple(sorted({step for step in said.error_steps if 1 <= step <= len(trajectory.steps)})),
        method=chat.model,
    )


def _failed(trajectory: FailedTrajectory, said: bool | None) -> bool | None:
    match trajectory.label.outcome:
        case LabelOutcome.SUCCESS:
            return False
        case LabelOutcome.FAILURE:
            return True
        case LabelOutcome.UNKNOWN:
            return said
