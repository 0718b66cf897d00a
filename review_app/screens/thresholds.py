"""Thresholds: what theta and delta let in, queue and leave out, and how right that is, before anybody applies them."""

import streamlit as st

from core.errors import UserError
from core.measures.precision import evidence, measured
from core.models import BulkAction
from core.prices import dollars
from core.review.costs import Spent, costs_at, spent_by_group
from core.review.effects import (
    Effect,
    Spread,
    groups_of,
    histogram,
    let_in_at_each_delta,
    let_in_at_each_theta,
    spread,
    together,
    too_low_at_each,
)
from core.review.thresholds import Policy, apply_policy, policy_in_force
from core.store import Store
from core.store.calls import CallTotals, call_totals
from core.store.queue import state_counts
from review_app.calibrating import show_calibration
from review_app.charts import APPROVED, STATES
from review_app.consequences import show_differences, show_groups
from review_app.counted import counted
from review_app.faults import in_words
from review_app.histogram import Handle, histogram_with_handles
from review_app.measured import say_precision, show_precision
from review_app.pane.shown import line
from review_app.session import annotator, settings, store
from review_app.widgets import Figure, empty, figures

_SCORE = (
    "Called theta in the files and on the command line. The score of an item is the lower of two confidences: of"
    " whoever wrote the request, and of whoever checked it. From here on an item may enter without a human, if the"
    " check said yes and the run supports every value."
)
_WEIGHT = (
    "Called delta in the files and on the command line. Weight = 1 - severity of the failure: 1 is a small slip,"
    " 0 a disaster. Below it an item is left out altogether."
)
_BELOW = (
    "What waits with a lower score counts as left out here. 0 is off. It is put in force as a bulk act: a random sample"
    " is reviewed first, and one click takes it back."
)
_BINS = 50
_VIEWS = ("Precision", "Failures and sources", "Differences", "Calibration")


def controls(opened: Store, held: Spread, policy: Policy) -> tuple[float, float, float]:
    """The sliders, and the buttons that put them in force."""
    for name, value in (("theta", policy.theta), ("delta", policy.delta), ("reject", 0.0)):
        st.session_state.setdefault(name, value)
    theta = st.slider("Least score", 0.0, 1.0, step=0.01, help=_SCORE, key="theta")
    delta = st.slider("Least weight", 0.0, 1.0, step=0.01, help=_WEIGHT, key="delta")
    low = min(st.slider("Leave out scores below", 0.0, 1.0, step=0.01, help=_BELOW, key="reject"), theta)
    changed = (theta, delta) != (policy.theta, policy.delta)
    why = st.text_input("Why", placeholder="For whoever reads the history later", max_chars=300, disabled=not changed)
    if st.button("Apply", type="primary", disabled=not changed, icon=":material/check:"):
        share = settings().review.random_share
        try:
            known = measured(evidence(opened).sample(), theta, delta).precision
            apply_policy(opened, theta, delta, set_by=annotator(), why=why, random_share=share, precision=known)
        except UserError as error:
            st.error(str(error))
        else:
            st.rerun()
    if low:
        _leave_out(too_low_at_each(held, theta, delta)[round(low * 100)], low)
    st.caption(f"In force: least score {policy.theta:.2f} (theta), least weight {policy.delta:.2f} (delta).")
    if policy.created_at:
        when = policy.created_at[:16].replace("T", " ")
        st.text(f"Set by {line(policy.set_by, 60)} on {when} UTC. {policy.why}".strip())
    else:
        st.caption("These are the defaults; nobody has set a threshold yet.")
    st.page_link("screens/bulk.py", label="Bulk acts and policy history", icon=":material/done_all:")
    return theta, delta, low


def _leave_out(number: int, low: float) -> None:
    label = f"Plan to leave out {counted(number, 'item')}" if number else "Nothing waits below it"
    if st.button(label, disabled=not number, icon=":material/casino:", help="Nothing is left out before its sample."):
        st.session_state["bulk_action"], st.session_state["bulk_below"] = BulkAction.REJECT, low
        st.switch_page("screens/bulk.py")


def effects(now: Effect, then: Effect) -> None:
    """The three figures, with what the sliders would change."""

    def change(name: str) -> int:
        return int(getattr(then, name) - getattr(now, name))

    made_of = f"{then.human_accepted:,} by a human, {then.auto_accepted:,} by the threshold alone"
    if then.bulk_accepted:
        made_of += f", {then.bulk_accepted:,} by bulk acts"
    open_now = then.queued + then.auto_accepted + then.too_severe + then.too_low  # all without a closing verdict
    queue = f"not let in by the threshold; {open_now:,} wait for a person"
    out = f"{then.human_rejected:,} rejected, {then.too_severe:,} too severe"
    out += f", {then.too_low:,} score too low" if then.too_low else ""
    out += f", {then.bulk_rejected:,} by bulk acts" if then.bulk_rejected else ""
    figures(
        (
            Figure("Let in", then.let_in, made_of, change("let_in")),
            Figure("Queue", then.queued, queue, change("queued")),
            Figure("Left out", then.left_out, out, change("left_out")),
        )
    )


def disagreements(opened: Store, effect: Effect) -> None:
    """Where the threshold and the reviewers differ, and what an accepted item has cost so far."""
    costs = costs_at(opened, effect)
    if not costs.calls:
        spent = "No model was asked, so nothing was spent."
    else:
        spent = f"Cost so far: {costs.in_words}"
        for each, number, what in (
            (costs.per_human_accepted, effect.human_accepted, "accepted by a human"),
            (costs.per_let_in, effect.let_in, "let in"),
        ):
            spent += f"; {dollars(each)} for each of {number:,} {what}" if each is not None else ""
        spent += "."
    st.text(
        f"{effect.rejected_above:,} that a reviewer rejected would be let in, {effect.accepted_below:,} that a reviewer"
        f" accepted would not. {spent}"
    )


def moved(key: str, value: float) -> None:
    """A handle was let go: its slider follows."""
    st.session_state[key] = value


def bars(held: Spread, theta: float, delta: float, low: float) -> None:
    """The histograms of score and weight, by state or by what humans decided, with their handles."""
    split = st.segmented_control(
        "Bars by", ("State", "Human verdict"), default="State", required=True, key="bars_by",
        label_visibility="collapsed",
    )  # fmt: skip
    series = {state: STATES[state] for state in (APPROVED if split == "Human verdict" else STATES)}
    handles = [
        Handle("theta", "Least score", theta, "lets in", let_in_at_each_theta(held, delta), least=low),
        Handle(
            "reject",
            "Left out below",
            low,
            "holds",
            too_low_at_each(held, theta, delta),
            off="Leave out low scores",
            most=theta,
        ),
    ]
    histogram_with_handles(
        histogram(held, bins=_BINS), series, handles, bins=_BINS, title="Score", key="scores", on_move=moved
    )
    weight = Handle("delta", "Least weight", delta, "lets in", let_in_at_each_delta(held, theta))
    histogram_with_handles(
        histogram(held, of="weight", bins=_BINS), series, [weight],
        bins=_BINS, title="Weight", key="weights", height=150, legend=False, on_move=moved,
    )  # fmt: skip


@st.cache_data(max_entries=4, show_spinner=False)
def _spent(totals: CallTotals, _opened: Store) -> dict[tuple[str | None, str], Spent]:
    return spent_by_group(_opened) if totals.calls else {}


@st.fragment
def consequences() -> None:
    """All that a move of a slider or a handle changes; it reruns alone."""
    with in_words("thresholds"), store() as opened:
        in_force = policy_in_force(opened, settings().pipeline)
        verdicts = evidence(opened)
        sample = verdicts.sample()
        held = spread(opened)
        left, right = st.columns([2, 5], gap="large")
        with left:
            theta, delta, low = controls(opened, held, in_force)
        groups = groups_of(held, theta, delta, reject_below=low)
        proposed = together(groups)
        with right:
            effects(together(groups_of(held, in_force.theta, in_force.delta)), proposed)
            found = say_precision(sample, theta, delta, low)
            disagreements(opened, proposed)
            bars(held, theta, delta, low)
        view = st.segmented_control(
            "View", _VIEWS, default=_VIEWS[0], required=True, key="thresholds_view", label_visibility="collapsed"
        )
        if view == "Precision":
            show_precision(verdicts, sample, found, delta)
        elif view == "Failures and sources":
            show_groups(groups, verdicts.by_group(theta, delta), _spent(call_totals(opened), opened))
        elif view == "Differences":
            show_differences(opened, proposed, theta, delta)
        else:
            show_calibration(opened, verdicts, sample, theta, annotator())


st.title("Thresholds", anchor=False)
with store() as opened:
    if not any(state_counts(opened).values()):
        empty(
            "No proposals yet",
            "Import trajectories and run the stages; then this page shows what a threshold would let in.",
            page="screens/import_run.py",
            label="Go to Import & run",
        )
        st.stop()
consequences()
