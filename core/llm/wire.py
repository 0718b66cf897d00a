"""One HTTP request through the openai package, and what each of its faults means.

The only module that imports openai (0.4 to 0.8 s), so it is itself imported at the first call.
Measured with openai 3.54: a broken body raises a bare `JSONDecodeError`, a web page comes back as a
`str`, `timeout` counts per read and not per answer, and redirects are followed. Hence the raw response,
read here: up to a size, until a deadline, whatever it says of its encoding.
"""

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

import httpx2
import openai

from core.errors import AgentHERError, ModelUnreachable, NoAnswer, StageFailure
from core.llm import deadline
from core.llm.answer import Answer, OddAnswer, answer_of, one_line, read_json
from core.llm.secrets import Hide
from core.settings import shown_address

_CONNECT_S = 5.0  # longest wait for a connection, as in the openai package
_MOST_BYTES = 4_000_000  # of an answer, unpacked; the longest that any model writes has a tenth of it
_PACKED = ("", "identity", "gzip", "deflate")  # unpacked piece by piece, a thousandfold at most
_WORDS = 300  # characters of a server's own words that are passed on
# As OpenAI, vLLM and llama.cpp put it.
_TOO_LONG = re.compile(r"context (?:length|size|window)|context_length_exceeded|maximum model length", re.IGNORECASE)
_TOO_LONG_HINT = " Give a smaller --context-tokens, or start the server with more context."


Trouble = Literal["refused", "busy", "broken", "connection"]


@dataclass(frozen=True)
class Fault:
    """A failed request: what to raise if it is the last one, and whether another may help.

    `trouble`, what it says of the server: `refused` = nothing, it dislikes this request; `busy` = it
    is asked too much; `broken` = it gave no usable answer; `connection` = it, or what it stands
    behind, cannot be reached.
    """

    error: AgentHERError
    trouble: Trouble = "refused"
    again: bool = False
    wait_s: float | None = None  # what the server asks for
    status: int | None = None
    message: str = ""
    parameter: str | None = None


FAULTS = (openai.OpenAIError, OddAnswer)


class Client(openai.OpenAI):
    """A thread-safe client without retries of its own; `http` is what it sends with. Local servers need no key."""

    def __init__(self, base_url: str, api_key: str | None) -> None:
        hooks = {"request": [deadline.begin]}
        self.http = openai.DefaultHttpx2Client(base_url=base_url, event_hooks=hooks, follow_redirects=False)
        deadline.hold(self.http)
        super().__init__(base_url=base_url, api_key=api_key or "none", max_retries=0, http_client=self.http)
        headers = {**self.default_headers, "Authorization": f"Bearer {self.api_key}", "Accept-Encoding": "identity"}
        told = {name: value for name, value in headers.items() if isinstance(value, str)}
        self._first = self.http.build_request("POST", "chat/completions", headers=told)
        del self._first.headers["Content-Length"]

    def to_ask(self, body: Mapping[str, object], timeout: openai.Timeout) -> httpx2.Request:
        """The HTTP request of a question. Its address and headers are worked out once: a quarter of the time."""
        url, headers = self._first.url, self._first.headers
        return httpx2.Request("POST", url, headers=headers, json=body, extensions={"timeout": timeout.as_dict()})


class _Content(NamedTuple):
    """Bytes of a body; `whole`: all of them."""

    read: bytes
    whole: bool

    @property
    def all(self) -> bytes:
        """The whole body. Raises `OddAnswer` where it is not."""
        if not self.whole:
            raise OddAnswer(f"more than {_MOST_BYTES // 1_000_000} MB, or packed in a way that was not asked for")
        return self.read


def send(client: Client, request: Mapping[str, object], *, timeout_s: float) -> Answer:
    """One request, one answer, within `timeout_s` in all. Raises one of `FAULTS`."""
    timeout = openai.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_S))
    # Not `client.chat.completions.create`: what it does around the request takes more CPU time than the request.
    post = client.to_ask(request, timeout)
    try:
        response = client.http.send(post, stream=True)
        try:
            content = _content(response)
        finally:
            response.close()
    except httpx2.TimeoutException as error:
        raise openai.APITimeoutError(post) from error
    except httpx2.HTTPError as error:
        raise openai.APIConnectionError(request=post) from error
    if not response.is_success:
        raise _status_error(response, content.read)
    return answer_of(read_json(content.all))


def body_of(response: httpx2.Response) -> bytes:
    """The body of a response that is being streamed, up to the size that an answer may have. Raises `OddAnswer`."""
    return _content(response).all


def _content(response: httpx2.Response) -> _Content:
    """The body of a response, of one without end the beginning."""
    if response.headers.get("content-encoding", "").strip().lower() not in _PACKED:
        return _Content(b"", whole=False)
    parts, size = [], 0
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            return _Content(b"".join(parts)[:_MOST_BYTES], whole=False)
    return _Content(b"".join(parts), whole=True)


def _status_error(response: httpx2.Response, content: bytes) -> openai.APIStatusError:
    try:
        body = read_json(content)
    except OddAnswer:
        body = content[: 4 * _WORDS].decode("utf-8", "replace").strip()
    inner = body.get("error", body) if isinstance(body, dict) else body
    return openai.APIStatusError(f"Error code: {response.status_code}", response=response, body=inner)


def explain(error: Exception, *, model: str, address: str, proven: bool, hide: Hide) -> Fault:
    """Tell what a fault means. `proven`: this server has answered before, so its address and key are right.

    `hide` takes the secrets out of the server's words, before they are cut: half a key is a secret too.
    """

    def said(words: object) -> str:
        return hide(one_line(words))[:_WORDS]

    where = f"Model {model!r} at {address}"
    if isinstance(error, OddAnswer):
        if error.foreign and not proven:
            hint = f"it sends {said(error)}. Is the address right? It usually ends in /v1."
            return Fault(ModelUnreachable(f"{address} is no OpenAI-compatible server: {hint}"), "broken", again=True)
        return Fault(NoAnswer(f"{where} sent {said(error)}."), "broken", again=True)
    if isinstance(error, openai.APIConnectionError):
        words = said(error.__cause__)
        return _explain_connection(error, words, where=where, address=address, proven=proven)
    if isinstance(error, openai.APIStatusError):
        moved = error.response.headers.get("location") if error.response.is_redirect else None
        words = said(shown_address(moved) if moved else error.body or error)
        return _explain_status(error, words, where=where, address=address, model=model, proven=proven)
    return Fault(StageFailure(f"{where}: {said(error)}"))


def _explain_connection(
    error: openai.APIConnectionError, said: str, *, where: str, address: str, proven: bool
) -> Fault:
    cause = error.__cause__
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
        words = f"No model server at {address} ({said}). Start the server, or give another address with --base-url."
        if proven:  # it was there before, and may come back
            return Fault(NoAnswer(words), "connection", again=True)
        return Fault(ModelUnreachable(words), "connection")
    if isinstance(error, openai.APITimeoutError):
        return Fault(NoAnswer(f"{where} did not answer in time (setting `timeout`)."), "broken")
    return Fault(NoAnswer(f"{where} dropped the connection ({said})."), "connection", again=True)


def _explain_status(
    error: openai.APIStatusError, said: str, *, where: str, address: str, model: str, proven: bool
) -> Fault:
    status = error.status_code
    if error.response.is_redirect:  # followed, it would cost a request each time, and send the run elsewhere
        return Fault(ModelUnreachable(f"{address} has moved (HTTP {status}: {said}). Give the new address instead."))
    if status == 401 or (status == 403 and not proven):  # 403 later: a gateway that dislikes one text
        return Fault(ModelUnreachable(f"{address} refuses the API key ({said}). Set OPENAI_API_KEY or --api-key."))
    if status == 404:
        hint = "Check --model and that --base-url ends as the server wants it (usually /v1)."
        return Fault(ModelUnreachable(f"{address} has no model {model!r} or no such path ({said}). {hint}"))
    if status == 429 and error.code == "insufficient_quota":
        return Fault(ModelUnreachable(f"The account at {address} has no quota left ({said})."))
    again = (status in (408, 409, 425, 429) or status >= 500) and error.response.headers.get(
        "x-should-retry"
    ) != "false"
    wait_s = _asked_wait(error.response.headers)
    failure = NoAnswer if again or status >= 500 else StageFailure
    return Fault(
        failure(f"{where} answers HTTP {status}: {said}{_TOO_LONG_HINT if _TOO_LONG.search(said) else ''}"),
        _trouble(status, asks_to_wait=wait_s is not None),
        again=again,
        wait_s=wait_s,
        status=status,
        message=said,
        parameter=error.param,
    )


def _trouble(status: int, *, asks_to_wait: bool) -> Trouble:
    if status in (429, 529) or (status >= 500 and asks_to_wait):
        return "busy"
    if status in (502, 503, 504):  # a gateway whose server is gone
        return "connection"
    return "broken" if status >= 500 or status in (408, 425) else "refused"


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After` (a number or a date), None if there is none."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
