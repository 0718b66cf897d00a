"""What is left where the queue gives one person nothing: outside their filter, open elsewhere, or put aside."""

import time
from dataclasses import dataclass

from core.models import ProposalState
from core.review.items import Desk
from core.review.many import my_deferred
from core.store import Store
from core.store.filters import QueueFilter
from core.store.leases import live_leases
from core.store.queue import state_counts, waiting


@dataclass(frozen=True)
class Left:
    """Counts of items. `held`: who has items of the pile open (unix time until when), by name."""

    matching: int  # wait in this pile under this filter: others have them open
    outside: int  # wait in this pile under another filter
    held: dict[str, float]
    my_deferred: int
    put_aside: dict[str, int]  # in words, what waits for somebody to take it up; nothing that is 0
    second: int  # wait for a second person

    @property
    def all_reviewed(self) -> bool:
        """Whether every proposal has a verdict that closes it."""
        return not (self.my_deferred or self.put_aside)


def what_is_left(store: Store, desk: Desk) -> Left:
    """Why the queue of this desk is empty."""
    states = state_counts(store)
    mine = my_deferred(store, desk.annotator)
    matching = waiting(store, desk.wanted, desk.annotator, desk.pile.value)
    held: dict[str, float] = {}
    for lease in live_leases(store, now=time.time()) if matching else ():
        if lease.held_by != desk.annotator:
            held[lease.held_by] = max(lease.until, held.get(lease.held_by, 0.0))
    aside = {
        "deferred by others": states[ProposalState.DEFERRED] - mine,
        "flagged": states[ProposalState.FLAGGED],
        "disputed": states[ProposalState.DISPUTED],
    }
    return Left(
        matching=matching,
        outside=waiting(store, QueueFilter(), desk.annotator, desk.pile.value) - matching,
        held=held,
        my_deferred=mine,
        put_aside={word: n for word, n in aside.items() if n > 0},
        second=states[ProposalState.SECOND],
    )
