"""AgentHER: failed agent runs in, reviewed training data out.

The library's front door. Names are loaded when they are first used, so that `import core` costs
nothing and the command line answers at once.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.models import (
        AgentStep,
        AugmentedSample,
        FailedTrajectory,
        FailureAnalysis,
        FailureType,
        OutputFormat,
        PipelineResult,
        RelabeledData,
        ReplayOutcome,
        SecondJudgeVerdict,
    )
    from core.pipeline import AgentHERPipeline
    from core.settings import PipelineConfig

_HOMES = {"AgentHERPipeline": "core.pipeline", "PipelineConfig": "core.settings"}

__all__ = [
    "AgentHERPipeline",
    "AgentStep",
    "AugmentedSample",
    "FailedTrajectory",
    "FailureAnalysis",
    "FailureType",
    "OutputFormat",
    "PipelineConfig",
    "PipelineResult",
    "RelabeledData",
    "ReplayOutcome",
    "SecondJudgeVerdict",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'core' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES.get(name, "core.models")), name)
