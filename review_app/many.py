"""Change many items of Browse at once: which, what, how many that are, and the deed."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.errors import UserError
from core.models import content_hash
from core.review import many
from core.review.typed import LONGEST_NAME
from core.store import Store
from core.store.browse import given_tags, known_people
from core.store.many import Act, Chosen, carry_out, outlook
from review_app.counted import counted
from review_app.pane.shown import line

_SAID = "browse_said"


@dataclass(frozen=True)
class _Way:
    """One thing to do: its name, its button, the act; and what is to be named for it."""

    button: str
    act: Callable[[str, str], Act]
    asks: str = ""
    on_offer: Callable[[Store], list[str]] | None = None


_WAYS = {
    "Add a tag": _Way("Add the tag", many.tag, "Tag", given_tags),
    "Remove a tag": _Way("Remove the tag", many.untag, "Tag", given_tags),
    "Assign to one person": _Way("Assign", many.assign, "To", known_people),
    "Take back from one person": _Way("Take back", lambda _, me: many.take_back(me)),
    "Defer": _Way("Defer", lambda _, me: many.defer(me)),
    "Return deferred": _Way("Return", lambda _, me: many.return_deferred(me)),
}


def change_many(opened: Store, me: str, all_of_them: Chosen, found: int, ticked: tuple[int, ...]) -> None:
    """The popover with all of it. `ticked`: the numbers of the rows that are picked on the page."""
    label = f"Change {counted(len(ticked), 'item')}" if ticked else "Change items"
    with st.popover(label, icon=":material/edit_note:", width="stretch"):
        which = [f"{len(ticked):,} ticked"] if ticked else []
        every = f"All {found:,} that match"
        # With other rows ticked it is another question: nobody acts on all by a choice of before.
        scope = st.radio("Which", [*which, every], horizontal=True, key=f"browse_which_{content_hash(ticked)}")
        chosen = all_of_them if scope == every else Chosen(all_of_them.wanted, all_of_them.state, ticked)
        wanted = st.selectbox("What", list(_WAYS), index=None, placeholder="Choose", key="browse_way")
        if wanted is None:
            st.caption("Nothing changes before you press the button that then comes.")
            return
        way = _WAYS[wanted]
        name = _named(opened, me, way)
        if way.asks and not name:
            return
        try:
            act = way.act(name, me)
        except UserError as error:
            st.warning("This cannot be used.", icon=":material/error:")
            st.text(str(error))
            return
        _offer(opened, way, act, chosen)


def say_what_was_done() -> None:
    """The words of the last act, once."""
    if said := st.session_state.pop(_SAID, ""):
        st.success(said, icon=":material/check:")


def _named(opened: Store, me: str, way: _Way) -> str:
    if way.on_offer is None:
        return ""
    people = way.on_offer is known_people
    names = way.on_offer(opened)
    offered = sorted({me, *names}) if people else names
    kept = st.selectbox(
        way.asks,
        offered,
        index=None,
        format_func=lambda name: line(name, LONGEST_NAME),
        accept_new_options=True,
        placeholder="Choose, or type a new one" if offered else "Type a name",
        key=f"browse_named_{way.asks}",
    )
    return kept or ""


def _offer(opened: Store, way: _Way, act: Act, chosen: Chosen) -> None:
    would = outlook(opened, act, chosen)
    left = "".join(f"\n{n:,} {why}" for why, n in would.skipped.items())
    st.text(f"{counted(would.changes, 'item')} will change." + (f"\nLeft as they are:{left}" if left else ""))
    what = f"{way.button}: {counted(would.changes, 'item')}"
    if st.button(what, type="primary", icon=":material/check:", disabled=not would.changes, key="browse_act"):
        shown = st.progress(0.0)
        for share, done in carry_out(opened, act, chosen):
            shown.progress(share, f"{done.changes:,} changed")
            st.session_state[_SAID] = f"{way.button}: {many.said(done)}"  # also of an act that something ends
        st.session_state.pop("tab", None)  # Review begins anew: what it holds may have changed
        st.rerun()
