"""The review pane: one Streamlit component that owns steps, text box, buttons and keys.

It is one component because a native screen of the same content answers a key eight times slower and
loses typing under load. The browser part keeps every act until the server names it as taken, so a
lost message is sent again; each act carries an `op_id`, so it still counts once.
"""

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, TypedDict, cast

import streamlit as st

from core.models import visible

SCRIPTS = (  # in order: what is used while a file is read stands before it
    *("dom.js", "json.js", "fold.js", "paint.js", "text.js", "hidden.js", "diff.js"),
    *("cards.js", "map.js", "search.js", "trace.js"),
    *("checks.js", "outcome.js", "proposal.js", "form.js", "editor.js", "editing.js"),
    *("keys.js", "frame.js", "asks.js", "notices.js", "mine.js", "attention.js", "outbox.js", "waking.js", "page.js"),
    *("pane.js", "mount.js"),
)
STYLES = ("pane.css", "run.css")
REMEMBERED = 64  # op_ids of taken acts that the browser is told of


class Act(TypedDict, total=False):
    """What the reviewer did. `id` and `rev` are those of the proposal that was on screen.

    `action`: accept, edit, reject, defer, flag, undo, previous, next; mine (list my last
    verdicts), reopen (show the item of one again); draft (typed, not decided: check it
    and store it); expand (`step`, `field`: send the full text, `raw` for the raw record); beat (still
    here); open (`id`: look at that item again); or the action of a button of the empty queue.
    """

    op_id: str
    action: str
    id: int | None
    rev: int | None
    reason: int | None
    note: str
    text: str | None
    final_answer: str | None
    first_step: int | None
    last_step: int | None
    active_seconds: float
    step: int
    field: str
    review: str  # the op_id of the verdict that `reopen` and `undo` are about; undo without it: the newest of all
    seen: str | None  # fingerprint of the words that were on screen


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


# One string: a component takes one script, and files that import each other would need a build.
_PANE = st.components.v2.component(
    "agenther_review_pane",
    html="<div id='pane'></div>",
    css="\n".join(_read(name) for name in STYLES),
    js="\n".join(_read(name) for name in SCRIPTS),
)


def _storable(act: dict[str, Any]) -> dict[str, Any]:
    """What a browser sends may hold half surrogates, which no database takes."""
    return {name: visible(value) if isinstance(value, str) else value for name, value in act.items()}


def review_pane(payload: Mapping[str, Any], *, key: str, on_act: Callable[[Act], bool]) -> None:
    """Show `payload` (from `pane_payload`) and call `on_act` per act, in order, before the script reruns.

    `on_act` says whether the act is done with; one that is not stays in the browser, which sends it again, and
    what follows it waits. It must not raise: say what went wrong in the next payload's `notice` (done with) or
    `trouble` (not yet). Nor may it touch `st.session_state` or draw: Streamlit can abandon a callback there for a
    newer message. The item is not sent again while the browser holds it, so a saved draft costs a few bytes and
    not the whole run.
    """
    memory: dict[str, Any] = st.session_state.setdefault(f"{key}:taken", {"acts": [], "holds": ()})

    def deliver() -> None:
        taken: list[str] = memory["acts"]
        for act in map(_storable, st.session_state[key].get("act") or ()):
            memory["holds"] = act.pop("holds", ())
            if act["op_id"] in taken:
                continue
            # `resend`: the browser has lost the item; its message names none that it holds
            if act["action"] != "resend" and not on_act(cast(Act, act)):
                break
            taken.append(act["op_id"])
        del taken[:-REMEMBERED]

    unknown = {name: None if payload[f"{name}_key"] in memory["holds"] else payload[name] for name in ("item", "ahead")}
    _PANE(key=key, data={**payload, **unknown, "taken": memory["acts"]}, on_act_change=deliver)
