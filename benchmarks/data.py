"""Runs to measure with, and databases filled with them."""

from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path

from core.measures.order import order_queue
from core.models import FailedTrajectory, PipelineResult
from core.pipeline import run_stages
from core.settings import PipelineConfig
from core.sources import Record, read
from core.store import Store
from core.store.proposals import put_forward
from core.store.runs import save_result, start_run
from core.store.trajectories import Incoming, add_batch, begin_import

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample_data" / "failed_runs.jsonl"
_BENCHMARK_RUNS = ROOT.parent / "shared" / "data" / "labelled" / "tau_bench"
_BATCH = 1000


def run_files() -> list[Path]:
    """Real tau-bench results where they are at hand, else the sample runs."""
    return sorted(_BENCHMARK_RUNS.glob("*.json")) or [SAMPLE]


def records(path: Path) -> list[Record]:
    """Every run of one file."""
    return [item for item in read(path) if isinstance(item, Record)]


def fill(store: Store, proposals: int, *, steps: int = 0, own_texts: bool = False) -> None:
    """Put copies of the short sample runs into `store`, each with a name and a score of its own.

    `steps`: repeat those of a run until it has so many; 0 leaves them as they are. `own_texts`: nothing that was
    said, thought or given back stands in two copies; tools and system prompts do, as in runs of one agent.
    """
    settings = PipelineConfig()
    made = [(r.trajectory, run_stages(r.trajectory, None, (), settings)) for r in records(SAMPLE)]
    short = [(_long(run, steps), result) for run, result in made if result.relabeled and len(run.steps) <= 8]
    made_of = ((n, *short[n % len(short)]) for n in range(proposals))
    copies = ((*_copy(*(_in_own_words(*one) if own_texts else one[1:]), one[0]), "openai-chat") for one in made_of)
    put(store, copies, random_share=0.1)


def put(store: Store, made: Iterable[tuple[FailedTrajectory, PipelineResult, str]], *, random_share: float) -> None:
    """Put runs, their results and the names of their formats into `store` as an import and a run do."""
    settings, left = PipelineConfig(), iter(made)
    import_id = begin_import(store, "copies.jsonl", "openai-chat")
    run_id = start_run(store, method="rules", settings="{}", settings_hash="benchmark", total=0)
    while batch := list(islice(left, _BATCH)):
        incoming = [Incoming(run, "{}", n, source) for n, (run, _, source) in enumerate(batch, 1)]
        add_batch(store, import_id, incoming, [])
        with store.transaction():
            for run, result, _ in batch:
                _store(store, run_id, run, result, random_share)
    order_queue(store, theta=settings.min_confidence, delta=settings.severity_threshold, random_share=random_share)


def _long(run: FailedTrajectory, steps: int) -> FailedTrajectory:
    more = tuple(islice(cycle(run.steps), steps)) or run.steps
    return FailedTrajectory.model_construct(**{**dict(run), "steps": more})


def _in_own_words(
    number: int, run: FailedTrajectory, result: PipelineResult
) -> tuple[FailedTrajectory, PipelineResult]:
    def own(text: str) -> str:
        return f"{text} ({number})" if text else ""

    steps = tuple(
        step.model_copy(update={name: own(getattr(step, name)) for name in ("thought", "text", "observation")})
        for step in run.steps
    )
    asked = {"original_prompt": own(run.original_prompt), "final_answer": own(run.final_answer)}
    assert result.relabeled is not None
    attempt = result.relabeled.attempt
    said = {name: own(getattr(attempt, name)) for name in ("hindsight_prompt", "final_answer")}
    relabeled = result.relabeled.model_copy(update={"attempts": (attempt.model_copy(update=said),), "proposed": 0})
    return run.model_copy(update={"steps": steps, **asked}), result.model_copy(update={"relabeled": relabeled})


def _copy(run: FailedTrajectory, result: PipelineResult, number: int) -> tuple[FailedTrajectory, PipelineResult]:
    relabeled = result.relabeled
    assert relabeled is not None
    attempt = relabeled.attempt.model_copy(update={"confidence": (number * 37 % 101) / 100})
    one = relabeled.model_copy(update={"attempts": (attempt,), "proposed": 0})
    # Not `model_copy`, which would keep the key of the original.
    named = FailedTrajectory.model_construct(**{**dict(run), "trajectory_id": f"{run.trajectory_id}-{number}"})
    return named, result.model_copy(update={"relabeled": one})


def _store(store: Store, run_id: int, run: FailedTrajectory, result: PipelineResult, random_share: float) -> None:
    assert result.relabeled is not None
    key = run.key
    result_id, attempt_id = save_result(store, run_id, key, "benchmark", result)
    put_forward(
        store,
        key=key,
        result_id=result_id,
        attempt_id=attempt_id,
        relabeled=result.relabeled,
        analysis=result.analysis,
        random_share=random_share,
    )
