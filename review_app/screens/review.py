"""Review: one pane, one key per verdict. All that happens is in `review_app.desk`."""

from dataclasses import replace

import streamlit as st

from core.errors import StoreError, UserError
from core.models import ProposalState
from core.review.items import Desk
from core.review.many import my_deferred, return_mine
from core.store import Store
from core.store.audits import audits_open
from core.store.filters import QueueFilter
from core.store.queue import state_counts, waiting
from review_app.chrome import tools
from review_app.counted import counted
from review_app.desk import look_ahead, show_edited, show_named, show_next, take
from review_app.drawing import payload
from review_app.empty_queue import SHOW_WAITING
from review_app.faults import in_words
from review_app.filtering import clear_filter, filter_fields, is_narrowed
from review_app.guidelines import guidelines_popover
from review_app.kept import OnReview, keep, recall
from review_app.ordering import order_if_due
from review_app.pane import Act, review_pane
from review_app.pane.words import STATE
from review_app.session import annotator, settings, store
from review_app.tab import Tab

_PILES = {
    STATE[state][0]: state
    for state in (ProposalState.PENDING, ProposalState.DEFERRED, ProposalState.FLAGGED, ProposalState.DISPUTED)
}
_WAITING = STATE[ProposalState.PENDING][0]
_WIDEN = "widen"  # what a button of the empty queue asks for
_AUDIT = "Audit"  # what is drawn for a bulk act waits too, and comes first; this shows nothing else


def choose() -> Desk:
    """Pile and filter, out of the way until they are wanted."""
    me = annotator()
    if how := st.session_state.pop(_WIDEN, ""):  # before the fields are drawn: later Streamlit takes no value for them
        clear_filter("filter")
        if how == SHOW_WAITING:
            st.session_state["filter_pile"] = _WAITING
    recall("filter", OnReview)
    narrowed = " · on" if is_narrowed("filter") else ""
    with store() as opened, tools():
        guidelines_popover(opened)
        with st.popover(f"Filter{narrowed}", icon=":material/filter_list:", type="tertiary"):
            shown = _choose_pile(opened, me)
            drawn = st.session_state["filter_pile"] == _AUDIT

            def left_by(chosen: QueueFilter) -> int:
                return waiting(opened, replace(chosen, drawn=drawn), me, shown.value)

            wanted = filter_fields(opened, me, shown, prefix="filter", count=left_by)
    keep("filter", OnReview)
    return Desk(me, replace(wanted, drawn=drawn), shown, settings().review.lease_seconds)


def _choose_pile(opened: Store, me: str) -> ProposalState:
    counts = state_counts(opened)
    in_audit = waiting(opened, QueueFilter(drawn=True), me) if audits_open(opened) else 0
    audit = [_AUDIT] if in_audit or st.session_state["filter_pile"] == _AUDIT else []

    # A label that changed with its count would be another choice to Streamlit.
    pile = st.segmented_control("Show", [*_PILES, *audit], required=True, key="filter_pile")
    others = {name: in_audit if name == _AUDIT else counts[_PILES[name]] for name in (*_PILES, *audit)}
    st.caption(" · ".join(f"{name} {n:,}" for name, n in others.items() if name != _WAITING))
    if counts[ProposalState.DEFERRED]:
        _offer_return(opened, me)
    return _PILES.get(pile or _WAITING, ProposalState.PENDING)


def _offer_return(opened: Store, me: str) -> None:
    """The way back for what this person put off."""
    mine = my_deferred(opened, me)
    if mine and st.button(f"Return my {counted(mine, 'deferred item')}", icon=":material/undo:"):
        return_mine(opened, me)
        st.session_state.pop("tab", None)
        st.rerun()


@st.fragment
def pane(desk: Desk) -> None:
    """The pane as a fragment: an act reruns this and nothing around it."""
    tab: Tab = st.session_state["tab"]

    def on_act(act: Act) -> bool:
        try:
            with store() as opened:
                return take(opened, tab, desk, act)
        except UserError as error:  # the file cannot even be opened: the pane keeps the act and says why
            tab.live = {"trouble": str(error)}
            return False

    with in_words("pane"):
        try:
            with store() as opened:
                look_ahead(opened, tab, desk)
                tab.shown = payload(opened, tab, desk, settings())
        except UserError as error:
            if tab.shown is None:
                raise
            tab.shown |= {"notice": None, "trouble": str(error)}  # what is on screen stays there
        review_pane(tab.shown, key="pane", on_act=on_act)
        if tab.widen:
            st.session_state[_WIDEN], tab.widen = tab.widen, ""
            st.rerun()
        if tab.go_to:
            screen, tab.go_to = tab.go_to, ""
            st.switch_page(f"screens/{screen}.py")


def begin(desk: Desk, *, anew: bool) -> Tab:
    """The item that the address names, or the next of that queue.

    `anew`: the page was loaded, and not only the name or the filter is another: an item in edit comes first.
    """
    tab = Tab()
    with store() as opened:
        order_if_due(opened)
        wanted = st.query_params.get("item")
        if wanted:
            show_named(opened, tab, desk, wanted)
        if tab.item is None and anew:
            show_edited(opened, tab, desk)
        if tab.item is None:
            show_next(opened, tab, desk)
    st.query_params.pop("item", None)  # once: a reload later on goes on with the queue
    return tab


def at_work() -> Desk:
    """The desk of this tab. While the file cannot be used, the pane stays as it is: it may hold a verdict."""
    try:
        desk = choose()
        if "tab" not in st.session_state or "item" in st.query_params or st.session_state.get("desk") != desk:
            anew = "desk" not in st.session_state
            st.session_state["tab"], st.session_state["desk"] = begin(desk, anew=anew), desk
    except StoreError:
        known: Desk | None = st.session_state.get("desk")
        if "tab" not in st.session_state or known is None or known.annotator != annotator():
            raise
        return known
    return desk


pane(at_work())
