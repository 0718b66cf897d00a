"""Costs for calls that were made when nobody had set a price."""

from collections.abc import Callable

from core.prices import Usage
from core.store.connection import Store

_PAGE = 1000  # calls read at once

# Whether an answer came by a batch job, which takes no time of its own.
_BY_BATCH = (
    "latency_s = 0 AND EXISTS (SELECT 1 FROM batch_asks a WHERE a.request_hash = c.request_hash"
    " AND a.state = 'answered')"
)


def price_calls(store: Store, cost: Callable[[str, Usage, bool], float | None]) -> tuple[int, float]:
    """Give every call of unknown cost what `cost` says of (model, usage, by batch); (how many got one, their sum)."""
    priced, dollars, last = 0, 0.0, 0
    with store.transaction():
        while rows := store.rows(
            f"SELECT id, run_id, model, input_tokens, output_tokens, cached_tokens, {_BY_BATCH} AS by_batch"
            " FROM model_calls c WHERE cost_usd IS NULL AND id > ? ORDER BY id LIMIT ?",
            last,
            _PAGE,
        ):
            last = rows[-1]["id"]
            for row in rows:
                usage = Usage(row["input_tokens"], row["output_tokens"], row["cached_tokens"])
                amount = cost(row["model"], usage, bool(row["by_batch"]))
                if amount is None:
                    continue
                store.write("UPDATE model_calls SET cost_usd = ? WHERE id = ?", amount, row["id"])
                store.write(
                    "UPDATE runs SET cost_usd = cost_usd + ?, unpriced_calls = unpriced_calls - 1 WHERE id = ?",
                    amount,
                    row["run_id"],
                )
                priced, dollars = priced + 1, dollars + amount
    return priced, dollars
