"""Server work of one move of a threshold, with 1,000, 100,000 and 1,000,000 proposals in the file."""

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.data import fill
from benchmarks.report import ms, p50_p95, seconds, show
from core.measures.precision import evidence, measured
from core.review.effects import (
    effect_of,
    groups_of,
    histogram,
    let_in_at_each_delta,
    let_in_at_each_theta,
    spread,
    together,
    too_low_at_each,
)
from core.store import Store, open_store

SIZES = (1_000, 100_000, 1_000_000)
MADE = 1_000  # proposals that go through the stages; the others are copies of their narrow rows
MOVES = 30
_COPIES = "trajectory_key, result_id, attempt_id, is_current, state, score, weight, queue_reason, failure_type, source"


def main() -> None:
    """Move theta and delta about; the floor is a plain count of all proposals."""
    rows = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "t.db", create=True) as store:
            fill(store, MADE)
            _multiply(store, size)
            rows += _measure(store, size)
    show(("What", "Proposals", "n", "p50 ms", "p95 ms", "CPU ms", "to floor"), rows)


def _multiply(store: Store, size: int) -> None:
    """Narrow rows alone are enough here; a tenth is random, and of those a tenth is decided."""
    if size == MADE:
        return
    store.write("PRAGMA foreign_keys = OFF")
    with store.transaction():
        store.write("DROP TRIGGER proposal_words_come")  # the index of words plays no part
        store.write(
            f"INSERT INTO proposals ({_COPIES}, position, is_random, judge_says)"
            " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " SELECT p.trajectory_key || '-' || n.i, result_id, attempt_id, 1,"
            " CASE WHEN n.i % 100 = 0 THEN iif(p.id % 4, 'accepted', 'rejected') ELSE 'pending' END,"
            " score, 0.05 * (n.i % 21), iif(p.id % 3, NULL, 'ungrounded'), failure_type, source,"
            " n.i, n.i % 10 = 0, 'yes'"
            " FROM n JOIN proposals p ON p.id = 1 + n.i % ?",
            size - MADE,
            MADE,
        )
    store.write("ANALYZE")


def _measure(store: Store, size: int) -> list[tuple[object, ...]]:
    draw = random.Random(0)

    def move() -> None:
        """All that the screen asks of the file when a handle is let go."""
        theta, delta = draw.random(), draw.random()
        held = spread(store)
        together(groups_of(held, theta, delta, reject_below=theta / 2))
        together(groups_of(held, 0.5, 0.3))
        let_in_at_each_theta(held, delta)
        too_low_at_each(held, theta, delta)
        let_in_at_each_delta(held, theta)
        for of in ("score", "weight"):
            histogram(held, of=of, bins=50)
        measured(evidence(store).sample(), theta, delta)

    parts: dict[str, Callable[[], object]] = {
        "count of all proposals (floor)": lambda: store.value("SELECT count(*) FROM proposals WHERE is_current = 1"),
        "counts of a threshold": lambda: effect_of(store, draw.random(), 0.3),
        "verdicts on random items": lambda: evidence(store),
        "a move: counts, handles, bars, precision": move,
    }
    rows, floor = [], 0.0
    for what, act in parts.items():
        begun = time.process_time()
        times = [seconds(act) for _ in range(MOVES)]
        cpu = (time.process_time() - begun) / MOVES
        floor = floor or p50_p95(times)[0]
        rows.append((what, f"{size:,}", MOVES, *map(ms, (*p50_p95(times), cpu)), f"{p50_p95(times)[0] / floor:.1f}"))
    return rows
