"""A share of a sample, with what the sample can say of the whole."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

ENOUGH = 30  # verdicts: of fewer nothing is said
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Share:
    """`value` of the whole, estimated from `n` items, with its exact 95 % interval; value None = nothing was counted.

    `size` is how many items with equal chances would say as much: `n` where all chances were equal. `unspoken`: the
    part of the whole that the sample says nothing of; the interval allows for all of it being right, and for none.
    """

    value: float | None
    low: float
    high: float
    n: int
    size: float
    unspoken: float = 0.0

    @property
    def enough(self) -> bool:
        """Whether there are verdicts enough to say anything."""
        return self.n >= ENOUGH


def share(yes: Bools, weights: Floats, *, unspoken: float = 0.0) -> Share:
    """The weighted share of `yes`; the interval is that of Clopper and Pearson.

    `unspoken`: items of the whole that `weights` leave out.

    Exact and not Wilson's: a good threshold sits near 1, where Wilson's interval covers too seldom, and this one is
    what "59 clean of 59" is read from. Unequal weights count as the number of items that equal ones would take (Kish).
    """
    total = float(weights.sum())
    if not total:
        return Share(None, 0.0, 1.0, 0, 0.0)
    value = float(weights[yes].sum()) / total
    size = total**2 / float((weights**2).sum())
    low, high = interval(value * size, size)
    spoken = total / (total + unspoken)
    return Share(value, low * spoken, min(1.0, high * spoken + 1 - spoken), len(yes), size, 1 - spoken)


def interval(right: float, n: float, *, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of `right` of `n`; both may be fractions of items."""
    tail = (1 - level) / 2
    wrong = n - right
    low = 0.0 if right <= 0 else float(betaincinv(right, wrong + 1, tail))
    high = 1.0 if wrong <= 1e-9 else float(betaincinv(right + 1, wrong, 1 - tail))
    return low, high


def size_for(value: float, half_width: float) -> int:
    """How many items of equal chances bring the interval of `value` to at most +- `half_width`."""
    few, many = 1, 2
    while _half(value, many) > half_width:
        few, many = many, many * 2
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if _half(value, middle) > half_width else (few, middle)
    return many


def _half(value: float, n: int) -> float:
    low, high = interval(value * n, n)
    return (high - low) / 2
