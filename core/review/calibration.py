"""Whether a confidence means what it says: how often items of a confidence are right, on items that chance picked."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from core.measures.shares import ENOUGH, Bools, Floats, Share, share

BINS = 10
FOLDS = 5
RESAMPLES = 1000


@dataclass(frozen=True)
class Judged:
    """One confidence (c, c2 or the score) on items that chance picked, and whether humans took them as they stood."""

    confidence: Floats
    right: Bools
    counts_for: Floats  # 1 / chance of being picked

    def __len__(self) -> int:
        return len(self.right)


@dataclass(frozen=True)
class Figure:
    """A number with its 95 % interval by bootstrap."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Bin:
    """Items of alike confidence: their mean confidence, and the share of them that is right."""

    confidence: float
    right: Share


@dataclass(frozen=True)
class Reliability:
    """`error`: ECE over `BINS` equal bins, never below 0 by chance alone; `brier`: mean squared error. None: n < 30."""

    n: int
    bins: tuple[Bin, ...]
    error: Figure | None
    brier: Figure | None


def reliability(judged: Judged, *, seed: int = 0) -> Reliability:
    """The reliability curve of one confidence with its two sums."""
    place = np.minimum((judged.confidence * BINS).astype(int), BINS - 1)
    bins = []
    for number in range(BINS):
        inside = place == number
        if inside.any():
            weights = judged.counts_for[inside]
            mean = float(np.average(judged.confidence[inside], weights=weights))
            bins.append(Bin(mean, share(judged.right[inside], weights)))
    if len(judged) < ENOUGH:
        return Reliability(len(judged), tuple(bins), None, None)
    return Reliability(
        len(judged), tuple(bins), _bootstrap(judged, calibration_error, seed), _bootstrap(judged, brier, seed)
    )


def calibration_error(judged: Judged) -> float:
    """ECE: how far the share that is right lies from the confidence, averaged over the items of each bin."""
    place = np.minimum((judged.confidence * BINS).astype(int), BINS - 1)
    gap = judged.counts_for * (judged.right - judged.confidence)
    return float(np.abs(np.bincount(place, gap, BINS)).sum() / judged.counts_for.sum())


def brier(judged: Judged) -> float:
    """Mean squared distance of the confidence from right (1) or wrong (0)."""
    return float(np.average((judged.right - judged.confidence) ** 2, weights=judged.counts_for))


def _bootstrap(judged: Judged, figure: Callable[[Judged], float], seed: int) -> Figure:
    draw = np.random.default_rng(seed)
    n = len(judged)
    again = np.sort([figure(_some(judged, draw.integers(n, size=n))) for _ in range(RESAMPLES)])
    return Figure(figure(judged), float(again[round(0.025 * RESAMPLES)]), float(again[round(0.975 * RESAMPLES) - 1]))


def _some(judged: Judged, which: np.ndarray) -> Judged:
    return Judged(judged.confidence[which], judged.right[which], judged.counts_for[which])


@dataclass(frozen=True)
class Calibration:
    """What a score has meant: `means` at `scores` (ascending), straight lines between; made of `n` random verdicts.

    `before` and `after`: Brier score of the score itself, and of this mapping on items that it was not fitted on.
    """

    scores: tuple[float, ...]
    means: tuple[float, ...]
    n: int
    before: float
    after: float

    @property
    def helps(self) -> bool:
        """Whether it says more than the score itself, on items it has not seen."""
        return self.after < self.before


def calibrate(judged: Judged, *, seed: int = 0) -> Calibration | None:
    """Isotonic regression of right on the confidence, cross-validated `FOLDS` times; None under `ENOUGH` verdicts."""
    n = len(judged)
    if n < ENOUGH:
        return None
    fold = np.random.default_rng(seed).permutation(n) % FOLDS
    unseen = np.empty(n)
    for number in range(FOLDS):
        test = fold == number
        scores, means = _fit(_some(judged, np.flatnonzero(~test)))
        unseen[test] = np.interp(judged.confidence[test], scores, means)
    scores, means = _fit(judged)
    after = brier(Judged(unseen, judged.right, judged.counts_for))
    return Calibration(tuple(scores.tolist()), tuple(means.tolist()), n, brier(judged), after)


def _fit(judged: Judged) -> tuple[Floats, Floats]:
    """The corners of the fitted line: each distinct confidence where the mean changes."""
    scores, place = np.unique(judged.confidence, return_inverse=True)
    mass = np.bincount(place, judged.counts_for)
    mean = np.bincount(place, judged.counts_for * judged.right) / mass
    fitted = isotonic_regression(mean, weights=mass).x
    flat = np.r_[False, (fitted[1:-1] == fitted[:-2]) & (fitted[1:-1] == fitted[2:]), False][: len(fitted)]
    return scores[~flat], fitted[~flat]
