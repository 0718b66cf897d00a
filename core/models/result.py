"""What the pipeline returns for one trajectory."""

from enum import StrEnum

from pydantic import Field

from core.models.analysis import FailureAnalysis, ReplayOutcome
from core.models.base import Value
from core.models.relabel import RelabeledData
from core.models.sample import AugmentedSample


class SkipReason(StrEnum):
    """Why a trajectory gets no proposal. A skip is a value, not an error."""

    NOT_A_FAILURE = "not_a_failure"
    NOT_RECOVERABLE = "not_recoverable"
    TOO_SEVERE = "too_severe"  # weight below delta
    NOTHING_ACHIEVED = "nothing_achieved"
    NOT_FOR_TRAINING = "not_for_training"  # its record forbids it, so a verdict on it would serve nothing
    NO_GOAL = "no_goal"  # no relabelling attempt held up


class Skip(Value):
    """A reason and one sentence for the person who asks why."""

    reason: SkipReason
    detail: str


class Stage(StrEnum):
    """How far a trajectory came (the reference's names)."""

    FAILURE_DETECTION = "failure_detection"
    OUTCOME_EXTRACTION = "outcome_extraction"
    PROMPT_RELABELING = "prompt_relabeling"
    DATA_AUGMENTATION = "data_augmentation"
    COMPLETE = "complete"


class PipelineResult(Value):
    """One trajectory through the four stages. `success`: the pipeline itself accepts the result."""

    trajectory_id: str
    stage_reached: Stage
    success: bool = False
    analysis: FailureAnalysis | None = None
    outcome: ReplayOutcome | None = None
    relabeled: RelabeledData | None = None
    sample: AugmentedSample | None = None
    left_out: str | None = Field(None, description="Why the accepted attempt makes no training row as it stands.")
    skip: Skip | None = None
    error: str | None = None
