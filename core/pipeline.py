"""The four stages in a row, for one trajectory: values in, values out, nothing stored."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from core.errors import StageFailure
from core.formats import find_target
from core.formats.place import check_file
from core.formats.writing import write_single
from core.llm import Chat, build_chats
from core.models import (
    AugmentedSample,
    FailedTrajectory,
    FailureAnalysis,
    LeftOut,
    Mark,
    PipelineResult,
    RelabeledData,
    Skip,
    SkipReason,
    Stage,
)
from core.settings import PipelineConfig, load_settings
from core.stages.augment import augment
from core.stages.augment.model import rewrite_thoughts
from core.stages.detect import detect
from core.stages.extract import extract
from core.stages.relabel import relabel


def run_stages(
    trajectory: FailedTrajectory,
    chat: Chat | None,
    judges: Sequence[Chat],
    settings: PipelineConfig,
    *,
    begin: Callable[[Stage], object] = lambda _: None,
) -> PipelineResult:
    """Take one trajectory through the four stages; a skip is in the result, a failure is raised.

    `begin` hears of each stage that is begun, so that a failure can be laid to one. Raises `StageFailure`
    (this trajectory only) or `UserError` (nothing can go on).
    """
    name, whole = trajectory.trajectory_id, trajectory
    trajectory = whole.without_grader_text()
    begin(Stage.FAILURE_DETECTION)
    analysis = detect(trajectory, chat, settings)
    if skip := _gate(trajectory, analysis, settings):
        return PipelineResult(trajectory_id=name, stage_reached=Stage.FAILURE_DETECTION, analysis=analysis, skip=skip)
    begin(Stage.OUTCOME_EXTRACTION)
    outcome = extract(trajectory, analysis, chat, settings)
    if not outcome.achievements:
        skip = Skip(reason=SkipReason.NOTHING_ACHIEVED, detail="No call of the run returned anything of use.")
        return PipelineResult(
            trajectory_id=name, stage_reached=Stage.OUTCOME_EXTRACTION, analysis=analysis, outcome=outcome, skip=skip
        )
    begin(Stage.PROMPT_RELABELING)
    relabeled = relabel(trajectory, analysis, outcome, chat, judges, settings)
    if isinstance(relabeled, Skip):
        return PipelineResult(
            trajectory_id=name,
            stage_reached=Stage.PROMPT_RELABELING,
            analysis=analysis,
            outcome=outcome,
            skip=relabeled,
        )
    begin(Stage.DATA_AUGMENTATION)
    if chat:
        relabeled = relabeled.with_proposed(rewrite_thoughts(trajectory, relabeled.attempt, chat, settings))
    sample = augment(whole, relabeled.attempt, analysis, metadata=_provenance(relabeled))
    row = sample if isinstance(sample, AugmentedSample) else None
    return PipelineResult(
        trajectory_id=name,
        stage_reached=Stage.COMPLETE if row else Stage.DATA_AUGMENTATION,
        success=relabeled.accepted and row is not None,
        analysis=analysis,
        outcome=outcome,
        relabeled=relabeled,
        sample=row,
        left_out=sample.reason if isinstance(sample, LeftOut) else None,
    )


def _gate(trajectory: FailedTrajectory, analysis: FailureAnalysis, settings: PipelineConfig) -> Skip | None:
    """Why the run goes no further after stage 1, if it does not.

    A run whose outcome cannot be told goes on: the reviewer sees it, and no model can.
    """
    if analysis.is_failure is False:
        return Skip(reason=SkipReason.NOT_A_FAILURE, detail=analysis.explanation or "The run met its goal.")
    if not analysis.recoverable:
        return Skip(reason=SkipReason.NOT_RECOVERABLE, detail=analysis.explanation or "Nothing in the run worked.")
    if analysis.weight < settings.severity_threshold:
        detail = f"Weight {analysis.weight:.2f} is below delta {settings.severity_threshold:.2f}: too severe."
        return Skip(reason=SkipReason.TOO_SEVERE, detail=detail)
    if Mark.DO_NOT_TRAIN in trajectory.marks:
        detail = "Its record forbids training on it (a canary or a do-not-train flag), so no row would ever leave."
        return Skip(reason=SkipReason.NOT_FOR_TRAINING, detail=detail)
    return None


def _provenance(relabeled: RelabeledData) -> dict[str, object]:
    attempt = relabeled.attempt
    return {"state": "pipeline", "score": attempt.score, "model": attempt.model, "prompt_hash": attempt.prompt_hash}


class AgentHERPipeline:
    """The library's front door (the reference's name): stages over values, no database.

    Settings that `config` leaves out come from the environment and `agenther.toml`. With a model
    but neither key nor `base_url` the stages run rule-based, after a warning.
    """

    def __init__(self, config: PipelineConfig | None = None) -> None:
        given = config.model_dump(exclude_unset=True) if config else {}
        settings = load_settings(given).pipeline
        if settings.model and not settings.base_url and not settings.api_key:
            warnings.warn(
                f"No API key for {settings.model}: stages run rule-based. Set OPENAI_API_KEY, or base_url for a"
                " local server.",
                stacklevel=2,
            )
            settings = settings.model_copy(update={"model": None})
        self.config = settings
        self._chat, self._judges = build_chats(settings)

    def process(self, trajectory: FailedTrajectory) -> PipelineResult:
        """Take one trajectory through the stages; a failed stage is reported in `result.error`."""
        begun = [Stage.FAILURE_DETECTION]
        try:
            return run_stages(trajectory, self._chat, self._judges, self.config, begin=begun.append)
        except StageFailure as error:
            return PipelineResult(trajectory_id=trajectory.trajectory_id, stage_reached=begun[-1], error=str(error))

    def process_batch(self, trajectories: Iterable[FailedTrajectory]) -> list[PipelineResult]:
        """Process several, one after the other; `agenther run` does it at once and can resume."""
        return [self.process(trajectory) for trajectory in trajectories]

    def run_and_save(self, trajectories: Iterable[FailedTrajectory], path: Path | str) -> list[PipelineResult]:
        """Process several and write the accepted ones to `path` in the configured format."""
        target = find_target(self.config.output_format)
        check_file(Path(path), target=target, force=False)
        results = self.process_batch(trajectories)
        samples = [result.sample for result in results if result.success and result.sample]
        written = write_single(Path(path), target.rows(samples), target=target)
        if not written.files:
            warnings.warn(f"No run was accepted, so {path} is not written.", stacklevel=2)
        for item in written.left_out:
            warnings.warn(f"{item.trajectory_id} has no row in {path}: {item.reason}", stacklevel=2)
        return results
