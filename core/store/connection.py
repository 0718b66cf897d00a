"""One open file: queries, writes, transactions, and SQLite's faults in words.

Every write goes through `Store.transaction()`: BEGIN IMMEDIATE, because a deferred BEGIN that later
upgrades to a write fails at once with "database is locked", whatever the busy timeout says.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ValidationError
from sqlite_utils import Database

from core.errors import StoreError

Parsed = TypeVar("Parsed", bound=BaseModel)

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TAKEN = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
TRY_AGAIN = " This step changed nothing; try again."
_BUSY = "another program is writing to it"
_OUR_FAULTS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)  # of the program, not of the file


class Store:
    """One open database file. Not for sharing across threads; opening another costs 0.1 ms."""

    def __init__(self, path: Path, db: Database) -> None:
        self.path = path
        self.db = db

    def rows(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        """All rows of a SELECT. Parameters as everywhere: one for each `?`, or one dict of names."""
        with said_in_words(self.path):
            return list(self.db.query(sql, _bound(params)))

    def row(self, sql: str, *params: Any) -> dict[str, Any] | None:
        """First row of a SELECT, or None."""
        with said_in_words(self.path):
            return next(iter(self.db.query(sql, _bound(params))), None)

    def value(self, sql: str, *params: Any) -> Any:
        """First column of the first row."""
        with said_in_words(self.path):
            found = self.db.execute(sql, _bound(params)).fetchone()
        return found[0] if found else None

    def tuples(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """All rows of a SELECT as tuples: what is many and narrow, three times as fast as one at a time."""
        with said_in_words(self.path):
            return self.db.execute(sql, _bound(params)).fetchall()

    def stream(self, sql: str, *params: Any) -> Iterator[tuple[Any, ...]]:
        """Rows of a SELECT one at a time, for what is too big to hold."""
        with said_in_words(self.path):
            cursor = self.db.execute(sql, _bound(params))
        while True:
            with said_in_words(self.path):
                row = cursor.fetchone()
            if row is None:
                return
            yield row

    def parsed(self, kind: type[Parsed], text: str) -> Parsed:
        """A value that the file holds as JSON; damage that SQLite cannot see shows here."""
        try:
            return kind.model_validate_json(text)
        except ValidationError:
            raise _damaged(self.path, f"a {kind.__name__} in it cannot be read") from None

    def write(self, sql: str, *params: Any) -> int:
        """Run one INSERT, UPDATE or DELETE; the number of rows it touched."""
        with said_in_words(self.path):
            return self.db.execute(sql, _bound(params)).rowcount

    def insert(self, table: str, values: dict[str, Any]) -> int:
        """Insert one row; its row id."""
        columns = ", ".join(values)
        marks = ", ".join("?" * len(values))
        with said_in_words(self.path):
            cursor = self.db.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(values.values()))
        return int(cursor.lastrowid or 0)

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing; waits its turn among other writers."""
        return self._between("BEGIN IMMEDIATE")

    def snapshot(self) -> AbstractContextManager[None]:
        """All that is read in it is of one moment, whatever others write meanwhile; waits for nobody."""
        return self._between("BEGIN")

    @contextmanager
    def _between(self, begin: str) -> Iterator[None]:
        try:
            with said_in_words(self.path):
                self.db.execute(begin)
            yield
            with said_in_words(self.path):
                self.db.execute("COMMIT")
        except BaseException:
            if self.db.conn.in_transaction:  # some faults have ended it already
                self.db.execute("ROLLBACK")
            raise

    def settle(self) -> None:
        """Write the log back, so that the file is whole without the two beside it."""
        with said_in_words(self.path):
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection."""
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def said_in_words(path: Path) -> Iterator[None]:
    """A file that is locked, full, read-only or damaged is the person's business: `StoreError`, no traceback."""
    try:
        yield
    except _OUR_FAULTS:
        raise
    except sqlite3.DatabaseError as error:
        no_text = str(error).startswith("Could not decode")  # Python's own finding, without a code
        if no_text or getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
            raise _damaged(path, str(error)) from None
        why = _BUSY if getattr(error, "sqlite_errorcode", 0) & 0xFF in _TAKEN else str(error)
        raise StoreError(f"{path} cannot be used now: {why}.{TRY_AGAIN}") from None


def _damaged(path: Path, how: str) -> StoreError:
    words = f"is damaged ({' '.join(how.split())}). Go back to a copy, or save what can be read into a new file:"
    return StoreError(f'{path} {words} sqlite3 "{path}" .recover | sqlite3 recovered.db')


def _bound(params: tuple[Any, ...]) -> Any:
    return params[0] if len(params) == 1 and isinstance(params[0], dict) else params
