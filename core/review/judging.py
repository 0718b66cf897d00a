"""What is known of the judges from items that chance picked: calibration, agreement with humans, errors in common."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.measures.precision import Evidence
from core.measures.shares import ENOUGH, Share, share
from core.models import ProposalState
from core.review.agreement import cohen_kappa, kappa_interval
from core.review.calibration import Calibration, Judged, Reliability, calibrate, reliability
from core.store import Store
from core.store.calibrations import Confidences, StoredCalibration, drawn_confidences, save_calibration
from core.store.drawn import DrawnVerdict

NAMES = {"score": "Score", "c": "Writer (c)", "c2": "Judge (c2)"}


@dataclass(frozen=True)
class Panel:
    """Several judges on the same `n` items, each with the share on which it differs from the humans.

    `correlation`: mean of their errors, pair by pair; `votes`: how many independent judges would be worth as much. None
    = not defined, or fewer than 30 items.
    """

    wrong: tuple[tuple[str, Share], ...]
    n: int
    correlation: float | None
    votes: float | None


@dataclass(frozen=True)
class Judging:
    """Reliability by name (score, c, c2), c against c2 as (c, c2, right), kappa of judge and humans on `kappa_n`."""

    reliability: dict[str, Reliability]
    pairs: tuple[tuple[float, float, bool], ...]
    kappa: float | None
    kappa_interval: tuple[float, float] | None
    kappa_n: int
    panels: tuple[Panel, ...]


def judging(store: Store, held: Evidence) -> Judging:
    """All of it."""
    said = drawn_confidences(store)
    items = [(one, said[one.proposal_id]) for one in held.verdicts if one.proposal_id in said]
    both = Counter(
        (by.judge_says == "yes", one.state is not ProposalState.REJECTED)
        for one, by in items
        if by.judge_says != "unjudged" and by.of_random_share
    )
    return Judging(
        reliability={name: reliability(judged(items, name)) for name in NAMES},
        pairs=tuple((by.c, by.c2, _right(one)) for one, by in items if by.c2 is not None),
        kappa=cohen_kappa(both),
        kappa_interval=kappa_interval(both),
        kappa_n=both.total(),
        panels=_panels(items),
    )


def judged(items: Sequence[tuple[DrawnVerdict, Confidences]], name: str) -> Judged:
    """One confidence of the items that have it and to which the judge, if it is about one, said yes.

    c2 is how sure the judge is of what it said; of a "no" it is no confidence that the item is right.
    """
    rows = [(value, _right(one), 1 / one.chance) for one, by in items if (value := _value(one, by, name)) is not None]
    table = np.array(rows, dtype=float).reshape(-1, 3)
    return Judged(table[:, 0], table[:, 1] > 0, table[:, 2])


def _value(one: DrawnVerdict, by: Confidences, name: str) -> float | None:
    if name == "c":
        return by.c
    if by.judge_says != "yes":
        return None
    return by.c2 if name == "c2" else one.score


def _right(one: DrawnVerdict) -> bool:
    return one.state is ProposalState.ACCEPTED


def fit(store: Store, held: Evidence) -> Calibration | None:
    """What scores have meant, by the verdicts there are; None where they are too few. Nothing is stored."""
    said = drawn_confidences(store)
    return calibrate(
        judged([(one, said[one.proposal_id]) for one in held.verdicts if one.proposal_id in said], "score")
    )


def keep(store: Store, found: Calibration, *, by: str) -> int:
    """Store a fit as the newest version; its number."""
    with store.transaction():
        return save_calibration(
            store,
            scores=found.scores,
            means=found.means,
            n=found.n,
            before=found.before,
            after=found.after,
            fitted_by=by,
        )


def meant(kept: StoredCalibration, score: float) -> float:
    """The share of items of this score that humans took as they stood, by a stored version."""
    return float(np.interp(score, kept.scores, kept.means))


def _panels(items: Sequence[tuple[DrawnVerdict, Confidences]]) -> tuple[Panel, ...]:
    errors: dict[tuple[str, ...], list[tuple[list[bool], float]]] = {}
    for one, by in items:
        said: Mapping[str, bool | None] = {verdict.judge: verdict.is_valid for verdict in by.panel}
        if len(said) > 1 and None not in said.values():
            approved = one.state is not ProposalState.REJECTED
            wrong = [says != approved for _, says in sorted(said.items())]
            errors.setdefault(tuple(sorted(said)), []).append((wrong, 1 / one.chance))
    return tuple(_panel(judges, found) for judges, found in sorted(errors.items(), key=lambda entry: -len(entry[1])))


def _panel(judges: tuple[str, ...], found: list[tuple[list[bool], float]]) -> Panel:
    wrong = np.array([row for row, _ in found])
    weights = np.array([weight for _, weight in found])
    shares = tuple((judge, share(wrong[:, place], weights)) for place, judge in enumerate(judges))
    if len(found) < ENOUGH or (wrong.min(axis=0) == wrong.max(axis=0)).any():
        return Panel(shares, len(found), None, None)
    covariance = np.cov(wrong.T.astype(float), aweights=weights)
    deviation = np.sqrt(np.diag(covariance))
    matrix = covariance / np.outer(deviation, deviation)
    mean = float(np.mean([matrix[pair] for pair in combinations(range(len(judges)), 2)]))
    count = len(judges)
    votes = count / (1 + (count - 1) * mean) if 1 + (count - 1) * mean > 0 else None
    return Panel(shares, len(found), mean, votes)
