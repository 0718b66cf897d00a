"""Batch jobs of an OpenAI-style server: a file of requests goes up, a job works it off, files of answers come down.

Forms as in https://platform.openai.com/docs/guides/batch, which several other services follow. It
imports openai (0.4 to 0.8 s), so it is itself imported where jobs are wanted.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

import httpx2
import openai
from pydantic import BaseModel, ValidationError

from core.errors import UserError
from core.llm import wire
from core.llm.answer import OddAnswer, answer_of, one_line, read_json
from core.llm.chat import Ask
from core.llm.client import OpenAIChat
from core.llm.jobs import WORDS, FileTold, Job, JobTold, LineTold, PageTold
from core.prices import Usage
from core.settings import shown_address

MOST_BYTES = 200_000_000  # of a job's file: OpenAI's limit
_MARK = "agenther"  # the metadata field by which a job is known again
_NO_SUCH_PATH = (404, 405, 501)
_AGAIN = (408, 409, 425, 429)
_TIMEOUT_S = 60.0
_FILE_TIMEOUT_S = 3600.0  # 200 MB over a slow line
_TRIES = 3
_FIRST_WAIT_S = 0.5
_PAGE = 100  # jobs in one page of a list, the most that OpenAI gives
_MOST_PAGES = 1_000  # of jobs, before a list is taken for endless
_LONGEST_LINE = 4_000_000  # bytes of one answer in a file; a longer one is read as several that fit nothing

Got = TypeVar("Got")
Read = TypeVar("Read", bound=BaseModel)


class JobFault(UserError):
    """A request about jobs that came to nothing. `again`: a later one may succeed."""

    def __init__(self, message: str, *, again: bool, status: int | None) -> None:
        super().__init__(message)
        self.again = again
        self.status = status


@dataclass(frozen=True)
class Outcome:
    """What became of one request.

    `usage`: what it costs, answered or not; `problem`: why there is no useful answer; `final`: asking again is
    no use; `refused`: its text is none, however it reads.
    """

    custom_id: str
    answered: bool
    text: str = ""
    usage: Usage = field(default_factory=Usage)
    problem: str = ""
    final: bool = False
    refused: bool = False


class BatchJobs:
    """The batch jobs of one model at one address. For use from one thread.

    `rest` waits between two tries of one request. All but `line` raise `JobFault`.
    """

    def __init__(self, chat: OpenAIChat, *, rest: Callable[[float], object]) -> None:
        self.chat = chat
        self.model = chat.model
        self.name = chat.name
        self.address = shown_address(chat.base_url)
        self._rest = rest

    def check(self) -> None:
        """Raise `JobFault` where the server has no batch jobs, or does not let us see them."""
        try:
            self._fetch(PageTold, lambda client: _streamed(client).list(limit=1, timeout=_TIMEOUT_S))
        except JobFault as fault:
            if fault.status not in _NO_SUCH_PATH:
                raise
            words = f"{self.address} has no batch jobs (HTTP {fault.status}). Leave out --batch to ask it call by call."
            raise JobFault(words, again=False, status=fault.status) from None

    def line(self, custom_id: str, question: Ask[Any], *, repair: tuple[str, str] | None) -> bytes:
        """One line of a job's file. `repair`: an answer that could not be read, and why."""
        body = self.chat.request(question, repair=repair)
        line = {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}
        return json.dumps(line).encode("ascii") + b"\n"

    def upload(self, file: IO[bytes]) -> str:
        """Send the file of a job; its name at the server."""

        def send(client: openai.OpenAI) -> Any:
            file.seek(0)
            files = client.files.with_streaming_response
            return files.create(file=("batch.jsonl", file), purpose="batch", timeout=_FILE_TIMEOUT_S)

        return self._fetch(FileTold, send).id

    def begin(self, file_id: str, token: str) -> Job:
        """Begin the job of an uploaded file, once: before a second try, the server's jobs are searched for `token`."""
        tries = 0
        while True:
            try:
                return self._fetch(JobTold, lambda client: _create(client, file_id, token), tries=1).seen
            except JobFault as fault:
                tries += 1
                if not fault.again or tries == _TRIES:
                    raise
            self._rest(_FIRST_WAIT_S * 2**tries)
            if found := self.find(token):
                return found

    def find(self, token: str) -> Job | None:
        """The job that was begun with this token, if there is one."""
        after: str | openai.Omit = openai.omit
        for _ in range(_MOST_PAGES):
            page = self._fetch(PageTold, partial(_list, after=after))
            for job in page.data:
                if (job.metadata or {}).get(_MARK) == token:
                    return job.seen
            if not (page.has_more and page.data):
                return None
            after = page.data[-1].id
        words = f"The list of batch jobs at {self.address} does not end, so it cannot be told whether a job was begun."
        raise JobFault(words, again=False, status=None)

    def job(self, job_id: str) -> Job:
        """How far a job is; one that the server no longer knows has failed."""
        try:
            got = self._fetch(JobTold, lambda client: _retrieve(client, job_id), tries=1)
        except JobFault as fault:
            if fault.status == 404:
                return Job(job_id, "failed", problem="the server no longer knows the job")
            raise
        return got.seen

    def outcomes(self, file_id: str, folder: Path) -> Iterator[Outcome]:
        """What an output or error file says, line by line; it is kept in `folder` meanwhile, without a name."""
        with tempfile.TemporaryFile(dir=folder) as file:
            self._tried(lambda client: _download(client, file_id, file), tries=_TRIES)
            file.seek(0)
            for line in iter(partial(file.readline, _LONGEST_LINE), b""):
                try:
                    read = LineTold.model_validate(read_json(line))
                except (OddAnswer, ValidationError):
                    continue  # whose answer it was cannot be told; that request stays without one
                yield self._outcome(read)

    def _outcome(self, line: LineTold) -> Outcome:
        response = line.response
        if response is None or response.status_code != 200:
            said = one_line(response.body if response else (line.error and line.error.said) or "no answer")
            status = response.status_code if response else None
            final = status is not None and 400 <= status < 500 and status not in _AGAIN
            words = f"{f'HTTP {status}: ' if status else ''}{self.chat.hide(said)[:WORDS]}"
            return Outcome(line.custom_id, answered=False, problem=f"{self.model}: {words}", final=final)
        try:
            answer = answer_of(response.body)
        except OddAnswer as odd:
            problem = f"{self.model} sent {self.chat.hide(str(odd))}"
            return Outcome(line.custom_id, answered=False, usage=odd.usage, problem=problem)
        problem = self.chat.why_useless(answer)
        text = self.chat.hide.in_answer(answer.text or answer.refusal)
        cut_off = answer.finish_reason == "length"  # it may hold the whole value all the same
        final, said = bool(problem), self.chat.hide(problem)
        return Outcome(line.custom_id, True, text, answer.usage, said, final=final, refused=final and not cut_off)

    def _fetch(self, kind: type[Read], send: Callable[[openai.OpenAI], Any], *, tries: int = _TRIES) -> Read:
        """What a request gives, as `kind`. `send` begins it and gives the answer to be streamed."""

        def read(client: openai.OpenAI) -> Read:
            try:
                with send(client) as answer:
                    return kind.model_validate(read_json(wire.body_of(answer.http_response)))
            except ValidationError:
                raise OddAnswer("something else than batch jobs") from None

        return self._tried(read, tries=tries)

    def _tried(self, act: Callable[[openai.OpenAI], Got], *, tries: int) -> Got:
        number = 1
        while True:
            try:
                return act(self.chat.connect())
            except (*wire.FAULTS, httpx2.HTTPError) as error:
                fault = self._fault(error)
                if number == tries or not fault.again:
                    raise fault from None
            self._rest(_FIRST_WAIT_S * 2**number)
            number += 1

    def _fault(self, error: Exception) -> JobFault:
        if isinstance(error, httpx2.HTTPError):  # in the middle of a file
            return JobFault(f"{self.address} broke off a file ({error}).", again=True, status=None)
        hide = self.chat.hide
        fault = wire.explain(error, model=self.model, address=self.address, proven=True, hide=hide)
        late = isinstance(error, openai.APITimeoutError)  # nothing is paid by asking again
        status = getattr(error, "status_code", None)
        return JobFault(hide(str(fault.error)), again=fault.again or late, status=status)


def _streamed(client: openai.OpenAI) -> Any:
    return client.batches.with_streaming_response  # or the package would read an answer of any size


def _create(client: openai.OpenAI, file_id: str, token: str) -> Any:
    return _streamed(client).create(
        completion_window="24h",
        endpoint="/v1/chat/completions",
        input_file_id=file_id,
        metadata={_MARK: token},
        timeout=_TIMEOUT_S,
    )


def _list(client: openai.OpenAI, after: str | openai.Omit) -> Any:
    return _streamed(client).list(limit=_PAGE, after=after, timeout=_TIMEOUT_S)


def _retrieve(client: openai.OpenAI, job_id: str) -> Any:
    return _streamed(client).retrieve(job_id, timeout=_TIMEOUT_S)


def _download(client: openai.OpenAI, file_id: str, into: IO[bytes]) -> None:
    into.seek(0)
    into.truncate()
    with client.files.with_streaming_response.content(file_id, timeout=_FILE_TIMEOUT_S) as answer:
        for chunk in answer.iter_bytes():
            into.write(chunk)
