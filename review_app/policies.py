"""Who set which threshold when and why, with the precision known then."""

from core.review.thresholds import Policy, policy_history
from core.store import Store
from review_app.pane.shown import line
from review_app.widgets import Row, empty, table


def show_policies(opened: Store) -> None:
    """Every policy, the newest first; the first one is in force."""
    found = policy_history(opened)
    if not found:
        empty(
            "No threshold was set yet",
            "The defaults are in force. Set one on Thresholds; who, when and why is kept here.",
            page="screens/thresholds.py",
            label="Go to Thresholds",
        )
        return
    head = ("Set", "By", "Least score", "Least weight", "Precision then", "Why")
    table(head, map(_row, found), numbers=("Least score", "Least weight"))


def _row(policy: Policy) -> Row:
    when = f"{policy.created_at[:16].replace('T', ' ')} UTC"
    return Row(
        (
            when,
            line(policy.set_by, 60),
            f"{policy.theta:.2f}",
            f"{policy.delta:.2f}",
            _precision(policy),
            line(policy.why) or "-",
        )
    )


def _precision(policy: Policy) -> str:
    known, low, high = policy.precision, policy.precision_low, policy.precision_high
    if known is None or low is None or high is None:
        return "not known"
    return f"{known:.0%} ({low:.0%} to {high:.0%}, n = {policy.precision_n or 0:,})"
