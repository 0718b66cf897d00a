"""The team's guidelines: one click away on Review, written on Team."""

import streamlit as st

from core.errors import UserError
from core.review.guidelines import LONGEST, save_guidelines
from core.store import Store
from core.store.guidelines import Guidelines, current_guidelines, guideline_versions
from review_app.pane.shown import line, visible

_VERSIONS_SHOWN = 20
_TYPED = "guidelines_typed"  # the field; Streamlit forgets it wherever it is not drawn
_DRAFT = "guidelines_draft"
_BEGUN = "guidelines_begun"  # the text in force that the draft was begun from


def guidelines_popover(opened: Store) -> None:
    """What a verdict is to follow, beside the filter."""
    found = current_guidelines(opened)
    with st.popover("Guidelines", icon=":material/menu_book:", type="tertiary"):
        if found is None:
            st.text("Nobody has written guidelines yet.")
        else:
            st.text(_heading(found))
            show_guidelines(found.text)
        st.page_link("screens/team.py", label="Write them on Team", icon=":material/edit:")


def show_guidelines(text: str) -> None:
    """The team's own markdown; an image would be fetched from somewhere, so its marker is shown instead."""
    st.markdown(visible(text).text.replace("![", r"!\["))


def edit_guidelines(opened: Store, who: str) -> None:
    """Write a new version beside its preview; older ones below."""
    versions = guideline_versions(opened, limit=_VERSIONS_SHOWN)
    now = versions[0] if versions else None
    in_force = now.text if now else ""
    write, read = st.columns(2, gap="large")
    with write:
        _recall(in_force)
        text = st.text_area(
            "Guidelines, in markdown",
            height=360,
            max_chars=LONGEST,
            placeholder="When is a request good enough? What do we reject, and by which reason?",
            key=_TYPED,
        )
        changed = text.strip() != in_force
        st.session_state[_DRAFT] = text
        # Never disabled: the text arrives with the click that leaves the field, and a disabled button would eat it.
        if st.button("Save as a new version", type="primary", icon=":material/save:"):
            try:
                save_guidelines(opened, text, author=who)
            except UserError as error:
                st.error("Not saved.", icon=":material/error:")
                st.text(str(error))
            else:
                _forget_draft()
                st.rerun()
        if changed:
            st.button("Drop my changes", icon=":material/undo:", on_click=_forget_draft)
            st.caption("Not saved yet. It is kept on other screens, and lost when this page is closed or reloaded.")
            if now and st.session_state[_BEGUN] != in_force:
                st.warning("A newer version was saved while you wrote; yours would replace it.", icon=":material/info:")
                st.text(_heading(now))
        st.caption("Each verdict notes the version in force. Review shows it under Guidelines, at the top.")
    with read:
        st.caption("Preview" if changed else "In force")
        if now and not changed:
            st.text(_heading(now))
        with st.container(border=True):
            if text.strip():
                show_guidelines(text)
            else:
                st.text("Nothing written yet.")
    for old in versions[1:]:
        with st.expander(f"Version {old.version}", icon=":material/history:"):
            st.text(_heading(old))
            st.code(visible(old.text).text, language=None, wrap_lines=True)


def _recall(in_force: str) -> None:
    """Give the field what was typed and not saved, also before another screen was shown; else what is in force."""
    typed = st.session_state.get(_TYPED, st.session_state.get(_DRAFT))
    if typed is None or typed.strip() == st.session_state.get(_BEGUN):
        typed = st.session_state[_BEGUN] = in_force
    st.session_state[_TYPED] = typed


def _forget_draft() -> None:
    for key in (_TYPED, _DRAFT, _BEGUN):
        st.session_state.pop(key, None)


def _heading(found: Guidelines) -> str:
    when = found.created_at[:16].replace("T", " ")
    return f"Version {found.version} by {line(found.author, 60)}, {when} UTC"
