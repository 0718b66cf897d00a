"""The next item, and the counts of a threshold, with 1,000 and 100,000 proposals in the file."""

import random
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.data import fill
from benchmarks.report import ms, p50_p95, seconds, show
from core.models import Decision, ReviewAction
from core.review.effects import effect_of
from core.review.items import Desk, next_item
from core.review.verdicts import decide
from core.store import Store, open_store

SIZES = (1_000, 100_000)
ITEMS = 200  # verdicts taken, one after the other
COUNTS = 50  # thresholds tried


def main() -> None:
    """Review 200 items of each file; the floor is the smallest write and the plainest count it takes."""
    rows = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "q.db", create=True) as store:
            fill(store, size)
            rows += _measure(store, size)
    show(("What", "Proposals", "n", "p50 ms", "p95 ms", "to floor"), rows)


def _measure(store: Store, size: int) -> list[tuple[object, ...]]:
    desk = Desk("anna")
    writes, items, verdicts = [], [], []
    for number in range(ITEMS):
        writes.append(seconds(partial(store.write, "UPDATE proposals SET lease_until = ? WHERE id = 1", float(number))))
        items.append(seconds(lambda: next_item(store, desk)))
        item = next_item(store, desk)  # the same one again: a lease of one's own comes first
        assert item is not None
        accept = Decision(
            op_id=f"op-{number}",
            proposal_id=item.proposal_id,
            revision=item.revision,
            annotator="anna",
            action=ReviewAction.ACCEPT,
        )
        verdicts.append(seconds(partial(decide, store, accept)))
    draw = random.Random(0)
    plain = [seconds(lambda: store.value("SELECT count(*) FROM proposals WHERE is_current = 1")) for _ in range(COUNTS)]
    counts = [seconds(lambda: effect_of(store, draw.random(), draw.random())) for _ in range(COUNTS)]
    return [
        _row("one-row write (floor)", size, writes, writes),
        _row("lease and load the next item", size, items, writes),
        _row("store a verdict", size, verdicts, writes),
        _row("count of all proposals (floor)", size, plain, plain),
        _row("counts of a threshold", size, counts, plain),
    ]


def _row(what: str, size: int, times: list[float], floor: list[float]) -> tuple[object, ...]:
    half, most = p50_p95(times)
    return what, f"{size:,}", len(times), ms(half), ms(most), f"{half / p50_p95(floor)[0]:.1f}"
