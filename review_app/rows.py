"""One row of an export as a person reads it: who said what, calls with real line breaks, and as JSON."""

import json
from typing import Any

import streamlit as st

from review_app.pane.shown import line, visible

_CAP = 3000  # characters of one message on the screen; the file has all


def show_row(row: dict[str, Any]) -> None:
    """One row as a conversation under the run that it came from, and as it stands in the file."""
    said = _parsed(row.get("provenance"))
    state = str(said.get("state", "")) if isinstance(said, dict) else ""
    st.text(" · ".join(part for part in (line(str(row.get("trajectory_id", "")), 80), state.replace("_", "-")) if part))
    chat, raw = st.tabs(["As a conversation", "As JSON"])
    with chat:
        for column, value in row.items():
            if column in ("weight", "trajectory_id", "provenance", "tools"):
                continue
            turns = value if isinstance(value, list) else [value]
            if column not in ("messages", "conversations"):
                st.caption(column.replace("_", " ").capitalize())
            for turn in turns:
                show_turn(turn)
    with raw:
        st.code(visible(json.dumps(row, ensure_ascii=False, indent=1)[:20_000]).text, language="json", wrap_lines=True)


def show_turn(turn: Any) -> None:
    """One message: who, what was said, which calls."""
    if not isinstance(turn, dict):
        st.text(capped(str(turn)))
        return
    who = str(turn.get("role") or turn.get("from") or "")
    words = str(turn.get("content") or turn.get("value") or "")
    left, right = st.columns([1, 8])
    left.caption(who.replace("_", " "))
    with right:
        if who == "function_call":
            st.code(capped(call_text(words)), language=None, wrap_lines=True)
        elif words:
            st.text(capped(words))
        for call in turn.get("tool_calls") or ():
            st.code(capped(call_text(call["function"])), language=None, wrap_lines=True)


def call_text(call: dict[str, Any] | str) -> str:
    """A call as a person reads it: the tool, then one argument a line, with its real line breaks."""
    function = _parsed(call)
    if not isinstance(function, dict) or "name" not in function:
        return str(call)
    arguments = _parsed(function.get("arguments"))
    if not isinstance(arguments, dict):
        return f"{function['name']}({arguments})"
    lines = [str(function["name"])]
    for key, value in arguments.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lines.append(f"  {key}: " + text.replace("\n", "\n    "))
    return "\n".join(lines)


def _parsed(value: Any) -> Any:
    """What a JSON text says; anything else as it is."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def capped(text: str) -> str:
    """A text with nothing hidden in it, up to what one message may take of this screen."""
    more = f" ... {len(text) - _CAP:,} more characters" if len(text) > _CAP else ""
    return visible(text[:_CAP]).text + more
