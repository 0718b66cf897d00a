"""How bad a failure is: 0 = mild slip, 1 = catastrophic. The training weight is 1 - severity.

From counts and evidence, never from how many alarming words the run contains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.models import FailureType

if TYPE_CHECKING:
    from core.stages.detect.rules import Signs

# Where a failure of the type starts before the run is looked at: inventing is worse than stopping early.
_START = {
    FailureType.WRONG_RESULT: 0.25,
    FailureType.INCOMPLETE: 0.25,
    FailureType.CONSTRAINT_VIOLATION: 0.3,
    FailureType.TOOL_ERROR: 0.4,
    FailureType.HALLUCINATION: 0.45,
    FailureType.OFF_TOPIC: 0.6,
}
_FAILED_CALLS = 0.3  # added in full where every call failed
_NOTHING_ACHIEVED = 0.3
_LITTLE_ACHIEVED = 0.1  # times the share of calls that achieved nothing
_INVENTED = 0.05  # each value or deed that nothing supports, at most four of them


def severity_of(signs: Signs, failure_type: FailureType, *, recoverable: bool) -> float:
    """Severity in 0..1, higher with each failed call and each invented value, lower with what was achieved."""
    severity = _START[failure_type]
    if signs.calls:
        severity += _FAILED_CALLS * len(signs.errors) / signs.calls
        severity += _LITTLE_ACHIEVED * (1 - len(signs.achieved) / signs.calls)
    severity += _INVENTED * min(4, len(signs.unfounded) + len(signs.undone))
    if not recoverable:
        severity += _NOTHING_ACHIEVED
    return round(min(1.0, severity), 2)
