"""Every error that crosses a layer, as one tree.

    AgentHERError
    ├── UserError          the person can mend it: one line says what, where and what to do; exit 2
    │   ├── InputError     a file or record that cannot be read
    │   ├── StoreError     a database that cannot be opened, or comes from a newer version
    │   └── ModelUnreachable   no answer from the model server: the whole run stops
    ├── StageFailure       one item went wrong; the runner records it on that item and goes on
    │   ├── BadReply       the model answered, but not in the shape asked for; carries the raw text
    │   └── NoAnswer       the model's server gave none; at another time it may
    ├── Stopped            the run ends: the item is given up, with what is stored of it
    └── NotYet             an answer that the item needs is still to come; it is tried again then

A *skip* (nothing to relabel here) is not an error: it is `core.models.Skip`, a value.
"""

from typing import NamedTuple


class AgentHERError(Exception):
    """Base of all errors that this project raises on purpose."""


class UserError(AgentHERError):
    """Stops the command with a message that says what is wrong and what to do."""


class InputError(UserError):
    """A file or a record that cannot be read."""


class StoreError(UserError):
    """A database file that cannot be used."""


class ModelUnreachable(UserError):
    """The model server gives no usable answer at all (address, key, model name)."""


class Used(NamedTuple):
    """What a model call that came to nothing has used up; tokens as far as the server counted them."""

    requests: int = 0
    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


class StageFailure(AgentHERError):
    """A stage could not finish for one trajectory. `used`: what its call costs all the same."""

    def __init__(self, message: str = "", *, used: Used = Used()) -> None:  # noqa: B008  immutable
        super().__init__(message)
        self.used = used


class BadReply(StageFailure):
    """A model reply that does not hold what was asked for, after its repair turn."""

    def __init__(self, message: str, *, text: str, used: Used = Used()) -> None:  # noqa: B008
        super().__init__(message, used=used)
        self.text = text


class NoAnswer(StageFailure):
    """A model call that its server left without an answer: asked at another time, it may be given."""


class Stopped(AgentHERError):
    """A trajectory is given up because its run ends; the replies that it has are stored."""


class NotYet(AgentHERError):
    """A question waits in a batch job; its trajectory goes on once it is answered."""
