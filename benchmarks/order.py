"""What an order of review is worth: how soon it finds the items on which reviewer and threshold differ.

Runs with a known outcome go through the stages with that outcome hidden. The reviewer approves what had failed and
rejects what had met its goal, as reviewers do. The real queue orders them, learning as it goes.
"""

import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from statistics import mean, stdev

from benchmarks.data import ROOT, fill, put, records
from benchmarks.report import show
from core.measures.order import keep_in_order
from core.models import FailedTrajectory, PipelineResult
from core.models.trajectory import Label, LabelOutcome
from core.pipeline import run_stages
from core.settings import PipelineConfig
from core.store import Store, open_store
from core.store.order import begin_order, rank
from core.store.queue import AUTO_ACCEPTED

LABELLED = ROOT.parent / "shared" / "data" / "labelled"
SETS = (("tau_bench",), ("intercode",), ("hotpotqa_react",), ("tau_bench", "intercode", "hotpotqa_react"))
THETAS = (0.4, 0.5)
DELTA, SHARE = 0.3, 0.1
REPEATS = 5
AFTER = (0.1, 0.25, 0.5, 0.75)
MADE = 600
# Judges of made-up items: the chance that an item of a score is right.
JUDGES: dict[str, Callable[[float], float]] = {
    "made up: means what it says": lambda score: score,
    "made up: claims too much": lambda score: 0.2 + 0.4 * score,
    "made up: knows nothing": lambda _: 0.5,
}


@dataclass(frozen=True)
class Items:
    """A file of proposals, and which of them a reviewer approves."""

    path: Path
    right: frozenset[int]


@dataclass(frozen=True)
class Turn:
    """One review of a file from beginning to end."""

    theta: float
    right: frozenset[int]
    draw: random.Random


def main() -> None:
    """Review each file to its end in three orders, `REPEATS` times each with a random share of its own."""
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, items in _files(Path(folder)):
            for theta in THETAS:
                rows += _compare(name, items, theta)
    show(("Items", "n", "theta", "Differ", "Order", *(f"after {share:.0%}" for share in AFTER)), rows)


def _files(folder: Path) -> Iterator[tuple[str, Items]]:
    if LABELLED.is_dir():
        for names in SETS:
            made = [one for name in names for one in _hidden(name)]
            with open_store(folder / f"{len(names)}{names[0]}.db", create=True) as store:
                put(store, [(run, result, source) for run, result, source, _ in made], random_share=SHARE)
                keys = {run.key for run, _, _, failed in made if failed}
                found = store.stream("SELECT id, trajectory_key FROM proposals WHERE is_current = 1")
                right = frozenset(number for number, key in found if key in keys)
            yield " + ".join(names), Items(store.path, right)
    else:
        print(f"(no labelled runs in {LABELLED})")
    for name, chance in JUDGES.items():
        draw = random.Random(name)
        with open_store(folder / f"{draw.random()}.db", create=True) as store:
            fill(store, MADE)
            scores = store.stream("SELECT id, score FROM proposals WHERE is_current = 1")
            right = frozenset(number for number, score in scores if draw.random() < chance(score))
        yield name, Items(store.path, right)


def _hidden(name: str) -> list[tuple[FailedTrajectory, PipelineResult, str, bool]]:
    """(run without its label, what the stages make of it, format, whether it had failed) where there is a proposal."""
    settings = PipelineConfig(severity_threshold=0.0)
    made = {}
    for path in sorted((LABELLED / name).iterdir()):
        for record in records(path):
            run = FailedTrajectory.model_construct(**{**dict(record.trajectory), "label": Label()})
            result = run_stages(run, None, (), settings)
            if result.relabeled:
                failed = record.trajectory.label.outcome is LabelOutcome.FAILURE
                made[run.key] = run, result, record.format, failed
    return list(made.values())


def _compare(name: str, items: Items, theta: float) -> list[tuple[object, ...]]:
    orders = {"random": _at_random, "nearest to theta": _nearest, "worth": _by_worth}
    found: dict[str, list[list[float]]] = {order: [] for order in orders}
    with open_store(items.path) as store:
        store.write("PRAGMA synchronous = OFF")
        passing = AUTO_ACCEPTED.replace("state = 'pending' AND ", "")
        rows = store.stream(f"SELECT id, coalesce({passing}, 0) FROM proposals", {"theta": theta, "delta": DELTA})
        differ = {number for number, let_in in rows if bool(let_in) != (number in items.right)}
        total = store.value("SELECT count(*) FROM proposals")
        for seed in range(REPEATS):
            for order, review in orders.items():
                draw = random.Random(seed)
                _begin_anew(store, draw, total)
                met = list(accumulate(number in differ for number in review(store, Turn(theta, items.right, draw))))
                found[order].append([met[round(share * total) - 1] / len(differ) for share in AFTER])
    return [
        (
            name,
            total,
            theta,
            len(differ),
            order,
            *(f"{mean(at):.0%} ± {stdev(at):.0%}" for at in zip(*shares, strict=True)),
        )
        for order, shares in found.items()
    ]


def _begin_anew(store: Store, draw: random.Random, total: int) -> None:
    """All are pending, and chance picks another random share."""
    with store.transaction():
        store.write("UPDATE proposals SET state = 'pending', is_random = 0 WHERE state != 'pending' OR is_random = 1")
        store.write("DELETE FROM queue_orders")
        for number in range(1, total + 1):
            if draw.random() < SHARE:
                store.write("UPDATE proposals SET is_random = 1 WHERE id = ?", number)


def _at_random(store: Store, turn: Turn) -> list[int]:
    numbers = [number for (number,) in store.stream("SELECT id FROM proposals")]
    turn.draw.shuffle(numbers)
    return numbers


def _nearest(store: Store, turn: Turn) -> list[int]:
    rank(store, begin_order(store, verdicts=0), theta=turn.theta, delta=DELTA, random_share=SHARE, worths={})
    return [number for (number,) in store.stream("SELECT id FROM proposals ORDER BY position, id")]


def _by_worth(store: Store, turn: Turn) -> Iterator[int]:
    rank(store, begin_order(store, verdicts=0), theta=turn.theta, delta=DELTA, random_share=SHARE, worths={})
    while number := store.value("SELECT id FROM proposals WHERE state = 'pending' ORDER BY position, id LIMIT 1"):
        state = "accepted" if number in turn.right else "rejected"
        store.write("UPDATE proposals SET state = ? WHERE id = ?", state, number)
        keep_in_order(store, theta=turn.theta, delta=DELTA, random_share=SHARE)
        yield number
