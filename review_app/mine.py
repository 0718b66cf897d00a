"""The strip of one's own last verdicts, each of which can be opened again or undone."""

from typing import Any

from core.models import RejectReason
from core.review.verdicts import my_last
from core.store import Store
from core.store.proposals import get_proposal, request_of
from core.store.reviews import find_review
from core.store.standing import STATE_AFTER, ReviewRow
from core.store.trajectories import trajectory_name
from review_app.pane import words
from review_app.pane.shown import line

LAST = 20


def strip(store: Store, annotator: str) -> list[dict[str, str]]:
    """The newest standing verdicts of one person, newest first, as the pane draws them."""
    return [_row(store, review) for review in my_last(store, annotator, limit=LAST)]


def decided_item(store: Store, annotator: str, op_id: str) -> int | None:
    """The proposal that this person's verdict is about; None where it is not theirs."""
    review = find_review(store, op_id)
    return review.proposal_id if review and review.annotator == annotator else None


def _row(store: Store, review: ReviewRow) -> dict[str, Any]:
    text, tone = words.STATE[STATE_AFTER[review.action]]
    row = get_proposal(store, review.proposal_id)
    request = review.hindsight_prompt or (request_of(store, row.attempt_id) if row else "")
    why = f"{RejectReason(review.reason).label}. " if review.reason else ""
    return {
        "review": review.op_id,
        "text": text,
        "tone": tone,
        "at": review.created_at,
        "name": line(trajectory_name(store, row.trajectory_key), 80) if row else "",
        "request": line(request, 200),
        "note": line(why + review.note, 200),
    }
