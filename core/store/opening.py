"""Opening the file: one connection per thread or script run, migrated, in WAL mode.

A reader writes nothing, so it waits for nobody's lock and works on a file that cannot be written.
"""

import sqlite3
import time
from pathlib import Path

from sqlite_utils import Database

from core.errors import StoreError
from core.store.connection import Store, said_in_words
from core.store.schema import migrations

_BUSY_SECONDS = 30.0  # SQLite's busy handler is unfair: under 8 writers one may wait seconds
_READ_BUSY_SECONDS = 5.0  # only a program that locks the whole file keeps a reader waiting


def open_store(path: Path | str, *, create: bool = False, busy_seconds: float = _BUSY_SECONDS) -> Store:
    """Open a database file, brought to the newest schema.

    `busy_seconds` is how long a write waits for other writers. Raises `StoreError` where the file
    is missing (unless `create`), is no database, is damaged, belongs to another program, or was
    written by a newer version.
    """
    path = _checked(Path(path), create=create)
    store = _connect(path, str(path), busy_seconds)
    try:
        with said_in_words(path):
            _prepare(store)
    except StoreError:
        store.close()
        raise
    return store


def open_to_read(path: Path | str) -> Store:
    """Open a database file that will not be written, also where it or its folder is read-only.

    Raises `StoreError` as `open_store` does. A file of an older version is brought to the newest
    schema first, which is the one thing that needs a file that can be written.
    """
    path = _checked(Path(path), create=False)
    store = _connect_to_read(path)
    try:
        with said_in_words(path):
            outdated = _steps_of(store) != _known()
    except StoreError:
        store.close()
        raise
    if not outdated:
        return store
    store.close()
    try:
        open_store(path).close()
    except StoreError as error:
        raise StoreError(f"An older version wrote {path}; open it once where it can be written. ({error})") from None
    return _connect_to_read(path)


def _checked(path: Path, *, create: bool) -> Path:
    try:
        missing = not path.exists()
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}.") from None
    if missing and not create:
        raise StoreError(f"{path} does not exist. `agenther import FILE --db {path}` makes it.")
    if path.is_dir():
        raise StoreError(f"{path} is a folder; name a database file in it.")
    if not path.parent.is_dir():
        raise StoreError(f"The folder {path.parent} does not exist; create it first.")
    return path


def _connect(path: Path, address: str, busy_seconds: float) -> Store:
    """A connection to `address`, a path or a `file:` URI, that has found out whether this is a database."""
    uri = address.startswith("file:")
    try:
        connection = sqlite3.connect(address, timeout=busy_seconds, isolation_level=None, uri=uri)
    except sqlite3.OperationalError as error:
        raise StoreError(f"{path} cannot be opened: {error}.") from None
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError as error:
        connection.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise StoreError(f"{path} is not a database of this program; name another file with --db.") from None
        if uri:
            raise
        with said_in_words(path):
            raise
    return Store(path, Database(connection))


def _connect_to_read(path: Path) -> Store:
    # A WAL file needs two files beside it even to be read. Where they cannot be made, a file without a
    # log is complete in itself and read as one that nobody changes: https://sqlite.org/wal.html#readonly
    address = path.resolve().as_uri()
    try:
        store = _connect(path, f"{address}?mode=rw", _READ_BUSY_SECONDS)
    except sqlite3.DatabaseError as error:
        log = path.with_name(f"{path.name}-wal")
        with said_in_words(path):
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
                raise
        if log.exists() and log.stat().st_size:
            words = f"has changes in {log.name} that are not yet in it, and nothing can be written beside it"
            raise StoreError(f"{path} {words}; copy both files into a folder of your own.") from None
        store = _connect(path, f"{address}?mode=ro&immutable=1", _READ_BUSY_SECONDS)
    store.db.execute("PRAGMA query_only = ON")
    return store


def _prepare(store: Store) -> None:
    done = _steps_of(store)
    store.db.execute("PRAGMA foreign_keys = ON")
    if done != _known():
        _switch_to_wal(store)
        with store.transaction():  # several openers may start at once
            migrations.apply(store.db)
    store.db.execute("PRAGMA synchronous = FULL")


def _known() -> set[str]:
    return {migration.name for migration in migrations._migrations}  # the library lists them in no public way


def _steps_of(store: Store) -> set[str]:
    """Migrations that this file of ours has seen; raises `StoreError` where it is not ours, or newer."""
    done = _applied(store)
    if not done and store.value("SELECT count(*) FROM sqlite_master"):
        raise StoreError(f"{store.path} holds another program's tables; name another file with --db.")
    if newer := done - _known():
        raise StoreError(
            f"{store.path} was written by a newer version (step {max(newer)}); upgrade agenther to open it."
        )
    return done


def schema_version(store: Store) -> str:
    """Name of the newest step that the file's tables have been through."""
    return max(_applied(store), default="")


def _applied(store: Store) -> set[str]:
    """Names of the migrations that the file has seen, read by hand: the app opens a file at every act."""
    if not store.value("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"):
        return set()
    rows = store.rows("SELECT name FROM _sqlite_migrations WHERE migration_set = ?", migrations.name)
    return {row["name"] for row in rows}


def _switch_to_wal(store: Store) -> None:
    """Set WAL mode; SQLite does not apply its busy timeout to this one statement."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            store.db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
