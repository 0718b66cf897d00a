"""Batch jobs and the questions in them, so that any later process goes on with them and asks nothing twice.

A job is `writing` (nothing is sent), `submitting` (it may have begun at the server, under its token),
then in the server's own states; it is over once `read_at` is set. A question is `waiting` in one job
at most. No prompt, address with a password, or key is kept here.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from core.store.clock import utc_now
from core.store.connection import Store

_PAGE = 1000  # keys read at once


@dataclass(frozen=True)
class BatchAsk:
    """One question of a job; `aside_usd` is the most that it may cost."""

    request_hash: str
    trajectory_key: str
    stage: str
    prompt_hash: str
    temperature: float
    aside_usd: float


@dataclass(frozen=True)
class Try:
    """What became of one asking: waiting | answered | failed. `final`: asking again is no use."""

    state: str
    problem: str
    final: bool


@dataclass(frozen=True)
class OpenBatch:
    """A job that is not read to its end. `job_id` is empty while it is `submitting`."""

    id: int
    token: str
    job_id: str
    file_id: str
    requests: int
    over: int


@dataclass(frozen=True)
class WaitingJob:
    """A job that is not read to its end, as a person sees it; `over` of its requests are answered or failed."""

    job_id: str
    address: str
    model: str
    state: str
    requests: int
    over: int
    begun: str
    settings_hash: str


def begin_batch(store: Store, *, run_id: int, address: str, model: str, token: str, after_result: int) -> int:
    """Note a job that is about to be written; its id. `after_result`: the newest result by now."""
    return store.insert(
        "batches",
        {
            "run_id": run_id,
            "address": address,
            "model": model,
            "token": token,
            "state": "writing",
            "after_result": after_result,
            "created_at": utc_now(),
        },
    )


def add_ask(store: Store, batch_id: int, ask: BatchAsk) -> None:
    """Note a question that goes into a job."""
    store.insert("batch_asks", {"batch_id": batch_id, **ask.__dict__})


def note_upload(store: Store, batch_id: int, *, file_id: str, requests: int) -> None:
    """Note that the job may begin at the server from now on."""
    sql = "UPDATE batches SET state = 'submitting', file_id = ?, requests = ? WHERE id = ?"
    store.write(sql, file_id, requests, batch_id)


def note_job(store: Store, batch_id: int, *, job_id: str, state: str, over: int) -> None:
    """Note what the server says of a job; `over` of its requests are answered or failed."""
    store.write(
        "UPDATE batches SET job_id = ?, state = ?, over = ?, submitted_at = coalesce(submitted_at, ?) WHERE id = ?",
        job_id,
        state,
        over,
        utc_now(),
        batch_id,
    )


def note_in_flight(store: Store, run_id: int, count: int) -> None:
    """Note for a run how many questions wait for their answers."""
    store.write("UPDATE runs SET in_flight = ? WHERE id = ?", count, run_id)


def tries_of(store: Store, request_hash: str, *, address: str, trajectory_key: str, settings_hash: str) -> list[Try]:
    """How often a question was put at this address since its trajectory last failed, oldest first."""
    rows = store.rows(
        "SELECT a.state, a.problem, a.final FROM batch_asks a JOIN batches b ON b.id = a.batch_id"
        " WHERE a.request_hash = ? AND b.address = ? AND b.after_result >= (SELECT coalesce(max(id), 0) FROM results"
        " WHERE trajectory_key = ? AND settings_hash = ? AND status = 'failed') ORDER BY a.batch_id",
        request_hash,
        address,
        trajectory_key,
        settings_hash,
    )
    return [Try(row["state"], row["problem"], bool(row["final"])) for row in rows]


def take_ask(
    store: Store, batch_id: int, request_hash: str, *, answered: bool, problem: str, final: bool
) -> dict[str, Any] | None:
    """Note what became of a question; its row, or None where it is no longer waiting in this job.

    Call inside the transaction that stores its answer: so each is stored once, whoever reads the job.
    """
    taken = store.write(
        "UPDATE batch_asks SET state = ?, problem = ?, final = ?"
        " WHERE batch_id = ? AND request_hash = ? AND state = 'waiting'",
        "answered" if answered else "failed",
        problem,
        int(final),
        batch_id,
        request_hash,
    )
    sql = "SELECT * FROM batch_asks WHERE batch_id = ? AND request_hash = ?"
    return store.row(sql, batch_id, request_hash) if taken else None


def finish_batch(store: Store, batch_id: int, *, state: str, problem: str, unanswered: str) -> None:
    """Note that a job is read to its end; what still waits in it has come to nothing, as `unanswered` says."""
    with store.transaction():
        store.write(
            "UPDATE batch_asks SET state = 'failed', problem = ? WHERE batch_id = ? AND state = 'waiting'",
            unanswered,
            batch_id,
        )
        store.write(
            "UPDATE batches SET state = ?, problem = ?, over = requests, read_at = ? WHERE id = ?",
            state,
            problem,
            utc_now(),
            batch_id,
        )


def drop_batch(store: Store, batch_id: int) -> None:
    """Forget a job that did not begin, with its questions: they were never put."""
    with store.transaction():
        store.write("DELETE FROM batch_asks WHERE batch_id = ?", batch_id)
        store.write("DELETE FROM batches WHERE id = ?", batch_id)


def drop_unsent(store: Store) -> None:
    """Forget the jobs that runs which are over were still writing."""
    unsent = store.rows(
        "SELECT b.id FROM batches b JOIN runs r ON r.id = b.run_id WHERE b.state = 'writing' AND r.state != 'running'"
    )
    for row in unsent:
        drop_batch(store, row["id"])


def take_over_doubtful(store: Store, run_id: int, *, address: str, model: str) -> list[OpenBatch]:
    """Jobs of which nobody knows whether they began, because their run ended just then; now this run's."""
    with store.transaction():
        where = (
            " FROM batches b JOIN runs r ON r.id = b.run_id"
            " WHERE b.state = 'submitting' AND b.address = ? AND b.model = ? AND r.state != 'running'"
        )
        found = store.rows(f"SELECT b.*{where}", address, model)
        for row in found:
            store.write("UPDATE batches SET run_id = ? WHERE id = ?", run_id, row["id"])
    return [_open(row) for row in found]


def open_batches(store: Store, *, address: str, model: str) -> list[OpenBatch]:
    """Jobs that have begun and are not read to their end, oldest first."""
    sql = "SELECT * FROM batches WHERE address = ? AND model = ? AND job_id != '' AND read_at IS NULL ORDER BY id"
    return [_open(row) for row in store.rows(sql, address, model)]


def waiting_jobs(store: Store) -> list[WaitingJob]:
    """Jobs that have begun, anywhere, and are not read to their end, oldest first."""
    rows = store.rows(
        "SELECT b.job_id, b.address, b.model, b.state, b.requests, b.over, b.submitted_at AS begun, r.settings_hash"
        " FROM batches b JOIN runs r ON r.id = b.run_id WHERE b.job_id != '' AND b.read_at IS NULL ORDER BY b.id"
    )
    return [WaitingJob(**row) for row in rows]


def held_keys(store: Store, run_id: int, batches: Collection[int] | None = None) -> Iterator[str]:
    """Trajectories that a run holds, page by page; with `batches`, those that have a question in one of these."""
    among = ", ".join(str(int(one)) for one in batches or ())
    asked = f" AND trajectory_key IN (SELECT trajectory_key FROM batch_asks WHERE batch_id IN ({among}))"
    sql = f"SELECT trajectory_key FROM claims WHERE run_id = ? AND trajectory_key > ?{asked if batches else ''}"
    last = ""
    while page := [key for (key,) in store.stream(f"{sql} ORDER BY trajectory_key LIMIT {_PAGE}", run_id, last)]:
        yield from page
        last = page[-1]


def set_aside_for(store: Store, settings_hash: str) -> float:
    """The most dollars that questions which wait in jobs of these settings may still cost."""
    sql = (
        "SELECT coalesce(sum(a.aside_usd), 0) FROM batches b JOIN runs r ON r.id = b.run_id"
        " JOIN batch_asks a ON a.batch_id = b.id"
        " WHERE b.read_at IS NULL AND r.settings_hash = ? AND a.state = 'waiting'"
    )
    return float(store.value(sql, settings_hash))


def _open(row: dict[str, Any]) -> OpenBatch:
    return OpenBatch(**{name: row[name] for name in OpenBatch.__dataclass_fields__})
