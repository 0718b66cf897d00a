"""The three ways of taking a run's trajectories through the stages: by rules, by a model, by batch jobs.

Each gives the results as they come, stored. Rule-based work is all CPU, so threads would only add to
it. With a model there are more trajectories in work than calls in flight: while code works on one,
the call of another takes its place at the server.
"""

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Semaphore

from core.errors import BadReply, NotYet, StageFailure, Stopped, UserError
from core.llm import Chat
from core.models import FailedTrajectory, PipelineResult, Stage
from core.pipeline import run_stages
from core.runs.backlog import Backlog
from core.runs.recording import RecordingChat
from core.runs.spending import Spending
from core.runs.stopping import Stop
from core.runs.underway import Underway
from core.runs.workers import Workers
from core.runs.writer import Write, Writer, writing
from core.settings import PipelineConfig
from core.store import Store, open_store
from core.store.trajectories import load_trajectory

_LOOK_UP_S = 0.2  # longest wait before a run looks whether it shall stop
_LOOK_AGAIN_S = 0.5  # between two looks at what another run has in work

Done = tuple[FailedTrajectory, PipelineResult, bool]  # the last: whether it was stored
_Item = tuple[str, FailedTrajectory]


@dataclass(frozen=True)
class Work:
    """What a run works on and with. `keep` stores a result, inside a transaction; False where it is another run's."""

    store: Store
    run_id: int
    settings_hash: str
    backlog: Backlog
    config: PipelineConfig
    chat: Chat | None
    judges: Sequence[Chat]
    stop: Stop
    spending: Spending
    tell: Callable[..., None]
    keep: Callable[[Store, str, PipelineResult], bool]


def by_rules(work: Work) -> Iterator[Done]:
    """One trajectory after the other, on this thread."""
    write = writing(work.store)
    while not work.stop.why:
        if (key := work.backlog.take()) is not None:
            run = load_trajectory(work.store, key)
            yield _kept(work, write, key, run, _one(run, None, (), work.config))
        elif work.backlog.elsewhere:
            work.tell(elsewhere=work.backlog.elsewhere)
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


def by_batch(work: Work) -> Iterator[Done]:
    """By batch jobs, on this thread."""
    from core.runs.batching import BatchRun  # noqa: PLC0415  it imports openai, which costs up to 0.8 s

    if work.chat is None:
        raise UserError("--batch asks a model: name it with --model.")
    jobs = BatchRun(
        work.store,
        (work.chat, *work.judges),
        run_id=work.run_id,
        settings_hash=work.settings_hash,
        max_requests=work.config.max_requests,
        spending=work.spending,
        stop=work.stop,
        tell=work.tell,
    )
    write = writing(work.store)

    def stages(run: FailedTrajectory, chat: Chat, judges: Sequence[Chat]) -> PipelineResult:
        return _one(run, chat, judges, work.config)

    for key, run, result in jobs.results(work.backlog, work.chat, work.judges, stages):
        yield _kept(work, write, key, run, result)


def by_model(work: Work) -> Iterator[Done]:
    """By calls to the model's server, `concurrency` at a time."""
    assert work.chat is not None
    chat, write, slots = work.chat, Writer(work.store.path), Semaphore(work.config.concurrency)
    underway = Underway()

    @contextmanager
    def station() -> Iterator[Callable[[_Item], Done]]:
        with open_store(work.store.path) as mine:

            def recorded(model: Chat, key: str) -> RecordingChat:
                return RecordingChat(model, mine, write, work.run_id, key, work.spending, slots, underway)

            def take_through(item: _Item) -> Done:
                key, run = item
                judges = [recorded(judge, key) for judge in work.judges]
                return _kept(work, write, key, run, _one(run, recorded(chat, key), judges, work.config))

            yield take_through

    workers = Workers(work.config.concurrency + work.config.concurrency // 4, station)
    try:
        yield from _fed(work, workers)
    finally:
        workers.close()
        write.close()


def _fed(work: Work, workers: Workers[_Item, Done]) -> Iterator[Done]:
    """Keep the workers busy until nothing is left, the run shall stop, or no call can succeed."""
    ended: UserError | None = None
    told = False
    while True:
        if ended or work.stop.why:
            workers.drop_waiting()
        else:
            _feed(work, workers)
        if work.stop.why and (calls := work.spending.in_flight) and not told:
            work.tell(ending=calls)
            told = True
        if not workers.in_work:
            if ended:
                raise ended
            if work.stop.why or not work.backlog.elsewhere:
                return
            work.tell(elsewhere=work.backlog.elsewhere)
            time.sleep(_LOOK_AGAIN_S)
            continue
        work.tell()
        try:
            done = workers.take(seconds=_LOOK_UP_S)
        except UserError as error:  # begin nothing more, keep what is in work
            ended = ended or error
        except Stopped:
            continue
        else:
            if done:
                yield done


def _feed(work: Work, workers: Workers[_Item, Done]) -> None:
    """Give every worker something, and have a few items ready, so that none waits for the next."""
    while workers.in_work < workers.count + workers.count // 4 and (key := work.backlog.take()) is not None:
        workers.give((key, load_trajectory(work.store, key)))


def _kept(work: Work, write: Write, key: str, run: FailedTrajectory, result: PipelineResult) -> Done:
    try:
        return run, result, write(lambda store: work.keep(store, key, result))
    except (UserError, Stopped):
        raise
    except Exception as error:  # what cannot be stored must not lose the others either
        failed = _failed(run, result.stage_reached, _in_full(error))
        return run, failed, write(lambda store: work.keep(store, key, failed))


def _one(run: FailedTrajectory, chat: Chat | None, judges: Sequence[Chat], config: PipelineConfig) -> PipelineResult:
    """One trajectory; the one place where any error becomes a record on the item that caused it."""
    begun = [Stage.FAILURE_DETECTION]
    try:
        return run_stages(run, chat, judges, config, begin=begun.append)
    except (UserError, Stopped, NotYet):
        raise
    except BadReply as error:
        message = f"{error}\n\nThe model's reply:\n{error.text}"
    except StageFailure as error:
        message = str(error)
    except Exception as error:  # whatever a hostile record provokes must not lose the other 99,999
        message = _in_full(error)
    return _failed(run, begun[-1], message)


def _failed(run: FailedTrajectory, stage: Stage, message: str) -> PipelineResult:
    said = message.encode("utf-8", "backslashreplace").decode()  # it may quote what is no text
    return PipelineResult(trajectory_id=run.trajectory_id, stage_reached=stage, error=said)


def _in_full(error: Exception) -> str:
    return f"{type(error).__name__}: {error}\n\n{''.join(traceback.format_exception(error))}"
