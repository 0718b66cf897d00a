"""Disputed items: both verdicts side by side, and the lead's one act."""

from itertools import pairwise

import streamlit as st

from core.models import Attempt, RejectReason, ReviewAction
from core.review.overlap import Dispute, count_disputes, disputes, is_party, settle_as, settle_by_reject
from core.review.verdicts import Answer
from core.store import Store
from core.store.standing import STATE_AFTER, ReviewRow
from core.store.trajectories import load_trajectory
from review_app.chrome import as_label
from review_app.diffs import show_word_diff
from review_app.drawing import name_of
from review_app.pane import words
from review_app.pane.badges import said_with
from review_app.pane.shown import line
from review_app.rows import capped
from review_app.widgets import empty

_A_PAGE = 5
_SAID = "settled"


def show_disputes(opened: Store, who: str) -> None:
    """The disputed items in queue order, a few at a time."""
    said: Answer | None = st.session_state.pop(_SAID, None)
    if said:
        (st.success if said.taken else st.error)("Settled." if said.taken else "Not settled.")
        name = name_of(opened, said.proposal_id)
        st.text(line(f"{name}: {said.message}" if name else said.message))
    total = count_disputes(opened)
    if not total:
        empty("Nothing is disputed", "Items on which two people differ come here, to be settled by a third verdict.")
        return
    st.text(
        f"Your choice settles an item and is noted under {line(who, 60)}. Only you can change it: Backspace on Review."
    )
    page = st.pagination(-(-total // _A_PAGE), key="disputes_page") if total > _A_PAGE else 1
    for dispute in disputes(opened, limit=_A_PAGE, offset=(page - 1) * _A_PAGE):
        _card(opened, dispute, who)


def _card(opened: Store, dispute: Dispute, who: str) -> None:
    with st.container(border=True, key=f"dispute_{dispute.proposal_id}"):
        head, link = st.columns([5, 1], vertical_alignment="center")
        head.code(line(dispute.trajectory_id, 80), language=None)
        link.page_link(
            "screens/review.py",
            label="Open in Review",
            icon=":material/open_in_full:",
            query_params={"item": dispute.trajectory_key},
        )
        asked = "You are one of those who differ. Settle it all the same?"
        may = not is_party(dispute, who) or st.checkbox(asked, key=f"own_{dispute.proposal_id}_{dispute.revision}")
        st.caption("The request as proposed")
        st.text(capped(dispute.attempt.hindsight_prompt))
        with st.expander("What the run was asked, and the answer that is proposed"):
            run = load_trajectory(opened, dispute.trajectory_key)
            for title, text in (("Asked", run.original_prompt), ("Answer", dispute.attempt.final_answer)):
                st.caption(title)
                st.text(capped(text) or "None")
        for column, opinion in zip(st.columns(len(dispute.opinions), gap="medium"), dispute.opinions, strict=True):
            with column, st.container(border=True):
                _opinion(opened, dispute, opinion, who, may=may)
        edits = [opinion for opinion in dispute.opinions if opinion.action is ReviewAction.EDIT]
        for one, other in pairwise(edits):
            st.text(f"From the words of {line(one.annotator, 60)} to those of {line(other.annotator, 60)}")
            show_word_diff(one.hindsight_prompt or "", other.hindsight_prompt or "")
        reason, button = st.columns([3, 1], vertical_alignment="bottom")
        chosen = reason.selectbox(
            "Or reject it for a reason of your own",
            list(RejectReason),
            index=None,
            format_func=lambda one: f"{int(one)} · {one.label}",
            placeholder="Choose a reason",
            key=f"why_{dispute.proposal_id}_{dispute.revision}",
        )
        if button.button(
            "Reject", key=f"reject_{dispute.proposal_id}", disabled=chosen is None or not may, width="stretch"
        ):
            assert chosen is not None
            _done(settle_by_reject(opened, dispute, chosen, by=who))


def _opinion(opened: Store, dispute: Dispute, opinion: ReviewRow, who: str, *, may: bool) -> None:
    verdict = words.STATE[STATE_AFTER[opinion.action]][0]
    st.text(f"{line(opinion.annotator, 60)} · {verdict} · {opinion.created_at[:16].replace('T', ' ')} UTC")
    if said := said_with(opinion):
        st.text(capped(said))
    if opinion.action is ReviewAction.EDIT:
        _edit(dispute.attempt, opinion)
    if st.button(
        f"Decide like {as_label(opinion.annotator)}",
        key=f"take_{opinion.id}",
        icon=":material/gavel:",
        disabled=not may,
    ):
        _done(settle_as(opened, dispute, opinion, by=who))


def _edit(attempt: Attempt, opinion: ReviewRow) -> None:
    """What an edit changes of the proposal: the request always, answer and steps where they differ."""
    show_word_diff(attempt.hindsight_prompt, opinion.hindsight_prompt or "")
    if opinion.final_answer is not None and opinion.final_answer.strip() != attempt.final_answer.strip():
        st.caption("Final answer")
        show_word_diff(attempt.final_answer, opinion.final_answer)
    steps = (opinion.first_step or attempt.first_step, opinion.last_step or attempt.last_step)
    if steps != (attempt.first_step, attempt.last_step):
        st.text(f"Steps {steps[0]} to {steps[1]} instead of {attempt.first_step} to {attempt.last_step}")


def _done(answer: Answer) -> None:
    st.session_state[_SAID] = answer
    st.rerun()
