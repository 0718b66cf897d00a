"""What a calibrated score is kept in."""

from sqlite_utils import Database

from core.store.schema.steps import migrations


@migrations()
def m015_calibrations(db: Database) -> None:
    """Keep what a score has meant, each fit as a version of its own."""
    db.execute(
        "CREATE TABLE calibrations ("
        " version INTEGER PRIMARY KEY,"
        " scores TEXT NOT NULL,"  # JSON list, ascending
        " means TEXT NOT NULL,"  # JSON list of the same length: the share that was right
        " n INTEGER NOT NULL,"  # verdicts on random items that it was made of
        " before REAL NOT NULL,"  # Brier score of the score itself
        " after REAL NOT NULL,"  # and of the fit, on items that it was not made of
        " fitted_by TEXT NOT NULL,"
        " created_at TEXT NOT NULL)"
    )
