"""The domain: values that every layer speaks of. Words are defined in docs/design.md."""

from core.models.analysis import Cause, FailureAnalysis, FailureType, ReplayOutcome
from core.models.base import Value, canonical_json, content_hash
from core.models.evidence import CheckedValue, Claim, Deed, Evidence, Field, Grounding
from core.models.relabel import Attempt, QueueReason, RelabeledData, RubricScore, SecondJudgeVerdict, Seen
from core.models.result import PipelineResult, Skip, SkipReason, Stage
from core.models.review import BulkAction, Decision, ProposalState, RejectReason, ReviewAction
from core.models.sample import AugmentedSample, Correction, LeftOut, Message, OutputFormat, ToolCall
from core.models.text import GRADER_WORDS, all_visible, is_placeholder, plain, visible
from core.models.trajectory import (
    AgentStep,
    FailedTrajectory,
    Label,
    LabelOutcome,
    Mark,
    StepKind,
    Usage,
    input_text,
    without_grader_words,
)

__all__ = [
    "GRADER_WORDS",
    "AgentStep",
    "Attempt",
    "AugmentedSample",
    "BulkAction",
    "Cause",
    "CheckedValue",
    "Claim",
    "Correction",
    "Decision",
    "Deed",
    "Evidence",
    "FailedTrajectory",
    "FailureAnalysis",
    "FailureType",
    "Field",
    "Grounding",
    "Label",
    "LabelOutcome",
    "LeftOut",
    "Mark",
    "Message",
    "OutputFormat",
    "PipelineResult",
    "ProposalState",
    "QueueReason",
    "RejectReason",
    "RelabeledData",
    "ReplayOutcome",
    "ReviewAction",
    "RubricScore",
    "SecondJudgeVerdict",
    "Seen",
    "Skip",
    "SkipReason",
    "Stage",
    "StepKind",
    "ToolCall",
    "Usage",
    "Value",
    "all_visible",
    "canonical_json",
    "content_hash",
    "input_text",
    "is_placeholder",
    "plain",
    "visible",
    "without_grader_words",
]
