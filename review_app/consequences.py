"""What a threshold does group by group, and the items on which it and the reviewers differ."""

import streamlit as st

from core.measures.shares import Share
from core.models import FailureType, QueueReason
from core.prices import dollars
from core.review.costs import Spent
from core.review.effects import Differing, Effect, Group, differences
from core.store import Store
from review_app.measured import in_percent
from review_app.pane import words
from review_app.pane.shown import line
from review_app.widgets import Row, table

_MOST = 20


def show_groups(
    groups: list[Group],
    precision: dict[tuple[str, str], Share],
    spent: dict[tuple[str | None, str], Spent],
) -> None:
    """One line for each kind of failure and source; what it cost, where a model was asked."""
    head = ("Failure", "Source", "Let in", "By a human", "Alone", "Queue", "Left out", "Precision", "n")
    costs = ("Cost", "Each let in") if spent else ()

    def row(group: Group) -> Row:
        effect, found = group.effect, precision.get((group.failure_type, group.source))
        counts = (effect.let_in, effect.human_accepted, effect.unseen, effect.queued, effect.left_out)
        return Row(
            (
                words.FAILURE[FailureType(group.failure_type)] if group.failure_type else "None named",
                line(group.source, 60),
                *(f"{n:,}" for n in counts),
                in_percent(found) if found else "too few verdicts to say",
                f"{found.n:,}" if found else "0",
                *(_cost(spent.get((group.failure_type, group.source)), effect.let_in) if spent else ()),
            )
        )

    table(
        (*head, *costs), map(row, groups), numbers=("Let in", "By a human", "Alone", "Queue", "Left out", "n", *costs)
    )
    note = "Alone: without a human, by threshold or bulk act. n: verdicts on random items that the threshold lets in."
    lost = sum(one.cost_usd for (failure, _), one in spent.items() if failure is None)
    st.caption(f"{note} Runs that gave no proposal cost \\{dollars(lost)} more." if lost else note)


def _cost(spent: Spent | None, let_in: int) -> tuple[str, str]:
    if spent is None:
        return "-", "-"
    each = spent.for_each(let_in)
    return spent.in_words, "-" if each is None else dollars(each)


def show_differences(opened: Store, effect: Effect, theta: float, delta: float) -> None:
    """What reviewers rejected and would get in, beside what they accepted and would not; each can be opened."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(f"Rejected, would get in ({effect.rejected_above:,})", anchor=False)
        _items(differences(opened, theta, delta, rejected=True, limit=_MOST), effect.rejected_above, delta)
    with right:
        st.subheader(f"Accepted, would fall out ({effect.accepted_below:,})", anchor=False)
        st.caption("They stay accepted: no threshold changes what a human said.")
        _items(differences(opened, theta, delta, rejected=False, limit=_MOST), effect.accepted_below, delta)


def _items(found: list[Differing], number: int, delta: float) -> None:
    if not found:
        st.text("None.")
    for one in found:
        what, link = st.columns([5, 1], vertical_alignment="center")
        score = "unjudged" if one.score is None else f"score {one.score:.2f}"
        if one.weight < delta:
            why = "Too severe"
        else:
            why = words.QUEUE[QueueReason(one.queue_reason)][0] if one.queue_reason else "Passed every check"
        asks = line(" ".join(one.request.split()))
        what.text(f"{asks}\n{line(one.name, 60)} · {score}, weight {one.weight:.2f} · {why.lower()}")
        link.page_link("screens/review.py", label="Open", query_params={"item": one.trajectory_key})
    if number > len(found):
        st.caption(f"The first {len(found)} of {number:,}.")
