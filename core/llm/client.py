"""`OpenAIChat`: any server that speaks OpenAI's chat completions, as a `Chat`.

One retry layer, one budget: a question costs at most `max_requests` HTTP requests and `timeout`
seconds, whatever they are spent on (retries, finding out what the server takes, the repair turn).
Waiting at the `Gate`, where all questions to a server keep one pace, is not counted.
"""

import random
import threading
import time
import weakref
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from core.errors import AgentHERError, BadReply, StageFailure, Used, UserError
from core.llm.answer import OddAnswer
from core.llm.chat import Ask, Reply, T
from core.llm.dialect import Dialect, Messages, first_dialect
from core.llm.gate import Gate
from core.llm.naming import OPENAI_URL
from core.llm.reply import Unreadable, read_reply, repair_request
from core.llm.secrets import Hide, secrets_of
from core.prices import Usage
from core.settings import shown_address

if TYPE_CHECKING:
    from core.llm.answer import Answer
    from core.llm.pace import Pass
    from core.llm.wire import Client, Fault

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 8.0  # between two requests of one question
_SHOWN_BACK = 20_000  # characters; an unreadable answer of more is not sent back with its repair turn
_CHARACTERS_A_TOKEN = 4  # of English; a guess that the server's own count then corrects


@dataclass
class _Call:
    """What one question has used up so far."""

    left_s: float
    seconds: float = 0.0  # in requests, and between them by its own fault
    requests: int = 0
    usage: Usage = field(default_factory=Usage)

    def spend(self, seconds: float) -> None:
        self.seconds += seconds
        self.left_s -= seconds

    @property
    def used(self) -> Used:
        usage = self.usage
        return Used(self.requests, self.seconds, usage.input_tokens, usage.output_tokens, usage.cached_tokens)


class OpenAIChat:
    """A model behind an OpenAI-compatible address. Safe to share between threads.

    `name` is `Chat.name`, by default the model. `hide` takes secrets out of every fault text; by default
    those of this model alone. `gate` is shared by all models of one server. Raises `UserError` for an
    address or a key that cannot be meant.
    """

    def __init__(
        self,
        model: str,
        *,
        name: str = "",
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 60,
        max_requests: int = 3,
        max_tokens: int = 2048,
        hide: Hide | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.model = model
        self.name = name or model
        self.base_url = _checked_address(base_url or OPENAI_URL)
        self._api_key = _checked_key(api_key)
        self._hide = hide or Hide(secrets_of(self._api_key, self.base_url))
        self._timeout = timeout
        self._max_requests = max_requests
        self._max_tokens = max_tokens
        self._gate = gate or Gate()
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._dialect = first_dialect(self.base_url)
        self._proven = False  # the server has answered once

    def ask(self, question: Ask[T]) -> Reply[T]:
        """Answer the question; a reply that does not fit goes back once, with the reason."""
        call = _Call(left_s=self._timeout)
        try:
            return self._ask(question, call)
        except BadReply as error:
            raise BadReply(self._hide(str(error)), text=self._hide(error.text), used=call.used) from None
        except StageFailure as error:
            raise type(error)(self._hide(str(error)), used=call.used) from None
        except AgentHERError as error:
            raise type(error)(self._hide(str(error))) from None

    def _ask(self, question: Ask[T], call: _Call) -> Reply[T]:
        messages = _messages(question)
        answer = self._answer(messages, question, call)
        try:
            value = self._read(answer, question)
        except Unreadable as problem:
            if call.requests >= self._max_requests:
                raise BadReply(f"{self.model}: {problem}", text=answer.text) from None
            answer = self._answer(_repair(messages, answer.text, str(problem), question), question, call)
            try:
                value = self._read(answer, question)
            except Unreadable as still:
                raise BadReply(f"{self.model}, asked twice: {still}", text=answer.text) from None
        return Reply(value, answer.text, self.model, call.usage, latency_s=call.seconds, requests=call.requests)

    @property
    def proven(self) -> bool:
        """Whether the server has answered a question, so that it is known what it takes."""
        return self._proven

    @property
    def hide(self) -> Hide:
        """What takes keys and passwords out of texts."""
        return self._hide

    def request(self, question: Ask[Any], *, repair: tuple[str, str] | None = None) -> dict[str, Any]:
        """The body of a request for `question`, in the server's dialect, to be sent by other means.

        `repair`: an answer that could not be read, and why.
        """
        messages = _messages(question)
        return self._request(self._dialect, _repair(messages, *repair, question) if repair else messages, question)

    def why_useless(self, answer: "Answer") -> str:
        """Why an answer will not be of use however often one asks; empty if it may be.

        One that is cut off may hold the whole value all the same.
        """
        if answer.refusal or answer.finish_reason == "content_filter":
            return f"{self.model} refuses: {answer.refusal or 'its content filter stopped the answer'}"
        if answer.finish_reason == "length":
            return f"{self.model}: cut off after {self._max_tokens} tokens; raise the setting `max_tokens`"
        return ""

    def close(self) -> None:
        """Close the connections; a later question opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _read(self, answer: "Answer", question: Ask[T]) -> T:
        """Read the value in an answer. Raises `Unreadable` if asking again may help, `BadReply` if not."""
        problem = self.why_useless(answer)
        if problem and answer.finish_reason != "length":
            raise BadReply(problem, text=answer.refusal or answer.text)
        try:
            return read_reply(answer.text, question.reply)
        except Unreadable:
            if problem:
                raise BadReply(problem, text=answer.text) from None
            raise

    def _answer(self, messages: Messages, question: Ask[Any], call: _Call) -> "Answer":
        """Get an answer of any shape, after as many requests as the budget allows."""
        from core.llm import wire  # noqa: PLC0415  importing openai costs up to 0.8 s

        client, dialect, failures = self.connect(), self._dialect, 0
        tokens = sum(len(message["content"]) for message in messages) // _CHARACTERS_A_TOKEN
        while True:
            request = self._request(dialect, messages, question)
            given = self._gate.enter(tokens)
            call.requests += 1
            started = time.monotonic()
            try:
                answer = wire.send(client, request, timeout_s=max(call.left_s, 0.001))
            except wire.FAULTS as error:
                call.spend(time.monotonic() - started)
                call.usage += error.usage if isinstance(error, OddAnswer) else Usage()
                fault = wire.explain(
                    error,
                    model=self.model,
                    address=shown_address(self.base_url),
                    proven=self._proven,
                    hide=self._hide,
                )
                self._report(given, fault)
                if call.requests >= self._max_requests:
                    raise fault.error from error
                adapted = self._adapt(dialect, fault)
                if adapted is None:
                    if not fault.again:
                        raise fault.error from error
                    failures += 1
                    self._rest(fault, failures, call)
                dialect = adapted or dialect
            except BaseException:
                self._gate.refused()
                raise
            else:
                call.spend(time.monotonic() - started)
                self._gate.answered(given, answer.usage.input_tokens + answer.usage.output_tokens)
                self._learn(dialect)
                call.usage += answer.usage
                # Before anybody reads it: a server may answer with the request that it got, key and all.
                return replace(answer, text=self._hide.in_answer(answer.text))

    def _request(self, dialect: Dialect, messages: Messages, question: Ask[Any]) -> dict[str, Any]:
        return dialect.request(
            messages,
            model=self.model,
            reply=question.reply,
            temperature=question.temperature,
            max_tokens=self._max_tokens,
        )

    def _adapt(self, dialect: Dialect, fault: "Fault") -> Dialect | None:
        """Return the dialect to go on with after a refusal, None if the refusal is about something else."""
        if fault.status is None:
            return None
        adapted = dialect.after(fault.status, fault.message, fault.parameter)
        if adapted is not None:
            with self._lock:  # said in so many words: no other call need ask
                if self._dialect == dialect:
                    self._dialect = adapted
            return adapted
        return None if self._proven else dialect.guess(fault.status, fault.message)

    def _learn(self, dialect: Dialect) -> None:
        with self._lock:
            if not self._proven:
                self._dialect, self._proven = dialect, True

    def _report(self, given: "Pass", fault: "Fault") -> None:
        """Tell all who ask this server how it does. Raises `ModelUnreachable` where no other request would help."""
        said = str(fault.error)
        if fault.trouble == "refused":
            self._gate.refused()
        elif fault.trouble == "busy":
            self._gate.too_many(given, fault.wait_s, said)
        else:
            self._gate.failed(given, said, connection=fault.trouble == "connection")

    def _rest(self, fault: "Fault", failures: int, call: _Call) -> None:
        """Wait before the next request, longer each time. A wait that the server names is the gate's, and for all."""
        if fault.wait_s is not None:
            return
        wait = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** (failures - 1))
        wait += wait * random.random() / 2  # noqa: S311  jitter: calls turned away together come back apart
        if wait >= call.left_s:
            raise fault.error
        call.spend(wait)
        self._gate.rest(wait)

    def connect(self) -> "Client":
        """The client that all requests to the server go through."""
        from core.llm import wire  # noqa: PLC0415

        with self._lock:
            if self._client is None:
                self._client = wire.Client(self.base_url, self._api_key)
                weakref.finalize(self, self._client.close)
            return self._client


def _messages(question: Ask[Any]) -> Messages:
    return [{"role": "system", "content": question.system}, {"role": "user", "content": question.user}]


def _repair(messages: Messages, text: str, problem: str, question: Ask[Any]) -> Messages:
    request = repair_request(problem, question.reply)
    if text.strip() and len(text) <= _SHOWN_BACK:
        return [*messages, {"role": "assistant", "content": text}, {"role": "user", "content": request}]
    # Several chat templates refuse an empty turn, and two user turns in a row.
    *before, last = messages
    return [*before, last | {"content": f"{last['content']}\n\n{request}"}]


def _checked_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UserError(
            f"{shown_address(address)!r} is no address of a model server; write it like http://127.0.0.1:8080/v1."
        )
    return address.rstrip("/")


def _checked_key(key: str | None) -> str | None:
    key = (key or "").strip()
    if not (key.isascii() and (key.isprintable() or not key)):
        raise UserError("The API key holds characters that no key has; copy it again.")
    return key or None
