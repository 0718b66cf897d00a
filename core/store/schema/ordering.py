"""When the queue was put in order, and the random share read without its rows."""

from sqlite_utils import Database

from core.store.schema.steps import migrations


@migrations()
def m016_orders_of_the_queue(db: Database) -> None:
    """Keep how much was known at each order; an index that alone answers what is asked of the random share."""
    db.execute(
        "CREATE TABLE queue_orders ("
        " id INTEGER PRIMARY KEY,"
        " verdicts INTEGER NOT NULL,"  # items that humans had decided on
        " ordered_at TEXT NOT NULL)"
    )
    db.execute("DROP INDEX proposals_random")
    # The last two columns are constants of it; without them SQLite 3.40 looks each one up in the table.
    db.execute(
        "CREATE INDEX proposals_random ON proposals("
        "state, score, weight, queue_reason, failure_type, source, is_current, is_random)"
        " WHERE is_current = 1 AND is_random = 1"
    )
