"""What the body of an answer holds, before anybody reads a value out of its text.

A good answer is paid for: whatever else stands beside its text, it is not thrown away for that.
"""

import json
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from core.models import all_visible
from core.prices import Usage

_MOST_TOKENS = 10_000_000  # that one call can have used; a server that counts more does not count


class OddAnswer(Exception):
    """HTTP 200, but no chat completion. `foreign`: from no model server at all; `usage`: what it costs all the same."""

    def __init__(self, message: str, *, foreign: bool = False, usage: Usage = Usage()) -> None:  # noqa: B008  immutable
        super().__init__(message)
        self.foreign = foreign
        self.usage = usage


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    text: str
    finish_reason: str
    refusal: str
    usage: Usage


def none_if_odd(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """A pydantic validator for what an answer only tells besides: what does not fit is not there."""
    try:
        return check(value)
    except ValidationError:
        return None


_Count = Annotated[int | None, Field(strict=True, ge=0, le=_MOST_TOKENS), WrapValidator(none_if_odd)]


class _OfThese(BaseModel):
    cached_tokens: _Count = None


class _Tokens(BaseModel):
    prompt_tokens: _Count = None
    completion_tokens: _Count = None
    prompt_tokens_details: Annotated[_OfThese | None, WrapValidator(none_if_odd)] = None

    @property
    def usage(self) -> Usage:
        """All of it, or nothing: half a count would be taken for the whole."""
        if self.prompt_tokens is None or self.completion_tokens is None:
            return Usage()
        cached = (self.prompt_tokens_details and self.prompt_tokens_details.cached_tokens) or 0
        return Usage(self.prompt_tokens, self.completion_tokens, min(cached, self.prompt_tokens))


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


class _Body(BaseModel):
    choices: list[_Choice] = Field(min_length=1)


class _Paid(BaseModel):
    usage: Annotated[_Tokens | None, WrapValidator(none_if_odd)] = None


def read_json(content: bytes) -> Any:
    """The value in a body, whatever the server says of its encoding. Raises `OddAnswer`."""
    text = content.decode("utf-8", "replace")
    try:
        return all_visible(json.loads(text))
    except (ValueError, RecursionError):
        page = text.lstrip()[:1] == "<"
        raise OddAnswer("a web page" if page else "broken JSON", foreign=page) from None


def answer_of(data: object) -> Answer:
    """The answer in the JSON of a chat completion. Raises `OddAnswer`."""
    usage = _usage(data)
    if isinstance(data, dict) and data.get("error") and not data.get("choices"):
        raise OddAnswer(f"an error: {one_line(data['error'])}", usage=usage)
    try:
        choice = _Body.model_validate(data).choices[0]
    except ValidationError:
        foreign = not (isinstance(data, dict) and "choices" in data)
        raise OddAnswer("JSON without a chat completion", foreign=foreign, usage=usage) from None
    return Answer(choice.message.text, choice.finish_reason or "", choice.message.refusal or "", usage)


def _usage(data: object) -> Usage:
    told = _Paid.model_validate(data) if isinstance(data, dict) else _Paid()
    return told.usage.usage if told.usage else Usage()


def one_line(said: object) -> str:
    """Put the server's own words, from whichever field it uses, on one line."""
    if isinstance(said, dict):
        inner = said.get("error", said)
        said = inner.get("message") or inner if isinstance(inner, dict) else inner
    return " ".join(str(said).split())
