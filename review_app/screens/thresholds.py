"""Thresholds: what theta and delta let in, queue and leave out, before anybody applies them."""

import streamlit as st

from core.errors import UserError
from core.review.thresholds import Effect, apply_policy, effect_of, histogram, policy_in_force
from review_app.charts import score_chart
from review_app.session import annotator, settings, store
from review_app.widgets import empty, figure

st.title("Thresholds")
with store() as opened:
    in_force = policy_in_force(opened, settings().pipeline)
    bars = histogram(opened)
    if not bars:
        empty(
            "No proposals yet",
            "Import trajectories and run the stages; then this page shows what a threshold would let in.",
            page="screens/import_run.py",
            label="Go to Import & run",
        )
        st.stop()

    controls, chart = st.columns([2, 3], gap="large")
    with controls:
        theta = st.slider(
            "Least score (theta)",
            0.0,
            1.0,
            in_force.theta,
            0.01,
            help="Score = the lower of the relabeller's and the judge's confidence. From here on an item may"
            " enter without a human, if the judge said yes and the run supports every value.",
        )
        delta = st.slider(
            "Least weight (delta)",
            0.0,
            1.0,
            in_force.delta,
            0.01,
            help="Weight = 1 - severity of the failure. Below it an item is left out altogether.",
        )
        changed = (theta, delta) != (in_force.theta, in_force.delta)
        why = st.text_input("Why", placeholder="For whoever reads the history later", max_chars=300, disabled=not changed)
        if st.button("Apply", type="primary", disabled=not changed, icon=":material/check:"):
            try:
                apply_policy(
                    opened,
                    theta,
                    delta,
                    set_by=annotator(),
                    why=why,
                    random_share=settings().review.random_share,
                )
            except UserError as error:
                st.error(str(error))
            else:
                st.rerun()
        st.caption(
            f"In force: theta {in_force.theta:.2f}, delta {in_force.delta:.2f}"
            + (" (default)" if in_force.set_by == "default" else "")
        )
        if in_force.set_by != "default":
            st.text(f"Set by {in_force.set_by}, {in_force.created_at[:16].replace('T', ' ')} UTC. {in_force.why}".strip())

    now, then = effect_of(opened, in_force.theta, in_force.delta), effect_of(opened, theta, delta)

    def shown(label: str, name: str, note: str) -> None:
        """One figure, with what the change would make of it."""
        value, before = getattr(then, name), getattr(now, name)
        figure(label, value, note, change=value - before if changed else None)

    with chart:
        first, second, third = st.columns(3)
        with first:
            shown("Let in", "let_in", f"{then.human_accepted} by a human, {then.auto_accepted} by the threshold alone")
        with second:
            shown("Queue", "queued", "wait for a human")
        with third:
            shown("Left out", "left_out", f"{then.human_rejected} rejected, {then.too_severe} too severe")
        st.altair_chart(score_chart(bars, theta), width="stretch")


def disagreements(effect: Effect) -> None:
    """Where the threshold and the reviewers differ: the honest measure of a threshold."""
    judged = effect.human_accepted + effect.human_rejected
    if not judged:
        st.text("No human verdicts yet, so nothing says how right this threshold would be.")
        return
    st.text(
        f"Against {judged} human verdicts: {effect.rejected_above} rejected by a reviewer would be let in; "
        f"{effect.accepted_below} accepted by a reviewer would not."
    )


disagreements(then)
