"""What the Thresholds screen says of precision: measured, with its interval and its n, or not at all."""

import streamlit as st

from core.measures.precision import (
    Evidence,
    Measured,
    Reaching,
    Sample,
    below,
    curve,
    measured,
    needed,
    theta_for,
)
from core.measures.shares import ENOUGH, Share
from review_app.charts import precision_chart
from review_app.counted import counted
from review_app.widgets import chart

_TARGETS = (0.8, 0.85, 0.9, 0.95, 0.97, 0.99)
_WIDTHS = (0.02, 0.03, 0.05, 0.1)


def in_percent(found: Share) -> str:
    """`87 % (81 to 92 %)`, or that nothing can be said."""
    if not found.enough or found.value is None:
        return "too few verdicts to say"
    return f"{found.value:.0%} ({found.low:.0%} to {found.high:.0%})".replace("%", " %").replace(" % to", " to")


def with_n(found: Share) -> str:
    """The same with its n."""
    return f"{in_percent(found)}, n = {found.n:,}"


def say_precision(sample: Sample, theta: float, delta: float, reject_below: float) -> Measured:
    """What verdicts on random items say of the threshold on the sliders."""
    found = measured(sample, theta, delta)
    st.markdown(f"**Measured precision: {with_n(found.precision)}**")
    st.caption(
        f"Counting an edit as right: {with_n(found.usable)}. Recall, of all that is right: {with_n(found.recall)}."
    )
    if found.precision.n and found.precision.unspoken:
        part = f"{found.precision.unspoken:.0%}".replace("%", " %")
        st.caption(f"On {part} of what it lets in no random verdict says anything; the interval allows for that.")
    if reject_below:
        st.caption(f"Right among scores under {reject_below:.2f}: {with_n(below(sample, reject_below))}.")
    return found


def show_precision(held: Evidence, sample: Sample, found: Measured, delta: float) -> None:
    """The curve, the theta for a wished precision, and how many more reviews a narrower interval takes."""
    left, right = st.columns([2, 5], gap="large")
    with left:
        target = st.select_slider(
            "Precision wished for", _TARGETS, 0.95, format_func=lambda share: f"{share:.0%}", key="target"
        )
        st.markdown(f"**{_reaching_words(_reaching(sample.identity, sample, delta, target))}**")
        width = st.select_slider(
            "Interval wished for", _WIDTHS, 0.05, format_func=lambda half: f"± {half:.0%}", key="width"
        )
        st.text(_needed_words(held, found, width))
        if held.undecided:
            st.text(f"Left out: {counted(held.undecided, 'random item')} put off, flagged or disputed.")
    with right:
        points = _points(sample.identity, sample, delta)
        if len(points) > 1:
            chart(precision_chart(points, found.theta), stretched=True)
        else:
            st.text(f"The curve comes with {ENOUGH} verdicts on random items that a threshold lets in.")
        st.caption(
            f"From verdicts on random items alone; n = {len(held.verdicts):,}. What came because it was doubtful"
            " never counts. Right: accepted as it stood. Bands and brackets: exact 95 % intervals."
        )


@st.cache_data(max_entries=64, show_spinner=False)
def _reaching(identity: str, _sample: Sample, delta: float, target: float) -> Reaching:  # noqa: ARG001  it is the key
    return theta_for(_sample, delta, target)


@st.cache_data(max_entries=64, show_spinner=False)
def _points(identity: str, _sample: Sample, delta: float) -> list[Measured]:  # noqa: ARG001  it is the key
    return [one for one in curve(_sample, delta) if one.precision.enough]


def _reaching_words(found: Reaching) -> str:
    wished = f"Least score for {found.target:.0%} precision".replace("%", " %")
    if not found.enough:
        return f"{wished}: too few verdicts to say, n = {found.n:,} on items that a threshold may let in"
    if found.theta is None:
        return f"{wished}: not reachable with this judge, n = {found.n:,}"
    if found.low is None or found.high is None:
        low = found.theta if found.low is None else found.low
        ends = f"from {low:.2f}, upper end not reached"
    else:
        ends = f"{found.low:.2f} to {found.high:.2f}"
    return f"{wished}: {found.theta:.2f} ({ends}), n = {found.n:,}"


def _needed_words(held: Evidence, found: Measured, width: float) -> str:
    wait = f"{held.waiting:,} of the random share wait."
    more = needed(found, width)
    if held.waiting < (more.reviews if more else 1):
        wait += " Beyond them, the sample of a planned bulk act brings more: plan one on Bulk."
    if more is None:
        return f"How many more it takes can be told from {ENOUGH} verdicts on. {wait}"
    if not more.let_in:
        return f"It is that narrow already. {wait}"
    return f"About {more.reviews:,} more random reviews, {more.let_in:,} of them on items that it lets in. {wait}"
