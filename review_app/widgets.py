"""Small pieces that several screens show. Agent text goes through `st.text`, never through markdown."""

import streamlit as st


def empty(title: str, what_to_do: str, *, page: str | None = None, label: str = "") -> None:
    """An empty screen that says what to do next."""
    with st.container(border=True):
        st.subheader(title)
        st.text(what_to_do)
        if page:
            st.page_link(page, label=label, icon=":material/arrow_forward:")


def figure(label: str, value: int, note: str, *, change: int | None = None) -> None:
    """One number with its name, what it is made of, and what a change would do to it."""
    with st.container(border=True, gap="xsmall"):
        st.caption(label)
        moved = f"  ({change:+d})" if change else ""
        st.subheader(f"{value:,}{moved}", anchor=False)
        st.text(note)
