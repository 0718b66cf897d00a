"""Who set which threshold when and why, with the precision known then: policies, and bulk acts that were applied."""

import streamlit as st

from core.models import BulkAction
from core.review.thresholds import Policy, policy_history
from core.store import Store
from core.store.bulk import BulkAct, bulk_acts
from review_app.pane.shown import line
from review_app.widgets import Row, empty, table


def show_policies(opened: Store) -> None:
    """Every policy and every bulk act that was applied, the newest first."""
    found = [(policy.created_at, _policy(policy)) for policy in policy_history(opened)]
    found += [(act.applied_at, _act(act)) for act in bulk_acts(opened) if act.applied_at]
    if not found:
        empty(
            "No threshold was set yet",
            "The defaults are in force. Set one on Thresholds; who, when and why is kept here.",
            page="screens/thresholds.py",
            label="Go to Thresholds",
        )
        return
    head = ("Set", "By", "What", "Precision then", "n", "Why")
    table(head, [row for _, row in sorted(found, key=lambda entry: entry[0], reverse=True)], numbers=("n",))
    st.caption(
        "The newest policy is in force. Precision of a policy: from verdicts on random items; of a bulk act: what its"
        " sample showed. Brackets: exact 95 % intervals."
    )


def _policy(policy: Policy) -> Row:
    what = f"Let in from score {policy.theta:.2f}, weight {policy.delta:.2f}"
    known = _share(policy.precision, policy.precision_low, policy.precision_high)
    n = "-" if policy.precision_n is None else f"{policy.precision_n:,}"
    return Row((_when(policy.created_at), line(policy.set_by, 60), what, known, n, line(policy.why) or "-"))


def _act(act: BulkAct) -> Row:
    accepts = act.action is BulkAction.ACCEPT
    what = f"accept from score {act.theta:.2f}" if accepts else f"leave out scores below {act.theta:.2f}"
    back = f"; rolled back by {line(act.ended_by or '', 60)}" if act.stage in ("rolling_back", "rolled_back") else ""
    n = (act.audit_right or 0) + (act.audit_wrong or 0)
    known = _share((act.audit_right or 0) / n if n else None, act.audit_low, act.audit_high)
    known += "" if accepts or not n else " rightly left out"
    why = f"{line(act.why)}; before the sample had shown it: {line(act.early_why)}" if act.early_why else line(act.why)
    return Row(
        (_when(act.applied_at or ""), line(act.applied_by or "", 60), f"Batch {act.id}: {what}{back}", known,
         f"{n:,}" if n else "-", why)
    )  # fmt: skip


def _share(known: float | None, low: float | None, high: float | None) -> str:
    if known is None or low is None or high is None:
        return "too few verdicts to say"
    return f"{known:.0%} ({low:.0%} to {high:.0%})".replace("%", " %").replace(" % to", " to")


def _when(moment: str) -> str:
    return f"{moment[:16].replace('T', ' ')} UTC"
