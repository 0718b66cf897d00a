"""Human verdicts: rows that are only ever added, and the state that follows from them."""

from dataclasses import dataclass
from typing import Any

from core.models import Decision, ProposalState, ReviewAction
from core.store.bulk import untouched
from core.store.clock import utc_now
from core.store.connection import Store
from core.store.overlap import is_covered
from core.store.standing import OPINIONS, Outcome, ReviewRow, follows, in_dispute, of_opinions, opinions

_COLUMNS = ", ".join(ReviewRow.__dataclass_fields__)


def find_review(store: Store, op_id: str) -> ReviewRow | None:
    """The verdict of this click, if it is already in."""
    return _review(store.row(f"SELECT {_COLUMNS} FROM reviews WHERE op_id = ?", op_id))


def add_review(store: Store, decision: Decision) -> int:
    """Append a verdict and move its proposal to the state that follows; the review id.

    Call inside a transaction, after the revision was checked.
    """
    stands = standing(store, decision.proposal_id)
    opinion = decision.action in OPINIONS
    settles = opinion and in_dispute(stands)
    outside = any(not row.overlap for row in opinions(stands) if row.annotator != decision.annotator)
    review_id = store.insert(
        "reviews",
        {
            "op_id": decision.op_id,
            "proposal_id": decision.proposal_id,
            "revision": decision.revision,
            "annotator": decision.annotator,
            "action": decision.action.value,
            "reason": int(decision.reason) if decision.reason else None,
            "note": decision.note,
            "hindsight_prompt": decision.hindsight_prompt,
            "final_answer": decision.final_answer,
            "first_step": decision.first_step,
            "last_step": decision.last_step,
            "active_seconds": decision.active_seconds,
            "overlap": int(opinion and not settles and not outside and is_covered(store, decision.proposal_id)),
            "settles": int(settles),
            "guidelines": store.value("SELECT max(version) FROM guidelines"),
            "created_at": utc_now(),
        },
    )
    move(store, decision.proposal_id, what_follows(store, decision.proposal_id))
    return review_id


def add_undo(store: Store, undone: ReviewRow, *, op_id: str, annotator: str) -> None:
    """Append the undoing of a verdict; the proposal falls back to what still stands, or to pending."""
    store.insert(
        "reviews",
        {
            "op_id": op_id,
            "proposal_id": undone.proposal_id,
            "revision": store.value("SELECT revision FROM proposals WHERE id = ?", undone.proposal_id),
            "annotator": annotator,
            "action": ReviewAction.UNDO.value,
            "undoes": undone.id,
            "created_at": utc_now(),
        },
    )
    move(store, undone.proposal_id, what_follows(store, undone.proposal_id))


def what_follows(store: Store, proposal_id: int) -> Outcome:
    """The state of a proposal and the review in force, worked out from the rows."""
    stands = standing(store, proposal_id)
    return follows(stands, covered=is_covered(store, proposal_id), untouched=untouched(store, proposal_id))


def move(store: Store, proposal_id: int, outcome: Outcome) -> None:
    """Write down what follows; whoever has the proposal open sees an older revision from now on."""
    store.write(
        "UPDATE proposals SET state = ?, verdict_id = ?, revision = revision + 1, leased_by = NULL, lease_until = NULL"
        " WHERE id = ?",
        outcome.state.value,
        outcome.verdict.id if outcome.verdict else None,
        proposal_id,
    )


def standing(store: Store, proposal_id: int) -> list[ReviewRow]:
    """The verdicts on a proposal that were not undone, oldest first."""
    rows = reviews_of(store, proposal_id)
    undone = {row.undoes for row in rows}
    return [row for row in rows if row.action is not ReviewAction.UNDO and row.id not in undone]


def verdict_in_force(store: Store, proposal_id: int) -> ReviewRow | None:
    """The verdict whose words count; None where there is none, or where two people differ."""
    return _review(store.row(f"SELECT {_COLUMNS} FROM latest_reviews WHERE proposal_id = ?", proposal_id))


def waits_blind(store: Store, proposal_id: int, annotator: str) -> bool:
    """Whether one opinion of somebody else stands that `annotator` must not see before giving theirs."""
    held = opinions(standing(store, proposal_id))
    waits = of_opinions(held, covered=is_covered(store, proposal_id)).state is ProposalState.SECOND
    return waits and held[0].annotator != annotator


def last_standing(store: Store, annotator: str) -> ReviewRow | None:
    """The newest verdict of one person that was not undone."""
    return next(iter(recent_reviews(store, annotator, limit=1)), None)


def recent_reviews(store: Store, annotator: str, *, limit: int) -> list[ReviewRow]:
    """The newest verdicts of one person, undone ones left out."""
    sql = (
        f"SELECT {_COLUMNS} FROM reviews r WHERE annotator = ? AND action != 'undo'"
        " AND NOT EXISTS (SELECT 1 FROM reviews u WHERE u.undoes = r.id) ORDER BY id DESC LIMIT ?"
    )
    return [review for row in store.rows(sql, annotator, limit) if (review := _review(row))]


def reviews_of(store: Store, proposal_id: int) -> list[ReviewRow]:
    """Every row about a proposal, oldest first, undos included."""
    rows = store.rows(f"SELECT {_COLUMNS} FROM reviews WHERE proposal_id = ? ORDER BY id", proposal_id)
    return [review for row in rows if (review := _review(row))]


def _review(row: dict[str, Any] | None) -> ReviewRow | None:
    if row is None:
        return None
    typed = {
        "action": ReviewAction(row["action"]),
        "overlap": bool(row["overlap"]),
        "settles": bool(row["settles"]),
    }
    return ReviewRow(**{**row, **typed})


@dataclass(frozen=True)
class Draft:
    """An edit under way, stored as it is typed."""

    hindsight_prompt: str
    final_answer: str | None = None
    first_step: int | None = None
    last_step: int | None = None
    saved_at: str = ""


def save_draft(store: Store, proposal_id: int, annotator: str, draft: Draft) -> str:
    """Store an edit under way; the time it was saved."""
    now = utc_now()
    with store.transaction():
        store.write(
            "INSERT INTO drafts VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (proposal_id, annotator) DO UPDATE SET"
            " hindsight_prompt = excluded.hindsight_prompt, final_answer = excluded.final_answer,"
            " first_step = excluded.first_step, last_step = excluded.last_step, saved_at = excluded.saved_at",
            proposal_id,
            annotator,
            draft.hindsight_prompt,
            draft.final_answer,
            draft.first_step,
            draft.last_step,
            now,
        )
    return now


def load_draft(store: Store, proposal_id: int, annotator: str) -> Draft | None:
    """The edit under way of one person on one proposal; none where they have decided on it since.

    A verdict covers the draft and does not delete it, so that an undo shows it again. Put off is not decided.
    """
    row = store.row(
        "SELECT hindsight_prompt, final_answer, first_step, last_step, saved_at FROM drafts d"
        " WHERE proposal_id = ? AND annotator = ? AND NOT EXISTS (SELECT 1 FROM reviews r"
        "  WHERE r.proposal_id = d.proposal_id AND r.annotator = d.annotator AND r.created_at >= d.saved_at"
        "  AND r.action IN ('accept', 'edit', 'reject')"
        "  AND NOT EXISTS (SELECT 1 FROM reviews u WHERE u.undoes = r.id AND u.proposal_id = r.proposal_id))",
        proposal_id,
        annotator,
    )
    return Draft(**row) if row else None
