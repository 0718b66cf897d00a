"""Charts, from rows that the store counted."""

from collections.abc import Iterable

import altair as alt
import pandas as pd

from core.review.precision import Measured

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
_TENTHS = alt.Axis(values=[n / 10 for n in range(11)], format=".1f")


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
    return alt.Y(f"{column}:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
