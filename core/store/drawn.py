"""Verdicts on items that chance has picked: the only ones that a precision may be measured on.

An item is picked by chance if its content put it into the random share. This module alone decides it, so that no
measure can take in a review of an item that came because it was doubtful, or because somebody looked for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from core.models import ProposalState
from core.store.connection import Store
from core.store.queue import ELIGIBLE

DECIDED = (ProposalState.ACCEPTED, ProposalState.EDITED, ProposalState.REJECTED)
_LOOKED_AT = (ProposalState.DEFERRED, ProposalState.FLAGGED, ProposalState.DISPUTED)


@dataclass(frozen=True)
class DrawnVerdict:
    """What the humans decided on one item that chance picked; `state` is one of `DECIDED`.

    An item counts once, with the verdict in force: two blind opinions on it are one verdict on one item. `chance` is
    how likely it was to be picked, up to a factor that is the same for all: an item that could come by an audit as
    well as by the random share had more than one way in, and counts for less.
    """

    proposal_id: int
    state: ProposalState
    score: float | None
    weight: float
    is_eligible: bool  # nothing but the threshold itself would keep it out
    failure_type: str | None
    source: str
    chance: float


def drawn_at_random() -> str:
    """The SQL condition, on the columns of `proposals`, of what chance has picked."""
    return "is_random = 1"


def drawn_verdicts(store: Store) -> Iterator[DrawnVerdict]:
    """One for each current item that chance picked and humans decided on, in no order."""
    states = ", ".join(f"'{state}'" for state in DECIDED)
    rows = store.stream(
        f"SELECT id, state, score, weight, {ELIGIBLE}, failure_type, source FROM proposals"
        f" WHERE is_current = 1 AND {drawn_at_random()} AND state IN ({states})"
    )
    for number, state, score, weight, eligible, failure_type, source in rows:
        yield DrawnVerdict(
            number, ProposalState(state), score, weight, bool(eligible), failure_type, source, chance=1.0
        )


def drawn_counts(store: Store) -> tuple[int, int]:
    """How many current items that chance picked (still wait, were looked at without a decision)."""
    rows = store.rows(
        f"SELECT state, count(*) AS n FROM proposals WHERE is_current = 1 AND {drawn_at_random()} GROUP BY state"
    )
    found = {ProposalState(row["state"]): row["n"] for row in rows}
    waiting = sum(found.get(state, 0) for state in (ProposalState.PENDING, ProposalState.SECOND))
    return waiting, sum(found.get(state, 0) for state in _LOOKED_AT)
