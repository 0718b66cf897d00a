"""Verdicts on items that chance has picked: the only ones that a precision may be measured on.

An item is picked by chance if its content put it into the random share, or if the audit of a bulk act drew it. This
module alone decides it, so that no measure can take in a review of an item that came because it was doubtful, or
because somebody looked for it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from core.models import ProposalState
from core.store.connection import Store
from core.store.queue import ELIGIBLE

DECIDED = (ProposalState.ACCEPTED, ProposalState.EDITED, ProposalState.REJECTED)
# Acts whose audits are no sample of anything that the counts tell apart, such as one of items with a tag.
_APART = "SELECT b.id FROM bulk_acts b, json_each(b.filter) f WHERE f.key NOT IN ('failure_type', 'source', 'score')"
# What the other acts go by beside the score: an audit of one source says nothing of another.
_NARROWED_BY = (
    "SELECT DISTINCT f.key FROM bulk_acts b, json_each(b.filter) f"
    f" WHERE f.key IN ('failure_type', 'source') AND b.id NOT IN ({_APART}) ORDER BY 1"
)
_LOOKED_AT = (ProposalState.DEFERRED, ProposalState.FLAGGED, ProposalState.DISPUTED)


class DrawnVerdict(NamedTuple):  # and no dataclass: there may be ten thousand, and they are read at every move
    """What the humans decided on one item that chance picked; `state` is one of `DECIDED`.

    An item counts once, with the verdict in force: two blind opinions on it are one verdict on one item. `chance` is
    the share of items like it (`_kinds`) that were picked and decided: an audit draws from some scores or one source,
    and what a bulk act took is reviewed no more. 1 for all where nobody audits. An audit narrowed by anything but
    score, source and failure type says what its own act is worth, and is left out here.
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
        f" UNION ALL SELECT {columns} FROM proposals"
        f" WHERE id IN (SELECT proposal_id FROM audit_draws WHERE batch_id NOT IN ({_APART}))"
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
    return _by_chance(store, found) if _any_audit(store) else found


class Unspoken(NamedTuple):
    """`n` current items of one score and weight, and of a kind of which chance has picked none that is decided."""

    score: float  # -1 = unjudged
    weight: float
    is_eligible: bool
    failure_type: str  # '' = none
    source: str
    n: int


def unspoken_for(store: Store, verdicts: Sequence[DrawnVerdict]) -> list[Unspoken]:
    """What `drawn_verdicts` say nothing of, because an audit or a bulk act has set its like apart; none without one."""
    if not _any_audit(store):
        return []
    kind_of = _kinds(store)
    decided = {kind_of(one) for one in verdicts}
    return [row for row in _tallies(store) if kind_of(row) not in decided]


def _by_chance(store: Store, found: list[DrawnVerdict]) -> list[DrawnVerdict]:
    kind_of = _kinds(store)
    items: Counter[_Kind] = Counter()
    for row in _tallies(store):
        items[kind_of(row)] += row.n
    kinds = [kind_of(one) for one in found]
    decided = Counter(kinds)
    return [one._replace(chance=decided[kind] / items[kind]) for one, kind in zip(found, kinds, strict=True)]


def _any_audit(store: Store) -> bool:
    return bool(store.value("SELECT 1 FROM audit_draws LIMIT 1"))


def _tallies(store: Store) -> list[Unspoken]:
    columns = "score, weight, is_eligible, failure_type, source"
    return [Unspoken(*row) for row in store.tuples(f"SELECT {columns}, sum(n) FROM tallies GROUP BY {columns}")]


_Kind = tuple[object, ...]


def _kinds(store: Store) -> Callable[[DrawnVerdict | Unspoken], _Kind]:
    """The kind of an item: whether a threshold may let it in, tenth of the score (-1 = unjudged), third of the weight.

    Where audits were narrowed to a source or a failure type, that too.
    """
    narrowed = [str(key) for (key,) in store.tuples(_NARROWED_BY)]

    def kind_of(one: DrawnVerdict | Unspoken) -> _Kind:
        tenth = -1 if one.score is None or one.score < 0 else min(int(one.score * 10), 9)
        by = (getattr(one, name) or "" for name in narrowed)
        return bool(one.is_eligible), tenth, min(int(one.weight * 3), 2), *by

    return kind_of


def drawn_counts(store: Store) -> tuple[int, int]:
    """How many current items that chance picked (still wait, were looked at without a decision)."""
    found: Counter[ProposalState] = Counter()
    for state, n in store.tuples(drawn("state, count(*)", "1", "GROUP BY state")):
        found[ProposalState(state)] += n
    waiting = sum(found[state] for state in (ProposalState.PENDING, ProposalState.SECOND))
    return waiting, sum(found[state] for state in _LOOKED_AT)
