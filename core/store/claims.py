"""Who works on which trajectory: two runs with the same settings share the work and do nothing twice.

A claim stands while its run is running and its process lives; each act of claiming first frees what
dead runs held. A result is stored only by the run that holds the claim, and the claim ends with it,
in one transaction. So however a process ends or sleeps, a trajectory has one result per settings.
"""

from collections.abc import Collection
from dataclasses import dataclass

from core.store.clock import utc_now
from core.store.connection import Store
from core.store.liveness import is_dead
from core.store.trajectories import met_by


@dataclass(frozen=True)
class Pending:
    """The trajectories that one run has to see to, as they were when it began; never all of them in memory.

    `since` is the newest result then: what failed later was tried by another run, and its retry is
    the next run's. `last` is the newest trajectory then.
    """

    settings_hash: str
    imports: Collection[int] | None
    since: int
    last: int
    count: int


@dataclass(frozen=True)
class Claimed:
    """What one look at the trajectories after a place has claimed.

    `after` is the place to go on from, None at the end. `elsewhere` counts those passed over that
    another run has in work, the first of them just after `behind`.
    """

    mine: list[str]
    after: int | None
    elsewhere: int
    behind: int | None


def pending_now(store: Store, settings_hash: str, imports: Collection[int] | None) -> Pending:
    """What these settings have not finished yet; `imports` limits it to what these imports met."""
    with store.snapshot():  # a result that came in between would be left out here and counted as another run's later
        since = int(store.value("SELECT max(id) FROM results") or 0)
        last = int(store.value("SELECT max(rowid) FROM trajectories") or 0)
        everything = Pending(settings_hash, imports, since, last, 0)
        count = int(store.value(f"SELECT count(*) FROM trajectories t WHERE {_left(everything)}", _values(everything)))
    return Pending(settings_hash, imports, since, last, count)


def claim(store: Store, run_id: int, pending: Pending, *, after: int, limit: int, look_at: int) -> Claimed:
    """Claim up to `limit` of the trajectories after place `after`; looks at `look_at` at most."""
    mine: list[str] = []
    elsewhere, behind, place = 0, None, after
    with store.transaction():
        # Its machine may have slept so long that another run took it for dead, or would be taken for it here.
        store.write(
            "UPDATE runs SET state = 'running', message = '', finished_at = NULL, beat_at = ? WHERE id = ?",
            utc_now(),
            run_id,
        )
        free_dead_runs(store)
        rows = store.rows(
            "SELECT t.rowid AS place, t.key, c.run_id FROM trajectories t LEFT JOIN claims c"
            " ON c.trajectory_key = t.key AND c.settings_hash = :settings_hash"
            f" WHERE t.rowid > :after AND {_left(pending)} ORDER BY t.rowid LIMIT :look_at",
            {**_values(pending), "after": after, "look_at": look_at},
        )
        seen = 0
        for row in rows:
            if len(mine) == limit:
                break
            if row["run_id"] is None:
                store.write("INSERT INTO claims VALUES (?, ?, ?)", row["key"], pending.settings_hash, run_id)
                mine.append(row["key"])
            elif row["run_id"] != run_id:
                behind = place if behind is None else behind
                elsewhere += 1
            place = row["place"]
            seen += 1
    at_end = seen == len(rows) < look_at
    return Claimed(mine, None if at_end else place, elsewhere, behind)


def finished_by_others(store: Store, run_id: int, pending: Pending, *, after_result: int) -> tuple[int, int]:
    """(how many of the pending other runs have finished after the result `after_result`, the newest result by now)."""
    newest = int(store.value("SELECT max(id) FROM results") or 0)
    count = store.value(
        "SELECT count(*) FROM results r WHERE r.id > :after AND r.id <= :newest AND r.run_id != :run_id"
        " AND r.settings_hash = :settings_hash AND r.id > :since"
        " AND EXISTS (SELECT 1 FROM trajectories t WHERE t.key = r.trajectory_key AND t.rowid <= :last"
        f"{met_by(pending.imports, 't.key')})"
        # A failure that was tried once more counts once.
        " AND NOT EXISTS (SELECT 1 FROM results e WHERE e.trajectory_key = r.trajectory_key"
        " AND e.settings_hash = r.settings_hash AND e.id > :since AND e.id < r.id)",
        {**_values(pending), "after": after_result, "newest": newest, "run_id": run_id},
    )
    return int(count), newest


def _left(pending: Pending) -> str:
    """SQL that holds for a trajectory `t` that is still pending."""
    return (
        "t.rowid <= :last AND NOT EXISTS (SELECT 1 FROM results r WHERE r.trajectory_key = t.key"
        " AND r.settings_hash = :settings_hash AND (r.status != 'failed' OR r.id > :since))"
        f"{met_by(pending.imports, 't.key')}"
    )


def _values(pending: Pending) -> dict[str, object]:
    return {"settings_hash": pending.settings_hash, "since": pending.since, "last": pending.last}


def end_claim(store: Store, run_id: int, key: str, settings_hash: str) -> bool:
    """End a claim; False where the run no longer held it, so its result must not be stored.

    Call inside the transaction that stores the result.
    """
    return bool(
        store.write(
            "DELETE FROM claims WHERE trajectory_key = ? AND settings_hash = ? AND run_id = ?",
            key,
            settings_hash,
            run_id,
        )
    )


def free_dead_runs(store: Store) -> None:
    """Note that running runs of dead processes have stopped, and free what they claimed. Call inside a transaction."""
    for run in store.rows("SELECT id, process, beat_at FROM runs WHERE state = 'running'"):
        if is_dead(run["process"], run["beat_at"]):
            store.write(
                "UPDATE runs SET state = 'stopped', finished_at = beat_at, in_flight = 0,"
                " message = 'the process ended in mid-run' WHERE id = ?",
                run["id"],
            )
            store.write("DELETE FROM claims WHERE run_id = ?", run["id"])
