"""What humans say of proposals, and the states that follow."""

from enum import IntEnum, StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from core.models.base import Value
from core.models.text import visible

Typed = Annotated[str, AfterValidator(visible)]  # a browser hands over half characters, which no file can hold


class ReviewAction(StrEnum):
    """What a reviewer does. An edit is an accept with changes; undo is a row of its own."""

    ACCEPT = "accept"
    EDIT = "edit"
    REJECT = "reject"
    DEFER = "defer"
    FLAG = "flag"
    UNDO = "undo"


class ProposalState(StrEnum):
    """One word per state."""

    PENDING = "pending"
    DEFERRED = "deferred"
    FLAGGED = "flagged"
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"
    SECOND = "second"  # one opinion stands, and a second person's is wanted
    DISPUTED = "disputed"  # the opinions of two people differ
    AUTO_ACCEPTED = "auto_accepted"  # by a bulk act; no human has spoken of it
    AUTO_REJECTED = "auto_rejected"


class BulkAction(StrEnum):
    """What a bulk act does to its items."""

    ACCEPT = "accept"
    REJECT = "reject"


class RejectReason(IntEnum):
    """Why a reviewer says no; the number is the key to press."""

    UNSUPPORTED = 1
    MISREAD = 2
    GIVES_ANSWER = 3
    UNNATURAL = 4
    TRIVIAL = 5
    DROPPED_CONSTRAINT = 6
    USELESS_RUN = 7
    GOAL_WAS_MET = 8
    UNSAFE = 9

    @property
    def label(self) -> str:
        """The words on the button."""
        return _REASON_WORDS[self]


_REASON_WORDS = {
    RejectReason.UNSUPPORTED: "Claim not supported by the run",
    RejectReason.MISREAD: "Outcome misread",
    RejectReason.GIVES_ANSWER: "Gives the answer or the steps away",
    RejectReason.UNNATURAL: "Not what a user would write",
    RejectReason.TRIVIAL: "Too trivial",
    RejectReason.DROPPED_CONSTRAINT: "A constraint silently dropped",
    RejectReason.USELESS_RUN: "Run is useless or crashed",
    RejectReason.GOAL_WAS_MET: "Original goal was in fact met",
    RejectReason.UNSAFE: "Unsafe or private data",
}


class Decision(Value):
    """A verdict on its way in. `op_id` names the click: the same one twice counts once.

    `revision` is the revision of the proposal that the reviewer saw; a stale one is refused.
    """

    op_id: str = Field(min_length=1)
    proposal_id: int
    revision: int
    annotator: str = Field(min_length=1)
    action: ReviewAction
    reason: RejectReason | None = None
    note: Typed = ""
    hindsight_prompt: Typed | None = None
    final_answer: Typed | None = None
    first_step: int | None = Field(None, ge=1)
    last_step: int | None = Field(None, ge=1)
    active_seconds: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _complete(self) -> "Decision":
        if self.action is ReviewAction.REJECT and self.reason is None:
            raise ValueError("a reject needs a reason (1-9)")
        if self.action is ReviewAction.EDIT and self.hindsight_prompt is None:
            raise ValueError("an edit needs the edited prompt")
        return self
