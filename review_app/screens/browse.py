"""Browse: every proposal in one table, filtered, sorted and paged in the database."""

import pandas as pd
import streamlit as st

from core.models import FailureType, ProposalState
from core.store.browse import BrowseRow, Order, matching, page_of
from core.store.queue import state_counts
from review_app.counted import counted
from review_app.filtering import filter_fields
from review_app.pane.shown import line
from review_app.pane.words import FAILURE, STATE
from review_app.session import annotator, store
from review_app.widgets import empty

_PAGE = 50  # rows
_ORDERS = {
    "Queue order": Order.QUEUE,
    "Name": Order.NAME,
    "Score": Order.SCORE,
    "Steps": Order.STEPS,
    "Last verdict": Order.VERDICT,
}


def table(rows: list[BrowseRow]) -> BrowseRow | None:
    """The page as a table; the row that is picked."""
    cells = [
        {
            "Name": line(row.name, 120),
            "State": STATE[row.state][0],
            "Score": row.score,
            "Judge": row.judge_says.capitalize(),
            "Failure": FAILURE[FailureType(row.failure_type)] if row.failure_type else "",
            "Source": line(row.source, 60),
            "Steps": row.step_count,
            "Tags": line(row.tags),
            "Assigned to": line(row.assigned_to or ""),
            "Verdict by": line(row.decided_by or ""),
            "Note": line(row.note or ""),
            "Request": line(" ".join(row.request.split())),
        }
        for row in rows
    ]
    picked = st.dataframe(
        pd.DataFrame(cells),
        hide_index=True,
        width="stretch",
        height=38 * min(len(rows), 15) + 38,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "Score": st.column_config.NumberColumn(format="%.2f", width="small"),
            "Steps": st.column_config.NumberColumn(width="small"),
            "Request": st.column_config.TextColumn(width="large"),
        },
        key="browse_table",
    )["selection"]["rows"]
    return rows[picked[0]] if picked and picked[0] < len(rows) else None


def choose_state(all_states: dict[ProposalState, int]) -> ProposalState | None:
    """The one state that is shown; None = any."""
    return st.selectbox(
        "State",
        [None, *(state for state in ProposalState if all_states[state])],
        format_func=lambda value: f"{STATE[value][0]} ({all_states[value]:,})" if value else "Any",
        key="browse_state",
    )


st.title("Browse", anchor=False)
with store() as opened:
    states = state_counts(opened)
    if not sum(states.values()):
        empty(
            "No proposals yet",
            "Import failed runs and run the stages; then every proposal stands here.",
            page="screens/import_run.py",
            label="Go to Import & run",
        )
        st.stop()
    first, filters, by, way, number, act = st.columns([3, 2, 3, 2, 2, 3], vertical_alignment="bottom")
    with first:
        state = choose_state(states)
    with filters, st.popover("Filter", icon=":material/filter_list:", width="stretch"):
        wanted = filter_fields(opened, annotator(), state, prefix="browse")
    with by:
        order = _ORDERS[st.selectbox("Sort by", list(_ORDERS), key="browse_order")]
    with way:
        descending = st.toggle("Descending", key="browse_descending")
    found = matching(opened, wanted, state)
    pages = max(1, -(-found // _PAGE))
    st.session_state["browse_page"] = min(st.session_state.get("browse_page", 1), pages)
    with number:
        page = int(st.number_input(f"Page, of {pages:,}", 1, pages, key="browse_page")) - 1
    rows = page_of(opened, wanted, state, order=order, descending=descending, limit=_PAGE, offset=page * _PAGE)
if not rows:
    empty("Nothing matches", "Choose another state, or clear the filter.")
    st.stop()
st.caption(f"{counted(found, 'item')}. Tick a row to open it in Review.")
chosen = table(rows)
with act:
    wants = st.button(
        "Open in Review", type="primary", icon=":material/rate_review:", disabled=chosen is None, width="stretch"
    )
if wants and chosen:
    st.switch_page("screens/review.py", query_params={"item": chosen.key})
