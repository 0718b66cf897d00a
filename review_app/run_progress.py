"""The runs that go on, as the store has them: alive after a reload and in every tab, each with its own stop."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.runs.background import is_alive, why_refused
from core.runs.figures import figures, results
from core.store import Store
from core.store.runs import ask_to_stop, latest_run, run_progress, runs_under_way
from review_app.faults import in_words
from review_app.pane.shown import line
from review_app.run_words import in_field_names
from review_app.session import database, store

_SEEN = "runs_seen"
_LONGEST = 1000  # characters shown of a message


def is_busy(opened: Store) -> bool:
    """Whether a run goes on, or one that was started here is about to; notes it for this script run."""
    st.session_state[_SEEN] = _state(opened)
    return bool(runs_under_way(opened)) or is_alive(database())


@st.fragment(run_every=1.0)
def progress() -> None:
    """Every run under way, else the one that ended last; draws the page anew when one begins or ends."""
    with in_words("progress"), store() as opened:
        last = latest_run(opened)
        for run in runs_under_way(opened) or ([last] if last else []):
            _one(opened, run)
        if why := why_refused(opened):
            st.text(f"No run was begun: {line(in_field_names(why), _LONGEST)}")
        if st.session_state.get(_SEEN) != _state(opened):
            st.rerun()


def _one(opened: Store, run: Mapping[str, Any]) -> None:
    now = run_progress(run)
    share = now.done / now.total if now.total else 1.0
    state = f"Run {run['id']} by {run['method']}: {run['state']}"
    st.progress(min(share, 1.0), text=f"Run {run['id']} · {now.done:,} of {now.total:,}: {results(now)}")
    st.text(" · ".join([state, *figures(now, running=run["state"] == "running")]))
    if run["state"] == "failed":
        st.error(f"Run {run['id']} failed.", icon=":material/error:")
    if run["message"]:
        st.text(line(in_field_names(run["message"]), _LONGEST))
    if run["state"] == "running":
        help_text = "Waits for the model calls in flight; nothing is lost."
        if st.button("Stop", icon=":material/stop:", help=help_text, key=f"stop{run['id']}"):
            ask_to_stop(opened, run["id"])


def _state(opened: Store) -> tuple[Any, ...]:
    last = latest_run(opened)
    going = tuple(run["id"] for run in runs_under_way(opened))
    return going, is_alive(database()), (last["id"], last["state"]) if last else None
