"""The state of an item: what follows from the reviews that stand on it, and from nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.models import ProposalState, ReviewAction


@dataclass(frozen=True)
class ReviewRow:
    """One stored verdict."""

    id: int
    op_id: str
    proposal_id: int
    annotator: str
    action: ReviewAction
    reason: int | None
    note: str
    hindsight_prompt: str | None
    final_answer: str | None
    first_step: int | None
    last_step: int | None
    undoes: int | None
    created_at: str
    overlap: bool = False  # given on an item that two people decide on, without sight of the other's
    settles: bool = False  # given on a disputed item: no later opinion outweighs it
    guidelines: int | None = None  # version in force when it was given


STATE_AFTER = {
    ReviewAction.ACCEPT: ProposalState.ACCEPTED,
    ReviewAction.EDIT: ProposalState.EDITED,
    ReviewAction.REJECT: ProposalState.REJECTED,
    ReviewAction.DEFER: ProposalState.DEFERRED,
    ReviewAction.FLAG: ProposalState.FLAGGED,
}
OPINIONS = frozenset({ReviewAction.ACCEPT, ReviewAction.EDIT, ReviewAction.REJECT})


@dataclass(frozen=True)
class Outcome:
    """The state of an item, and the review whose words and steps count; none where nobody's do."""

    state: ProposalState
    verdict: ReviewRow | None = None


def follows(
    standing: Sequence[ReviewRow], *, covered: bool, untouched: ProposalState = ProposalState.PENDING
) -> Outcome:
    """What follows from `standing`: reviews of one item that were not undone, oldest first.

    `covered`: the overlap share in force covers the item. `untouched`: its state while no review stands.
    """
    if not standing:
        return Outcome(untouched)
    settling = [row for row in standing if row.settles]
    if settling:
        return _alone(settling[-1])
    if standing and standing[-1].action not in OPINIONS:
        return _alone(standing[-1])
    return of_opinions(opinions(standing), covered=covered)


def of_opinions(held: Sequence[ReviewRow], *, covered: bool) -> Outcome:
    """The same from what `opinions` gives, as if nobody had settled, put off or flagged it."""
    if not held:
        return Outcome(ProposalState.PENDING)
    newest = held[-1]
    if not newest.overlap:
        return _alone(newest)
    if len(held) == 1:
        return Outcome(ProposalState.SECOND, newest) if covered else _alone(newest)
    if differ(held):
        return Outcome(ProposalState.DISPUTED)
    edits = [row for row in held if row.action is ReviewAction.EDIT]
    return _alone(edits[-1] if edits else newest)


def opinions(standing: Sequence[ReviewRow]) -> list[ReviewRow]:
    """The newest opinion of each person, the oldest of them first."""
    newest = {row.annotator: row for row in standing if row.action in OPINIONS and not row.settles}
    return sorted(newest.values(), key=lambda row: row.id)


def differ(held: Sequence[ReviewRow]) -> bool:
    """Whether these opinions are of two sides, or edits to different words or steps."""
    rejected = {row.action is ReviewAction.REJECT for row in held}
    return len(rejected) > 1 or len({_words(row) for row in held if row.action is ReviewAction.EDIT}) > 1


def in_dispute(standing: Sequence[ReviewRow]) -> bool:
    """Whether the next opinion on this item settles it."""
    settled = any(row.settles for row in standing)
    return settled or of_opinions(opinions(standing), covered=True).state is ProposalState.DISPUTED


def _alone(row: ReviewRow) -> Outcome:
    return Outcome(STATE_AFTER[row.action], row)


def _words(row: ReviewRow) -> tuple[object, ...]:
    return (row.hindsight_prompt or "").strip(), row.final_answer, row.first_step, row.last_step
