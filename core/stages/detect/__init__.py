"""Stage 1: whether the run failed, how, how badly, and whether anything in it is worth keeping."""

from core.llm.chat import Chat
from core.models import FailedTrajectory, FailureAnalysis
from core.settings import PipelineConfig
from core.stages.detect.rules import detect_with_rules


def detect(trajectory: FailedTrajectory, chat: Chat | None, settings: PipelineConfig) -> FailureAnalysis:
    """What became of the run: by the model where `settings.use_llm_detector` asks for it, else by rules."""
    if chat is not None and settings.use_llm_detector:
        from core.stages.detect.model import detect_with_model  # noqa: PLC0415 - only this way needs its prompts

        return detect_with_model(trajectory, chat, settings)
    return detect_with_rules(trajectory)


__all__ = ["detect", "detect_with_rules"]
