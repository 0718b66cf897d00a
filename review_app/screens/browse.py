"""Browse: every proposal in one table, filtered, sorted and paged in the database."""

import pandas as pd
import streamlit as st

from core.models import FailureType, ProposalState, content_hash
from core.store.browse import BrowseRow, Order, known_people, matching, page_of
from core.store.many import Chosen
from core.store.queue import state_counts
from review_app.counted import counted
from review_app.filtering import filter_fields
from review_app.kept import ANY, OnBrowse, keep, recall
from review_app.many import change_many, say_what_was_done
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


def table(rows: list[BrowseRow]) -> list[BrowseRow]:
    """The page as a table, without columns that are empty on it; the rows that are ticked. A clicked name opens.

    Ticks are kept by place, so a page of other rows is another table: no tick passes from one item to another.
    """
    cells = [
        {
            "Name": line(row.name, 120),
            "State": STATE[row.state][0],
            "Request": line(" ".join(row.request.split())),
            "Score": row.score,
            "Judge": row.judge_says.capitalize(),
            "Failure": FAILURE[FailureType(row.failure_type)] if row.failure_type else "",
            "Tags": line(row.tags),
            "Assigned to": line(row.assigned_to or ""),
            "Verdict by": line(row.decided_by or ""),
            "Note": line(row.note or ""),
            "Steps": row.step_count,
            "Source": line(row.source, 60),
        }
        for row in rows
    ]
    selected = st.dataframe(
        pd.DataFrame(cells),
        column_order=[name for name in cells[0] if any(cell[name] not in (None, "") for cell in cells)],
        hide_index=True,
        width="stretch",
        height="stretch",
        placeholder="",  # of an item without a score
        on_select="rerun",
        # a column that can be selected is not sorted: that would order this page alone
        selection_mode=("multi-row", "single-cell", "single-column"),
        column_config={
            "Score": st.column_config.NumberColumn(format="%.2f", width="small"),
            "Steps": st.column_config.NumberColumn(width="small"),
            "State": st.column_config.TextColumn(width=180),  # "Waits for a second person" is its longest
            "Request": st.column_config.TextColumn(width="large"),
            "Note": st.column_config.TextColumn(width="medium"),
        },
        key=f"browse_table_{content_hash([row.id for row in rows])}",
    )["selection"]
    picked = selected["rows"]
    if clicked := [rows[place] for place, name in selected.get("cells", ()) if name == "Name" and place < len(rows)]:
        st.switch_page("screens/review.py", query_params={"item": clicked[0].key})
    return [rows[place] for place in sorted(picked) if place < len(rows)]


def choose_state(all_states: dict[ProposalState, int]) -> ProposalState | None:
    """The one state that is shown; None = any."""
    kept = st.session_state["browse_state"]
    chosen = st.selectbox(
        "State",
        [ANY, *(state for state in ProposalState if all_states[state] or state == kept)],
        format_func=lambda value: "Any" if value == ANY else f"{STATE[value][0]} ({all_states[value]:,})",
        key="browse_state",
    )
    return chosen if isinstance(chosen, ProposalState) else None


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
    say_what_was_done()
    recall("browse", OnBrowse)
    first, filters, by, way, number, change, act = st.columns([3, 2, 3, 2, 2, 3, 3], vertical_alignment="bottom")
    with first:
        state = choose_state(states)
    with filters, st.popover("Filter", icon=":material/filter_list:", width="stretch"):
        me = annotator()
        people = {name: name for name in known_people(opened) if name != me}
        wanted = filter_fields(
            opened,
            me,
            state,
            prefix="browse",
            count=lambda chosen: matching(opened, Chosen(chosen, state)),
            people=people,
        )
    with by:
        order = _ORDERS[st.selectbox("Sort by", list(_ORDERS), key="browse_order")]
    with way:
        descending = st.toggle("Descending", key="browse_descending")
    everything = Chosen(wanted, state)
    found = matching(opened, everything)
    pages = max(1, -(-found // _PAGE))
    st.session_state["browse_page"] = min(st.session_state["browse_page"], pages)
    with number:
        page = int(st.number_input(f"Page (of {pages:,})", 1, pages, key="browse_page")) - 1
    keep("browse", OnBrowse)
    rows = page_of(opened, everything, order=order, descending=descending, limit=_PAGE, offset=page * _PAGE)
    if not rows:
        empty("Nothing matches", "Choose another state, or clear the filter.")
        st.stop()
    st.caption(f"{counted(found, 'item')}. Click a name to open it in Review; tick rows to change them at once.")
    with st.container(key="page_rows", height="stretch"):  # as tall as the window is
        ticked = table(rows)
    with change:
        change_many(opened, me, everything, found, tuple(row.id for row in ticked))
with act:
    wants = st.button(
        "Open in Review", type="primary", icon=":material/rate_review:", disabled=len(ticked) != 1, width="stretch"
    )
if wants and ticked:
    st.switch_page("screens/review.py", query_params={"item": ticked[0].key})
