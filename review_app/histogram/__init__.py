"""A histogram whose handles are the thresholds: it counts while one is dragged, and says where it was let go.

A Streamlit slider sends nothing during a drag. Here the browser holds what each position would let in, so it can say it
at once; the server hears of a handle when it is let go, and counts anew.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import streamlit as st


@dataclass(frozen=True)
class Handle:
    """One threshold on the axis 0..1. `counts`: what each of its 101 positions gives, said after `says`."""

    key: str
    label: str
    value: float
    says: str
    counts: list[int]
    off: str = ""  # said in place of both at 0, where 0 means that it does nothing
    least: float = 0.0
    most: float = 1.0


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


_HISTOGRAM = st.components.v2.component(
    "agenther_histogram",
    html="<div class='histogram'></div>",
    css=_read("histogram.css"),
    js=_read("histogram.js"),
)


def histogram_with_handles(
    bars: Iterable[Mapping[str, Any]],
    series: Mapping[str, str],
    handles: Iterable[Handle],
    *,
    bins: int,
    title: str,
    key: str,
    height: int = 230,
    legend: bool = True,
    on_move: Callable[[str, float], None],
) -> None:
    """Draw `bars` (bin, state, n; bin None = unjudged), stacked in the order of `series` (state: colour).

    `height` is in pixels. `on_move` gets a handle's key and its new value, before the script reruns.
    """

    def moved() -> None:
        move = st.session_state[key].get("moved")
        if move:
            on_move(str(move["key"]), min(1.0, max(0.0, float(move["value"]))))

    data = {
        "bins": bins,
        "title": title,
        "height": height,
        "legend": legend,
        "bars": [dict(bar) for bar in bars if bar["state"] in series],
        "series": [{"state": state, "colour": colour} for state, colour in series.items()],
        "handles": [asdict(handle) for handle in handles],
    }
    _HISTOGRAM(key=key, data=data, on_moved_change=moved)
