"""What each act of the pane does to the file and to its tab; `review_app.drawing` shows it. No Streamlit here."""

import logging
from contextlib import suppress
from dataclasses import replace

from pydantic import ValidationError

from core.errors import StoreError, UserError
from core.models import Decision, RejectReason, ReviewAction
from core.review.items import (
    Desk,
    ReviewItem,
    beside,
    item_after,
    item_in_edit,
    keep_open,
    next_item,
    open_by_name,
    open_item,
)
from core.review.many import return_mine
from core.review.typed import can_be_seen, too_long
from core.review.verdicts import Answer, decide, keep_draft, undo_last, undo_one
from core.store import Store
from core.store.proposals import get_proposal, keys_named
from core.store.reviews import Draft
from review_app.counted import counted
from review_app.drawing import check_edit, draft_view, drawn, expanded, name_of, words_of
from review_app.empty_queue import CLEAR_FILTER, SHOW_WAITING
from review_app.mine import decided_item, strip
from review_app.pane import Act
from review_app.tab import Refusal, Tab

_VERDICTS = {action.value: action for action in ReviewAction if action is not ReviewAction.UNDO}
_REFUSALS = 8  # how many stay on screen at most
_NAMESAKES = 6  # runs of one name whose addresses are said


def show_next(store: Store, tab: Tab, desk: Desk) -> None:
    """Open the next waiting item, or none."""
    _show(tab, next_item(store, desk, known=tab.ahead))


def show_edited(store: Store, tab: Tab, desk: Desk) -> None:
    """Open the item that this person is editing, or none."""
    _show(tab, item_in_edit(store, desk))


def show_named(store: Store, tab: Tab, desk: Desk, trajectory: str) -> None:
    """Open the item of one trajectory (deep link); says so where there is none, or several of that name."""
    try:
        _show(tab, open_by_name(store, desk, trajectory))
    except UserError as error:
        tab.say("error", str(error))
        return
    keys = keys_named(store, trajectory)
    if len(keys) > 1:
        others = ", ".join(f"item={key}" for key in keys[1 : _NAMESAKES + 1]) + (
            ", ..." if keys[_NAMESAKES + 1 :] else ""
        )
        words = f"{len(keys):,} runs are called {trajectory}; this is the first. Address of the others: {others}"
        tab.say("info", words)


def take(store: Store, tab: Tab, desk: Desk, act: Act) -> bool:
    """Do what the reviewer did; whether it is done with, stored or refused. Never raises for what a person can cause.

    False: the file could not be used, nothing was stored, and the same act can be given again; `trouble` says why.
    """
    tab.hear()
    try:
        _do(store, tab, desk, act)
    except StoreError as error:
        tab.live["trouble"] = str(error)
        return False
    except UserError as error:
        tab.say("error", str(error))
    except Exception as error:  # an act that can never be done must not hold up those behind it
        logging.getLogger(__name__).exception("act %s", act["action"])
        words = f"Not saved: a fault that this program does not know ({type(error).__name__}: {error})."
        _refuse(store, tab, act["op_id"], act.get("id") or 0, words)
    return True


def _do(store: Store, tab: Tab, desk: Desk, act: Act) -> None:
    action = act["action"]
    if action in _VERDICTS:
        _verdict(store, tab, desk, act, _VERDICTS[action])
    elif action == "undo":
        _undo(store, tab, desk, act)
    elif action == "mine":
        tab.live["mine"] = strip(store, desk.annotator)
    elif action == "reopen":
        _open_again(store, tab, desk, act.get("review") or "")
    elif action == "draft":
        _draft(store, tab, desk, act)
    elif action in ("previous", "next"):
        _look_beside(store, tab, desk, forward=action == "next")
    elif action == "expand" and tab.item:
        tab.live.setdefault("expanded", []).extend(expanded(store, tab.item, act))
    elif action == "beat" and tab.item:
        _beat(store, tab, desk, tab.item)
    elif action == "open":
        _show(tab, open_item(store, desk, act.get("id") or 0))
    elif action == "return-deferred":
        returned = return_mine(store, desk.annotator)
        is_back = "is" if returned == 1 else "are"
        tab.say("info", f"{counted(returned, 'deferred item')} {is_back} back in the queue.")
        show_next(store, tab, desk)
    elif action in (CLEAR_FILTER, SHOW_WAITING):
        tab.widen = action
    elif action.startswith("go:"):
        tab.go_to = action.removeprefix("go:")


def _beat(store: Store, tab: Tab, desk: Desk, item: ReviewItem) -> None:
    lost = keep_open(store, desk, item.proposal_id)
    if item.held_by:
        if not lost:  # the one who had it has left it
            _show(tab, open_item(store, desk, item.proposal_id))
    elif lost:
        tab.say("error", f"{lost} Your draft is kept.")
    if tab.ahead and keep_open(store, desk, tab.ahead.proposal_id):
        tab.ahead = None


def look_ahead(store: Store, tab: Tab, desk: Desk) -> None:
    """Lease and load what comes after the item of this tab. A file that is locked now costs only the head start."""
    if tab.item is not None and tab.ahead is None:
        with suppress(StoreError):
            tab.ahead = item_after(store, desk, tab.item)


def _show(tab: Tab, item: ReviewItem | None) -> None:
    tab.item, tab.ahead = item, None


def _verdict(store: Store, tab: Tab, desk: Desk, act: Act, action: ReviewAction) -> None:
    try:
        decision = _decision(act, desk.annotator, action)
    except (ValidationError, ValueError) as error:
        _refuse(store, tab, act["op_id"], act.get("id") or 0, f"Not saved: {_plain(error)}.")
        return
    answer = decide(store, decision, seen=act.get("seen") or "")
    if answer.again:
        raise StoreError(answer.message)
    try:
        _after(store, tab, desk, decision, answer)
    except StoreError as error:  # the verdict itself is stored or refused: that must not be asked again
        tab.say("error", f"{answer.message} The item to follow cannot be shown: {error}")


def _after(store: Store, tab: Tab, desk: Desk, decision: Decision, answer: Answer) -> None:
    """Show what follows a verdict: the next item, or the refusal and the item as it is now.

    The browser that has an item ahead shows it already, and somebody may be typing in it: it stays there.
    """
    if answer.taken:
        show_next(store, tab, desk)
        return
    text = decision.hindsight_prompt or ""
    fits = can_be_seen(text) and not too_long(text, decision.final_answer)
    kept = fits and get_proposal(store, answer.proposal_id) is not None
    told = f"{answer.message} Your edit is kept as a draft." if kept else answer.message
    _refuse(store, tab, decision.op_id, answer.proposal_id, told)
    if not answer.proposal_id:  # the file is not the one that was reviewed: nothing on screen is in it
        show_next(store, tab, desk)
    elif get_proposal(store, answer.proposal_id):
        if kept:  # a refused edit must not be typed again
            keep_draft(store, answer.proposal_id, desk.annotator, words_of(decision))
        shown = tab.ahead.proposal_id if tab.ahead else answer.proposal_id
        _show(tab, open_item(store, desk, shown, known=tab.ahead))


def _refuse(store: Store, tab: Tab, op_id: str, proposal_id: int, words: str) -> None:
    tab.refused = [*tab.refused, Refusal(op_id, proposal_id, name_of(store, proposal_id), words)][-_REFUSALS:]


def _decision(act: Act, annotator: str, action: ReviewAction) -> Decision:
    edited = action is ReviewAction.EDIT
    reason = act.get("reason")
    return Decision(
        op_id=act["op_id"],
        proposal_id=act.get("id") or 0,
        revision=act.get("rev") or 0,
        annotator=annotator,
        action=action,
        reason=RejectReason(reason) if reason else None,
        note=act.get("note") or "",
        hindsight_prompt=act.get("text") if edited else None,
        final_answer=act.get("final_answer") if edited else None,
        first_step=act.get("first_step") if edited else None,
        last_step=act.get("last_step") if edited else None,
        active_seconds=act.get("active_seconds"),
    )


def _open_again(store: Store, tab: Tab, desk: Desk, review: str) -> None:
    found = decided_item(store, desk.annotator, review)
    if found is None:
        tab.say("info", "That verdict is not in this file, or not yours.")
    else:
        _show(tab, open_item(store, desk, found))


def _undo(store: Store, tab: Tab, desk: Desk, act: Act) -> None:
    one = act.get("review")
    if one:
        answer = undo_one(store, desk.annotator, one, op_id=act["op_id"])
    else:
        answer = undo_last(store, desk.annotator, op_id=act["op_id"])
    if answer is None:
        told = "That verdict is undone already." if one else "There is nothing of yours to undo."
        if one in [refusal.op_id for refusal in tab.refused]:
            told = "That verdict was not taken: there is nothing to undo."
        tab.say("info", told)
    elif answer.again:
        raise StoreError(answer.message)
    elif answer.taken:
        tab.say("info", answer.message)
        _show(tab, open_item(store, desk, answer.proposal_id))
    else:
        tab.say("error", answer.message)


def _draft(store: Store, tab: Tab, desk: Desk, act: Act) -> None:
    text, item = act.get("text") or "", tab.item
    if item is None or act.get("id") != item.proposal_id:
        return
    draft = Draft(text, act.get("final_answer"), act.get("first_step"), act.get("last_step"))
    saved_at = keep_draft(store, item.proposal_id, desk.annotator, draft)
    tab.live |= {"saved_at": saved_at, "check": check_edit(item, draft)}
    # The browser has these words already: the view takes them under its old key, and is not sent for them.
    view = drawn(tab, item)
    tab.item = replace(item, draft=replace(draft, saved_at=saved_at))
    if view:
        news = {"draft": draft_view(tab.item.draft), "check": tab.live["check"]}
        tab.views[item.proposal_id] = (tab.item, view | news)


def _look_beside(store: Store, tab: Tab, desk: Desk, *, forward: bool) -> None:
    if tab.item is None:
        show_next(store, tab, desk)
        return
    found = beside(store, desk, tab.item.proposal_id, forward=forward)
    if found is None:
        where = "No other item of this pile and filter comes"
        told = f"{where} after this one." if forward else f"{where} before this one. M lists what you decided."
        tab.say("info", told)
    else:
        _show(tab, found)


def _plain(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return str(error)
