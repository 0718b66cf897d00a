"""Import & run: files in, four stages over them, progress that survives a reload."""

import pandas as pd
import streamlit as st

from core.prices import dollars
from core.review.costs import costs_of
from core.sources import SOURCES, SUFFIXES
from core.store import Store
from core.store.runs import failures, outcome_counts
from review_app.faults import in_words
from review_app.imports import report_all, take_uploads, what_is_in
from review_app.pane.shown import line
from review_app.run_form import start_form
from review_app.run_progress import progress
from review_app.session import settings, store

_FAILURES_SHOWN = 200
_PLAIN = [suffix for suffix in SUFFIXES if suffix.count(".") == 1]  # not those of packed files


def what_came(opened: Store) -> None:
    """Results by kind, and what failed."""
    found = outcome_counts(opened)
    if not found:
        return
    st.caption("All trajectories, each as the newest run that finished it left it")
    rows = [{"Result": (r["reason"] or r["status"]).replace("_", " "), "Trajectories": r["n"]} for r in found]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    what_it_cost(opened)
    st.page_link("screens/review.py", label="Review the proposals", icon=":material/arrow_forward:")
    broken = failures(opened)
    if broken:
        with st.expander(f"{len(broken):,} failed; the next run tries them again", icon=":material/error:"):
            for row in broken[:_FAILURES_SHOWN]:
                st.text(line(f"{row['trajectory_id']}: {row['summary']}", 1000))


def what_it_cost(opened: Store) -> None:
    """Dollars in all, and for each proposal that was of use; nothing where no model was asked."""
    costs = costs_of(opened, settings().pipeline)
    if not costs.calls:
        return
    st.text(f"All model calls so far: {costs.in_words}")
    shares = {"accepted by a human": costs.per_human_accepted, "auto-accepted": costs.per_auto_accepted}
    for words, share in shares.items():
        if share is not None:
            least = "at least " if costs.unpriced_calls else ""
            st.text(f"For each proposal {words}: {least}{dollars(share)}")
    if costs.unpriced_calls:
        st.caption(
            "Prices stand in agenther.toml; docs/models.md says how. `agenther price` gives them to older calls."
        )


st.title("Import & run", anchor=False)
left, right = st.columns([1, 1], gap="large")
with left:
    st.subheader("1. Import failed runs", anchor=False)
    number = st.session_state.setdefault("uploads", 0)  # a new one each time: what was imported leaves the uploader
    files = st.file_uploader(
        f"Files with failed runs: {', '.join(_PLAIN)}, .gz, .zst, and others",
        accept_multiple_files=True,
        max_upload_size=settings().review.max_upload_mb,
        key=f"upload{number}",
        help="Packed files are read as they are (.jsonl.gz, .json.zst), and so are files of any other name whose"
        " content is one of the formats.",
    )
    source = st.selectbox("Format", ["auto", *SOURCES], help="Found out from the content; overrule it here.")
    if st.button("Import", type="primary", icon=":material/upload:", disabled=not files):
        with in_words("import"):
            st.session_state["reports"] = take_uploads(files, source)
            st.session_state["uploads"] = number + 1
            st.rerun()
    report_all(st.session_state.get("reports", ()))
    with store() as opened:
        what_is_in(opened)
with right:
    st.subheader("2. Run the four stages", anchor=False)
    with store() as opened:
        start_form(opened)
        progress()
        what_came(opened)
