"""Thresholds: what theta and delta let in, queue and leave out, before anybody applies them."""

import streamlit as st

from core.errors import UserError
from core.review.thresholds import Effect, Policy, apply_policy, effect_of, histogram, policy_in_force
from core.store import Store
from review_app.charts import score_chart
from review_app.counted import counted
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


def controls(opened: Store, policy: Policy) -> tuple[float, float]:
    """Both sliders, and the button that puts them in force."""
    theta = st.slider("Least score", 0.0, 1.0, policy.theta, 0.01, help=_SCORE)
    delta = st.slider("Least weight", 0.0, 1.0, policy.delta, 0.01, help=_WEIGHT)
    changed = (theta, delta) != (policy.theta, policy.delta)
    why = st.text_input("Why", placeholder="For whoever reads the history later", max_chars=300, disabled=not changed)
    if st.button("Apply", type="primary", disabled=not changed, icon=":material/check:"):
        share = settings().review.random_share
        try:
            apply_policy(opened, theta, delta, set_by=annotator(), why=why, random_share=share)
        except UserError as error:
            st.error(str(error))
        else:
            st.rerun()
    st.caption(f"In force: least score {policy.theta:.2f} (theta), least weight {policy.delta:.2f} (delta).")
    if policy.created_at:
        when = policy.created_at[:16].replace("T", " ")
        st.text(f"Set by {line(policy.set_by, 60)} on {when} UTC. {line(policy.why)}".strip())
    else:
        st.caption("These are the defaults; nobody has set a threshold yet.")
    return theta, delta


def effects(now: Effect, then: Effect) -> None:
    """The three figures, with what the sliders would change."""

    def change(name: str) -> int:
        return int(getattr(then, name) - getattr(now, name))

    made_of = f"{then.human_accepted} by a human, {then.auto_accepted} by the threshold alone"
    figures(
        (
            Figure("Let in", then.let_in, made_of, change("let_in")),
            Figure("Queue", then.queued, "wait for a human", change("queued")),
            Figure(
                "Left out",
                then.left_out,
                f"{then.human_rejected} rejected, {then.too_severe} too severe",
                change("left_out"),
            ),
        )
    )


def disagreements(effect: Effect) -> None:
    """Where the threshold and the reviewers differ: the honest measure of a threshold."""
    judged = effect.human_accepted + effect.human_rejected
    if not judged:
        st.text("No human verdicts yet, so nothing says how right this threshold would be.")
        return
    st.text(
        f"Against {counted(judged, 'human verdict')}: {effect.rejected_above} that a reviewer rejected would be let"
        f" in, {effect.accepted_below} that a reviewer accepted would not."
    )


st.title("Thresholds", anchor=False)
with store() as opened:
    bars = histogram(opened)
    if not bars:
        empty(
            "No proposals yet",
            "Import trajectories and run the stages; then this page shows what a threshold would let in.",
            page="screens/import_run.py",
            label="Go to Import & run",
        )
        st.stop()
    in_force = policy_in_force(opened, settings().pipeline)
    left, right = st.columns([2, 5], gap="large")
    with left:
        theta, delta = controls(opened, in_force)
    with right:
        proposed = effect_of(opened, theta, delta)
        effects(effect_of(opened, in_force.theta, in_force.delta), proposed)
        disagreements(proposed)
        st.altair_chart(score_chart(bars, theta), width="stretch")
