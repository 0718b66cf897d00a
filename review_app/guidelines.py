"""The team's guidelines: one click away on Review, written on Team."""

import streamlit as st

from core.errors import UserError
from core.review.guidelines import LONGEST, save_guidelines
from core.store import Store
from core.store.guidelines import Guidelines, current_guidelines, guideline_versions
from review_app.chrome import as_label
from review_app.diffs import show_word_diff
from review_app.pane.shown import line, visible

_VERSIONS_SHOWN = 20
_TYPED = "guidelines_typed"  # the field; Streamlit forgets it wherever it is not drawn
_DRAFT = "guidelines_draft"
_BEGUN = "guidelines_begun"  # the version that the draft was begun from, None before the first


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
    in_force = _text_of(now)
    write, read = st.columns(2, gap="large")
    with write:
        _recall(now)
        text = st.text_area(
            "Guidelines, in markdown",
            height=360,
            max_chars=LONGEST,
            placeholder="When is a request good enough? What do we reject, and by which reason?",
            key=_TYPED,
            on_change=_note,
        )
        changed = text.strip() != in_force
        begun: Guidelines | None = st.session_state[_BEGUN]
        # Never disabled: the text arrives with the click that leaves the field, and a disabled button would eat it.
        if st.button("Save as a new version", type="primary", icon=":material/save:"):
            try:
                save_guidelines(opened, text, author=who, over=begun.version if begun else 0)
            except UserError as error:
                st.error("Not saved.", icon=":material/error:")
                st.text(str(error))
                if now != begun:
                    st.text(
                        "Your text is kept. Below stands what it changes of that version; save again to replace it."
                    )
                    st.session_state[_BEGUN] = now
            else:
                _forget_draft()
                st.rerun()
        if changed:
            st.button("Drop my changes", icon=":material/undo:", on_click=_forget_draft)
            st.caption("Not saved yet. It is kept on other screens, and lost when this page is closed or reloaded.")
            if now and text.strip():
                st.text(f"What it changes of version {now.version}, by {line(now.author, 60)}")
                with st.container(border=True):
                    show_word_diff(now.text, text)
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
        with st.expander(as_label(_heading(old), 200), icon=":material/history:"):
            st.button("Write from this one", key=f"from_{old.version}", on_click=_take, args=(old.text,))
            st.code(visible(old.text).text, language=None, wrap_lines=True)


def _recall(now: Guidelines | None) -> None:
    """Give the field what was typed and not saved, also before another screen was shown; else what is in force."""
    typed = st.session_state.get(_TYPED, st.session_state.get(_DRAFT))
    if typed is None or typed.strip() == _text_of(st.session_state.get(_BEGUN)):
        typed, st.session_state[_BEGUN] = _text_of(now), now
    st.session_state[_TYPED] = typed


def _note() -> None:
    """Also where the text comes with the very click that shows something else, and no field is drawn."""
    st.session_state[_DRAFT] = st.session_state[_TYPED]


def _take(text: str) -> None:
    st.session_state[_TYPED] = st.session_state[_DRAFT] = text


def _text_of(found: Guidelines | None) -> str:
    return found.text if found else ""


def _forget_draft() -> None:
    for key in (_TYPED, _DRAFT, _BEGUN):
        st.session_state.pop(key, None)


def _heading(found: Guidelines) -> str:
    when = found.created_at[:16].replace("T", " ")
    return f"Version {found.version} by {line(found.author, 60)}, {when} UTC"
