"""Team: who did what, where two people differ, what is open, and the guidelines."""

import streamlit as st

from core.review.overlap import count_disputes
from core.review.team import days_back, team
from review_app.counted import counted
from review_app.disputes import show_disputes
from review_app.guidelines import edit_guidelines
from review_app.session import annotator, store
from review_app.teamwork import choose_share, show_agreement, show_open, show_people

_VIEWS = ("People", "Two people", "Disputed", "Open now", "Guidelines")
_PERIODS = {"Today": 0, "Last 7 days": 6, "Last 30 days": 29, "All times": None}

st.title("Team", anchor=False)
with store() as opened:
    waiting = count_disputes(opened)
    view = st.segmented_control(
        "View",
        _VIEWS,
        default=_VIEWS[0],
        required=True,
        label_visibility="collapsed",
        key="team_view",
    )
    # Beside it and not in its label, which Streamlit would take for another choice once the count changes.
    if waiting and view != "Disputed":
        st.caption(f"{counted(waiting, 'disputed item')} to be settled.")
    if view == "People":
        period = st.segmented_control(
            "Verdicts of", list(_PERIODS), default="All times", required=True, key="team_period"
        )
        days = _PERIODS[period or "All times"]
        show_people(team(opened, since="" if days is None else days_back(days)).people)
    elif view == "Two people":
        with st.container(width=560):
            choose_share(opened, annotator())
        show_agreement(opened, team(opened))
    elif view == "Disputed":
        show_disputes(opened, annotator())
    elif view == "Guidelines":
        edit_guidelines(opened, annotator())
if view == "Open now":
    show_open(annotator())
