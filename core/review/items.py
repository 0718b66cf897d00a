"""What a reviewer is shown: one proposal with everything that belongs to it."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field

from core.errors import UserError
from core.models import (
    Attempt,
    FailedTrajectory,
    FailureAnalysis,
    ProposalState,
    QueueReason,
    ReplayOutcome,
    content_hash,
)
from core.store import Store
from core.store.audits import audits_open, is_drawn, lease_drawn
from core.store.filters import QueueFilter
from core.store.kin import Alike, FromOtherRun, asked_alike, from_other_runs
from core.store.leases import released_from
from core.store.proposals import ProposalRow, attempts_of, find_proposal, findings_of, get_proposal, request_of
from core.store.queue import (
    current_policy,
    edited_by,
    extend_lease,
    lease_next,
    lease_one,
    leased_to,
    neighbour,
    release_leases,
)
from core.store.reviews import Draft, load_draft, standing, verdict_in_force, waits_blind
from core.store.standing import ReviewRow, opinions
from core.store.trajectories import load_trajectory, raw_record, trajectory_name


@dataclass(frozen=True)
class ReviewItem:
    """One proposal as a reviewer sees it. A verdict on it must carry `proposal_id` and `revision`."""

    proposal_id: int
    revision: int
    trajectory: FailedTrajectory
    source: str
    analysis: FailureAnalysis | None
    outcome: ReplayOutcome | None
    attempt: Attempt  # put forward
    others: tuple[Attempt, ...]  # the other attempts of the same result
    state: ProposalState
    queue_reason: QueueReason | None
    why_now: str
    alike: Alike  # other items that ask for the same in the same words, rejected ones left out
    earlier: tuple[FromOtherRun, ...]  # what other runs proposed for this trajectory, the newest first
    draft: Draft | None
    verdict: ReviewRow | None  # the one in force, as far as this reviewer may see it
    differing: tuple[ReviewRow, ...]  # the opinions that differ, where the next one settles it
    held_by: str | None  # somebody else who has it open


@dataclass(frozen=True)
class Desk:
    """One reviewer at work: who, with which filter, over which pile, for how long an item is kept."""

    annotator: str
    wanted: QueueFilter = field(default_factory=QueueFilter)
    pile: ProposalState = ProposalState.PENDING
    lease_seconds: int = 120


def next_item(store: Store, desk: Desk, *, known: ReviewItem | None = None) -> ReviewItem | None:
    """Lease and load the next proposal; None where nothing waits. `known` as in `open_item`.

    Where it is one that this person has open, so are the others of theirs: a page that lost its server goes on
    with what it has loaded, and nobody else is shown that.
    """
    mine = leased_to(store, desk.annotator, now=time.time())
    found = _lease_next(store, desk)
    if found is None:
        return None
    return open_item(store, desk, found, beside=mine if found in mine else (), known=known)


def item_in_edit(store: Store, desk: Desk) -> ReviewItem | None:
    """The item that this person is editing, for a page that is loaded anew; its neighbours of theirs stay open."""
    mine = leased_to(store, desk.annotator, now=time.time())
    found = edited_by(store, desk.annotator)
    return None if found is None else open_item(store, desk, found, beside=mine)


def item_after(store: Store, desk: Desk, shown: ReviewItem) -> ReviewItem | None:
    """Lease and load what comes after a verdict on `shown`, so that it is there before it is asked for."""
    found = _lease_next(store, desk, other_than=shown.proposal_id)
    return open_item(store, desk, found, beside={shown.proposal_id}) if found is not None else None


def _lease_next(store: Store, desk: Desk, *, other_than: int = 0) -> int | None:
    now = time.time()
    until, wanted = now + desk.lease_seconds, desk.wanted
    if desk.pile is ProposalState.PENDING and audits_open(store):
        drawn = lease_drawn(store, desk.annotator, now=now, until=until, wanted=wanted, other_than=other_than)
        if drawn is not None or wanted.drawn:
            return drawn
    return lease_next(
        store, desk.annotator, now=now, until=until, wanted=wanted, state=desk.pile.value, other_than=other_than
    )


def open_item(
    store: Store,
    desk: Desk,
    proposal_id: int,
    *,
    beside: Collection[int] = (),
    known: ReviewItem | None = None,
) -> ReviewItem:
    """Load one proposal and lease it if it is free; other leases of this reviewer but `beside` are given back.

    `known`: what was loaded before; it comes back itself where it is this proposal, unchanged.
    Raises `UserError` where there is no such proposal.
    """
    row = get_proposal(store, proposal_id)
    if row is None:
        raise UserError(f"There is no item {proposal_id} in {store.path.name}.")
    now = time.time()
    mine = lease_one(store, row.id, desk.annotator, now=now, until=now + desk.lease_seconds)
    release_leases(store, desk.annotator, keep={row.id, *beside})
    return _load(store, row, desk.annotator, held_by=None if mine else row.leased_by, known=known)


def open_by_name(store: Store, desk: Desk, trajectory: str) -> ReviewItem:
    """Load the current proposal of a trajectory, by the source's name or by key (deep links)."""
    row = find_proposal(store, trajectory)
    if row is None:
        raise UserError(f"No proposal for {trajectory!r} in {store.path.name}.")
    return open_item(store, desk, row.id)


def beside(store: Store, desk: Desk, proposal_id: int, *, forward: bool) -> ReviewItem | None:
    """The neighbour in the pile and under the filter of this desk, looked at without a verdict on this one."""
    found = neighbour(
        store, proposal_id, forward=forward, annotator=desk.annotator, wanted=desk.wanted, state=desk.pile.value
    )
    return open_item(store, desk, found) if found is not None else None


def keep_open(store: Store, desk: Desk, proposal_id: int) -> str:
    """The heartbeat of an open item; why it is no longer this reviewer's, or nothing."""
    now = time.time()
    until = now + desk.lease_seconds
    if extend_lease(store, proposal_id, desk.annotator, until=until):
        return ""
    if by := released_from(store, proposal_id, desk.annotator):
        return f"{by} has released this item: others can take it now."
    taken = not lease_one(store, proposal_id, desk.annotator, now=now, until=until)
    return "Somebody else has taken this item over." if taken else ""


def record_as_imported(store: Store, item: ReviewItem) -> str:
    """The raw record as it stood in the file."""
    return raw_record(store, item.trajectory.key)


def fingerprint(store: Store, row: ProposalRow) -> str:
    """What names the words of a proposal, whatever number they have in this file."""
    return fingerprint_of(trajectory_name(store, row.trajectory_key), request_of(store, row.attempt_id))


def fingerprint_of(trajectory_id: str, request: str) -> str:
    """The same from the words themselves, as a screen has them."""
    return content_hash([trajectory_id, request])


def _load(
    store: Store, row: ProposalRow, annotator: str, *, held_by: str | None, known: ReviewItem | None
) -> ReviewItem:
    blind = row.state is ProposalState.SECOND and waits_blind(store, row.id, annotator)
    state = ProposalState.PENDING if blind else row.state
    draft = load_draft(store, row.id, annotator)
    found = (row.id, row.revision, state, draft, held_by)
    if known and found == (known.proposal_id, known.revision, known.state, known.draft, known.held_by):
        return known
    attempts = attempts_of(store, row.result_id)
    analysis, outcome = findings_of(store, row.result_id)
    reason = QueueReason(row.queue_reason) if row.queue_reason else None
    disputed = row.state is ProposalState.DISPUTED
    return ReviewItem(
        proposal_id=row.id,
        revision=row.revision,
        trajectory=load_trajectory(store, row.trajectory_key),
        source=row.source,
        analysis=analysis,
        outcome=outcome,
        attempt=attempts[row.attempt_id],
        others=tuple(attempt for key, attempt in attempts.items() if key != row.attempt_id),
        state=state,
        queue_reason=reason,
        why_now=_why_now(store, row),
        alike=asked_alike(store, row.id, attempts[row.attempt_id].hindsight_prompt),
        earlier=tuple(from_other_runs(store, row)),
        draft=draft,
        verdict=None if blind else verdict_in_force(store, row.id),
        differing=tuple(opinions(standing(store, row.id))) if disputed else (),
        held_by=held_by,
    )


RANDOM_PICK = "a random pick"
AUDIT_PICK = "drawn for an audit"
NO_SCORE = "nobody has judged it"
AT_THRESHOLD = "at the threshold"


def _why_now(store: Store, row: ProposalRow) -> str:
    """What brought it to this place in the queue; why it needs a human at all is the queue reason's to say."""
    if is_drawn(store, row.id):
        return AUDIT_PICK
    if row.is_random:
        return RANDOM_PICK
    if row.score is None:
        return NO_SCORE
    theta = (current_policy(store) or {"theta": 0.5})["theta"]
    away = f"{abs(row.score - theta):.2f}"
    return AT_THRESHOLD if float(away) == 0 else f"{away} from the threshold"
