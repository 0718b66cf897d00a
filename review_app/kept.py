"""What was chosen on a screen, kept on the way to another screen and, in the address, over a reload."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import streamlit as st
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from core.models import FailureType, ProposalState, QueueReason
from core.store.filters import LENGTHS

ANY = ()  # of a field with choices: nothing is chosen. Streamlit takes None for a field that can be emptied
_ADDRESS = "chosen"  # query parameter
_LONGEST = 500  # characters of one text


def _a_band(steps: tuple[int, int | None]) -> tuple[int, int | None]:
    if steps not in LENGTHS:
        raise ValueError("no such band")
    return steps


def _a_range(score: tuple[float, float]) -> tuple[float, float]:
    if not 0 <= score[0] <= score[1] <= 1:
        raise ValueError("no such range")
    return score


_Text = Annotated[str, Field(max_length=_LONGEST)]


class Filtered(BaseModel):
    """The fields of the filter that hold something."""

    search: _Text | None = None
    failure_type: FailureType | None = None
    source: _Text | None = None
    queue_reason: QueueReason | Literal["accepted"] | None = None  # `core.store.filters.ACCEPTED`
    judge: Literal["yes", "no", "unjudged"] | None = None
    steps: Annotated[tuple[int, int | None], AfterValidator(_a_band)] | None = None
    tag: _Text | None = None
    assigned_to: _Text | None = None
    score: Annotated[tuple[float, float], AfterValidator(_a_range)] | None = None


class OnReview(Filtered):
    """What is chosen on Review."""

    pile: Literal["Deferred", "Flagged", "Disputed", "Audit"] | None = None


class OnBrowse(Filtered):
    """What is chosen on Browse."""

    state: ProposalState | None = None
    order: Literal["Name", "Score", "Steps", "Last verdict"] | None = None
    descending: Literal[True] | None = None
    page: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


# What a field holds where nothing is chosen.
PLAIN: dict[str, Any] = {
    **dict.fromkeys(("failure_type", "source", "queue_reason", "judge", "steps", "tag", "assigned_to", "state"), ANY),
    "search": "",
    "score": (0.0, 1.0),
    "pile": "Waiting",
    "order": "Queue order",
    "descending": False,
    "page": 1,
}


def read(address: str, form: type[Filtered]) -> dict[str, Any]:
    """What an address says was chosen; nothing where any of it cannot have been chosen."""
    try:
        return form.model_validate_json(address).model_dump(exclude_none=True)
    except ValidationError:
        return {}


def written(chosen: Mapping[str, Any]) -> str:
    """The same as the address says it."""
    return json.dumps(chosen, ensure_ascii=False, separators=(",", ":"))


def recall(prefix: str, form: type[Filtered]) -> None:
    """Give the fields what they held; before they are drawn. Streamlit forgets them on every other screen."""
    kept = st.session_state.get(f"{prefix}:kept")
    if kept is None:
        kept = read(st.query_params.get(_ADDRESS, ""), form)
    for name in form.model_fields:
        # Given anew each time: a field in a popover that was closed till now would show nothing as chosen.
        field = f"{prefix}_{name}"
        st.session_state[field] = st.session_state.get(field, kept.get(name, PLAIN[name]))


def keep(prefix: str, form: type[Filtered]) -> None:
    """Note what the fields hold; after they are drawn."""
    held = {name: st.session_state.get(f"{prefix}_{name}") for name in form.model_fields}
    chosen = {name: value for name, value in held.items() if value not in (None, PLAIN[name])}
    st.session_state[f"{prefix}:kept"] = chosen
    if chosen:
        st.query_params[_ADDRESS] = written(chosen)
    else:
        st.query_params.pop(_ADDRESS, None)
