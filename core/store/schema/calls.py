"""What became of calls to models."""

from sqlite_utils import Database

from core.store.schema.steps import migrations


@migrations()
def m013_why_a_reply_is_of_no_use(db: Database) -> None:
    """Note with a call why its reply must not be taken for an answer: refused, filtered, unreadable."""
    db.execute("ALTER TABLE model_calls ADD COLUMN fault TEXT NOT NULL DEFAULT ''")
