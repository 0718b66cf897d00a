"""Two people on one item: the share, what it would release, disputes, and settling them."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import UserError
from core.models import Attempt, Decision, ProposalState, RejectReason, ReviewAction
from core.review.verdicts import Answer, decide
from core.store import Store
from core.store.filters import QueueFilter
from core.store.overlap import Overlap, current_overlap, given_in_overlap, put_overlap
from core.store.proposals import ProposalRow, attempts_of, get_proposal
from core.store.queue import in_state, state_counts, waiting
from core.store.reviews import move, standing, what_follows
from core.store.standing import ReviewRow, opinions
from core.store.trajectories import trajectory_name


def set_overlap(store: Store, share: float, *, set_by: str) -> int:
    """Put another share in force; of how many items the state changed.

    Raises `UserError` where the share is outside 0..1.
    """
    if not 0 <= share <= 1:
        raise UserError(f"A share of {share} is outside 0..1.")
    changed = 0
    with store.transaction():
        before = current_overlap(store)
        now = put_overlap(store, share, set_by=set_by)
        for proposal_id, key, state in given_in_overlap(store):
            if before.covers(key) != now.covers(key):
                outcome = what_follows(store, proposal_id)
                if outcome.state.value != state:
                    move(store, proposal_id, outcome)
                    changed += 1
    return changed


def would_release(store: Store, share: float) -> int:
    """How many items that wait for a second person would keep their first verdict under this share."""
    then = Overlap(share)
    waits = (key for _, key, state in given_in_overlap(store) if state == ProposalState.SECOND)
    return sum(not then.covers(key) for key in waits)


def desk_counts(store: Store, annotator: str, states: Mapping[ProposalState, int]) -> dict[str, int]:
    """What a reviewer may know of `states`: with an overlap, all that is decided is one figure.

    It counts an item of the overlap as decided or as waiting by this person's own verdict alone.
    """
    open_ones = {state.value: states[state] for state in (ProposalState.DEFERRED, ProposalState.FLAGGED)}
    unseen = {
        "auto-accepted": states[ProposalState.AUTO_ACCEPTED],
        "auto-rejected": states[ProposalState.AUTO_REJECTED],
    }
    if not current_overlap(store).share:
        closed = (ProposalState.ACCEPTED, ProposalState.EDITED, ProposalState.REJECTED, ProposalState.DISPUTED)
        return open_ones | {state.value: states[state] for state in closed} | unseen
    waits = waiting(store, QueueFilter(), annotator)
    not_reviewed = sum(open_ones.values()) + sum(unseen.values()) + waits
    return open_ones | {"reviewed": sum(states.values()) - not_reviewed} | unseen


@dataclass(frozen=True)
class Dispute:
    """One disputed item: what was proposed, and the opinions that differ, the oldest first."""

    proposal_id: int
    revision: int
    trajectory_key: str
    trajectory_id: str
    attempt: Attempt
    opinions: tuple[ReviewRow, ...]


def disputes(store: Store, *, limit: int, offset: int = 0) -> list[Dispute]:
    """Disputed items in queue order."""
    rows = in_state(store, ProposalState.DISPUTED, limit=limit, offset=offset)
    return [_dispute(store, row) for number in rows if (row := get_proposal(store, number))]


def count_disputes(store: Store) -> int:
    """How many items wait to be settled."""
    return state_counts(store)[ProposalState.DISPUTED]


def _dispute(store: Store, row: ProposalRow) -> Dispute:
    return Dispute(
        proposal_id=row.id,
        revision=row.revision,
        trajectory_key=row.trajectory_key,
        trajectory_id=trajectory_name(store, row.trajectory_key),
        attempt=attempts_of(store, row.result_id)[row.attempt_id],
        opinions=tuple(opinions(standing(store, row.id))),
    )


def is_party(dispute: Dispute, who: str) -> bool:
    """Whether this person is one of those who differ."""
    return who in {opinion.annotator for opinion in dispute.opinions}


def settle_as(store: Store, dispute: Dispute, opinion: ReviewRow, *, by: str) -> Answer:
    """Decide a dispute as one of its people did, with their words or reason; the same act twice counts once."""
    return decide(
        store,
        Decision(
            op_id=_op_id(dispute, by, f"as {opinion.id}"),
            proposal_id=dispute.proposal_id,
            revision=dispute.revision,
            annotator=by,
            action=opinion.action,
            reason=RejectReason(opinion.reason) if opinion.reason else None,
            note=f"As {opinion.annotator} decided.",
            hindsight_prompt=opinion.hindsight_prompt,
            final_answer=opinion.final_answer,
            first_step=opinion.first_step,
            last_step=opinion.last_step,
        ),
    )


def settle_by_reject(store: Store, dispute: Dispute, reason: RejectReason, *, by: str) -> Answer:
    """Decide a dispute by a reject for a reason of one's own."""
    return decide(
        store,
        Decision(
            op_id=_op_id(dispute, by, f"reason {int(reason)}"),
            proposal_id=dispute.proposal_id,
            revision=dispute.revision,
            annotator=by,
            action=ReviewAction.REJECT,
            reason=reason,
        ),
    )


def _op_id(dispute: Dispute, by: str, how: str) -> str:
    """A revision can be settled once, so what was seen and what was chosen name the act."""
    return f"settle {dispute.proposal_id}:{dispute.revision} {how} by {by}"
