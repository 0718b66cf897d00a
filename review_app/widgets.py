"""Small pieces that several screens show. Agent text goes through `st.text`, never through markdown."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import altair as alt
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


@dataclass(frozen=True)
class Cell:
    """A text of a table that was shortened, and the whole of it."""

    text: str
    whole: str


@dataclass(frozen=True)
class Row:
    """The cells of one line of a table, and what is to be said beneath it."""

    cells: tuple[str | Cell, ...]
    note: str = ""


_TABLE = """<style>
.rows { max-height: 24rem; overflow: auto; border-radius: 6px;
  border: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
.rows table { width: 100%; border-collapse: collapse; font-size: .86rem; margin: 0; }
.rows th, .rows td { padding: .4rem .5rem; text-align: left; border: none; vertical-align: top; }
.rows th { font-weight: 500; opacity: .75; }
.rows td { overflow-wrap: anywhere; }
.rows .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.rows tbody tr:not(.note) td { border-top: 1px solid color-mix(in srgb, currentColor 14%, transparent); }
.rows .note td { padding-top: 0; opacity: .85; }
</style>"""


def table(head: tuple[str, ...], rows: Iterable[Row], *, numbers: tuple[str, ...] = ()) -> None:
    """A table as wide as its place, whose texts wrap instead of leaving it. Every word is escaped."""
    kinds = [" class='number'" if name in numbers else "" for name in head]

    def cell(value: str | Cell, kind: str) -> str:
        text, whole = (value.text, value.whole) if isinstance(value, Cell) else (value, "")
        return f"<td{kind}{f' title={chr(34)}{escape(whole)}{chr(34)}' if whole else ''}>{escape(text)}</td>"

    def drawn(row: Row) -> str:
        cells = "".join(map(cell, row.cells, kinds))
        note = f"<tr class='note'><td colspan='{len(head)}'>{escape(row.note)}</td></tr>" if row.note else ""
        return f"<tr>{cells}</tr>{note}"

    heads = "".join(f"<th scope='col'{kind}>{escape(name)}</th>" for name, kind in zip(head, kinds, strict=True))
    body = "".join(map(drawn, rows))
    drawn_table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    st.html(f"{_TABLE}<div class='rows' tabindex='0'>{drawn_table}</div>")


_CHART_WORDS = {"light": "#4b525c", "dark": "#c3c9d2"}  # readable on the page (WCAG AA), as Streamlit's own is not


def chart(drawn: alt.LayerChart | alt.FacetChart | alt.Chart, *, stretched: bool = False) -> None:
    """A chart whose words are as readable as those around it."""
    words = _CHART_WORDS[st.context.theme.type or "light"]
    readable = drawn.configure_axis(labelColor=words, titleColor=words).configure_legend(labelColor=words)
    st.altair_chart(readable, width="stretch" if stretched else "content")


def empty(title: str, what_to_do: str, *, page: str | None = None, label: str = "") -> None:
    """An empty screen that says what to do next."""
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.text(what_to_do)
        if page:
            st.page_link(page, label=label, icon=":material/arrow_forward:")
