"""Stage 2: what the run really did, as claims with evidence, free of the old goal."""

from core.llm.chat import Chat
from core.models import FailedTrajectory, FailureAnalysis, ReplayOutcome
from core.settings import PipelineConfig
from core.stages.extract.rules import extract_with_rules


def extract(
    trajectory: FailedTrajectory, analysis: FailureAnalysis, chat: Chat | None, settings: PipelineConfig
) -> ReplayOutcome:
    """What the run achieved and saw: by the model where `settings.use_llm_extractor` asks for it, else by rules."""
    if chat is not None and settings.use_llm_extractor:
        from core.stages.extract.model import extract_with_model  # noqa: PLC0415 - only this way needs its prompts

        return extract_with_model(trajectory, chat, settings)
    return extract_with_rules(trajectory, analysis)


__all__ = ["extract", "extract_with_rules"]
