"""What every screen needs: the open database, the settings, and who is at the desk.

Nothing that matters lives in the browser session; it holds only where this tab is.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path

import streamlit as st

from core.errors import StoreError
from core.review.typed import reviewer_name
from core.settings import Settings, load_settings
from core.store import Store, open_store

DATABASE_VARIABLE = "AGENTHER_DB"
NAME_VARIABLE = "AGENTHER_REVIEWER"  # who reviews where the address names nobody
_PATIENCE = 2.0  # seconds: a screen says soon that the file is locked, and the pane sends its verdict again
_NAME = "as"  # query parameter, so that a reload and a bookmark keep the name


def database() -> Path:
    """The database file that this app was started on."""
    return Path(os.environ[DATABASE_VARIABLE])


@contextmanager
def store(*, patience: float = _PATIENCE) -> Iterator[Store]:
    """A connection for this script run: each run is a thread of its own.

    `patience`: seconds that a write waits for other programs. Raises `StoreError` where the file cannot be used.
    """
    place = database()
    if not place.exists():  # it did when the app was started
        words = "It was moved or deleted while the app runs: put it back, or start the app on another file (--db)."
        raise StoreError(f"{place} does not exist. {words}")
    if place.stat().st_ino != served(place):
        words = "Another file was put in its place while the app runs. Stop the app, and start it again on that file."
        raise StoreError(f"{place} is not the file that is reviewed here. {words}")
    with open_store(place, busy_seconds=patience) as opened:
        _held_open(place)
        yield opened


@cache
def served(path: Path) -> int:
    """The file (inode) that the app was started on: SQLite would write its log into any other of the same name."""
    return path.stat().st_ino


@lru_cache(maxsize=1)
def _held_open(path: Path) -> Store:
    """One connection that is never used: SQLite writes the whole log back whenever the last one closes."""
    return open_store(path)


@cache
def settings() -> Settings:
    """Settings in force, read once per server."""
    return load_settings({})


def annotator() -> str:
    """Who reviews in this tab; the header has asked for the name before any screen is drawn."""
    name = known_name()
    assert name is not None
    return name


def known_name() -> str | None:
    """The name in the address, else the one that the app was started with (`--as`), else None: nobody has said it yet.

    Streamlit drops the address's parameters when the screen changes; the name is put back there. Raises
    `UserError` where the address holds what cannot be a name.
    """
    named = st.query_params.get(_NAME)
    kept = st.session_state.get("annotator") or os.environ.get(NAME_VARIABLE)
    if named is not None:
        rename_annotator(named)
    elif kept:
        rename_annotator(kept)
    else:
        return None
    return str(st.session_state["annotator"])


def rename_annotator(name: str) -> None:
    """Review under another name from now on; raises `UserError` for what cannot be a name."""
    plain = reviewer_name(name)
    st.session_state["annotator"] = plain
    if st.query_params.get(_NAME) != plain:
        st.query_params[_NAME] = plain
