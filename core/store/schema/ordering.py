"""When the queue was put in order; the random share and the costs read without their rows."""

from sqlite_utils import Database

from core.store.schema.steps import migrations


@migrations()
def m016_orders_of_the_queue(db: Database) -> None:
    """Keep how much was known at each order; two indexes that alone answer what the threshold screen asks."""
    db.execute(
        "CREATE TABLE queue_orders ("
        " id INTEGER PRIMARY KEY,"
        " verdicts INTEGER NOT NULL,"  # items that humans had decided on
        " ordered_at TEXT NOT NULL)"
    )
    # Without reading the replies, which stand between.
    db.execute("CREATE INDEX model_calls_costs ON model_calls(trajectory_key, cost_usd)")
    db.execute("DROP INDEX proposals_random")
    # The last two columns are constants of it; without them SQLite 3.40 looks each one up in the table.
    db.execute(
        "CREATE INDEX proposals_random ON proposals("
        "state, score, weight, queue_reason, failure_type, source, is_current, is_random)"
        " WHERE is_current = 1 AND is_random = 1"
    )
