"""What stands around every screen: spacing, and one quiet line of database and reviewer."""

import streamlit as st

from review_app.session import annotator, database, rename_annotator

_STYLE = """<style>
.stMainBlockContainer { padding: 4.25rem 1.5rem 1rem; max-width: 1880px; }
.st-key-desk { position: fixed; top: 0; right: 1rem; height: 3.75rem; z-index: 999990; width: auto; }
.st-key-desk [data-testid="stText"] { font-size: .85rem; opacity: .7; }
h1, h2, h3 { letter-spacing: -0.01em; }
</style>"""


def page_style() -> None:
    """Use the height of the screen; Streamlit's own spacing wastes a tenth of it."""
    st.html(_STYLE)


def header() -> None:
    """Database and reviewer; the name can be changed where it stands."""
    with st.container(key="desk", horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        st.text(database().name)
        with st.popover(f"Reviewing as {_plain(annotator())}", icon=":material/person:", type="tertiary"):
            name = st.text_input("Your name", annotator(), key="desk_name", max_chars=60, help="Stored with every verdict.")
            if name.strip() and name.strip() != annotator():
                rename_annotator(name)
                st.rerun()


def _plain(name: str) -> str:
    """A name inside a label, where Streamlit would read markdown."""
    return "".join(c if c.isalnum() or c in " .-_@" else " " for c in name)
