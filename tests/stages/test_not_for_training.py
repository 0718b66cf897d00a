"""A run that must not be trained on is analysed, and put before no reviewer."""

from rule_runs import flight_run

from core.models import Mark, SkipReason, Stage
from core.pipeline import run_stages
from core.settings import PipelineConfig


def test_a_run_that_must_not_be_trained_on_is_skipped_with_that_reason_before_a_request_is_made():
    whole = run_stages(flight_run(), None, (), PipelineConfig())
    marked = run_stages(flight_run().model_copy(update={"marks": (Mark.DO_NOT_TRAIN,)}), None, (), PipelineConfig())
    assert whole.relabeled is not None
    assert marked.relabeled is None and marked.stage_reached is Stage.FAILURE_DETECTION
    assert marked.skip.reason is SkipReason.NOT_FOR_TRAINING
    assert marked.analysis.failure_type is whole.analysis.failure_type
