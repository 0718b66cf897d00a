"""Questions on their way into batch jobs, each once, and the chat that puts them there.

The file of a job is written line by line beside the database and has no name, so that nothing is
left of it, and no prompt, however the process ends.
"""

import tempfile
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Literal

from core.errors import BadReply, NoAnswer, NotYet, StageFailure, StoreError
from core.llm import Ask, Reply, parse_reply
from core.llm.batch import MOST_BYTES, BatchJobs
from core.llm.chat import T
from core.llm.jobs import MOST_REQUESTS
from core.runs.recording import RecordingChat
from core.runs.spending import Spending
from core.store import Store
from core.store.batches import BatchAsk, add_ask, begin_batch, drop_batch, note_job, note_upload, tries_of
from core.store.calls import find_reply
from core.store.runs import newest_result

Turn = Literal["wait", "ask", "repair"]


@dataclass
class _Draft:
    """A job's file while it is written."""

    batch_id: int
    token: str
    file: IO[bytes]
    requests: int = 0
    size: int = 0


class Outbox:
    """The files that one run writes, one at a time for each model; a full one becomes a job at once.

    `note` gets a line for each job begun. `no_room`: why a question was left out since `begin`.
    """

    def __init__(
        self,
        store: Store,
        *,
        run_id: int,
        settings_hash: str,
        max_requests: int,
        spending: Spending,
        note: Callable[[str], None],
    ) -> None:
        self.no_room = ""
        self.store = store
        self._run_id = run_id
        self._settings_hash = settings_hash
        self._max_requests = max_requests
        self._spending = spending
        self._note = note
        self._drafts: dict[BatchJobs, _Draft] = {}

    def begin(self) -> None:
        """Begin a wave: room that there was not may be there now."""
        self.no_room = ""

    def turn(self, jobs: BatchJobs, question: Ask[Any], key: str, *, unread: BadReply | None) -> Turn:
        """What is due for a question that has no usable answer: to wait, to be asked, or a repair turn.

        `unread`: its newest stored answer, where that cannot be read. Raises what its trajectory fails
        with (`BadReply`, `StageFailure`) once asking again is of no use.
        """
        tries = tries_of(
            self.store,
            question.request_hash(jobs.name),
            address=jobs.address,
            trajectory_key=key,
            settings_hash=self._settings_hash,
        )
        if not tries:
            return "ask"
        last = tries[-1]
        if last.state == "waiting":
            return "wait"
        answers = sum(each.state == "answered" for each in tries)
        if last.state == "answered" and unread is not None:
            if last.final:
                raise BadReply(last.problem, text=unread.text)
            if answers > 1 or len(tries) >= self._max_requests:
                twice = ", asked twice" if answers > 1 else ""
                raise BadReply(f"{jobs.model}{twice}: {unread}", text=unread.text)
        elif last.final or len(tries) >= self._max_requests:
            times = "" if last.final else f" (asked {len(tries)} times)"
            raise (StageFailure if last.final else NoAnswer)(f"{last.problem}{times}")
        return "repair" if answers else "ask"

    def put(self, jobs: BatchJobs, question: Ask[Any], key: str, *, repair: BadReply | None) -> None:
        """Put a question into the file of the next job, unless there is no room for it.

        `repair`: the answer that this one is to mend.
        """
        request = question.request_hash(jobs.name)
        line = jobs.line(request, question, repair=(repair.text, str(repair)) if repair else None)
        most = self._spending.most_in_job(jobs.model, line)
        if no_room := self._spending.no_room(most):
            self.no_room = no_room
            return
        draft = self._draft(jobs, len(line))
        with self.store.transaction():
            if self.turn(jobs, question, key, unread=repair) == "wait":  # another process was first
                return
            ask = BatchAsk(request, key, question.stage, question.prompt_hash, question.temperature, most)
            add_ask(self.store, draft.batch_id, ask)
        draft.file.write(line)
        draft.requests += 1
        draft.size += len(line)
        self._spending.in_jobs += most

    def send(self) -> bool:
        """Begin the jobs of all files; whether there were any."""
        sent = False
        for jobs in list(self._drafts):
            sent = self._send(jobs) or sent
        return sent

    def close(self) -> None:
        """Forget what was not sent."""
        for draft in self._drafts.values():
            draft.file.close()
            with suppress(StoreError):  # locked or full: the next run forgets it
                drop_batch(self.store, draft.batch_id)
        self._drafts.clear()

    def _draft(self, jobs: BatchJobs, size: int) -> _Draft:
        draft = self._drafts.get(jobs)
        if draft and (draft.requests == MOST_REQUESTS or draft.size + size > MOST_BYTES):
            self._send(jobs)
            draft = None
        if draft is None:
            token = uuid.uuid4().hex
            batch_id = begin_batch(
                self.store,
                run_id=self._run_id,
                address=jobs.address,
                model=jobs.model,
                token=token,
                after_result=newest_result(self.store),
            )
            # Closed by `_send` or `close`: it is written over many calls.
            file = tempfile.TemporaryFile(dir=self.store.path.parent)  # noqa: SIM115
            draft = self._drafts[jobs] = _Draft(batch_id, token, file)
        return draft

    def _send(self, jobs: BatchJobs) -> bool:
        draft = self._drafts[jobs]
        if draft.requests:
            file_id = jobs.upload(draft.file)
            note_upload(self.store, draft.batch_id, file_id=file_id, requests=draft.requests)
        del self._drafts[jobs]
        draft.file.close()
        if not draft.requests:
            drop_batch(self.store, draft.batch_id)
            return False
        job = jobs.begin(file_id, draft.token)
        note_job(self.store, draft.batch_id, job_id=job.id, state=job.state, over=job.over)
        self._note(f"Batch job {job.id} begun at {jobs.address}: {draft.requests:,} requests.")
        return True


@dataclass(frozen=True)
class WaitingChat:
    """A chat that knows only stored answers, for one trajectory; what it cannot answer goes into a job.

    The first question to a server is asked `live`: so it is known what the server takes, and that key
    and model are right, before thousands of questions wait a day for a refusal.
    """

    jobs: BatchJobs
    outbox: Outbox
    trajectory_key: str
    live: RecordingChat

    @property
    def model(self) -> str:
        """Name of the model that answers."""
        return self.jobs.model

    @property
    def name(self) -> str:
        """What tells it from the other models of the run."""
        return self.jobs.name

    def ask(self, question: Ask[T]) -> Reply[T]:
        """Answer from the store. Raises `NotYet` where the answer is still to come, else as any chat."""
        stored = find_reply(self.outbox.store, question.request_hash(self.name))
        unread: BadReply | None = None
        if stored is not None:
            try:
                return Reply(parse_reply(stored, question.reply), stored, self.model, requests=0)
            except BadReply as error:
                unread = error
        key = self.trajectory_key
        turn = self.outbox.turn(self.jobs, question, key, unread=unread)
        if turn != "wait":
            if not self.jobs.chat.proven:
                return self._ask_live(question)
            self.outbox.put(self.jobs, question, key, repair=unread if turn == "repair" else None)
        raise NotYet(f"{self.model} has not answered yet.")

    def _ask_live(self, question: Ask[T]) -> Reply[T]:
        """Ask at once, unless the limit leaves no room while jobs are under way: it may, once they are read."""
        if no_room := self.live.spending.no_room_for(self.model, question):
            self.outbox.no_room = no_room
            raise NotYet(no_room)
        return self.live.ask(question)
