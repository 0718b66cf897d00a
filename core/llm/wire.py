"""One HTTP request through the openai package, and what each of its faults means.

The only module that imports openai (0.4 to 0.8 s), so it is itself imported at the first call.
Measured with openai 3.54: a broken body raises a bare `JSONDecodeError`, a web page comes back as a
`str`, `timeout` counts per read and not per answer. Hence the raw response, its own reading here,
and a deadline on the body.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import httpx2
import openai
from pydantic import BaseModel, Field, ValidationError

from core.errors import AgentHERError, ModelUnreachable, NoAnswer, StageFailure
from core.llm.secrets import Hide
from core.prices import Usage

_CONNECT_S = 5.0  # longest wait for a connection, as in the openai package
_WORDS = 300  # characters of a server's own words that are passed on
# As OpenAI, vLLM and llama.cpp put it.
_TOO_LONG = re.compile(r"context (?:length|size|window)|context_length_exceeded|maximum model length", re.IGNORECASE)
_TOO_LONG_HINT = " Give a smaller --context-tokens, or start the server with more context."


class _Text(BaseModel):
    text: str = ""


class _Message(BaseModel):
    content: str | list[_Text] | None = None
    refusal: str | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):  # some servers send thoughts and text as parts
            return "".join(part.text for part in self.content)
        return self.content or ""


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _OfThese(BaseModel):
    cached_tokens: int | None = None


class _Tokens(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _OfThese | None = None

    @property
    def usage(self) -> Usage:
        cached = self.prompt_tokens_details.cached_tokens if self.prompt_tokens_details else None
        return Usage(self.prompt_tokens, self.completion_tokens, cached or 0)


class _Body(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Tokens | None = None


@dataclass(frozen=True)
class Answer:
    """What the server said, before anybody reads JSON out of it."""

    text: str
    finish_reason: str
    refusal: str
    usage: Usage


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


class OddAnswer(Exception):
    """HTTP 200, but no chat completion. `foreign`: it does not look like a model server at all."""

    def __init__(self, message: str, *, foreign: bool) -> None:
        super().__init__(message)
        self.foreign = foreign


FAULTS = (openai.OpenAIError, OddAnswer)


class Client(openai.OpenAI):
    """A thread-safe client without retries of its own; `http` is what it sends with. Local servers need no key."""

    def __init__(self, base_url: str, api_key: str | None) -> None:
        hooks = {"request": [_note_deadline], "response": [_keep_deadline]}
        self.http = openai.DefaultHttpx2Client(base_url=base_url, event_hooks=hooks)
        super().__init__(base_url=base_url, api_key=api_key or "none", max_retries=0, http_client=self.http)
        headers = {**self.default_headers, "Authorization": f"Bearer {self.api_key}"}
        self.own_headers = {name: value for name, value in headers.items() if isinstance(value, str)}


def send(client: Client, request: Mapping[str, Any], *, timeout_s: float) -> Answer:
    """One request, one answer, within `timeout_s` in all. Raises one of `FAULTS`."""
    timeout = openai.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_S))
    # Not `client.chat.completions.create`: what it does around the request takes more CPU time than the request.
    try:
        raw = client.http.post("chat/completions", json=request, headers=client.own_headers, timeout=timeout)
    except httpx2.TimeoutException as error:
        raise openai.APITimeoutError(error.request) from error
    except httpx2.HTTPError as error:
        raise openai.APIConnectionError(request=error.request) from error
    if raw.is_error:
        raise _status_error(raw)
    text = raw.text
    try:
        data = json.loads(text)
    except ValueError:
        page = text.lstrip()[:1] == "<"
        raise OddAnswer("a web page" if page else "broken JSON", foreign=page) from None
    return answer_of(data)


def answer_of(data: object) -> Answer:
    """The answer in the JSON of a chat completion. Raises `OddAnswer`."""
    if isinstance(data, dict) and data.get("error") and not data.get("choices"):
        raise OddAnswer(f"an error: {one_line(data['error'])}", foreign=False)
    try:
        body = _Body.model_validate(data)
    except ValidationError:
        raise OddAnswer("JSON without a chat completion", foreign=True) from None
    choice = body.choices[0]
    usage = body.usage.usage if body.usage else Usage()
    return Answer(choice.message.text, choice.finish_reason or "", choice.message.refusal or "", usage)


def _status_error(response: httpx2.Response) -> openai.APIStatusError:
    try:
        body = response.json()
    except ValueError:
        body = response.text.strip()
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
        return _explain_connection(error, where=where, address=address, proven=proven)
    if isinstance(error, openai.APIStatusError):
        words = said(error.body if error.body else error)
        return _explain_status(error, words, where=where, address=address, model=model, proven=proven)
    return Fault(StageFailure(f"{where}: {said(error)}"))


def _explain_connection(error: openai.APIConnectionError, *, where: str, address: str, proven: bool) -> Fault:
    cause = error.__cause__
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
        words = f"No model server at {address} ({cause}). Start the server, or give another address with --base-url."
        if proven:  # it was there before, and may come back
            return Fault(NoAnswer(words), "connection", again=True)
        return Fault(ModelUnreachable(words), "connection")
    if isinstance(error, openai.APITimeoutError):
        return Fault(NoAnswer(f"{where} did not answer in time (setting `timeout`)."), "broken")
    return Fault(NoAnswer(f"{where} dropped the connection ({cause})."), "connection", again=True)


def _explain_status(
    error: openai.APIStatusError, said: str, *, where: str, address: str, model: str, proven: bool
) -> Fault:
    status = error.status_code
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
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def one_line(said: object) -> str:
    """Put the server's own words, from whichever field it uses, on one line."""
    if isinstance(said, dict):
        inner = said.get("error", said)
        said = inner.get("message") or inner if isinstance(inner, dict) else inner
    return " ".join(str(said).split())


def _note_deadline(request: httpx2.Request) -> None:
    request.extensions["deadline"] = time.monotonic() + request.extensions["timeout"]["read"]


def _keep_deadline(response: httpx2.Response) -> None:
    stream = response.stream
    assert isinstance(stream, httpx2.SyncByteStream)
    response.stream = _InTime(stream, response.request)


class _InTime(httpx2.SyncByteStream):
    """A body that stops at the deadline of its request, however slowly it drips."""

    def __init__(self, stream: httpx2.SyncByteStream, request: httpx2.Request) -> None:
        self._stream = stream
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        left = self._request.extensions["deadline"] - time.monotonic()
        self._request.extensions["timeout"]["read"] = max(left, 0.001)
        for chunk in self._stream:
            if time.monotonic() > self._request.extensions["deadline"]:
                raise httpx2.ReadTimeout("the answer came too slowly", request=self._request)
            yield chunk

    def close(self) -> None:
        self._stream.close()
