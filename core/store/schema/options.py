"""How a run was asked for."""

from sqlite_utils import Database

from core.store.schema.steps import migrations


@migrations()
def m010_how_a_run_was_asked_for(db: Database) -> None:
    """Note with a run the settings that change no result, and the answers that it found in the file."""
    db.execute("ALTER TABLE runs ADD COLUMN options TEXT NOT NULL DEFAULT '{}'")  # JSON: addresses, limits
    db.execute("ALTER TABLE runs ADD COLUMN from_store INTEGER NOT NULL DEFAULT 0")  # answers that were not asked for
