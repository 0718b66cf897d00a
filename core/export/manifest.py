"""Parts of a manifest that need nothing of the export: what was measured, bulk acts, runs without a proposal."""

from typing import Any

from core.measures.precision import evidence, measured
from core.measures.shares import Share
from core.models import BulkAction
from core.store import Store
from core.store.bulk import as_json, get_bulk_act
from core.store.runs import outcome_counts
from core.store.trajectories import label_counts


def measured_now(store: Store, theta: float, delta: float) -> dict[str, Any]:
    """What verdicts on random items say of the policy now; a value is null where they are too few."""

    def said(found: Share) -> dict[str, Any]:
        known = {"value": found.value, "interval_95": [found.low, found.high]} if found.enough else {"value": None}
        return {**known, "n": found.n, "share_without_verdicts": found.unspoken}

    found = measured(evidence(store).sample(), theta, delta)
    return {
        "precision": said(found.precision),
        "precision_if_edits_are_right": said(found.usable),
        "recall": said(found.recall),
    }


def bulk_act(store: Store, batch_id: int, items: int) -> dict[str, Any]:
    """One act that is in force for so many items, with what its audit showed when it was applied."""
    act = get_bulk_act(store, batch_id)
    assert act is not None
    right, n = act.audit_right or 0, (act.audit_right or 0) + (act.audit_wrong or 0)
    return {
        "batch_id": batch_id,
        "samples" if act.action is BulkAction.ACCEPT else "items": items,
        "theta": act.theta,
        "delta": act.delta,
        "filter": as_json(act.wanted),
        "why": act.why,
        "planned_by": act.planned_by,
        "applied_by": act.applied_by,
        "applied_at": act.applied_at,
        "applied_before_the_audit_because": act.early_why or None,
        "audit": {
            "target": act.target,
            "n": n,
            "right": right,
            "precision": right / n if n else None,
            "interval_95": [act.audit_low, act.audit_high] if n else None,
        },
    }


def without_proposal(store: Store) -> dict[str, int]:
    """Trajectories that have no proposal, by reason: a skip's, `stage_failed` or `not_run`."""
    results = outcome_counts(store)
    counts = {str(row["reason"]): int(row["n"]) for row in results if row["status"] == "skipped"}
    counts["stage_failed"] = sum(row["n"] for row in results if row["status"] == "failed")
    counts["not_run"] = label_counts(store)["all"] - sum(row["n"] for row in results)
    return {reason: n for reason, n in counts.items() if n}
