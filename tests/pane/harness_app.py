"""A small app around the pane: a queue in memory, every act that arrives written to `PANE_LOG`."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import streamlit as st
from pane_samples import queue

from core.stages.grounding import check_prompt
from core.store.reviews import Draft
from review_app.pane import Act, review_pane
from review_app.pane.payload import check_view, expanded_view, item_view, pane_payload

PAST = {"accept": "Accepted", "edit": "Edited", "reject": "Rejected", "defer": "Deferred", "flag": "Flagged"}

st.set_page_config(layout="wide")
st.html("<style>.stMainBlockContainer{padding:4.2rem 1.2rem .4rem}</style>")


@st.cache_resource
def samples() -> list[dict]:
    return queue()


if "tab" not in st.session_state:
    start = int(st.query_params.get("start", 0))
    st.session_state["tab"] = SimpleNamespace(at=start, revs={}, drafts={}, done=[], views={}, refused=[], live={})
tab = st.session_state["tab"]


def name(at: int) -> str:
    return samples()[at]["trajectory"].trajectory_id


def view(at: int) -> dict | None:
    """The item at a place of the queue, drawn once for each revision of it."""
    if at >= len(samples()):
        return None
    rev = tab.revs.get(at, 0)
    if (at, rev) not in tab.views:
        draft = tab.drafts.get(at)
        tab.views[at, rev] = item_view(proposal_id=at, revision=rev, draft=draft, **samples()[at])
    return tab.views[at, rev]


def log(act: Act) -> None:
    with Path(os.environ["PANE_LOG"]).open("a") as file:
        file.write(json.dumps(act) + "\n")


def keep(act: Act, at: int, live: dict) -> None:
    """A draft is stored and checked; at one that ends with " move on" the server goes to another item by itself."""
    tab.drafts[at] = {**{k: act[k] for k in ("text", "final_answer", "first_step", "last_step")}}
    tab.drafts[at]["saved_at"] = live["saved_at"] = datetime.now(UTC).isoformat()
    draft = Draft(act["text"], act["final_answer"], act["first_step"], act["last_step"])
    found = check_prompt(act["text"], samples()[at]["trajectory"])
    live["check"] = check_view(draft, found)
    if act["text"].endswith(" move on"):
        tab.at += 1


def on_act(act: Act) -> bool:
    if Path(os.environ["PANE_LOG"]).with_name("locked").exists():
        tab.live = {"trouble": "team.db cannot be used now: another program is writing to it."}
        return False
    log(act)
    live = tab.live = {}
    action, at = act["action"], tab.at
    if action == "undo":
        if tab.done:
            tab.at = tab.done.pop()[0]
            tab.revs[tab.at] = tab.revs.get(tab.at, 0) + 1
        else:
            live["notice"] = ("info", "There is nothing of yours to undo.")
    elif action == "mine":
        row = {"tone": "plain", "at": "", "request": "", "note": ""}
        live["mine"] = [row | {"review": str(n), "text": PAST[what], "name": f"n{n}"} for n, what in tab.done[::-1]]
    elif action == "reopen":
        tab.at = int(act["review"])
    elif action == "draft":
        keep(act, at, live)
    elif action == "expand":
        run = {name: samples()[at][name] for name in ("trajectory", "attempt", "analysis", "outcome")}
        raw = json.dumps(samples()[at]["trajectory"].model_dump(), indent=1)
        text = expanded_view(step=act["step"], field=act["field"], raw=raw, **run)
        live.setdefault("expanded", []).append(text | {"id": at})
    elif action == "open":
        tab.at = act["id"]
    elif action in ("previous", "next"):
        tab.at = max(0, min(len(samples()), at + (1 if action == "next" else -1)))
    elif action in PAST:
        if "refuse" in (act.get("note"), (act.get("text") or "")[-6:]):
            words = "Not saved: mia accepted it while you had it open. Look at it again."
            tab.refused.append({"op_id": act["op_id"], "proposal_id": at, "name": name(at), "text": words})
            return True
        tab.done.append((act["id"], action))
        tab.at = act["id"] + 1
    return True


review_at = tab.at
last = f"{PAST[tab.done[-1][1]]} {name(tab.done[-1][0])}" if tab.done else ""
payload = pane_payload(
    view(review_at),
    ahead=view(review_at + 1),
    refused=tab.refused,
    waiting=len(samples()) - review_at,
    counts=[(word.lower(), sum(a == key for _, a in tab.done)) for key, word in PAST.items() if key != "flag"],
    last=last,
    desk="mia-team.db",
    empty={
        "title": "All reviewed",
        "text": "Nothing waits in the queue.",
        "buttons": [("Export", "export"), ("Import more", "import")],
    },
    beat_seconds=int(st.query_params.get("beat", 0)),
    **tab.live,
)
if not st.session_state.get("hidden"):
    review_pane(payload, key="pane", on_act=on_act)

# What else a page holds: a native text box, a native slider, a native dialog, a way to leave.
st.text_input("Native text")
st.slider("Native slider", 0, 10)
st.checkbox("Hide the pane", key="hidden")
if st.button("Native dialog"):
    st.dialog("Dialog")(lambda: st.write("open"))()
