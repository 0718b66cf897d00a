"""Runs of the pipeline: progress that outlives the process, results that are never overwritten."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.events import Progress
from core.models import PipelineResult, Value
from core.store.claims import free_dead_runs
from core.store.clock import utc_now
from core.store.connection import Store
from core.store.liveness import is_dead, this_process


def newest_result(store: Store) -> int:
    """Id of the newest result; 0 while there is none."""
    return int(store.value("SELECT max(id) FROM results") or 0)


def start_run(store: Store, *, method: str, settings: str, settings_hash: str, total: int, options: str = "{}") -> int:
    """Note that a run of this process has begun; its id. Runs of dead processes are marked stopped.

    `settings` and `options` are JSON: what changes its results, and what does not.
    """
    now = utc_now()
    with store.transaction():
        free_dead_runs(store)
        return store.insert(
            "runs",
            {
                "state": "running",
                "method": method,
                "settings": settings,
                "settings_hash": settings_hash,
                "options": options,
                "total": total,
                "process": this_process(),
                "started_at": now,
                "beat_at": now,
            },
        )


def beat(store: Store, run_id: int) -> None:
    """Give the sign of life of a running run."""
    store.write("UPDATE runs SET beat_at = ? WHERE id = ? AND state = 'running'", utc_now(), run_id)


def save_result(store: Store, run_id: int, key: str, settings_hash: str, result: PipelineResult) -> tuple[int, int]:
    """Store one result with every attempt; (result id, id of the attempt put forward or 0).

    Call inside a transaction.
    """
    status = "failed" if result.error else "skipped" if result.skip else "proposed"
    result_id = store.insert(
        "results",
        {
            "run_id": run_id,
            "trajectory_key": key,
            "settings_hash": settings_hash,
            "status": status,
            "stage": result.stage_reached.value,
            "reason": result.skip.reason.value if result.skip else None,
            "detail": result.error or (result.skip.detail if result.skip else ""),
            "analysis": _json(result.analysis),
            "outcome": _json(result.outcome),
            "created_at": utc_now(),
        },
    )
    proposed_id = 0
    for index, attempt in enumerate(result.relabeled.attempts if result.relabeled else ()):
        verdict = attempt.verdict
        says = "unjudged" if verdict is None or verdict.is_valid is None else "yes" if verdict.is_valid else "no"
        attempt_id = store.insert(
            "attempts",
            {
                "result_id": result_id,
                "number": attempt.number,
                "prompt": attempt.hindsight_prompt,
                "confidence": attempt.confidence,
                "judge_confidence": verdict.confidence if verdict else None,
                "judge_says": says,
                "model": attempt.model,
                "body": attempt.model_dump_json(),
            },
        )
        if result.relabeled and index == result.relabeled.proposed:
            proposed_id = attempt_id
    store.write(f"UPDATE runs SET done = done + 1, {status} = {status} + 1 WHERE id = ?", run_id)
    return result_id, proposed_id


def finish_run(store: Store, run_id: int, state: str, message: str = "", *, total: int, from_store: int = 0) -> None:
    """Note how a run ended, and free what it claimed.

    `total` is its share where other runs helped, `from_store` how many answers it did not have to ask for.
    """
    with store.transaction():
        store.write("DELETE FROM claims WHERE run_id = ?", run_id)
        store.write(
            "UPDATE runs SET state = ?, message = ?, total = ?, from_store = ?, finished_at = ?, in_flight = 0"
            " WHERE id = ?",
            state,
            message,
            total,
            from_store,
            utc_now(),
            run_id,
        )


def ask_to_stop(store: Store, run_id: int) -> None:
    """Ask a running run to stop after the model calls in flight."""
    store.write("UPDATE runs SET stop_asked = 1 WHERE id = ? AND state = 'running'", run_id)


def stop_asked(store: Store, run_id: int) -> bool:
    """Whether somebody asked this run to stop."""
    return bool(store.value("SELECT stop_asked FROM runs WHERE id = ?", run_id))


def latest_run(store: Store) -> dict[str, Any] | None:
    """The newest run under way, else the one that ended last: state, method, counts, times, message."""
    if under_way := runs_under_way(store):
        return under_way[-1]
    run = store.row("SELECT * FROM runs ORDER BY coalesce(finished_at, beat_at) DESC, id DESC LIMIT 1")
    return as_seen(run) if run else None


def runs_under_way(store: Store) -> list[dict[str, Any]]:
    """The runs that go on just now, in other processes too, oldest first."""
    runs = map(as_seen, store.rows("SELECT * FROM runs WHERE state = 'running' ORDER BY id"))
    return [run for run in runs if run["state"] == "running"]


def has_run_of(store: Store, process: str) -> bool:
    """Whether the process of this name (`liveness.name_of`) has begun a run here."""
    return bool(store.value("SELECT 1 FROM runs WHERE process = ? LIMIT 1", process))


def newest_run_by_model(store: Store) -> dict[str, Any] | None:
    """The run by a model that was begun last."""
    return store.row("SELECT * FROM runs WHERE method != 'rules' ORDER BY id DESC LIMIT 1")


def as_seen(run: dict[str, Any]) -> dict[str, Any]:
    """A row of `runs`; one whose process died without a word is shown as stopped."""
    if run["state"] != "running" or not is_dead(run["process"], run["beat_at"]):
        return run
    ended = {"state": "stopped", "finished_at": run["beat_at"], "in_flight": 0}
    return run | ended | {"message": "the process ended in mid-run"}


def run_progress(run: Mapping[str, Any]) -> Progress:
    """How far a run of `latest_run` has come, in the figures that its own process reports."""
    ended = datetime.fromisoformat(run["finished_at"]) if run["finished_at"] else datetime.now(UTC)
    same = ("total", "done", "proposed", "skipped", "failed", "in_flight", "calls", "cost_usd")
    return Progress(
        **{name: run[name] for name in (*same, "input_tokens", "output_tokens")},
        unpriced=run["unpriced_calls"],
        seconds=max(0.0, (ended - datetime.fromisoformat(run["started_at"])).total_seconds()),
        batch=bool(json.loads(run["options"]).get("batch")),
        stopped=run["message"] if run["state"] == "stopped" else "",
    )


def outcome_counts(store: Store) -> list[dict[str, Any]]:
    """(status, reason, n) over the newest result of every trajectory, most frequent first."""
    return store.rows(
        "SELECT status, reason, count(*) AS n FROM results WHERE id IN"
        " (SELECT max(id) FROM results GROUP BY trajectory_key) GROUP BY status, reason ORDER BY n DESC"
    )


def failures(store: Store) -> list[dict[str, Any]]:
    """Trajectories whose newest result is a failure: trajectory_id, stage, summary (one line), detail."""
    rows = store.rows(
        "SELECT t.trajectory_id, r.stage, r.detail FROM results r JOIN trajectories t ON t.key = r.trajectory_key"
        " WHERE r.status = 'failed' AND r.id IN (SELECT max(id) FROM results GROUP BY trajectory_key) ORDER BY r.id"
    )
    return [{**row, "summary": row["detail"].partition("\n")[0]} for row in rows]


def _json(value: Value | None) -> str | None:
    return value.model_dump_json() if value else None
