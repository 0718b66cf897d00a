"""What a threshold would do to all proposals, as counts, before anybody applies it.

The file is asked once for its tallies; any number of thresholds is then counted in memory.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from core.measures.shares import Bools, Floats
from core.models import ProposalState
from core.store import Store
from core.store.tallies import differing, tallies

_OPEN = (
    ProposalState.PENDING,
    ProposalState.DEFERRED,
    ProposalState.FLAGGED,
    ProposalState.SECOND,
    ProposalState.DISPUTED,
)
STEPS = 101  # positions of a threshold: 0.00, 0.01 .. 1.00
_PLACE = {state: place for place, state in enumerate(ProposalState)}


@dataclass(frozen=True)
class Effect:
    """What a policy does to the proposals of the file, as counts."""

    auto_accepted: int  # let in by the policy, without a human
    bulk_accepted: int  # let in by a bulk act that is in force
    bulk_rejected: int
    queued: int  # open to a human
    too_severe: int  # weight below delta: left out
    too_low: int  # waits with a score below the line under which nothing is to be looked at
    human_accepted: int  # accepted or edited; no policy changes it
    human_rejected: int
    rejected_above: int  # rejected by a human, though the policy would let them in
    accepted_below: int  # accepted by a human, though the policy would not

    @property
    def let_in(self) -> int:
        """All that an export with the policy's share holds."""
        return self.human_accepted + self.unseen

    @property
    def unseen(self) -> int:
        """What gets in and no human has seen, by the policy or by a bulk act."""
        return self.auto_accepted + self.bulk_accepted

    @property
    def left_out(self) -> int:
        """All that no export holds."""
        return self.human_rejected + self.bulk_rejected + self.too_severe + self.too_low


@dataclass(frozen=True)
class Group:
    """Proposals of one kind of failure and one source; failure type '' = none was named."""

    failure_type: str
    source: str
    effect: Effect


@dataclass(frozen=True)
class Spread:
    """All current proposals as columns of one length; each row stands for `n` that are alike."""

    state: NDArray[np.intp]  # place in `ProposalState`
    score: Floats  # -1 = unjudged
    weight: Floats
    eligible: Bools  # nothing but the threshold itself would keep them out
    group: NDArray[np.intp]  # place in `groups`
    n: Floats
    groups: tuple[tuple[str, str], ...]  # (failure type, source)

    def in_state(self, *states: ProposalState) -> Bools:
        """Which of them are in one of these states."""
        return np.isin(self.state, [_PLACE[state] for state in states])

    def passes(self, theta: float, delta: float) -> Bools:
        """Which of them a policy would let in if nobody had spoken."""
        return self.eligible & (self.score >= theta) & (self.weight >= delta)


def spread(store: Store) -> Spread:
    """What the file holds now."""
    rows = tallies(store)
    pairs = [(row[4], row[5]) for row in rows]
    groups = {group: number for number, group in enumerate(dict.fromkeys(pairs))}

    def numbers(column: int) -> Floats:
        return np.array([row[column] for row in rows], dtype=float)

    return Spread(
        state=np.array([_PLACE[row[0]] for row in rows], dtype=np.intp),
        score=numbers(1),
        weight=numbers(2),
        eligible=numbers(3) > 0,
        group=np.array([groups[pair] for pair in pairs], dtype=np.intp),
        n=numbers(6),
        groups=tuple(groups),
    )


def groups_of(held: Spread, theta: float, delta: float, *, reject_below: float = 0.0) -> list[Group]:
    """What the policy (theta, delta) would do to each group, the largest first; nothing is changed.

    `reject_below`: what waits with a lower score and is not let in counts as left out, as too low.
    """
    passes = held.passes(theta, delta)
    pending, rejected = held.in_state(ProposalState.PENDING), held.in_state(ProposalState.REJECTED)
    approved, is_open = held.in_state(ProposalState.ACCEPTED, ProposalState.EDITED), held.in_state(*_OPEN)
    let_in = pending & passes
    too_low = pending & ~passes & (held.score >= 0) & (held.score < reject_below)
    too_severe = is_open & ~too_low & (held.weight < delta)
    columns = (
        let_in,
        held.in_state(ProposalState.AUTO_ACCEPTED),
        held.in_state(ProposalState.AUTO_REJECTED),
        is_open & ~let_in & ~too_low & ~too_severe,
        too_severe,
        too_low,
        approved,
        rejected,
        rejected & passes,
        approved & ~passes,
    )
    size = len(held.groups)
    counts = [np.bincount(held.group, held.n * column, size).astype(int).tolist() for column in columns]
    found = [
        Group(*group, Effect(*effect)) for group, effect in zip(held.groups, zip(*counts, strict=True), strict=True)
    ]
    total = dict(zip(held.groups, np.bincount(held.group, held.n, size), strict=True))
    return sorted(found, key=lambda one: (-total[one.failure_type, one.source], one.failure_type, one.source))


def together(groups: list[Group]) -> Effect:
    """The sum of all groups."""
    return Effect(*(sum(getattr(one.effect, field.name) for one in groups) for field in fields(Effect)))


def effect_of(store: Store, theta: float, delta: float, *, reject_below: float = 0.0) -> Effect:
    """What the policy (theta, delta) would do to all proposals; nothing is changed."""
    return together(groups_of(spread(store), theta, delta, reject_below=reject_below))


def histogram(held: Spread, *, of: str = "score", bins: int = 20) -> list[dict[str, object]]:
    """Rows (bin, state, n) by `score` or `weight`; bin None = unjudged."""
    values: Floats = getattr(held, of)
    # By the hair: 0.29 * 100 is a little less than 29.
    places = np.where(values < 0, -1, np.minimum(np.round(values * bins, 6).astype(int), bins - 1))
    states = list(ProposalState)
    sums = np.bincount((places + 1) * len(states) + held.state, held.n)
    return [
        {"bin": int(cell) // len(states) - 1 if cell >= len(states) else None,
         "state": states[cell % len(states)].value, "n": int(sums[cell])}
        for cell in np.flatnonzero(sums)
    ]  # fmt: skip


def let_in_at_each_theta(held: Spread, delta: float) -> list[int]:
    """How many each position of theta lets in without a human."""
    chosen = held.in_state(ProposalState.PENDING) & held.passes(0.0, delta)
    return _from_each(held.score[chosen], held.n[chosen])


def let_in_at_each_delta(held: Spread, theta: float) -> list[int]:
    """How many each position of delta lets in without a human."""
    chosen = held.in_state(ProposalState.PENDING) & held.passes(theta, 0.0)
    return _from_each(held.weight[chosen], held.n[chosen])


def too_low_at_each(held: Spread, theta: float, delta: float) -> list[int]:
    """How many wait with a score below each position, those left out that (theta, delta) lets in."""
    chosen = held.in_state(ProposalState.PENDING) & (held.score >= 0) & ~held.passes(theta, delta)
    reach = _from_each(held.score[chosen], held.n[chosen])
    return [int(held.n[chosen].sum()) - n for n in reach]


def _from_each(values: Floats, n: Floats) -> list[int]:
    """How many have a value of at least 0.00, 0.01 .. 1.00."""
    order = np.argsort(values)
    below = np.concatenate([[0.0], np.cumsum(n[order])])
    edges = np.arange(STEPS) / 100
    return (below[-1] - below[np.searchsorted(values[order], edges)]).astype(int).tolist()  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Differing:
    """One item on which a human and a policy differ."""

    trajectory_key: str
    name: str
    request: str  # its beginning, as proposed
    state: str
    score: float | None
    weight: float
    queue_reason: str | None


def differences(store: Store, theta: float, delta: float, *, rejected: bool, limit: int = 20) -> list[Differing]:
    """What a human rejected and the policy would let in; or else approved, and it would not. Highest score first."""
    return [Differing(**row) for row in differing(store, theta, delta, rejected=rejected, limit=limit)]
