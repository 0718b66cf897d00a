"""What a change really changed: arguments and fields that differ from the record as it was looked up before.

An update tells the tool everything there is; a person asks for what is to become different.
"""

from typing import Any

from core.models import AgentStep, FailedTrajectory
from core.stages.results import read_result
from core.stages.tool_kind import reads_only


def record_before(trajectory: FailedTrajectory, number: int) -> dict[str, Any]:
    """The latest record before a 1-based step that holds an id which the call names; empty if none was seen."""
    named = {str(v) for k, v in trajectory.steps[number - 1].action_input.items() if isinstance(v, str) and "id" in k}
    for earlier, step in reversed(trajectory.actions):
        data = read_result(step).data
        if earlier < number and isinstance(data, dict) and not read_result(step).failed:
            own = next(iter(data.values()), None)  # a record begins with what it is called
            if isinstance(own, str) and own in named:
                return data
    return {}


def changed_arguments(trajectory: FailedTrajectory, number: int) -> dict[str, Any]:
    """Arguments without those that only repeat the record; all of them where nothing would be left."""
    step = trajectory.steps[number - 1]
    before = record_before(trajectory, number)
    kept = {key: value for key, value in step.action_input.items() if not _stands(value, before.get(key))}
    named = [key for key in kept if "id" not in key]
    return _with_id(step, kept, before) if named else dict(step.action_input)


def _with_id(step: AgentStep, kept: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    own = next(iter(before.values()), None)
    return {key: value for key, value in step.action_input.items() if key in kept or (value == own and own is not None)}


def new_fields(trajectory: FailedTrajectory, number: int) -> dict[str, Any]:
    """Fields of a change's result that differ from the record as it was, or from nothing known: all plain ones."""
    step = trajectory.steps[number - 1]
    data = read_result(step).data
    if not isinstance(data, dict) or reads_only(step):
        return {}
    before = record_before(trajectory, number)
    return {str(key): value for key, value in data.items() if before.get(key, _UNKNOWN) != value}


_UNKNOWN = object()


def _stands(value: Any, known: Any) -> bool:
    """Whether an argument says what the record says; of a list of objects, what each says of its counterpart."""
    if known is None:
        return False
    if isinstance(value, list) and isinstance(known, list):
        return len(value) == len(known) and all(_stands(one, other) for one, other in zip(value, known, strict=True))
    if isinstance(value, dict) and isinstance(known, dict):
        return all(_stands(one, known.get(key)) for key, one in value.items())
    return bool(value == known)
