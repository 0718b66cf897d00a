"""Charts, from rows that the store counted."""

from collections.abc import Iterable
from typing import Any

import altair as alt
import pandas as pd

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
}


def score_chart(rows: Iterable[dict[str, Any]], theta: float, *, bins: int = 20) -> alt.LayerChart | alt.FacetChart:
    """Number of proposals by score and state, with a line at theta; unjudged ones stand left of zero."""
    data = pd.DataFrame(
        [
            {
                "from": -1.5 / bins if row["bin"] is None else row["bin"] / bins,
                "to": -0.5 / bins if row["bin"] is None else (row["bin"] + 1) / bins,
                "state": row["state"],
                "items": row["n"],
                "score": "unjudged"
                if row["bin"] is None
                else f"{row['bin'] / bins:.2f} to {(row['bin'] + 1) / bins:.2f}",
            }
            for row in rows
        ]
    )
    bars = (
        alt.Chart(data)
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X(
                "from:Q",
                bin="binned",
                title="Score (unjudged at the far left)",
                scale=alt.Scale(domain=[-0.08, 1]),
                axis=alt.Axis(values=[n / 10 for n in range(11)], format=".1f"),
            ),
            x2="to:Q",
            y=alt.Y("items:Q", title="Proposals", stack="zero", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "state:N",
                scale=alt.Scale(domain=list(STATES), range=list(STATES.values())),
                legend=alt.Legend(orient="bottom", title=None),
            ),
            tooltip=["score", "state", "items"],
        )
    )
    line = (
        alt.Chart(pd.DataFrame([{"theta": theta, "label": f"least score {theta:.2f}"}]))
        .mark_rule(strokeWidth=2, strokeDash=[5, 3], color="#888")
        .encode(x="theta:Q", tooltip=["label"])
    )
    return alt.layer(bars, line).properties(height=300)
