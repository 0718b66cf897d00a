"""One tab of one reviewer: which item is open, and what each act of the pane does.

Everything that must survive is in the file; a `Tab` only says where this tab is, so a reload costs
nothing. No Streamlit here: acts in, a payload out.
"""

import logging
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from core.errors import StoreError, UserError
from core.models import Decision, ProposalState, RejectReason, ReviewAction, content_hash
from core.review.items import (
    Desk,
    ReviewItem,
    beside,
    item_after,
    keep_open,
    next_item,
    open_by_name,
    open_item,
    record_as_imported,
)
from core.review.many import return_mine
from core.review.overlap import desk_counts
from core.review.team import done_today
from core.review.thresholds import policy_in_force
from core.review.typed import can_be_seen
from core.review.verdicts import Answer, decide, keep_draft, my_last, undo_last, undo_one
from core.settings import Settings
from core.stages.grounding import check_prompt
from core.store import Store
from core.store.proposals import get_proposal, keys_named
from core.store.queue import state_counts, waiting
from core.store.reviews import Draft
from core.store.standing import ReviewRow
from core.store.trajectories import trajectory_name
from review_app.counted import counted
from review_app.empty_queue import CLEAR_FILTER, SHOW_WAITING, empty_queue
from review_app.mine import decided_item, strip
from review_app.pane import Act
from review_app.pane.payload import check_view, expanded_view, item_view, pane_payload
from review_app.pane.words import STATE

_VERDICTS = {action.value: action for action in ReviewAction if action is not ReviewAction.UNDO}
_PAST = {
    ReviewAction.ACCEPT: "Accepted",
    ReviewAction.EDIT: "Edited",
    ReviewAction.REJECT: "Rejected",
    ReviewAction.DEFER: "Deferred",
    ReviewAction.FLAG: "Flagged",
}
_STEP_TEXTS = re.compile(r"observation|text|thought|arg\d{1,3}")  # `arg3`: the fourth row of the arguments
_RUN_TEXTS = re.compile(r"original_prompt|system_prompt|final_answer")
_REFUSALS = 8  # how many stay on screen at most
_NAMESAKES = 6  # runs of one name whose addresses are said


@dataclass(frozen=True)
class Refusal:
    """A verdict that was not taken: said until it was read, since another may have been given meanwhile."""

    op_id: str
    proposal_id: int  # 0: nothing in this file
    name: str
    text: str


@dataclass
class Tab:
    """Where one browser tab is. `live` is what the next payload says: notice, trouble, check, saved_at, expanded."""

    item: ReviewItem | None = None
    ahead: ReviewItem | None = None  # what comes after `item`; the browser shows it at the key, before the answer
    live: dict[str, Any] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)  # the newest last; the browser says which were read
    views: dict[int, tuple[ReviewItem, dict[str, Any]]] = field(default_factory=dict)  # of item and ahead, by id
    shown: dict[str, Any] | None = None  # the last payload: it stays on screen while the file cannot be read
    go_to: str = ""  # a button of the empty queue: the screen to show
    widen: str = ""  # a button of the empty queue: `CLEAR_FILTER` or `SHOW_WAITING`


def show_next(store: Store, tab: Tab, desk: Desk) -> None:
    """Open the next waiting item, or none."""
    _show(tab, next_item(store, desk))


def show_named(store: Store, tab: Tab, desk: Desk, trajectory: str) -> None:
    """Open the item of one trajectory (deep link); says so where there is none, or several of that name."""
    try:
        _show(tab, open_by_name(store, desk, trajectory))
    except UserError as error:
        tab.live["notice"] = ("error", str(error))
        return
    keys = keys_named(store, trajectory)
    if len(keys) > 1:
        others = ", ".join(f"item={key}" for key in keys[1 : _NAMESAKES + 1]) + (
            ", ..." if keys[_NAMESAKES + 1 :] else ""
        )
        words = f"{len(keys):,} runs are called {trajectory}; this is the first. Address of the others: {others}"
        tab.live["notice"] = ("info", words)


def take(store: Store, tab: Tab, desk: Desk, act: Act) -> bool:
    """Do what the reviewer did; whether it is done with, stored or refused. Never raises for what a person can cause.

    False: the file could not be used, nothing was stored, and the same act can be given again; `trouble` says why.
    """
    tab.live = {}
    try:
        _do(store, tab, desk, act)
    except StoreError as error:
        tab.live["trouble"] = str(error)
        return False
    except UserError as error:
        tab.live["notice"] = ("error", str(error))
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
        tab.live["expanded"] = _expanded(store, tab.item, act)
    elif action == "beat" and tab.item:
        _beat(store, tab, desk, tab.item)
    elif action == "open":
        _show(tab, open_item(store, desk, act.get("id") or 0))
    elif action == "return-deferred":
        returned = return_mine(store, desk.annotator)
        is_back = "is" if returned == 1 else "are"
        tab.live["notice"] = ("info", f"{counted(returned, 'deferred item')} {is_back} back in the queue.")
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
        tab.live["notice"] = ("error", f"{lost} Your draft is kept.")
    if tab.ahead and keep_open(store, desk, tab.ahead.proposal_id):
        tab.ahead = None


def look_ahead(store: Store, tab: Tab, desk: Desk) -> None:
    """Lease and load what comes after the item of this tab. A file that is locked now costs only the head start."""
    if tab.item is not None and tab.ahead is None:
        with suppress(StoreError):
            tab.ahead = item_after(store, desk, tab.item)


def payload(store: Store, tab: Tab, desk: Desk, settings: Settings) -> dict[str, Any]:
    """What the pane is given for this tab now."""
    theta = policy_in_force(store, settings.pipeline).theta
    items = [item for item in (tab.item, tab.ahead) if item is not None]
    tab.views = {item.proposal_id: (item, _drawn(tab, item) or _view(item, theta)) for item in items}
    mine = my_last(store, desk.annotator, limit=1)
    return pane_payload(
        _drawn(tab, tab.item),
        ahead=_drawn(tab, tab.ahead),
        refused=[vars(refusal) for refusal in tab.refused],
        waiting=waiting(store, desk.wanted, desk.annotator, desk.pile.value),
        pile=STATE[desk.pile][0].lower(),
        counts=_counts(store, desk.annotator),
        last=f"{_PAST[mine[0].action]} {_name(store, mine[0].proposal_id)}" if mine else "",
        last_review=mine[0].op_id if mine else "",
        empty=None if tab.item else empty_queue(store, desk),
        desk=content_hash([str(store.path), desk.annotator]),
        beat_seconds=max(5, desk.lease_seconds // 3),
        **tab.live,
    )


def _counts(store: Store, annotator: str) -> list[tuple[str, int]]:
    """The figures of the bar in words; nothing that is 0."""
    known = desk_counts(store, annotator, state_counts(store))
    said = {STATE[state][0].lower(): known[state.value] for state in ProposalState if state.value in known}
    said |= {word: n for word, n in known.items() if word not in set(ProposalState)}
    return [(word, n) for word, n in {**said, "of mine today": done_today(store, annotator)}.items() if n]


def _drawn(tab: Tab, item: ReviewItem | None) -> dict[str, Any] | None:
    """The view of this very item, where it was drawn; the same proposal loaded anew may hold another draft."""
    of, view = tab.views.get(item.proposal_id, (None, None)) if item else (None, None)
    return view if of is item else None


def _show(tab: Tab, item: ReviewItem | None) -> None:
    tab.item, tab.ahead = tab.ahead if item == tab.ahead else item, None


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
        tab.live["notice"] = ("error", f"{answer.message} The item to follow cannot be shown: {error}")


def _after(store: Store, tab: Tab, desk: Desk, decision: Decision, answer: Answer) -> None:
    """Show what follows a verdict: the next item, or the refusal and the item as it is now.

    The browser that has an item ahead shows it already, and somebody may be typing in it: it stays there.
    """
    if answer.taken:
        show_next(store, tab, desk)
        return
    kept = can_be_seen(decision.hindsight_prompt or "") and get_proposal(store, answer.proposal_id) is not None
    told = f"{answer.message} Your edit is kept as a draft." if kept else answer.message
    _refuse(store, tab, decision.op_id, answer.proposal_id, told)
    if not answer.proposal_id:  # the file is not the one that was reviewed: nothing on screen is in it
        show_next(store, tab, desk)
    elif get_proposal(store, answer.proposal_id):
        if kept:  # a refused edit must not be typed again
            keep_draft(store, answer.proposal_id, desk.annotator, _words(decision))
        _show(tab, open_item(store, desk, tab.ahead.proposal_id if tab.ahead else answer.proposal_id))


def _refuse(store: Store, tab: Tab, op_id: str, proposal_id: int, words: str) -> None:
    tab.refused = [*tab.refused, Refusal(op_id, proposal_id, _name(store, proposal_id), words)][-_REFUSALS:]


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
        tab.live["notice"] = ("info", "That verdict is not in this file, or not yours.")
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
        tab.live["notice"] = ("info", told)
    elif answer.again:
        raise StoreError(answer.message)
    elif answer.taken:
        tab.live["notice"] = ("info", answer.message)
        _show(tab, open_item(store, desk, answer.proposal_id))
    else:
        tab.live["notice"] = ("error", answer.message)


def _draft(store: Store, tab: Tab, desk: Desk, act: Act) -> None:
    text, item = act.get("text") or "", tab.item
    if item is None or act.get("id") != item.proposal_id:
        return
    draft = Draft(text, act.get("final_answer"), act.get("first_step"), act.get("last_step"))
    saved_at = keep_draft(store, item.proposal_id, desk.annotator, draft)
    tab.live |= {"saved_at": saved_at, "check": _check(item, draft)}
    # The browser has these words already: the view takes them under its old key, and is not sent for them.
    view = _drawn(tab, item)
    tab.item = replace(item, draft=replace(draft, saved_at=saved_at))
    if view:
        news = {"draft": _draft_view(tab.item.draft), "check": tab.live["check"]}
        tab.views[item.proposal_id] = (tab.item, view | news)


def _check(item: ReviewItem, draft: Draft) -> dict[str, Any]:
    """What the rules find in an edit, for the pane to show beside that very edit."""
    attempt = item.attempt
    whole = replace(
        draft,
        final_answer=attempt.final_answer if draft.final_answer is None else draft.final_answer,
        first_step=draft.first_step or attempt.first_step,
        last_step=draft.last_step or attempt.last_step,
    )
    grounding = check_prompt(
        whole.hindsight_prompt,
        item.trajectory.without_grader_text(),
        first_step=whole.first_step or 1,
        last_step=whole.last_step,
        final_answer=whole.final_answer or "",
    )
    return check_view(whole, grounding)


def _look_beside(store: Store, tab: Tab, desk: Desk, *, forward: bool) -> None:
    if tab.item is None:
        show_next(store, tab, desk)
        return
    found = beside(store, desk, tab.item.proposal_id, forward=forward)
    if found is None:
        where = "No other item of this pile and filter comes"
        told = f"{where} after this one." if forward else f"{where} before this one. M lists what you decided."
        tab.live["notice"] = ("info", told)
    else:
        _show(tab, found)


def _expanded(store: Store, item: ReviewItem, act: Act) -> dict[str, Any] | None:
    """The full text that was asked for; None where the item shown now has no such text."""
    name, step = act.get("field") or "", act.get("step") or 0
    known = name in ("raw", "all") or (_STEP_TEXTS if step else _RUN_TEXTS).fullmatch(name)
    if act.get("id") != item.proposal_id or not known or not 0 <= step <= len(item.trajectory.steps):
        return None
    raw = record_as_imported(store, item) if name == "raw" else ""
    return expanded_view(
        item.trajectory,
        step=step,
        field=name,
        raw=raw,
        attempt=item.attempt,
        analysis=item.analysis,
        outcome=item.outcome,
    )


def _view(item: ReviewItem, theta: float) -> dict[str, Any]:
    return item_view(
        proposal_id=item.proposal_id,
        revision=item.revision,
        trajectory=item.trajectory,
        analysis=item.analysis,
        outcome=item.outcome,
        attempt=item.attempt,
        others=item.others,
        queue_reason=item.queue_reason,
        state=item.state,
        why_now=item.why_now,
        threshold=theta,
        source=item.source,
        held_by=item.held_by,
        verdict=item.verdict,
        differing=item.differing,
        alike=item.alike,
        check=_check(item, item.draft) if item.draft else None,
        draft=_draft_view(item.draft or _edited(item)),
    )


def _edited(item: ReviewItem) -> Draft | None:
    """The words of the edit in force: an edited item that is looked at again shows what was approved."""
    if item.verdict is None or item.verdict.action is not ReviewAction.EDIT:
        return None
    return _words(item.verdict, saved_at=item.verdict.created_at)


def _words(given: Decision | ReviewRow, *, saved_at: str = "") -> Draft:
    return Draft(given.hindsight_prompt or "", given.final_answer, given.first_step, given.last_step, saved_at)


def _draft_view(draft: Draft | None) -> dict[str, Any] | None:
    if draft is None:
        return None
    return {
        "text": draft.hindsight_prompt,
        "final_answer": draft.final_answer,
        "first_step": draft.first_step,
        "last_step": draft.last_step,
        "saved_at": draft.saved_at,
    }


def _name(store: Store, proposal_id: int) -> str:
    row = get_proposal(store, proposal_id)
    return trajectory_name(store, row.trajectory_key) if row else ""


def _plain(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return str(error)
