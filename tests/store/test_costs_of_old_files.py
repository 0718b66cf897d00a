"""A file from before costs were kept: its calls are counted, and their price stays unknown."""

from filled import make_run

from core.prices import Usage
from core.store import open_store
from core.store.calls import StoredCall, add_call, call_totals
from core.store.runs import latest_run, start_run
from core.store.trajectories import Incoming, add_batch, begin_import


def test_calls_of_an_older_version_are_counted_for_their_run_at_no_known_price(tmp_path):
    path = tmp_path / "old.db"
    run = make_run(1)
    with open_store(path, create=True) as store:
        add_batch(store, begin_import(store, "a", "reference"), [Incoming(run, "{}", 1, "reference")], [])
        number = start_run(store, method="m", settings="{}", settings_hash="s", total=1)
        call = StoredCall("h", "judge", "m", "p", 0.0, Usage(100, 20), 0.5, 0.1, 2, "{}")
        for _ in range(3):
            with store.transaction():
                add_call(store, call, run_id=number, trajectory_key=run.key, in_flight=1)
        assert call_totals(store).cost_usd == 1.5
        for newer in ("INDEX model_calls_costs", "TABLE queue_orders"):
            store.write(f"DROP {newer}")
        for column in ("cached_tokens", "cost_usd"):
            store.write(f"ALTER TABLE model_calls DROP COLUMN {column}")
        for column in (
            "calls", "requests", "input_tokens", "cached_tokens", "output_tokens", "unpriced_calls", "cost_usd",
            "in_flight",
        ):  # fmt: skip
            store.write(f"ALTER TABLE runs DROP COLUMN {column}")
        store.write("DELETE FROM _sqlite_migrations WHERE name LIKE 'm005%' OR name LIKE 'm016%'")
    with open_store(path) as store:
        totals = call_totals(store)
        assert (totals.calls, totals.requests, totals.input_tokens, totals.output_tokens) == (3, 6, 300, 60)
        assert (totals.cost_usd, totals.unpriced_calls) == (0, 3)
        assert (latest_run(store) or {})["in_flight"] == 0
