"""What every screen needs: the open database, the settings, and who is at the desk.

Nothing that matters lives in the browser session; it holds only where this tab is.
"""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from core.settings import Settings, load_settings
from core.store import Store, open_store

DATABASE_VARIABLE = "AGENTHER_DB"
_NAME = "as"  # query parameter, so that a reload and a bookmark keep the name


def database() -> Path:
    """The database file that this app was started on."""
    return Path(os.environ[DATABASE_VARIABLE])


@contextmanager
def store() -> Iterator[Store]:
    """A connection for this script run: each run is a thread of its own."""
    _held_open(database())
    with open_store(database()) as opened:
        yield opened


@st.cache_resource
def _held_open(path: Path) -> Store:
    """One connection that is never used: SQLite writes the whole log back whenever the last one closes."""
    return open_store(path)


@st.cache_resource
def settings() -> Settings:
    """Settings in force, read once per server."""
    return load_settings({})


def annotator() -> str:
    """Who reviews in this tab: the name in the address, else the account that runs the app.

    Streamlit drops the address's parameters when the screen changes; the name is put back there.
    """
    named, kept = st.query_params.get(_NAME), st.session_state.get("annotator")
    if named:
        st.session_state["annotator"] = named
    elif kept:
        st.query_params[_NAME] = kept
    return str(named or kept or _account())


def rename_annotator(name: str) -> None:
    """Review under another name from now on."""
    st.session_state["annotator"] = name.strip() or _account()
    st.query_params[_NAME] = st.session_state["annotator"]


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user database
        return "reviewer"
