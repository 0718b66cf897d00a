"""A run by batch jobs: the stages are asked again and again, each time with more answers in the store.

A trajectory goes as far as stored answers take it; the question it stops at goes into a file. Full
files become jobs at the server (half the price, up to a day). What a job answers is stored, and its
trajectories go on from there. So a job is nothing but a slow way into `model_calls`, and whatever
process comes next goes on from the two tables.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from core.errors import NotYet, Stopped, UserError
from core.llm import Chat, OpenAIChat
from core.llm.batch import BatchJobs, JobFault, Outcome
from core.llm.jobs import Job
from core.models import FailedTrajectory, PipelineResult
from core.prices import Usage
from core.runs.backlog import Backlog
from core.runs.outbox import Outbox, WaitingChat
from core.runs.recording import RecordingChat
from core.runs.spending import Spending
from core.runs.stopping import Stop
from core.runs.writer import writing
from core.store import Store
from core.store.batches import (
    OpenBatch,
    drop_batch,
    drop_unsent,
    finish_batch,
    held_keys,
    note_in_flight,
    note_job,
    open_batches,
    set_aside_for,
    take_ask,
    take_over_doubtful,
)
from core.store.calls import StoredCall, add_call
from core.store.claims import free_dead_runs
from core.store.runs import beat
from core.store.trajectories import load_trajectory

_FIRST_WAIT_S = 0.5  # between two looks at the jobs under way, half as long again each time
_LONGEST_WAIT_S = 60.0
_LOOK_UP_S = 0.2  # longest wait before a run looks whether it shall stop
_GONE_AFTER = 10  # looks in a row that came to nothing: ten minutes, mostly
_AT_ONCE = 200  # answers stored in one transaction; the server keeps its file, so a kill loses none
_NAMED = 5  # jobs named in one line

Stages = Callable[[FailedTrajectory, Chat, Sequence[Chat]], PipelineResult]
_Done = tuple[str, FailedTrajectory, PipelineResult]
_Tell = Callable[..., None]


class BatchRun:
    """One run of the stages by batch jobs. Opened on one thread and used there; `results` is asked once."""

    def __init__(
        self,
        store: Store,
        chats: Sequence[Chat],
        *,
        run_id: int,
        settings_hash: str,
        max_requests: int,
        spending: Spending,
        stop: Stop,
        tell: _Tell,
    ) -> None:
        self._store = store
        self._run_id = run_id
        self._settings_hash = settings_hash
        self._spending = spending
        self._stop = stop
        self._tell = tell
        self._jobs = {chat: BatchJobs(_served(chat), rest=self._rest) for chat in dict.fromkeys(chats)}
        self._outbox = Outbox(
            store,
            run_id=run_id,
            settings_hash=settings_hash,
            max_requests=max_requests,
            spending=spending,
            note=self._note,
        )
        self._said_odd: set[str] = set()
        self._refused: list[int] = []  # jobs that failed as a whole; asked again when another has ended

    def results(self, backlog: Backlog, chat: Chat, judges: Sequence[Chat], stages: Stages) -> Iterator[_Done]:
        """Results as they come, until nothing is left, the run shall stop, or a server cannot go on.

        `stages` takes one trajectory through the stages and lets `NotYet` pass.
        """

        def waiting(one: Chat, key: str) -> WaitingChat:
            live = RecordingChat(one, self._store, writing(self._store), self._run_id, key, self._spending)
            return WaitingChat(self._jobs[one], self._outbox, key, live)

        def go_on(keys: Iterable[str]) -> Iterator[_Done]:
            for key in keys:
                if self._stop.why:
                    return
                run = load_trajectory(self._store, key)
                try:
                    result = stages(run, waiting(chat, key), [waiting(judge, key) for judge in judges])
                except (NotYet, Stopped):
                    continue
                yield key, run, result

        try:
            for jobs in self._jobs.values():
                jobs.check()
            self._take_over()
            keys: Iterable[str] = iter(backlog.take, None)
            while not self._stop.why:
                self._outbox.begin()
                progressed = False
                for done in go_on(keys):
                    progressed = True
                    yield done
                if self._stop.why:
                    return
                sent = self._outbox.send()
                self._spending.batch_round += sent
                progressed = sent or progressed
                if self._open():
                    keys = self._next_answered()
                elif any(held_keys(self._store, self._run_id)):
                    if not progressed and self._outbox.no_room:
                        self._stop.ask(self._outbox.no_room)
                    elif not progressed:  # another process writes the job that they wait for, or has died over it
                        self._rest(_FIRST_WAIT_S)
                        self._take_over()
                    keys = held_keys(self._store, self._run_id)
                elif backlog.elsewhere:
                    self._tell(elsewhere=backlog.elsewhere)
                    self._rest(_FIRST_WAIT_S)
                    keys = iter(backlog.take, None)
                else:
                    return
        except Stopped:
            return
        finally:
            self._outbox.close()
            self._say_what_goes_on()

    def _take_over(self) -> None:
        """Find out what became of jobs that runs before were about to begin."""
        with self._store.transaction():
            beat(self._store, self._run_id)
            free_dead_runs(self._store)
        drop_unsent(self._store)
        for jobs in self._jobs.values():
            for batch in take_over_doubtful(self._store, self._run_id, address=jobs.address, model=jobs.model):
                try:
                    job = jobs.find(batch.token) or jobs.begin(batch.file_id, batch.token)
                except JobFault as fault:
                    if fault.again:
                        raise
                    drop_batch(self._store, batch.id)  # its file is gone: written anew
                    continue
                note_job(self._store, batch.id, job_id=job.id, state=job.state, over=job.over)
                self._note(f"Found batch job {job.id} at {jobs.address}: {batch.requests:,} requests.")
        self._spending.in_jobs = set_aside_for(self._store, self._settings_hash)

    def _open(self) -> list[tuple[BatchJobs, OpenBatch]]:
        found = {
            batch.id: (jobs, batch)  # two keys for one model at one address see the same jobs
            for jobs in self._jobs.values()
            for batch in open_batches(self._store, address=jobs.address, model=jobs.model)
        }
        return list(found.values())

    def _next_answered(self) -> Iterator[str]:
        """Wait until a job has ended, read all that have; the trajectories that go on by it."""
        wait, faults = 0.0, 0
        read: list[int] = []
        while not read:
            self._rest(wait)
            wait = min(_LONGEST_WAIT_S, wait * 1.5 or _FIRST_WAIT_S)
            under_way, seen = 0, 0
            failure: JobFault | None = None
            for jobs, batch in self._open():
                try:
                    job = jobs.job(batch.job_id)
                    if job.ended:
                        self._read(jobs, batch, job)
                        (self._refused if job.state == "failed" else read).append(batch.id)
                    else:
                        under_way += batch.requests - job.over
                        self._say_if_odd(job)
                        note_job(self._store, batch.id, job_id=job.id, state=job.state, over=job.over)
                    seen += 1
                except JobFault as fault:
                    if not fault.again:
                        raise
                    failure = fault
                    under_way += batch.requests - batch.over
            faults = 0 if seen or not failure else faults + 1
            if failure and faults == _GONE_AFTER:
                raise failure
            self._spending.waiting = under_way
            note_in_flight(self._store, self._run_id, under_way)
            self._tell()
            if not under_way:
                break
        again, self._refused = [*read, *self._refused], []
        return held_keys(self._store, self._run_id, again)

    def _read(self, jobs: BatchJobs, batch: OpenBatch, job: Job) -> None:
        """Store what an ended job has answered. Each answer is stored once, however often and by whom it is read."""
        taken: list[Outcome] = []
        answered = 0
        for file_id in job.files:
            try:
                for outcome in jobs.outcomes(file_id, self._store.path.parent):
                    taken.append(outcome)
                    if len(taken) == _AT_ONCE:
                        answered += self._take(jobs, batch, taken)
                        taken = []
            except JobFault as fault:
                if fault.status != 404:
                    raise
                self._note(f"A file of batch job {job.id} is no longer at {jobs.address}; its questions are put again.")
        answered += self._take(jobs, batch, taken)
        unanswered = f"{jobs.model}: batch job {job.id} ended as {job.state}" + (
            f": {job.problem}" if job.problem else ""
        )
        finish_batch(self._store, batch.id, state=job.state, problem=job.problem, unanswered=unanswered)
        self._spending.in_jobs = set_aside_for(self._store, self._settings_hash)
        why = f" ({job.problem})" if job.problem else ""
        self._note(f"Batch job {job.id} {job.state}{why}: {answered:,} of {batch.requests:,} requests answered.")

    def _take(self, jobs: BatchJobs, batch: OpenBatch, outcomes: Sequence[Outcome]) -> int:
        answered = 0
        with self._store.transaction():
            for outcome in outcomes:
                ask = take_ask(
                    self._store,
                    batch.id,
                    outcome.custom_id,
                    answered=outcome.answered,
                    problem=outcome.problem,
                    final=outcome.final,
                )
                if ask is None or not (outcome.answered or outcome.usage != Usage()):
                    continue
                answered += outcome.answered
                call = StoredCall(
                    request_hash=outcome.custom_id,
                    stage=ask["stage"],
                    model=jobs.model,
                    prompt_hash=ask["prompt_hash"],
                    temperature=ask["temperature"],
                    usage=outcome.usage,
                    cost_usd=self._spending.count(jobs.model, outcome.usage, in_batch=True),
                    latency_s=0.0,
                    requests=1,
                    reply=outcome.text,
                    fault=outcome.problem if outcome.refused or not outcome.answered else "",
                )
                key = ask["trajectory_key"]
                in_flight = self._spending.in_flight
                add_call(self._store, call, run_id=self._run_id, trajectory_key=key, in_flight=in_flight)
        return answered

    def _say_what_goes_on(self) -> None:
        """Name the jobs that are under way when the run ends."""
        left = self._open()
        if not left:
            return
        ids = ", ".join(batch.job_id for _, batch in left[:_NAMED]) + (", ..." if len(left) > _NAMED else "")
        one = len(left) == 1
        jobs = "1 batch job goes" if one else f"{len(left)} batch jobs go"
        self._note(f"{jobs} on at the server: {ids}. The same command reads {'it' if one else 'them'}.")

    def _say_if_odd(self, job: Job) -> None:
        if job.odd and job.id not in self._said_odd:
            self._said_odd.add(job.id)
            self._note(f"Batch job {job.id} is {job.state[:40]!r}, a state that no job should have; it is waited for.")

    def _note(self, words: str) -> None:
        self._tell(note=words)

    def _rest(self, seconds: float) -> None:
        """Wait, unless the run shall stop: then raise `Stopped`."""
        until = time.monotonic() + seconds
        while True:
            if self._stop.why:
                raise Stopped(self._stop.why)
            if (left := until - time.monotonic()) <= 0:
                return
            time.sleep(min(left, _LOOK_UP_S))


def _served(chat: Chat) -> OpenAIChat:
    if not isinstance(chat, OpenAIChat):
        raise UserError(f"--batch needs a model behind an OpenAI-compatible address; {chat.model!r} has none.")
    return chat
