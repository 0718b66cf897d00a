"""Stage 1 and 2 results: what failed, and what was achieved all the same."""

from enum import StrEnum

from pydantic import Field

from core.models.base import Value
from core.models.evidence import Claim, Evidence


class FailureType(StrEnum):
    """The reference's six types."""

    CONSTRAINT_VIOLATION = "constraint_violation"
    WRONG_RESULT = "wrong_result"
    INCOMPLETE = "incomplete"
    TOOL_ERROR = "tool_error"
    HALLUCINATION = "hallucination"
    OFF_TOPIC = "off_topic"


class Cause(StrEnum):
    """Whose fault the failure is."""

    AGENT = "agent"
    ENVIRONMENT = "environment"
    LABEL_NOISE = "label_noise"
    NEVER_STARTED = "never_started"
    UNKNOWN = "unknown"


class FailureAnalysis(Value):
    """Stage 1: whether the run failed, how, how badly, and whether anything in it is worth keeping."""

    is_failure: bool | None = Field(description="True, False, or None = cannot be told.")
    failure_type: FailureType | None = None
    other_types: tuple[FailureType, ...] = Field((), description="Further types that the evidence shows too.")
    severity: float = Field(0.5, ge=0, le=1, description="0 = mild slip, 1 = catastrophic.")
    recoverable: bool = False
    cause: Cause = Cause.UNKNOWN
    explanation: str = ""
    evidence: tuple[Evidence, ...] = ()
    error_steps: tuple[int, ...] = Field((), description="1-based steps whose observation is an error.")
    method: str = "rules"

    @property
    def weight(self) -> float:
        """Training weight, 1 - severity: a minor slip weighs most (reference paper, section 3)."""
        return round(1.0 - self.severity, 4)


class ReplayOutcome(Value):
    """Stage 2: what the run really did, as claims with evidence, free of the old goal."""

    achievements: tuple[Claim, ...] = ()
    observations: tuple[Claim, ...] = Field((), description="Facts seen on the way.")
    limitations: str = ""
    dropped: int = Field(0, ge=0, description="Claims of the model left out: their quote stands nowhere in the run.")
    method: str = "rules"

    @property
    def actual_achievements(self) -> list[str]:
        """The achievements as plain sentences (the reference's name)."""
        return [claim.text for claim in self.achievements]

    @property
    def key_observations(self) -> list[str]:
        """The facts seen as plain sentences (the reference's name)."""
        return [claim.text for claim in self.observations]
