"""What somebody chooses on the Export screen beside the format: what leaves, how it is written, masks and names."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from core.export import Selection
from core.export.meaning import can_tell
from core.formats import Target
from core.formats.shape import Arguments, Pairs, Thoughts
from core.store import Store
from core.store.approved import selectable

_LABELS = {
    "failure_types": ("Types of failure", "Any type"),
    "sources": ("Sources", "Any source"),
    "tags": ("Tags", "Any or none"),
    "reviewers": ("Reviewers", "Anybody"),
}
_WORDS = {
    Thoughts.CONTENT: "Before what the turn says",
    Thoughts.REASONING: "In reasoning_content",
    Thoughts.DROP: "Left out",
    Arguments.OBJECT: "As an object",
    Arguments.STRING: "As a string of JSON",
    Pairs.ANSWERS: "Final answers",
    Pairs.CALLS: "Corrected calls",
    Pairs.PROMPTS: "Requests that a person rewrote",
}


def choices(store: Store, target: Target) -> dict[str, Any]:
    """Draw the choices; as they come, everything that a human approved leaves as it is.

    They have the names that `ExportRequest` has for them.
    """
    with st.expander("Choose what leaves", icon=":material/filter_alt:"):
        selection = _selection(selectable(store))
        stale = st.toggle(
            "Keep answers that serve the old goal",
            help="They still give up, or speak of what only the old goal had. Their rows say stale_answer.",
        )
    spelling = _spelling(target)
    with st.expander("Split and privacy", icon=":material/shield:"):
        share = st.slider(
            "Share of tasks to test on",
            0.0,
            0.5,
            0.0,
            0.05,
            format="percent",
            help="They go into test.jsonl; no task is in both files, and a task stays where it is when data is added.",
        )
        redact = st.toggle(
            "Mask secrets and personal data",
            help="Keys, passwords, e-mails, phones, cards and IBANs, found by their form. The same one, the same mask.",
        )
        pseudonyms = st.toggle(
            "Hide the names of reviewers",
            help="They are reviewer-1, reviewer-2, ... in rows and manifest, by who gave a verdict first.",
        )
    return {
        "selection": selection,
        "allow_stale": stale,
        "test_share": share,
        "redact": redact,
        "pseudonyms": pseudonyms,
        **spelling,
    }


def _spelling(target: Target) -> dict[str, str]:
    """What a preference is about, and how thoughts and arguments stand, where the trainer reads more than one way."""
    kinds: dict[str, tuple[str, Sequence[Any]]] = {
        "pairs": ("A pair is of", target.pairs),
        "thoughts": ("Thoughts", target.thoughts),
        "arguments": ("Arguments of calls", target.arguments),
    }
    several = {name: kind for name, kind in kinds.items() if len(kind[1]) > 1}
    with st.expander("How rows are written", icon=":material/edit_note:"):
        return {
            name: str(st.selectbox(label, taken, format_func=_WORDS.__getitem__, key=f"{target.name}-{name}"))
            for name, (label, taken) in several.items()
        }


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
    other_words = (
        unique
        and can_tell()
        and st.toggle(
            "Also those in other words",
            help="A small model finds them; every number, name and superlative must still be the same.",
        )
    )
    return Selection(
        paraphrases=other_words,
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
