"""What somebody chooses on the Export screen beside the format: the selection, the split, masks and names."""

from dataclasses import dataclass
from datetime import date

import streamlit as st

from core.export import Selection
from core.store import Store
from core.store.approved import selectable

_LABELS = {
    "failure_types": ("Types of failure", "Any type"),
    "sources": ("Sources", "Any source"),
    "tags": ("Tags", "Any or none"),
    "reviewers": ("Reviewers", "Anybody"),
}


@dataclass(frozen=True)
class Choices:
    """The options of an export by the names that `ExportRequest` has for them."""

    selection: Selection
    test_share: float
    redact: bool
    pseudonyms: bool


def choices(store: Store) -> Choices:
    """Draw the choices; as they come, everything that a human approved leaves as it is."""
    with st.expander("Choose what leaves", icon=":material/filter_alt:"):
        selection = _selection(selectable(store))
    with st.expander("Split and privacy", icon=":material/shield:"):
        share = st.slider(
            "Share of tasks to test on",
            0.0,
            0.5,
            0.0,
            0.05,
            help="They go into test.jsonl; no task is in both files, and a task stays where it is when data is added.",
        )
        redact = st.toggle(
            "Mask secrets and personal data",
            help="Keys, passwords, e-mails, phones, cards and IBANs, found by their form. The same one, the same mask.",
        )
        pseudonyms = st.toggle("Call reviewers reviewer-1, reviewer-2, ...")
    return Choices(selection, share, redact, pseudonyms)


def _selection(known: dict[str, tuple[str, ...]]) -> Selection:
    names = {
        field: tuple(st.multiselect(label, known[field], placeholder=nothing, format_func=_spaced))
        for field, (label, nothing) in _LABELS.items()
        if len(known[field]) > 1 or (field == "tags" and known[field])
    }
    left, right = st.columns(2)
    score = left.number_input("Least score", 0.0, 1.0, None, 0.05, placeholder="Any", help="An unjudged item has none.")
    weight = right.number_input("Least weight", 0.0, 1.0, None, 0.05, placeholder="Any", help="1 - severity.")
    first: date | None = left.date_input("Reviewed from", None, help="UTC")
    last: date | None = right.date_input("Reviewed to", None, help="This day included; UTC.")
    most = left.number_input("Most per task", 1, None, None, placeholder="All", help="The best first.")
    tokens = right.number_input(
        "Most tokens", 1, None, None, 1024, placeholder="Any", help="An estimate: 4 characters a token."
    )
    unique = st.toggle(
        "One of requests that ask for the same",
        help="Alike in wording, with every number, name and superlative the same. The best leaves.",
    )
    return Selection(
        min_score=score,
        min_weight=weight,
        reviewed_from=first,
        reviewed_to=last,
        per_task=most,
        max_tokens=tokens,
        unique_goals=unique,
        **names,
    )


def _spaced(name: str) -> str:
    return name.replace("_", " ")
