"""One bulk act as the lead sees it: what it is, what its sample showed, and the buttons of its stage."""

import streamlit as st

from core.errors import UserError
from core.models import BulkAction
from core.review.audit import Audit
from core.review.bulk import SKIPPED, Standing, apply_bulk, drop_plan, how_it_stands, roll_back
from core.store import Store
from core.store.bulk import BulkAct, as_json
from review_app.counted import counted
from review_app.pane.shown import line

STAGE = {
    "planned": "planned",
    "applying": "broken off while it was applied",
    "applied": "in force",
    "rolling_back": "broken off while it was rolled back",
    "rolled_back": "rolled back",
    "dropped": "given up",
}


def show_act(opened: Store, act: BulkAct, me: str) -> None:
    """Everything about one act."""
    with st.container(border=True, key=f"act_{act.id}"):
        stands = how_it_stands(opened, act)
        accepts = act.action is BulkAction.ACCEPT
        what = f"accept from score {act.theta:.2f}" if accepts else f"reject below score {act.theta:.2f}"
        weight = f" and weight {act.delta:.2f}" if accepts else ""
        st.subheader(f"Batch {act.id}: {what}{weight}, {STAGE[act.stage]}", anchor=False)
        _story(act)
        st.text(audit_in_words(stands.audit))
        st.text(_items(stands))
        for other, items in stands.shared.items():
            st.text(f"Batch {other} is planned on {items:,} of these items too; the one applied first has them.")
        try:
            _buttons(opened, stands, me)
        except UserError as error:
            st.error("That was not done.")
            st.text(str(error))


def audit_in_words(audit: Audit) -> str:
    """What the sample has shown so far."""
    if not audit.decided:
        return f"Sample: {counted(audit.drawn, 'item')} drawn, none reviewed yet."
    low, high = audit.interval or (0.0, 1.0)
    share = f"{audit.right:,} of {audit.decided:,} right: {audit.right / audit.decided:.0%} ({low:.1%} to {high:.1%})"
    if not audit.is_through:
        return f"Sample: {share}. {audit.drawn - audit.decided:,} of {audit.drawn:,} have no verdict yet."
    shown = "That is enough" if audit.shows else "That is not enough"
    return f"Sample: {share}. At least {audit.at_least:.1%}, with 95% certainty. {shown} for {audit.target:.0%}."


def _story(act: BulkAct) -> None:
    lines = [f"Planned by {line(act.planned_by, 60)} on {_when(act.planned_at)}: {line(act.why)}"]
    narrowed = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in as_json(act.wanted).items())
    if narrowed:
        lines.append(f"Only {line(narrowed)}")
    if act.applied_by and act.applied_at:
        early = f" before the sample had shown it: {line(act.early_why)}" if act.early_why else ""
        lines.append(f"Applied by {line(act.applied_by, 60)} on {_when(act.applied_at)}{early}")
    if act.ended_by and act.ended_at:
        lines.append(f"{STAGE[act.stage].capitalize()} by {line(act.ended_by, 60)} on {_when(act.ended_at)}")
    st.text("\n".join(lines))


def _items(stands: Standing) -> str:
    members, act = dict(stands.members), stands.act
    planned = members.pop("planned", 0)
    applied, back = members.pop("applied", 0), members.pop("rolled_back", 0)
    parts = [f"{counted(planned, 'item')} planned"] if planned else []
    if applied:
        state = "auto-accepted" if act.action is BulkAction.ACCEPT else "auto-rejected"
        later = applied - stands.in_force
        parts.append(f"{stands.in_force:,} {state}" + (f", {later:,} decided or replaced since" if later else ""))
    if back:
        parts.append(f"{counted(back, 'item')} taken back")
    parts += [f"{n:,} skipped: {SKIPPED[reason]}" for reason, n in members.items()]
    return "; ".join(parts)


def _buttons(opened: Store, stands: Standing, me: str) -> None:
    act = stands.act
    if act.stage == "planned":
        _apply(opened, stands, me)
    elif act.stage == "applying" and st.button("Go on applying", type="primary", key=f"apply_{act.id}"):
        apply_bulk(opened, act.id, by=me)
        st.rerun()
    if act.stage in ("applying", "applied", "rolling_back") and st.button(
        "Roll back", icon=":material/undo:", key=f"back_{act.id}", help="Later verdicts of people stay."
    ):
        roll_back(opened, act.id, by=me)
        st.rerun()


def _apply(opened: Store, stands: Standing, me: str) -> None:
    act, reason, early = stands.act, stands.needs_reason, ""
    all_the_same = False
    if reason:
        all_the_same = st.checkbox(f"Apply it all the same. {reason}", key=f"early_{act.id}")
        if all_the_same:
            early = st.text_input("Why now", max_chars=300, key=f"early_why_{act.id}", placeholder="Kept with the act")
    with st.container(horizontal=True):
        if not stands.audit.is_through and st.button(
            "Review the sample", type="primary", icon=":material/rate_review:", key=f"sample_{act.id}"
        ):
            st.session_state["filter_pile"] = "Audit"
            st.switch_page("screens/review.py")
        ready = not reason or all_the_same
        through = stands.audit.is_through
        if st.button(
            "Apply",
            type="primary" if through else "secondary",
            icon=":material/done_all:",
            key=f"apply_{act.id}",
            disabled=not ready,
        ):
            with st.spinner("Applying"):
                apply_bulk(opened, act.id, by=me, early_why=early)
            st.rerun()
        if st.button("Give up", icon=":material/close:", key=f"drop_{act.id}", help="Verdicts on the sample stay."):
            drop_plan(opened, act.id, by=me)
            st.rerun()


def _when(moment: str) -> str:
    return f"{moment[:16].replace('T', ' ')} UTC"
