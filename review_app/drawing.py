"""What the pane is given for one tab: its item and the one that follows, drawn once, and the figures around them."""

import re
from dataclasses import replace
from typing import Any

from core.models import Decision, ProposalState, ReviewAction, content_hash
from core.review.items import Desk, ReviewItem, record_as_imported
from core.review.overlap import desk_counts
from core.review.team import done_today
from core.review.thresholds import policy_in_force
from core.review.verdicts import my_last
from core.settings import Settings
from core.stages.grounding import check_prompt
from core.store import Store
from core.store.proposals import get_proposal
from core.store.queue import state_counts, waiting
from core.store.reviews import Draft
from core.store.standing import ReviewRow
from core.store.trajectories import trajectory_name
from review_app.empty_queue import empty_queue
from review_app.pane import Act
from review_app.pane.payload import check_view, expanded_view, item_view, pane_payload
from review_app.pane.words import STATE
from review_app.tab import Tab

_PAST = {
    ReviewAction.ACCEPT: "Accepted",
    ReviewAction.EDIT: "Edited",
    ReviewAction.REJECT: "Rejected",
    ReviewAction.DEFER: "Deferred",
    ReviewAction.FLAG: "Flagged",
}
_STEP_TEXTS = re.compile(r"observation|text|thought|arg\d{1,3}")  # `arg3`: the fourth row of the arguments
_RUN_TEXTS = re.compile(r"original_prompt|system_prompt|final_answer")


def payload(store: Store, tab: Tab, desk: Desk, settings: Settings) -> dict[str, Any]:
    """What the pane is given for this tab now."""
    theta = policy_in_force(store, settings.pipeline).theta
    items = [item for item in (tab.item, tab.ahead) if item is not None]
    tab.views = {item.proposal_id: (item, drawn(tab, item) or _view(item, theta, desk.annotator)) for item in items}
    mine = my_last(store, desk.annotator, limit=1)
    shown = pane_payload(
        drawn(tab, tab.item),
        ahead=drawn(tab, tab.ahead),
        refused=[vars(refusal) for refusal in tab.refused],
        waiting=waiting(store, desk.wanted, desk.annotator, desk.pile.value),
        pile=STATE[desk.pile][0].lower(),
        counts=_counts(store, desk.annotator),
        last=f"{_PAST[mine[0].action]} {name_of(store, mine[0].proposal_id)}" if mine else "",
        last_review=mine[0].op_id if mine else "",
        empty=None if tab.item else empty_queue(store, desk),
        desk=content_hash([str(store.path), desk.annotator]),
        beat_seconds=max(5, desk.lease_seconds // 3),
        lease_seconds=desk.lease_seconds,
        **tab.live,
    )
    tab.told = True
    tab.live = {name: tab.live[name] for name in ("expanded", "trouble") if name in tab.live}  # till the next act
    return shown


def _counts(store: Store, annotator: str) -> list[tuple[str, int]]:
    """The figures of the bar in words; nothing that is 0."""
    known = desk_counts(store, annotator, state_counts(store))
    said = {STATE[state][0].lower(): known[state.value] for state in ProposalState if state.value in known}
    said |= {word: n for word, n in known.items() if word not in set(ProposalState)}
    return [(word, n) for word, n in {**said, "of mine today": done_today(store, annotator)}.items() if n]


def drawn(tab: Tab, item: ReviewItem | None) -> dict[str, Any] | None:
    """The view of this very item, where it was drawn; the same proposal loaded anew may hold another draft."""
    of, view = tab.views.get(item.proposal_id, (None, None)) if item else (None, None)
    return view if of is item else None


def _view(item: ReviewItem, theta: float, reader: str) -> dict[str, Any]:
    draft = item.draft or _edited(item)
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
        earlier=item.earlier,
        reader=reader,
        check=check_edit(item, draft) if draft else None,
        draft=draft_view(draft),
    )


def check_edit(item: ReviewItem, draft: Draft) -> dict[str, Any]:
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


def expanded(store: Store, item: ReviewItem, act: Act) -> list[dict[str, Any]]:
    """The full text that was asked for; nothing where the item shown now has no such text."""
    name, step = act.get("field") or "", act.get("step") or 0
    known = name in ("raw", "all") or (_STEP_TEXTS if step else _RUN_TEXTS).fullmatch(name)
    if act.get("id") != item.proposal_id or not known or not 0 <= step <= len(item.trajectory.steps):
        return []
    raw = record_as_imported(store, item) if name == "raw" else ""
    text = expanded_view(
        item.trajectory,
        step=step,
        field=name,
        raw=raw,
        attempt=item.attempt,
        analysis=item.analysis,
        outcome=item.outcome,
    )
    return [text | {"id": item.proposal_id}]


def _edited(item: ReviewItem) -> Draft | None:
    """The words of the edit in force: an edited item that is looked at again shows what was approved."""
    if item.verdict is None or item.verdict.action is not ReviewAction.EDIT:
        return None
    return words_of(item.verdict, saved_at=item.verdict.created_at)


def words_of(given: Decision | ReviewRow, *, saved_at: str = "") -> Draft:
    """The words of an edit as a draft."""
    return Draft(given.hindsight_prompt or "", given.final_answer, given.first_step, given.last_step, saved_at)


def draft_view(draft: Draft | None) -> dict[str, Any] | None:
    """The draft as the editor takes it."""
    if draft is None:
        return None
    return {
        "text": draft.hindsight_prompt,
        "final_answer": draft.final_answer,
        "first_step": draft.first_step,
        "last_step": draft.last_step,
        "saved_at": draft.saved_at,
    }


def name_of(store: Store, proposal_id: int) -> str:
    """What the source calls the run of a proposal; empty where there is none."""
    row = get_proposal(store, proposal_id)
    return trajectory_name(store, row.trajectory_key) if row else ""
