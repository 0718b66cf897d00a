"""Runs as versions: what each of them found, side by side. Nothing here writes.

Runs of the same settings complete each other (one goes on where another stopped, or tries again what
failed), so a version is a run together with the earlier runs of its settings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.store.connection import Store
from core.store.runs import as_seen


@dataclass(frozen=True)
class Found:
    """What one version says of one trajectory; `goal` and `score` are those of its proposal.

    `reason`: of a skip, or why a proposal waits for a human; None = the pipeline itself accepts it.
    """

    status: str  # proposed | skipped | failed
    reason: str | None
    goal: str | None
    score: float | None


@dataclass(frozen=True)
class Pair:
    """One trajectory in two versions; None where a version has no result for it."""

    trajectory_key: str
    trajectory_id: str
    a: Found | None
    b: Found | None


def all_runs(store: Store) -> list[dict[str, Any]]:
    """Every run, oldest first; one whose process is dead is shown as stopped."""
    return list(map(as_seen, store.rows("SELECT * FROM runs ORDER BY id")))


def pairs(store: Store, a: int, b: int) -> Iterator[Pair]:
    """Every trajectory that version `a` or `b` (run ids) has a result for, in import order."""
    sql = f"""
        WITH a AS MATERIALIZED ({_VERSION.format("a")}), b AS MATERIALIZED ({_VERSION.format("b")})
        SELECT t.key, t.trajectory_id, a.status, a.reason, a.goal, a.score, b.status, b.reason, b.goal, b.score
        FROM trajectories t LEFT JOIN a ON a.key = t.key LEFT JOIN b ON b.key = t.key
        WHERE a.key IS NOT NULL OR b.key IS NOT NULL ORDER BY t.rowid"""
    for key, name, *found in store.stream(sql, {"a": a, "b": b}):
        yield Pair(key, name, Found(*found[:4]) if found[0] else None, Found(*found[4:]) if found[4] else None)


def found_by(store: Store, run: int) -> Iterator[dict[str, Any]]:
    """What version `run` says of each trajectory, in import order: its result, goal, answer, score and verdict."""
    sql = """
        SELECT t.trajectory_id, t.key, r.status, r.stage, coalesce(r.reason, p.queue_reason) AS reason, r.detail,
               a.prompt AS goal, json_extract(a.body, '$.final_answer') AS final_answer, p.score, a.judge_says,
               json_extract(a.body, '$.verdict.judge') AS judge,
               json_extract(a.body, '$.verdict.reason') AS judge_reason
        FROM (SELECT max(id) AS id FROM results
              WHERE settings_hash = (SELECT settings_hash FROM runs WHERE id = :run) AND run_id <= :run
              GROUP BY trajectory_key) AS newest
        JOIN results r ON r.id = newest.id
        JOIN trajectories t ON t.key = r.trajectory_key
        LEFT JOIN proposals p ON p.result_id = r.id
        LEFT JOIN attempts a ON a.id = p.attempt_id
        ORDER BY t.rowid"""
    names = ("trajectory_id", "key", "status", "stage", "reason", "detail", "goal", "final_answer", "score")
    for row in store.stream(sql, {"run": run}):
        yield dict(zip((*names, "judge_says", "judge", "judge_reason"), row, strict=True))


# The newest result of each trajectory among the runs of the same settings up to this one.
_VERSION = """
    SELECT r.trajectory_key AS key, r.status, coalesce(r.reason, p.queue_reason) AS reason, t.prompt AS goal, p.score
    FROM (SELECT max(id) AS id FROM results
          WHERE settings_hash = (SELECT settings_hash FROM runs WHERE id = :{0}) AND run_id <= :{0}
          GROUP BY trajectory_key) AS newest
    JOIN results r ON r.id = newest.id
    LEFT JOIN proposals p ON p.result_id = r.id
    LEFT JOIN attempts t ON t.id = p.attempt_id"""
