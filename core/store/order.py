"""The places of the queue: kinds of items with their verdicts, and the rank of what waits."""

from dataclasses import dataclass
from enum import IntEnum

from core.store.clock import utc_now
from core.store.connection import Store
from core.store.queue import ELIGIBLE


class Way(IntEnum):
    """What a threshold does with an item."""

    UNJUDGED = -1
    REFUSED = 0  # no threshold lets it in
    TOO_LOW = 1  # another one would
    LET_IN = 2


Kind = tuple[int, int, str, str]  # Way, tenth of the score, source, failure type ('' = none)

A_STEP = 5_000  # places a transaction: nobody who decides meanwhile waits longer than that takes

_WAITS = "state IN ('pending', 'second', 'auto_accepted', 'auto_rejected')"


@dataclass(frozen=True)
class KindCount:
    """Current proposals of one kind: how many humans decided on, and on how many of these against the threshold."""

    kind: Kind
    verdicts: int
    overturned: int


def _kind(*, score: str, eligible: str) -> str:
    """The four columns of a `Kind`; `score` is -1 for what nobody judged."""
    return (
        f"CASE WHEN {score} < 0 THEN {Way.UNJUDGED} WHEN NOT {eligible} THEN {Way.REFUSED}"
        f" WHEN {score} >= :theta AND weight >= :delta THEN {Way.LET_IN} ELSE {Way.TOO_LOW} END AS way,"
        f" min(CAST(round({score} * 10, 6) AS INTEGER), 9) AS tenth,"
        " source, coalesce(failure_type, '') AS failure_type"
    )


def kind_counts(store: Store, theta: float, delta: float) -> list[KindCount]:
    """Every kind that there is under a policy; from the tallies, so no proposal is read."""
    rows = store.stream(
        "SELECT way, tenth, source, failure_type, sum(n * (state IN ('accepted', 'edited', 'rejected'))),"
        f" sum(n * iif(way = {Way.LET_IN}, state IN ('edited', 'rejected'), state IN ('accepted', 'edited')))"
        f" FROM (SELECT state, n, {_kind(score='score', eligible='is_eligible')} FROM tallies) GROUP BY 1, 2, 3, 4",
        {"theta": theta, "delta": delta},
    )
    return [KindCount((way, tenth, source, failure), n, against) for way, tenth, source, failure, n, against in rows]


def decided(store: Store) -> int:
    """On how many current proposals humans have decided."""
    return store.value("SELECT sum(n) FROM tallies WHERE state IN ('accepted', 'edited', 'rejected')") or 0


def begin_order(store: Store, *, verdicts: int) -> int:
    """Write down that the queue is put in order, knowing so many verdicts; the number of this order."""
    return store.insert("queue_orders", {"verdicts": verdicts, "ordered_at": utc_now()})


def last_order(store: Store) -> int:
    """How many verdicts were known at the last order; 0 where there was none."""
    return store.value("SELECT verdicts FROM queue_orders ORDER BY id DESC LIMIT 1") or 0


def rank(
    store: Store, order: int, *, theta: float, delta: float, random_share: float, worths: dict[Kind, float]
) -> None:
    """Order the waiting proposals: the highest worth first, then the nearest to theta; unjudged counts as nearest.

    It ends early where a newer `order` was begun, which gives every place anew.

    Those of a bulk act keep a place among them, which they have again after its roll-back.

    Every 1/share-th place belongs to the random share, whatever its worth, so that what is measured on it stays
    unbiased.
    """
    # The hair above 1 settles ties: both kinds meet at multiples of the spread, and floats differ there.
    spread = (1 + 1e-9) / random_share if random_share > 0 else 1.0
    rest = 1 / (1 - random_share) if random_share < 1 else 1.0
    store.write("CREATE TEMP TABLE IF NOT EXISTS worths (way, tenth, source, failure_type, worth)")
    store.write("CREATE TEMP TABLE IF NOT EXISTS places (id INTEGER, place REAL)")
    try:
        for kind, worth in worths.items():
            store.write("INSERT INTO temp.worths VALUES (?, ?, ?, ?, ?)", *kind, worth)
        kinds = _kind(score="coalesce(score, -1)", eligible=ELIGIBLE)
        store.write(
            "INSERT INTO temp.places SELECT id, CASE is_random WHEN 1 THEN :spread ELSE :rest END * row_number() OVER ("
            "  PARTITION BY is_random ORDER BY"
            "  CASE is_random WHEN 1 THEN 0 ELSE -coalesce(worth, 0) END,"
            "  CASE is_random WHEN 1 THEN 0 ELSE abs(coalesce(score, :theta) - :theta) END, substr(key, 3)) AS place"
            f" FROM (SELECT id, trajectory_key AS key, is_random, score, {kinds} FROM proposals"
            f"  WHERE is_current = 1 AND {_WAITS})"
            " LEFT JOIN temp.worths USING (way, tenth, source, failure_type) ORDER BY place",
            {"theta": theta, "delta": delta, "spread": spread, "rest": rest},
        )
        last = store.value("SELECT count(*) FROM temp.places")
        for first in range(1, last + 1, A_STEP):
            with store.transaction():
                if store.value("SELECT max(id) FROM queue_orders") != order:
                    break
                store.write(
                    "UPDATE proposals SET position = new.place FROM temp.places AS new"
                    " WHERE new.rowid BETWEEN ? AND ? AND proposals.id = new.id AND position != new.place",
                    first,
                    first + A_STEP - 1,
                )
    finally:
        store.write("DROP TABLE temp.worths")
        store.write("DROP TABLE temp.places")
