"""Every paid model call, stored as it arrives, so that no rerun pays for it again.

What a call cost is stored with it, at the price in force then: money spent does not change when a
price does. The sums stand in `runs`, moved in the same transaction, so that reading them costs
nothing at a million calls.
"""

from dataclasses import dataclass

from core.prices import Usage
from core.store.clock import utc_now
from core.store.connection import Store


@dataclass(frozen=True)
class StoredCall:
    """One call that used something up: answered, or broken off after a first answer.

    Tokens as the server counted them, latency in seconds, `cost_usd` None where it is unknown. `fault`:
    why the reply is no answer, however it reads; empty if it is one.
    """

    request_hash: str
    stage: str
    model: str
    prompt_hash: str
    temperature: float
    usage: Usage
    cost_usd: float | None
    latency_s: float
    requests: int
    reply: str
    fault: str = ""


@dataclass(frozen=True)
class CallTotals:
    """Sums over calls. `cost_usd` leaves out the `unpriced_calls`, whose price nobody had set."""

    calls: int
    requests: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced_calls: int


def add_call(store: Store, call: StoredCall, *, run_id: int, trajectory_key: str, in_flight: int) -> None:
    """Store one call, and count it for its run; `in_flight` are under way now. Call inside a transaction."""
    values = {name: value for name, value in call.__dict__.items() if name != "usage"}
    values |= call.usage.__dict__
    store.insert(
        "model_calls",
        {**values, "run_id": run_id, "trajectory_key": trajectory_key, "created_at": utc_now()},
    )
    store.write(
        "UPDATE runs SET calls = calls + 1, requests = requests + :requests,"
        " input_tokens = input_tokens + :input_tokens, cached_tokens = cached_tokens + :cached_tokens,"
        " output_tokens = output_tokens + :output_tokens, cost_usd = cost_usd + coalesce(:cost_usd, 0),"
        " unpriced_calls = unpriced_calls + (:cost_usd IS NULL), in_flight = :in_flight WHERE id = :run_id",
        {**values, "in_flight": in_flight, "run_id": run_id},
    )


def find_reply(store: Store, request_hash: str) -> str | None:
    """Raw text of the newest answer to the very same request; empty where that was of no use, None without one."""
    sql = "SELECT iif(fault = '', reply, '') FROM model_calls WHERE request_hash = ? ORDER BY id DESC LIMIT 1"
    found = store.value(sql, request_hash)
    return None if found is None else str(found)


def call_totals(store: Store) -> CallTotals:
    """Calls, HTTP requests, tokens and dollars over the whole file."""
    sums = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in CallTotals.__dataclass_fields__)
    return CallTotals(**(store.row(f"SELECT {sums} FROM runs") or {}))


def unpriced_under(store: Store, settings_hash: str) -> int:
    """Calls of unknown cost that runs of these settings have had."""
    return int(store.value("SELECT coalesce(sum(unpriced_calls), 0) FROM runs WHERE settings_hash = ?", settings_hash))


def spent_under(store: Store, settings_hash: str, *, but_run: int) -> float:
    """Dollars that runs of these settings have cost, without the run `but_run`."""
    sql = "SELECT coalesce(sum(cost_usd), 0) FROM runs WHERE settings_hash = ? AND id != ?"
    return float(store.value(sql, settings_hash, but_run))


def costs_by_group(store: Store) -> list[tuple[str | None, str, float, int]]:
    """(failure type, source, dollars, unpriced calls); failure type '' = none named, None = there is no proposal."""
    return store.tuples(
        "SELECT iif(p.id IS NULL, NULL, coalesce(p.failure_type, '')), coalesce(p.source, t.source),"
        " sum(c.cost_usd), sum(c.unpriced)"
        " FROM (SELECT trajectory_key, coalesce(sum(cost_usd), 0) AS cost_usd, sum(cost_usd IS NULL) AS unpriced"
        "       FROM model_calls INDEXED BY model_calls_costs GROUP BY trajectory_key) AS c"
        " JOIN trajectories t ON t.key = c.trajectory_key"
        " LEFT JOIN proposals p ON p.trajectory_key = c.trajectory_key AND p.is_current = 1 GROUP BY 1, 2"
    )
