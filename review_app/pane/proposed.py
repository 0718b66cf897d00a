"""The proposed request as the right column draws it: its words, its values, who wrote and who judged it."""

from collections.abc import Sequence
from typing import Any

from core.models import Attempt, CheckedValue, Evidence, FailedTrajectory, Grounding
from core.store.kin import FromOtherRun
from review_app.pane import words
from review_app.pane.shown import Mark, block, hidden_count, line


def proposal_view(
    attempt: Attempt, others: Sequence[Attempt], trajectory: FailedTrajectory, threshold: float
) -> dict[str, Any]:
    """Everything of the proposal but its spans in the run."""
    verdict = attempt.verdict
    prompt = attempt.hindsight_prompt
    answer_changed = attempt.final_answer.strip() != trajectory.final_answer.strip()
    spans = [Mark(v.start, v.end, f"named{n}", _standing(v)) for n, v in enumerate(attempt.grounding.values, 1)]
    return {
        "text": editable(prompt),
        "view": block(prompt, spans),
        "hidden": hidden_count(prompt),
        "answer": editable(attempt.final_answer),
        "answer_view": block(attempt.final_answer) if attempt.final_answer.strip() and answer_changed else None,
        "first_step": attempt.first_step,
        "last_step": attempt.last_step,
        "steps": len(trajectory.steps),
        "rationale": line(attempt.rationale, 2000),
        "written_by": line(attempt.model, 60),
        "c": attempt.confidence,
        "c2": verdict.confidence if verdict else None,
        "score": attempt.score,
        "threshold": threshold,
        "judged": _judged(attempt),
        "judged_by": "Rules" if verdict and verdict.judge == "rules" else "Judges" if attempt.verdicts else "Judge",
        "judge_reason": line(verdict.reason, 1500) if verdict else "",
        "rubric": [
            {"name": line(one.name, 60), "score": one.score, "weight": one.weight, "reason": line(one.reason, 400)}
            for one in (verdict.rubric if verdict else ())
        ],
        **warnings_view(attempt.grounding),
        "attempts": [
            _attempt(other, trajectory) | {"proposed": other is attempt}
            for other in sorted((attempt, *others), key=lambda one: (one.number, one.goal))
        ],
    }


def other_run_view(found: FromOtherRun, trajectory: FailedTrajectory) -> dict[str, Any]:
    """What another run proposed, when, and by which model."""
    when = found.created_at[:16].replace("T", " ")
    return _attempt(found.attempt, trajectory) | {"from": line(f"{found.method}, {when} UTC", 90)}


def _attempt(attempt: Attempt, trajectory: FailedTrajectory) -> dict[str, Any]:
    return {
        "text": editable(attempt.hindsight_prompt),
        "shown": line(attempt.hindsight_prompt, 400),
        "answer": editable(attempt.final_answer),
        "first_step": attempt.first_step,
        "last_step": attempt.last_step,
        "steps": len(trajectory.steps),
        "c": attempt.confidence,
        "c2": attempt.verdict.confidence if attempt.verdict else None,
        "judged": _judged(attempt),
    }


def values_view(grounding: Grounding) -> list[dict[str, Any]]:
    """Each value that the request names, with the place that shows it."""
    return [
        {
            "text": line(value.text, 120),
            "name": f"named{n}",
            "ref": reference(f"value{n}.1", span) if (span := value.evidence or value.against) else None,
            "standing": _standing(value),
        }
        for n, value in enumerate(grounding.values, 1)
    ]


def warnings_view(grounding: Grounding) -> dict[str, Any]:
    """What the rules found that a reviewer should be warned of."""
    return {
        "similarity": grounding.similarity,
        "stale": [line(word, 60) for word in grounding.stale_words[:12]],
        "missing": [line(name, 80) for name in grounding.missing_inputs[:12]],
        "secrets": [kind.replace("_", " ") for kind in grounding.secrets],
        "unmet": [line(value, 80) for value in grounding.unmet[:12]],
    }


def reference(name: str, span: Evidence) -> dict[str, Any]:
    """A button that leads to a span."""
    return {
        "id": name,
        "step": span.step,
        "field": span.field.value,
        "place": words.place(span.step, span.field),
        "quote": line(span.quote, 160),
    }


def editable(text: str) -> str:
    """Give what a text box can hold unchanged: its own line ends, no NUL, no half characters."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _judged(attempt: Attempt) -> dict[str, str]:
    verdict = attempt.verdict
    if verdict is None:
        return {"text": "No judge has seen it", "tone": "warn"}
    if verdict.is_valid is None:
        return {"text": "The judges do not decide" if attempt.verdicts else "No usable verdict", "tone": "warn"}
    who = "Rules" if verdict.judge == "rules" else "Judges" if attempt.verdicts else "Judge"
    return (
        {"text": f"{who} said yes", "tone": "good"} if verdict.is_valid else {"text": f"{who} said no", "tone": "bad"}
    )


def _standing(value: CheckedValue) -> str:
    if value.leak:
        return "leak"
    if value.against:
        return "against"
    return "missing" if value.evidence is None else "asked" if value.asked_only else "found"
