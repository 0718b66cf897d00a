"""Taking a verdict: once, for the item that was seen, in words when it cannot be taken."""

import time
from dataclasses import dataclass, replace

from core.errors import StoreError, UserError
from core.models import Decision, ProposalState, ReviewAction, visible
from core.review.items import fingerprint
from core.review.typed import LONGEST_NOTE, can_be_seen, reviewer_name, too_long
from core.store import Store
from core.store.leases import released_from
from core.store.proposals import ProposalRow, get_proposal
from core.store.reviews import (
    Draft,
    add_review,
    add_undo,
    find_review,
    last_standing,
    load_draft,
    recent_reviews,
    reviews_of,
    save_draft,
    standing,
    verdict_in_force,
    waits_blind,
)
from core.store.standing import OPINIONS, ReviewRow, opinions

PAST = {
    ReviewAction.ACCEPT: "accepted",
    ReviewAction.EDIT: "edited and accepted",
    ReviewAction.REJECT: "rejected",
    ReviewAction.DEFER: "put off",
    ReviewAction.FLAG: "flagged",
}


@dataclass(frozen=True)
class Answer:
    """What became of a verdict. `taken` False: nothing was stored, and `message` says why.

    `again`: the file could not be written now; the same click may be sent again and counts once.
    """

    taken: bool
    message: str
    proposal_id: int
    again: bool = False


def decide(store: Store, decision: Decision, *, seen: str = "") -> Answer:
    """Take one verdict. The same `op_id` twice counts once; a stale revision is refused with words.

    `seen` is the `fingerprint` of what was on screen: a file that was put in the place of another has the
    same numbers for other items.
    """
    if refusal := _unfit(decision):
        return Answer(False, f"Not saved: {refusal}", decision.proposal_id)
    try:
        with store.transaction():
            return _decide(store, decision, seen)
    except StoreError as error:
        return Answer(False, str(error), decision.proposal_id, again=True)


def _unfit(decision: Decision) -> str:
    """Why what was typed cannot be stored, or nothing."""
    request = decision.hindsight_prompt or ""
    if decision.action is ReviewAction.EDIT and not can_be_seen(request):
        return "an edit needs text that can be seen. Write the request, or reset it to the proposal."
    if decision.action is ReviewAction.EDIT and (why := too_long(request, decision.final_answer)):
        return why
    if len(decision.note) > LONGEST_NOTE:
        return f"the note has {len(decision.note):,} characters; it may have {LONGEST_NOTE:,}. Shorten it."
    try:
        name = reviewer_name(decision.annotator)
    except UserError as error:
        return str(error)
    return "" if name == decision.annotator else f"{decision.annotator!r} is not the plain spelling of {name!r}."


def _decide(store: Store, decision: Decision, seen: str) -> Answer:
    if done := find_review(store, decision.op_id):
        return Answer(True, f"Already {PAST[done.action]}.", done.proposal_id)
    row = get_proposal(store, decision.proposal_id)
    if row is None:
        return Answer(False, f"There is no item {decision.proposal_id} in this database.", decision.proposal_id)
    if seen and seen != fingerprint(store, row):
        return Answer(False, f"Not saved: {store.path.name} is another file than the one you reviewed.", 0)
    if reason := _not_yours(store, row, decision):
        return Answer(False, f"Not saved: {reason}", row.id)
    add_review(store, _noted(store, row, decision))
    return Answer(True, f"{PAST[decision.action].capitalize()}.", row.id)


def _noted(store: Store, row: ProposalRow, decision: Decision) -> Decision:
    """A dispute that is settled by one of its own people says so."""
    if row.state is not ProposalState.DISPUTED or decision.action not in OPINIONS:
        return decision
    if decision.annotator not in {opinion.annotator for opinion in opinions(standing(store, row.id))}:
        return decision
    return decision.model_copy(update={"note": f"{decision.note} Settled by one of those who differed.".strip()})


def _not_yours(store: Store, row: ProposalRow, decision: Decision) -> str:
    """Why this item is not this reviewer's to decide as they saw it, or nothing."""
    if not row.is_current:
        return "a newer run has replaced this proposal."
    if row.leased_by not in (None, decision.annotator) and (row.lease_until or 0) > time.time():
        by = released_from(store, row.id, decision.annotator)
        return f"{by} released it, and {row.leased_by} has it open." if by else f"{row.leased_by} has this item open."
    if row.revision != decision.revision:
        return f"{_meanwhile(store, row, decision.annotator)}. Look at it again."
    settled = next((review for review in reversed(standing(store, row.id)) if review.settles), None)
    if settled and settled.annotator != decision.annotator:
        return f"two people differed on this item and {settled.annotator} has settled it; only they can change that."
    if settled and decision.action not in OPINIONS:
        return "you have settled this item. Undo that first."
    return ""


def _meanwhile(store: Store, row: ProposalRow, annotator: str) -> str:
    """What became of an item, without what somebody must not know who is to decide on it too."""
    if waits_blind(store, row.id, annotator):
        return "it changed while you had it open"
    if row.state is ProposalState.DISPUTED:
        mine = next((one for one in opinions(standing(store, row.id)) if one.annotator == annotator), None)
        if mine is None:
            return "two people have decided on it, and differ"
        return f"you {PAST[mine.action]} it in another tab, and somebody else differs"
    verdict = verdict_in_force(store, row.id)
    if verdict is None:
        return "its verdict was undone while you had it open"
    if verdict.annotator == annotator:
        return f"you {PAST[verdict.action]} it in another tab"
    return f"{verdict.annotator} {PAST[verdict.action]} it while you had it open"


def undo_last(store: Store, annotator: str, *, op_id: str) -> Answer | None:
    """Undo the newest standing verdict of `annotator`; None where there is none.

    The undoing is a row of its own. The words of an edit come back as a draft.
    """
    return _undo(store, annotator, op_id=op_id, of=None)


def undo_one(store: Store, annotator: str, of: str, *, op_id: str) -> Answer | None:
    """Undo the verdict that was given under the op_id `of`, in the same way; None where it stands no more.

    By op_id and not by number: a file that took the place of another has the same numbers for other verdicts.
    """
    return _undo(store, annotator, op_id=op_id, of=of)


def _undo(store: Store, annotator: str, *, op_id: str, of: str | None) -> Answer | None:
    try:
        with store.transaction():
            done = find_review(store, op_id)
            last = _undone_by(store, done) if done else _to_undo(store, annotator, of)
            if last is None:
                return None
            if not done:
                add_undo(store, last, op_id=op_id, annotator=annotator)
        if last.hindsight_prompt is not None and not (done and load_draft(store, last.proposal_id, annotator)):
            keep_draft(store, last.proposal_id, annotator, _draft_of(last))
    except StoreError as error:
        return Answer(False, str(error), 0, again=True)
    said = "Already undone." if done else f"Undone: your {last.action.value}."
    return Answer(True, said, last.proposal_id)


def _to_undo(store: Store, annotator: str, of: str | None) -> ReviewRow | None:
    if of is None:
        return last_standing(store, annotator)
    row = find_review(store, of)
    if row is None or row.annotator != annotator or row.action is ReviewAction.UNDO:
        return None
    return None if any(other.undoes == row.id for other in reviews_of(store, row.proposal_id)) else row


def _undone_by(store: Store, undo: ReviewRow) -> ReviewRow | None:
    return next((row for row in reviews_of(store, undo.proposal_id) if row.id == undo.undoes), None)


def keep_draft(store: Store, proposal_id: int, annotator: str, draft: Draft) -> str:
    """Store an edit under way; the time it was saved (UTC, ISO 8601). Raises `UserError` for one that is too long."""
    if why := too_long(draft.hindsight_prompt, draft.final_answer):
        raise UserError(f"The draft is not kept: {why}")
    answer = None if draft.final_answer is None else visible(draft.final_answer)
    kept = replace(draft, hindsight_prompt=visible(draft.hindsight_prompt), final_answer=answer)
    return save_draft(store, proposal_id, annotator, kept)


def my_last(store: Store, annotator: str, *, limit: int = 20) -> list[ReviewRow]:
    """The newest standing verdicts of one person, for the strip that re-opens them."""
    return recent_reviews(store, annotator, limit=limit)


def _draft_of(review: ReviewRow) -> Draft:
    assert review.hindsight_prompt is not None
    return Draft(review.hindsight_prompt, review.final_answer, review.first_step, review.last_step)
