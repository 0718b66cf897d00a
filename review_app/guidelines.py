"""The team's guidelines: one click away on Review, written on Team."""

import streamlit as st

from core.errors import UserError
from core.review.guidelines import LONGEST, save_guidelines
from core.store import Store
from core.store.guidelines import Guidelines, current_guidelines, guideline_versions
from review_app.pane.shown import line, visible

_VERSIONS_SHOWN = 20


def guidelines_popover(opened: Store) -> None:
    """What a verdict is to follow, beside the filter."""
    found = current_guidelines(opened)
    with st.popover("Guidelines", icon=":material/menu_book:", type="tertiary"):
        if found is None:
            st.text("Nobody has written guidelines yet. They are written on Team.")
            return
        st.text(_heading(found))
        show_guidelines(found.text)


def show_guidelines(text: str) -> None:
    """The team's own markdown; an image would be fetched from somewhere, so its marker is shown instead."""
    st.markdown(visible(text).text.replace("![", r"!\["))


def edit_guidelines(opened: Store, who: str) -> None:
    """Write a new version beside its preview; older ones below."""
    versions = guideline_versions(opened, limit=_VERSIONS_SHOWN)
    now = versions[0] if versions else None
    write, read = st.columns(2, gap="large")
    with write:
        text = st.text_area(
            "Guidelines, in markdown",
            now.text if now else "",
            height=360,
            max_chars=LONGEST,
            placeholder="When is a request good enough? What do we reject, and by which reason?",
            key=f"guidelines_{now.version if now else 0}",
        )
        changed = text.strip() != (now.text if now else "")
        if st.button("Save as a new version", type="primary", icon=":material/save:", disabled=not changed):
            try:
                save_guidelines(opened, text, author=who)
            except UserError as error:
                st.error("Not saved.", icon=":material/error:")
                st.text(str(error))
            else:
                st.rerun()
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


def _heading(found: Guidelines) -> str:
    when = found.created_at[:16].replace("T", " ")
    return f"Version {found.version} by {line(found.author, 60)}, {when} UTC"
