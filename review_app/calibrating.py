"""What the Thresholds screen says of the judges: what a confidence has meant, and how far they see as humans do."""

import streamlit as st

from core.measures.precision import Evidence, Sample
from core.measures.shares import ENOUGH
from core.review.calibration import Figure
from core.review.judging import NAMES, Judging, Panel, fit, judging, keep, meant
from core.store import Store
from core.store.calibrations import current_calibration
from review_app.charts import confidence_chart, reliability_chart
from review_app.counted import counted
from review_app.measured import in_percent
from review_app.pane.shown import line
from review_app.widgets import Row, chart, table


def show_calibration(opened: Store, held: Evidence, sample: Sample, theta: float, who: str) -> None:
    """Reliability, c against c2, kappa, judges in common, and the fit that says what a score has meant."""
    if len(held.verdicts) < ENOUGH:
        n = len(held.verdicts)
        st.text(f"Too few verdicts to say: {counted(n, 'random item')} decided, {ENOUGH} are needed.")
        return
    found = _judging(sample.identity, opened, held)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What a confidence has meant", anchor=False)
        chart(reliability_chart({NAMES[name]: one for name, one in found.reliability.items()}))
        _sums(found)
    with right:
        st.subheader("Writer against judge", anchor=False)
        if found.pairs:
            chart(confidence_chart(found.pairs))
        st.text(_kappa_words(found))
        for panel in found.panels:
            _panel(panel)
        st.subheader("Calibrated score", anchor=False)
        _fitted(opened, held, theta, who)


@st.cache_data(max_entries=8, show_spinner=False)
def _judging(identity: str, _opened: Store, _held: Evidence) -> Judging:  # noqa: ARG001  it is the key
    return judging(_opened, _held)


def _sums(found: Judging) -> None:
    def said(figure: Figure | None) -> str:
        return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})" if figure else "too few verdicts to say"

    head = ("Confidence", "n", "Calibration error", "Brier score")
    rows = [
        Row((NAMES[name], f"{one.n:,}", said(one.error), said(one.brier))) for name, one in found.reliability.items()
    ]
    table(head, rows, numbers=head[1:])
    st.caption(
        "On random items; c2 and score where the judge said yes. Calibration error (ECE): how far right and"
        " confidence lie apart, in 10 bins; chance alone keeps it above 0. Brackets: 95 % by bootstrap."
    )


def _kappa_words(found: Judging) -> str:
    if found.kappa_n < ENOUGH:
        return f"Judge and humans: too few verdicts to say, n = {found.kappa_n:,}."
    if found.kappa is None or found.kappa_interval is None:
        return f"Judge and humans: kappa is not defined, all on one side, n = {found.kappa_n:,}."
    low, high = found.kappa_interval
    kappa = f"kappa {found.kappa:z.2f} ({low:z.2f} to {high:z.2f}), n = {found.kappa_n:,}"
    return f"Judge's yes or no against the humans', on the random share alone: {kappa}."


def _panel(panel: Panel) -> None:
    rows = [Row((line(judge, 60), f"{wrong.n:,}", in_percent(wrong))) for judge, wrong in panel.wrong]
    table(("Judge", "n", "Differs from humans"), rows, numbers=("n",))
    if panel.correlation is None:
        st.text(f"Errors in common: too few verdicts to say, n = {panel.n:,}.")
        return
    votes = "" if panel.votes is None else f"; {len(panel.wrong)} judges are worth {panel.votes:.1f} independent votes"
    st.text(f"Correlation of their errors {panel.correlation:.2f}{votes}, n = {panel.n:,}.")


def _fitted(opened: Store, held: Evidence, theta: float, who: str) -> None:
    kept = current_calibration(opened)
    if kept:
        st.text(
            f"A score of {theta:.2f} has meant {meant(kept, theta):.0%} right. Version {kept.version}, by"
            f" {line(kept.fitted_by, 60)} on {kept.created_at[:10]}, n = {kept.n:,}. Brier score {kept.before:.3f}"
            f" for the score itself, {kept.after:.3f} calibrated, on items that it was not fitted on."
        )
    else:
        st.text("Nothing is fitted yet. A fit tells for each score which share of such items was right.")
    if st.button("Fit on the random reviews", icon=":material/ssid_chart:"):
        found = fit(opened, held)
        if found is None:
            st.text(f"Too few verdicts where the judge said yes; {ENOUGH} are needed.")
        else:
            keep(opened, found, by=who)
            st.rerun()
