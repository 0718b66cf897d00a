"""Verdicts on items that chance has picked: the only ones that a precision may be measured on.

An item is picked by chance if its content put it into the random share, or if the audit of a bulk act drew it. This
module alone decides it, so that no measure can take in a review of an item that came because it was doubtful, or
because somebody looked for it.
"""

from collections import Counter
from typing import NamedTuple

from core.models import ProposalState
from core.store.connection import Store
from core.store.queue import ELIGIBLE

DECIDED = (ProposalState.ACCEPTED, ProposalState.EDITED, ProposalState.REJECTED)
_LOOKED_AT = (ProposalState.DEFERRED, ProposalState.FLAGGED, ProposalState.DISPUTED)


class DrawnVerdict(NamedTuple):  # and no dataclass: there may be ten thousand, and they are read at every move
    """What the humans decided on one item that chance picked; `state` is one of `DECIDED`.

    An item counts once, with the verdict in force: two blind opinions on it are one verdict on one item. `chance` is
    the share of items like it (`_kind`) that were picked and decided: an audit draws from some scores only, and what
    a bulk act took is reviewed no more. 1 for all where nobody audits.
    """

    proposal_id: int
    state: ProposalState
    score: float | None
    weight: float
    is_eligible: bool  # nothing but the threshold itself would keep it out
    failure_type: str | None
    source: str
    chance: float


def drawn(columns: str, where: str, then: str = "") -> str:
    """SELECT of `columns` of current proposals that chance has picked, under a condition; `then` ends each half."""
    return (
        f"SELECT {columns} FROM proposals INDEXED BY proposals_random"
        f" WHERE is_current = 1 AND is_random = 1 AND {where} {then}"
        f" UNION ALL SELECT {columns} FROM proposals WHERE id IN (SELECT proposal_id FROM audit_draws)"
        f" AND is_current = 1 AND is_random = 0 AND {where} {then}"
    )


def drawn_verdicts(store: Store) -> list[DrawnVerdict]:
    """One for each current item that chance picked and humans decided on, in no order."""
    columns = f"id, state, score, weight, {ELIGIBLE}, failure_type, source"
    states = ", ".join(f"'{state}'" for state in DECIDED)
    known = {state.value: state for state in DECIDED}
    found = [
        DrawnVerdict(number, known[state], score, weight, bool(eligible), failure_type, source, chance=1.0)
        for number, state, score, weight, eligible, failure_type, source in store.tuples(
            drawn(columns, f"state IN ({states})")
        )
    ]
    return _by_chance(store, found) if store.value("SELECT 1 FROM audit_draws LIMIT 1") else found


def _by_chance(store: Store, found: list[DrawnVerdict]) -> list[DrawnVerdict]:
    rows = store.rows("SELECT is_eligible, score, weight, sum(n) AS n FROM tallies GROUP BY 1, 2, 3")
    items: Counter[_Kind] = Counter()
    for row in rows:
        items[_kind(row["is_eligible"], row["score"], row["weight"])] += row["n"]
    kinds = [_kind(one.is_eligible, one.score, one.weight) for one in found]
    decided = Counter(kinds)
    return [one._replace(chance=decided[kind] / items[kind]) for one, kind in zip(found, kinds, strict=True)]


_Kind = tuple[bool, int, int]


def _kind(is_eligible: bool, score: float | None, weight: float) -> _Kind:
    """Whether a threshold may let it in, tenth of the score (-1 = unjudged), third of the weight."""
    tenth = -1 if score is None or score < 0 else min(int(score * 10), 9)
    return bool(is_eligible), tenth, min(int(weight * 3), 2)


def drawn_counts(store: Store) -> tuple[int, int]:
    """How many current items that chance picked (still wait, were looked at without a decision)."""
    found: Counter[ProposalState] = Counter()
    for state, n in store.tuples(drawn("state, count(*)", "1", "GROUP BY state")):
        found[ProposalState(state)] += n
    waiting = sum(found[state] for state in (ProposalState.PENDING, ProposalState.SECOND))
    return waiting, sum(found[state] for state in _LOOKED_AT)
