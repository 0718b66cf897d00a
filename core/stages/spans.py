"""One text per field of a trajectory, so that a span means the same to stages, screens and exports.

Arguments of a call are an object, not a text: `core.models.input_text` is the one canonical text in
which the offsets of `action_input` spans count. Everybody who cuts or shows such a span uses it.
"""

from core.models import Evidence, FailedTrajectory, Field, input_text

__all__ = ["cut", "field_text", "find_quote", "input_text"]


def field_text(trajectory: FailedTrajectory, step: int, field: Field) -> str:
    """The text in which a span of `field` counts; `step` 0 is the trajectory itself, else 1-based."""
    if step == 0:
        whole = {
            Field.PROMPT: trajectory.original_prompt,
            Field.SYSTEM: trajectory.system_prompt,
            Field.FINAL_ANSWER: trajectory.final_answer,
        }
        return whole[field]
    event = trajectory.steps[step - 1]
    match field:
        case Field.ACTION_INPUT:
            return input_text(event)
        case Field.OBSERVATION:
            return event.observation
        case Field.ACTION_NAME:
            return event.action_name
        case Field.TEXT:
            return event.text
        case Field.THOUGHT:
            return event.thought
    raise KeyError(f"a step has no {field.value}")


def cut(trajectory: FailedTrajectory, *, step: int, field: Field, start: int, end: int) -> Evidence:
    """The span as evidence; the quote is copied from the trajectory, never from a model."""
    quote = field_text(trajectory, step, field)[start:end]
    return Evidence(step=step, field=field, start=start, end=start + len(quote), quote=quote)


def find_quote(trajectory: FailedTrajectory, *, step: int, field: Field, quote: str) -> Evidence | None:
    """Where `quote` stands in the field word for word, or None."""
    start = field_text(trajectory, step, field).find(quote) if quote else -1
    if start < 0:
        return None
    return Evidence(step=step, field=field, start=start, end=start + len(quote), quote=quote)
