"""Every error that crosses a layer, as one tree.

    AgentHERError
    ├── UserError          the person can mend it: one line says what, where and what to do; exit 2
    │   ├── InputError     a file or record that cannot be read
    │   ├── StoreError     a database that cannot be opened, or comes from a newer version
    │   └── ModelUnreachable   no answer from the model server: the whole run stops
    └── StageFailure       one item went wrong; the runner records it on that item and goes on
        └── BadReply       the model answered, but not in the shape asked for; carries the raw text

A *skip* (nothing to relabel here) is not an error: it is `core.models.Skip`, a value.
"""


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


class StageFailure(AgentHERError):
    """A stage could not finish for one trajectory."""


class BadReply(StageFailure):
    """A model reply that does not hold what was asked for, after its repair turn."""

    def __init__(self, message: str, *, text: str) -> None:
        super().__init__(message)
        self.text = text
