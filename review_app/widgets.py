"""Small pieces that several screens show. Agent text goes through `st.text`, never through markdown."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import streamlit as st


@dataclass(frozen=True)
class Figure:
    """One number with its name, what it is made of, and what a change would do to it."""

    label: str
    value: int
    note: str
    change: int | None = None


_FIGURES = """<style>
.figures { display: flex; gap: .75rem; flex-wrap: wrap; }
.figures > div { flex: 1 1 9rem; padding: .7rem .9rem .75rem; border-radius: 8px;
  border: 1px solid color-mix(in srgb, currentColor 14%, transparent); }
.figures span { display: block; font-size: .82rem; opacity: .75; line-height: 1.4; }
.figures b { font-size: 1.6rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.5; }
.figures em { font-style: normal; font-size: .9rem; opacity: .85; margin-left: .5rem; }
</style>"""


def figures(row: Iterable[Figure]) -> None:
    """A row of figures of one height. The words are ours; they are escaped all the same."""
    cells = "".join(
        f"<div><span>{escape(f.label)}</span><b>{f.value:,}</b>"
        f"{f'<em>{f.change:+,}</em>' if f.change else ''}<span>{escape(f.note)}</span></div>"
        for f in row
    )
    st.html(f"{_FIGURES}<div class='figures'>{cells}</div>")


def empty(title: str, what_to_do: str, *, page: str | None = None, label: str = "") -> None:
    """An empty screen that says what to do next."""
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.text(what_to_do)
        if page:
            st.page_link(page, label=label, icon=":material/arrow_forward:")
