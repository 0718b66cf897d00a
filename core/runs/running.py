"""Running the pipeline over a database: resumable, stoppable, one result committed at a time."""

import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from core.errors import BadReply, StageFailure, UserError
from core.events import OnProgress, Progress
from core.llm import Chat, build_chats
from core.models import FailedTrajectory, PipelineResult, Stage, canonical_json, content_hash
from core.pipeline import run_stages
from core.runs.recording import RecordingChat
from core.settings import PipelineConfig, Settings
from core.store import Store
from core.store.proposals import put_forward, rank_queue, withdraw
from core.store.queue import current_policy
from core.store.runs import finish_run, pending_keys, save_result, start_run, stop_asked
from core.store.trajectories import load_trajectory

# What changes no result, so that changing it makes nothing pending again.
_WITHOUT_EFFECT = {
    "api_key",
    "judge_api_key",
    "base_url",
    "judge_base_url",
    "timeout",
    "max_requests",
    "concurrency",
    "output_format",
    "output_dir",
}


def settings_identity(settings: PipelineConfig) -> tuple[str, str]:
    """(JSON without keys and addresses, its hash): the same identity gives the same results."""
    text = canonical_json(settings.model_dump(mode="json", exclude=_WITHOUT_EFFECT))
    return text, content_hash(text)


def run_pipeline(
    store: Store,
    settings: Settings,
    *,
    keys: Iterable[str] | None = None,
    on_progress: OnProgress = lambda _: None,
    chats: tuple[Chat | None, Chat | None] | None = None,
) -> Progress:
    """Take every trajectory that these settings have not finished through the four stages.

    `keys` limits it to some trajectories; `chats` (relabeller, judge) overrules the settings.
    Results are committed one by one, so a run that is stopped or killed goes on where it was.
    Raises `UserError` when no model call can succeed; what was done by then is kept.
    """
    config = settings.pipeline
    text, identity = settings_identity(config)
    todo = pending_keys(store, identity, keys)
    if not todo:
        return Progress(total=0)
    method = config.model or "rules"
    run_id = start_run(store, method=method, settings=text, settings_hash=identity, total=len(todo))
    progress = Progress(total=len(todo))
    on_progress(progress)
    try:
        chat, judge = chats or build_chats(config)
        for key, run, result in _results(store, run_id, todo, config, chat, judge):
            _store_result(store, run_id, key, identity, result, settings.review.random_share)
            progress = _advance(progress, run, result)
            on_progress(progress)
            if stop_asked(store, run_id):
                finish_run(store, run_id, "stopped", "stopped on request")
                break
        else:
            finish_run(store, run_id, "done")
    except KeyboardInterrupt:
        finish_run(store, run_id, "stopped", "interrupted")
        raise
    except UserError as error:
        finish_run(store, run_id, "failed", str(error))
        raise
    finally:
        policy = current_policy(store) or {"theta": config.min_confidence}
        rank_queue(store, theta=policy["theta"], random_share=settings.review.random_share)
    return progress


_Done = tuple[str, FailedTrajectory, PipelineResult]


def _results(
    store: Store, run_id: int, todo: list[str], config: PipelineConfig, chat: Chat | None, judge: Chat | None
) -> Iterator[_Done]:
    """Results as they come. Rule-based work is all CPU, so threads would only add to it."""
    if chat is None:
        for key in todo:
            run = load_trajectory(store, key)
            yield key, run, _one(run, None, None, config)
        return
    with ThreadPoolExecutor(config.concurrency) as pool:
        waiting: set[Future[_Done]] = set()
        upcoming = iter(todo)
        ended: UserError | None = None
        try:
            while True:
                while len(waiting) < config.concurrency and (coming := next(upcoming, None)) is not None:
                    run = load_trajectory(store, coming)
                    waiting.add(pool.submit(_with_model, store.path, run_id, coming, run, config, chat, judge))
                if not waiting:
                    break
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    try:
                        done = future.result()
                    except UserError as error:  # no call can succeed: begin nothing more, keep what is in work
                        ended, upcoming = error, iter(())
                    else:
                        yield done
            if ended:
                raise ended
        finally:
            for future in waiting:
                future.cancel()


def _with_model(
    path: Path,
    run_id: int,
    key: str,
    run: FailedTrajectory,
    config: PipelineConfig,
    chat: Chat,
    judge: Chat | None,
) -> _Done:
    recorded = RecordingChat(chat, path, run_id, key)
    judged = RecordingChat(judge, path, run_id, key) if judge else None
    return key, run, _one(run, recorded, judged, config)


def _one(run: FailedTrajectory, chat: Chat | None, judge: Chat | None, config: PipelineConfig) -> PipelineResult:
    """One trajectory; the one place where any error becomes a record on the item that caused it."""
    try:
        return run_stages(run, chat, judge, config)
    except UserError:
        raise
    except BadReply as error:
        message = f"{error}\n\nThe model's reply:\n{error.text}"
    except StageFailure as error:
        message = str(error)
    except Exception as error:  # whatever a hostile record provokes must not lose the other 99,999
        message = f"{type(error).__name__}: {error}\n\n{traceback.format_exc()}"
    return PipelineResult(trajectory_id=run.trajectory_id, stage_reached=Stage.FAILURE_DETECTION, error=message)


def _store_result(
    store: Store, run_id: int, key: str, identity: str, result: PipelineResult, random_share: float
) -> None:
    with store.transaction():
        result_id, attempt_id = save_result(store, run_id, key, identity, result)
        if result.relabeled:
            put_forward(
                store,
                key=key,
                result_id=result_id,
                attempt_id=attempt_id,
                relabeled=result.relabeled,
                analysis=result.analysis,
                random_share=random_share,
            )
        elif result.skip:
            withdraw(store, key)


def _advance(progress: Progress, run: FailedTrajectory, result: PipelineResult) -> Progress:
    return Progress(
        total=progress.total,
        done=progress.done + 1,
        proposed=progress.proposed + (result.relabeled is not None),
        skipped=progress.skipped + (result.skip is not None),
        failed=progress.failed + (result.error is not None),
        last=run.trajectory_id,
    )
