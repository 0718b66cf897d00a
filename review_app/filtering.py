"""The filter that Review and Browse share: a choice for each thing, with how many it would leave."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core.models import FailureType, ProposalState, QueueReason
from core.store import Store
from core.store.facets import facets
from core.store.filters import ACCEPTED, NOBODY, QueueFilter
from review_app.kept import ANY, PLAIN
from review_app.pane.shown import line
from review_app.pane.words import FAILURE, QUEUE

_JUDGE = {"yes": "Judge said yes", "no": "Judge said no", "unjudged": "Unjudged"}
_WHOLE: tuple[float, float] = PLAIN["score"]
_FIELDS = ("search", "failure_type", "source", "queue_reason", "judge", "steps", "tag", "assigned_to", "score")
_RANGE = "The whole range holds unjudged items too."
_SEARCH = (
    "All words must stand in the name, the requests or the results. A word also finds what begins with it;"
    ' "words in quotes" are found as they stand.'
)


def filter_fields(
    opened: Store,
    me: str,
    pile: ProposalState | None,
    *,
    prefix: str,
    count: Callable[[QueueFilter], int],
    people: Mapping[str, str] | None = None,
) -> QueueFilter:
    """Draw the fields; what is chosen. `pile` None: of all states. `count`: how many items a filter leaves.

    `people`: more names to choose, and their words.
    """
    chosen = _chosen(prefix)
    counts = facets(opened, chosen, pile.value if pile else None, me)
    _head(chosen, count(chosen), count(QueueFilter()), prefix)
    st.text_input(
        "Search", key=f"{prefix}_search", placeholder="Words in requests and results", help=_SEARCH, max_chars=500
    )
    if chosen.search.strip() and not any(character.isalnum() for character in chosen.search):
        st.caption("Type letters or digits to search for.")
    who = {me: "Me", NOBODY: "Nobody", **(people or {})}
    if chosen.assigned_to is not None:  # stays on offer, whoever reviews now
        who.setdefault(chosen.assigned_to, chosen.assigned_to)
    left, right = st.columns(2)
    with left:
        _pick("Failure type", "failure_type", counts, prefix, lambda value: FAILURE[FailureType(value)])
        _pick("Source", "source", counts, prefix, lambda value: line(value, 60))
        _pick("Length", "steps", counts, prefix, _steps)
        st.selectbox(
            "Assigned to",
            [ANY, *who],
            format_func=lambda name: "Anyone" if name == ANY else line(who[name], 60),
            key=f"{prefix}_assigned_to",
        )
    with right:
        _pick("Judge", "judge", counts, prefix, _JUDGE.__getitem__)
        _pick("Why it is here", "queue_reason", counts, prefix, _why)
        _pick("Tag", "tag", counts, prefix, lambda value: line(value, 60))
        st.slider("Score", *_WHOLE, step=0.05, key=f"{prefix}_score", help=_RANGE)
    return chosen


def _head(chosen: QueueFilter, matching: int, everything: int, prefix: str) -> None:
    """What the fields below leave, and the way back to everything."""
    said, clear = st.columns([3, 1], vertical_alignment="center")
    said.text(f"{matching:,} of {everything:,} match")
    clear.button(
        "Clear",
        key=f"{prefix}_clear",
        icon=":material/filter_list_off:",
        on_click=clear_filter,
        args=(prefix,),
        disabled=chosen == QueueFilter(),
        width="stretch",
    )


def is_narrowed(prefix: str) -> bool:
    """Whether anything is chosen."""
    return _chosen(prefix) != QueueFilter()


def _chosen(prefix: str) -> QueueFilter:
    """What the fields hold: known before they are drawn, so that the counts are those of now."""
    held = {name: st.session_state.get(f"{prefix}_{name}") for name in _FIELDS}
    given: dict[str, Any] = {name: None if value == ANY else value for name, value in held.items()}
    score = given["score"]
    given["score"] = None if score in (None, _WHOLE) else tuple(score)
    return QueueFilter(**{**given, "search": given["search"] or ""})


def clear_filter(prefix: str) -> None:
    """Choose nothing; before the fields are drawn."""
    for name in _FIELDS:
        st.session_state[f"{prefix}_{name}"] = PLAIN[name]


def _pick(
    label: str, name: str, found: Mapping[str, Mapping[Any, int]], prefix: str, words: Callable[[Any], str]
) -> None:
    counts, key = found[name], f"{prefix}_{name}"
    kept = st.session_state[key]  # what is chosen stays on offer when nothing of it is left
    options = [ANY, *counts, *([] if kept in (ANY, *counts) else [kept])]
    st.selectbox(
        label,
        options,
        format_func=lambda value: "Any" if value == ANY else f"{words(value)} ({counts.get(value, 0):,})",
        key=key,
    )


def _why(value: str) -> str:
    return "Passed every check" if value == ACCEPTED else QUEUE[QueueReason(value)][0]


def _steps(band: tuple[int, int | None]) -> str:
    least, most = band
    return f"{least} steps or more" if most is None else f"{least} to {most} steps"
