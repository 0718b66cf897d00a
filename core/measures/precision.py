"""How right a threshold would be: measured on verdicts that chance picked, each figure with its n.

Precision is of everything that the threshold would let in if nobody looked: the share that humans accept as it stands.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from core.measures.shares import ENOUGH, Bools, Floats, Share, share, size_for
from core.models import ProposalState
from core.store import Store
from core.store.drawn import DrawnVerdict, Unspoken, drawn_counts, drawn_verdicts, unspoken_for

RESAMPLES = 1000
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Sample:
    """The verdicts as columns of one length; `score` is -1 where no threshold could let the item in."""

    score: Floats
    weight: Floats
    right: Bools  # accepted as it stood
    usable: Bools  # accepted, or accepted after an edit
    counts_for: Floats  # 1 / chance of being picked
    unspoken: Floats = field(
        default_factory=lambda: np.empty((0, 3))
    )  # (score, weight, items) of which it says nothing

    @classmethod
    def of(cls, verdicts: Iterable[DrawnVerdict], unspoken: Iterable[Unspoken] = ()) -> "Sample":
        """From what the store holds."""
        rows = [
            (
                one.score if one.is_eligible and one.score is not None else -1.0,
                one.weight,
                one.state is ProposalState.ACCEPTED,
                one.state is not ProposalState.REJECTED,
                1 / one.chance,
            )
            for one in verdicts
        ]
        table = np.array(rows, dtype=float).reshape(-1, 5)
        score, weight, right, usable, counts_for = table.T
        silent = np.array([(one.score, one.weight, one.n) for one in unspoken if one.is_eligible], dtype=float)
        return cls(score, weight, right > 0, usable > 0, counts_for, silent.reshape(-1, 3))

    @property
    def identity(self) -> str:
        """The same for the same verdicts: what was worked out from them holds as long."""
        columns = (self.score, self.weight, self.right, self.usable, self.counts_for, self.unspoken)
        return sha256(b"".join(column.tobytes() for column in columns)).hexdigest()

    def let_in(self, theta: float, delta: float) -> Bools:
        """Which of them the threshold lets in."""
        return (self.score >= max(theta, 0.0)) & (self.weight >= delta)

    def silent_on(self, theta: float, delta: float) -> float:
        """How many items the threshold lets in of which no verdict says anything."""
        score, weight, items = self.unspoken.T
        return float(items[(score >= max(theta, 0.0)) & (weight >= delta)].sum())


@dataclass(frozen=True)
class Measured:
    """What a threshold is worth. `usable`: precision where an edit is no fault. `recall`: of all that is right."""

    theta: float
    precision: Share
    usable: Share
    recall: Share
    let_in: Share  # of all items


def measured(sample: Sample, theta: float, delta: float) -> Measured:
    """The figures of one threshold."""
    chosen = sample.let_in(theta, delta)
    weights, silent = sample.counts_for[chosen], sample.silent_on(theta, delta)
    return Measured(
        theta=theta,
        precision=share(sample.right[chosen], weights, unspoken=silent),
        usable=share(sample.usable[chosen], weights, unspoken=silent),
        recall=share(chosen[sample.right], sample.counts_for[sample.right]),
        let_in=share(chosen, sample.counts_for),
    )


def curve(sample: Sample, delta: float, *, steps: int = 50) -> list[Measured]:
    """The same at `steps` + 1 thresholds from 0 to 1, those without verdicts left out."""
    found = (measured(sample, step / steps, delta) for step in range(steps + 1))
    return [one for one in found if one.precision.n]


@dataclass(frozen=True)
class Reaching:
    """The least theta whose precision reaches `target`, with its 95 % interval.

    `theta` None: no threshold reaches it, or (`enough` False) there are too few verdicts to say. `high` None: more than
    one resample in forty reaches it nowhere.
    """

    target: float
    theta: float | None
    low: float | None
    high: float | None
    n: int

    @property
    def enough(self) -> bool:
        """Whether there are verdicts enough to say anything."""
        return self.n >= ENOUGH


def theta_for(sample: Sample, delta: float, target: float, *, seed: int = 0) -> Reaching:
    """The least theta that lets in items of which `target` are right.

    The curve of precision over theta is made monotone first (isotonic regression), or the least theta would be the
    luckiest one; thresholds that let in fewer than `ENOUGH` say nothing. The interval is by bootstrap over the
    verdicts, `RESAMPLES` times.
    """
    chosen = sample.let_in(0.0, delta)
    n = int(chosen.sum())
    if n < ENOUGH:
        return Reaching(target, None, None, None, n)
    scores, place = np.unique(sample.score[chosen], return_inverse=True)
    right, weights = sample.right[chosen].astype(float), sample.counts_for[chosen]

    def least(picked: Places) -> float:
        return _least(scores, place[picked], right[picked], weights[picked], target)

    theta = least(np.arange(n))
    draw = np.random.default_rng(seed)
    again = np.sort([least(draw.integers(n, size=n)) for _ in range(RESAMPLES)])
    low, high = again[round(0.025 * RESAMPLES)], again[round(0.975 * RESAMPLES) - 1]
    found, least_of_all, most = (None if np.isinf(value) else float(value) for value in (theta, low, high))
    return Reaching(target, found, least_of_all, most, n)


def _least(scores: Floats, place: Places, right: Floats, weights: Floats, target: float) -> float:
    """The least of `scores` (ascending) that lets in `target`; infinity where none does. `place`: of each score."""
    size = len(scores)
    count = _from_the_top(np.bincount(place, minlength=size))
    enough = count >= ENOUGH
    if not enough.any():
        return float("inf")
    mass = _from_the_top(np.bincount(place, weights, size))[enough]
    precision = _from_the_top(np.bincount(place, weights * right, size))[enough] / mass
    reached = scores[enough][isotonic_regression(precision, weights=mass).x >= target - 1e-9]
    return float(reached[0]) if reached.size else float("inf")


def _from_the_top(each: NDArray[Any]) -> NDArray[Any]:
    return np.cumsum(each[::-1])[::-1]


@dataclass(frozen=True)
class Needed:
    """More verdicts on random items: `let_in` of them on items that the threshold lets in, `reviews` in all."""

    let_in: int
    reviews: int


def needed(found: Measured, half_width: float) -> Needed | None:
    """How many more narrow the interval of the precision to +- `half_width`; None where nothing is known yet."""
    if not found.precision.enough or not found.let_in.value:
        return None
    assert found.precision.value is not None
    more = max(0, size_for(found.precision.value, half_width) - round(found.precision.size))
    return Needed(more, round(more / found.let_in.value))


@dataclass(frozen=True)
class Evidence:
    """All that may be measured on: verdicts on what chance picked, how many wait, how many are looked at, undecided."""

    verdicts: tuple[DrawnVerdict, ...]
    waiting: int
    undecided: int
    unspoken: tuple[Unspoken, ...] = ()  # what no verdict speaks for

    def sample(self) -> Sample:
        """All of it."""
        return Sample.of(self.verdicts, self.unspoken)

    def by_group(self, theta: float, delta: float) -> dict[tuple[str, str], Share]:
        """The precision in each group of (failure type or '', source) that has verdicts."""
        groups: defaultdict[tuple[str, str], list[DrawnVerdict]] = defaultdict(list)
        for one in self.verdicts:
            groups[one.failure_type or "", one.source].append(one)
        silent: defaultdict[tuple[str, str], list[Unspoken]] = defaultdict(list)
        for row in self.unspoken:
            silent[row.failure_type, row.source].append(row)
        return {
            key: measured(Sample.of(of_group, silent[key]), theta, delta).precision for key, of_group in groups.items()
        }


def evidence(store: Store) -> Evidence:
    """What the file holds now."""
    waiting, undecided = drawn_counts(store)
    verdicts = drawn_verdicts(store)
    return Evidence(tuple(verdicts), waiting, undecided, tuple(unspoken_for(store, verdicts)))


def below(sample: Sample, reject_below: float) -> Share:
    """The share that is right among what a score under `reject_below` would leave out: the price of leaving it out."""
    chosen = (sample.score >= 0) & (sample.score < reject_below)
    return share(sample.right[chosen], sample.counts_for[chosen])
