"""The seam between the stages and any model: one typed question, one typed answer.

A stage builds an `Ask` and gets a `Reply`; it never sees HTTP, retries or JSON. The client, the
scripted model and the recorder in `core.runs` are all just a `Chat`.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from core.models import content_hash
from core.prices import Usage

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True)
class Ask(Generic[T]):
    """One question. `reply` is the pydantic model that the answer must fit (only what the model must supply)."""

    stage: str  # detect | extract | relabel | judge
    prompt_hash: str  # hash of the template files, recorded with every reply
    system: str
    user: str
    reply: type[T]
    temperature: float

    def request_hash(self, name: str) -> str:
        """Identity of the paid call: same model (by `Chat.name`), same words, same shape, same temperature."""
        return content_hash([name, self.system, self.user, _shape(self.reply), self.temperature], 32)


@dataclass(frozen=True)
class Reply(Generic[T]):
    """One answer: the parsed value, the raw text, and what it cost."""

    value: T
    text: str
    model: str
    usage: Usage = field(default_factory=Usage)
    latency_s: float = 0.0
    requests: int = 1


class Chat(Protocol):
    """Anything that answers an `Ask`.

    Raises `BadReply` (answer does not fit, after one repair turn), `StageFailure` (this call
    failed for good) or `ModelUnreachable` (no call can succeed).
    """

    @property
    def model(self) -> str:
        """Name of the model that answers, as its server and its price know it."""
        ...

    @property
    def name(self) -> str:
        """What tells it from every other model of its run: `model`, or MODEL@ADDRESS where two have that name."""
        ...

    def ask(self, question: Ask[T]) -> Reply[T]:
        """Answer the question."""
        ...


@cache  # pydantic takes a millisecond for it, more than the whole request
def _shape(reply: type[BaseModel]) -> dict[str, Any]:
    return reply.model_json_schema()
