"""Every paid model call, stored as it arrives, so that no rerun pays for it again."""

from dataclasses import dataclass

from core.store.clock import utc_now
from core.store.connection import Store


@dataclass(frozen=True)
class StoredCall:
    """One answered call. Tokens as the server counted them, latency in seconds."""

    request_hash: str
    stage: str
    model: str
    prompt_hash: str
    temperature: float
    input_tokens: int
    output_tokens: int
    latency_s: float
    requests: int
    reply: str


def save_call(store: Store, call: StoredCall, *, run_id: int | None, trajectory_key: str | None) -> None:
    """Store one call in a transaction of its own."""
    with store.transaction():
        store.insert(
            "model_calls",
            {**call.__dict__, "run_id": run_id, "trajectory_key": trajectory_key, "created_at": utc_now()},
        )


def find_reply(store: Store, request_hash: str) -> str | None:
    """Raw text of the newest answer to the very same request, or None."""
    found = store.value("SELECT reply FROM model_calls WHERE request_hash = ? ORDER BY id DESC LIMIT 1", request_hash)
    return None if found is None else str(found)


def call_totals(store: Store) -> dict[str, int]:
    """Calls, HTTP requests and tokens over the whole file."""
    row = store.row(
        "SELECT count(*) AS calls, coalesce(sum(requests), 0) AS requests,"
        " coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens"
        " FROM model_calls"
    )
    return {name: int(n) for name, n in (row or {}).items()}
