"""Charts, from rows that the store counted."""

from collections.abc import Iterable, Mapping, Sequence

import altair as alt
import pandas as pd

from core.export.lengths import bins
from core.measures.precision import Measured
from core.review.calibration import Reliability

# Order is the order of the bars from the axis up; colours hold in light and dark.
STATES = {
    "accepted": "#2e9e6b",
    "edited": "#7cc6a4",
    "rejected": "#d9634f",
    "pending": "#6b8fe0",
    "deferred": "#b7bcc6",
    "flagged": "#d9a441",
    "second": "#9a86d8",
    "disputed": "#c76fa3",
    "auto_accepted": "#58b7b0",
    "auto_rejected": "#a8744f",
}


APPROVED = ("accepted", "edited", "rejected")  # what a human has decided
_BLUE, _GREY = "#6b8fe0", "#8a919c"
_TENTHS = alt.Axis(values=[n / 10 for n in range(11)], format=".1f", labelFlush=False)


def precision_chart(points: Iterable[Measured], theta: float) -> alt.LayerChart | alt.FacetChart:
    """Precision and recall over theta with the band of the precision; a line at `theta`, n in the tooltips."""
    data = pd.DataFrame(
        [
            {
                "theta": one.theta,
                "figure": name,
                "share": share.value,
                "from": share.low,
                "to": share.high,
                "n": share.n,
            }
            for one in points
            for name, share in (("precision", one.precision), ("recall", one.recall))
        ]
    )
    x = alt.X("theta:Q", title="Least score", scale=alt.Scale(domain=[0, 1]), axis=_TENTHS)
    colour = alt.Color(
        "figure:N",
        scale=alt.Scale(domain=["precision", "recall"], range=[_BLUE, _GREY]),
        legend=alt.Legend(orient="bottom", title=None),
    )
    told = ["figure", alt.Tooltip("theta:Q", format=".2f"), "n"]
    told += [alt.Tooltip(f"{name}:Q", format=".1%") for name in ("share", "from", "to")]
    band = alt.Chart(data[data["figure"] == "precision"]).mark_area(opacity=0.2, color=_BLUE)
    lines = alt.Chart(data).mark_line(point=alt.OverlayMarkDef(size=28))
    rule = alt.Chart(pd.DataFrame([{"theta": theta}])).mark_rule(strokeDash=[5, 3], color=_GREY)
    return alt.layer(
        band.encode(x=x, y=_percent("from"), y2="to:Q"),
        lines.encode(x=x, y=_percent("share"), color=colour, tooltip=told),
        rule.encode(x="theta:Q"),
    ).properties(height=280)


def _percent(column: str) -> alt.Y:
    return alt.Y(f"{column}:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", labelFlush=False))


def token_chart(tokens: Sequence[int]) -> alt.Chart:
    """How many samples are how long; the bins are counted here, so the browser gets 20 rows and not one a sample."""
    data = pd.DataFrame(bins(tokens, most=20), columns=["from", "to", "samples"]).assign(
        end=lambda rows: rows["to"] + 1
    )
    chart: alt.Chart = (
        alt.Chart(data)
        .mark_bar(color=_BLUE)
        .encode(
            x=alt.X("from:Q", title="Tokens", axis=alt.Axis(tickMinStep=1)),
            x2="end:Q",
            y=alt.Y("samples:Q", title="Samples", axis=alt.Axis(tickMinStep=1)),
            y2=alt.datum(0),  # with x2 and without it a bar is a dash at its end
            tooltip=["samples", alt.Tooltip("from:Q", format=","), alt.Tooltip("to:Q", format=",")],
        )
        .properties(height=160)
    )
    return chart


def reliability_chart(curves: Mapping[str, Reliability]) -> alt.LayerChart | alt.FacetChart:
    """Share that is right over confidence, one line a confidence; on the diagonal it means what it says."""
    data = pd.DataFrame(
        [
            {"of": name, "said": one.confidence, "right": one.right.value, "from": one.right.low, "to": one.right.high,
             "n": one.right.n}
            for name, curve in curves.items()
            for one in curve.bins
        ]
    )  # fmt: skip
    x = alt.X("said:Q", title="Confidence", scale=alt.Scale(domain=[0, 1]), axis=_TENTHS)
    colour = alt.Color(
        "of:N",
        scale=alt.Scale(domain=list(curves), range=[_BLUE, "#d9a441", "#2e9e6b"]),
        legend=alt.Legend(orient="bottom", title=None),
    )
    told = [alt.Tooltip("of:N"), alt.Tooltip("said:Q", format=".2f"), alt.Tooltip("n:Q")]
    told += [alt.Tooltip(f"{name}:Q", format=".1%") for name in ("right", "from", "to")]
    lines = alt.Chart(data).encode(x=x, color=colour, tooltip=told)
    diagonal = alt.Chart(pd.DataFrame({"said": [0, 1], "right": [0, 1]})).mark_line(strokeDash=[5, 3], color=_GREY)
    return alt.layer(
        diagonal.encode(x=x, y=_percent("right")),
        lines.mark_line().encode(y=_percent("right")),
        lines.mark_circle(opacity=0.9).encode(y=_percent("right"), size=alt.Size("n:Q", legend=None)),
    ).properties(height=280)


def confidence_chart(pairs: Iterable[tuple[float, float, bool]]) -> alt.LayerChart | alt.FacetChart:
    """Confidence c against c2: how many items of each pair of confidences, and which share of them is right."""
    data = pd.DataFrame(pairs, columns=["c", "c2", "right"]).round({"c": 1, "c2": 1})
    cells = data.groupby(["c", "c2"], as_index=False).agg(n=("right", "size"), right=("right", "mean"))
    axis = alt.Scale(domain=[0, 1])
    return alt.layer(
        alt.Chart(cells)
        .mark_circle(opacity=0.95)
        .encode(
            x=alt.X("c:Q", title="Writer (c)", scale=axis, axis=_TENTHS),
            y=alt.Y("c2:Q", title="Judge (c2)", scale=axis, axis=_TENTHS),
            size=alt.Size("n:Q", scale=alt.Scale(range=[30, 500]), legend=None),
            color=alt.Color(
                "right:Q",
                scale=alt.Scale(domain=[0, 0.5, 1], range=["#d9634f", "#d9c34f", "#2e9e6b"]),
                legend=alt.Legend(title="right", format="%"),
            ),
            tooltip=["c", "c2", "n", alt.Tooltip("right:Q", format=".0%")],
        )
    ).properties(height=280)
