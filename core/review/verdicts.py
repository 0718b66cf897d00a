"""Taking a verdict: once, for the item that was seen, in words when it cannot be taken."""

import sqlite3
import time
from dataclasses import dataclass

from core.errors import StoreError
from core.models import Decision, ReviewAction
from core.store import Store
from core.store.proposals import get_proposal
from core.store.reviews import (
    Draft,
    ReviewRow,
    add_review,
    add_undo,
    find_review,
    last_standing,
    recent_reviews,
    save_draft,
    verdict_in_force,
)

PAST = {
    ReviewAction.ACCEPT: "accepted",
    ReviewAction.EDIT: "edited and accepted",
    ReviewAction.REJECT: "rejected",
    ReviewAction.DEFER: "put off",
    ReviewAction.FLAG: "flagged",
}


@dataclass(frozen=True)
class Answer:
    """What became of a verdict. `taken` False: nothing was stored, and `message` says why."""

    taken: bool
    message: str
    proposal_id: int


def decide(store: Store, decision: Decision) -> Answer:
    """Take one verdict. The same `op_id` twice counts once; a stale revision is refused with words."""
    try:
        with store.transaction():
            return _decide(store, decision)
    except (StoreError, sqlite3.OperationalError) as error:
        return Answer(False, f"Not saved: {error} Your text is kept as a draft on this page.", decision.proposal_id)


def _decide(store: Store, decision: Decision) -> Answer:
    if done := find_review(store, decision.op_id):
        return Answer(True, f"Already {PAST[done.action]}.", done.proposal_id)
    row = get_proposal(store, decision.proposal_id)
    if row is None:
        return Answer(False, f"There is no item {decision.proposal_id} in this database.", decision.proposal_id)
    if not row.is_current:
        return Answer(False, "Not saved: a newer run has replaced this proposal.", row.id)
    if row.leased_by not in (None, decision.annotator) and (row.lease_until or 0) > time.time():
        return Answer(False, f"Not saved: {row.leased_by} has this item open.", row.id)
    if row.revision != decision.revision:
        standing = verdict_in_force(store, row.id)
        what = f"{standing.annotator} {PAST[standing.action]} it" if standing else "its verdict was undone"
        return Answer(False, f"Not saved: {what} while you had it open. Look at it again.", row.id)
    add_review(store, decision)
    return Answer(True, f"{PAST[decision.action].capitalize()}.", row.id)


def undo_last(store: Store, annotator: str, *, op_id: str) -> Answer | None:
    """Undo the newest standing verdict of `annotator`; None where there is none.

    The undoing is a row of its own. The words of an edit come back as a draft.
    """
    try:
        with store.transaction():
            if done := find_review(store, op_id):
                return Answer(True, "Already undone.", done.proposal_id)
            last = last_standing(store, annotator)
            if last is None:
                return None
            add_undo(store, last, op_id=op_id, annotator=annotator)
        if last.hindsight_prompt is not None:
            keep_draft(store, last.proposal_id, annotator, _draft_of(last))
    except (StoreError, sqlite3.OperationalError) as error:
        return Answer(False, f"Not undone: {error}", 0)
    return Answer(True, f"Undone: it was {PAST[last.action]}.", last.proposal_id)


def return_deferred(store: Store, annotator: str) -> int:
    """Put everything that `annotator` deferred back into the queue; how many."""
    returned = 0
    for review in recent_reviews(store, annotator, limit=-1):
        if review.action is ReviewAction.DEFER:
            with store.transaction():
                standing = verdict_in_force(store, review.proposal_id)
                if standing and standing.id == review.id:
                    add_undo(store, review, op_id=f"return-{review.id}", annotator=annotator)
                    returned += 1
    return returned


def keep_draft(store: Store, proposal_id: int, annotator: str, draft: Draft) -> str:
    """Store an edit under way; the time it was saved (UTC, ISO 8601)."""
    return save_draft(store, proposal_id, annotator, draft)


def my_last(store: Store, annotator: str, *, limit: int = 20) -> list[ReviewRow]:
    """The newest standing verdicts of one person, for the strip that re-opens them."""
    return recent_reviews(store, annotator, limit=limit)


def _draft_of(review: ReviewRow) -> Draft:
    assert review.hindsight_prompt is not None
    return Draft(review.hindsight_prompt, review.final_answer, review.first_step, review.last_step)
