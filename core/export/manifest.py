"""The manifest of an export: everything that somebody who trains on the file asks about it.

It holds no clock and no path, so the same database and options give the same bytes.
"""

from typing import Any

from core.export.lengths import spread
from core.export.naming import Names, names
from core.export.request import ExportReport, ExportRequest
from core.formats.writing import Written
from core.measures.precision import evidence, measured
from core.measures.shares import ENOUGH, Share
from core.models import BulkAction, ProposalState
from core.settings import WITHOUT_EFFECT, PipelineConfig, split_judge
from core.store import Store
from core.store.bulk import as_json, get_bulk_act, rejecting
from core.store.opening import schema_version
from core.store.queue import current_policy, state_counts
from core.store.runs import outcome_counts
from core.store.trajectories import label_counts


def policy_of(store: Store, settings: PipelineConfig) -> dict[str, Any]:
    """The policy in force; that of the settings where none was ever set."""
    return current_policy(store) or {
        "theta": settings.min_confidence,
        "delta": settings.severity_threshold,
        "set_by": "default",
    }


def manifest_of(
    store: Store, settings: PipelineConfig, request: ExportRequest, report: ExportReport, written: Written
) -> dict[str, Any]:
    """All of it, once the rows are written."""
    called = names(store, pseudonyms=request.pseudonyms)
    policy = policy_of(store, settings)
    return {
        "schema": schema_version(store),
        "format": request.format,
        "dialect": request.target.dialect,
        "trainer": request.target.trainer,
        "shape": request.target.spelling,
        "rows": report.rows,
        "files": {
            side: file.model_dump(mode="json", exclude={"name"})  # a name would be one of the bytes
            for side, file in zip(("train", "test"), written.data, strict=False)
        },
        "human_reviewed": sum(n for state, n in report.samples.items() if state != "auto_accepted"),
        "auto_accepted": report.samples["auto_accepted"],
        "include_auto": request.include_auto,
        "allow_stale": request.allow_stale,
        "approved_by_state": dict(sorted(report.samples.items())),
        "models": dict(sorted(report.models.items())),
        "prompt_hashes": dict(sorted(report.prompt_hashes.items())),
        "reviewers": dict(sorted(report.reviewers.items())),
        "selection": _selection(request, called),
        "split": {"test_share": request.test_share, "leakage": report.leakage} if request.test_share else None,
        "tokens": {"counted_by": report.tokens_by, **spread(report.tokens)},
        "personal_data": {
            "masked": request.redact,
            "samples": report.masks.samples,
            "kinds": report.masks.report(),
        },
        "left_out": {
            "not_selected": dict(report.not_selected.most_common()),
            "approved_but_no_row": dict(report.reasons.most_common()),
            "items": [item.model_dump() for item in report.left_out],
            "by_state": report.not_approved,
            "no_proposal": _without_proposal(store),
        },
        "policy": policy | {"set_by": called(policy["set_by"])},
        "measured": _measured_now(store, policy["theta"], policy["delta"]),
        "bulk_acts": [_bulk_act(store, batch_id, n, called) for batch_id, n in sorted(report.by_bulk_act.items())],
        "bulk_rejected": [_bulk_act(store, batch_id, n, called) for batch_id, n in rejecting(store)],
        "settings": settings.model_dump(mode="json", exclude=WITHOUT_EFFECT)
        | {"judge_model": [split_judge(judge)[0] for judge in settings.judge_model]},
    }


def _selection(request: ExportRequest, called: Names) -> dict[str, Any]:
    """What was chosen, with people as the rest of the manifest calls them."""
    chosen = request.selection.chosen
    named = {"reviewers": [called(name) for name in request.selection.reviewers]}
    return chosen | named if request.selection.reviewers else chosen


def _measured_now(store: Store, theta: float, delta: float) -> dict[str, Any]:
    """What verdicts on random items say of the policy now; where they are too few, a value is null and says so."""
    too_few = {"value": None, "why_no_value": f"fewer than {ENOUGH} verdicts on items that chance picked"}

    def said(found: Share) -> dict[str, Any]:
        known = {"value": found.value, "interval_95": [found.low, found.high]} if found.enough else too_few
        return {**known, "n": found.n, "share_without_verdicts": found.unspoken}

    found = measured(evidence(store).sample(), theta, delta)
    return {
        "precision": said(found.precision),
        "precision_if_edits_are_right": said(found.usable),
        "recall": said(found.recall),
    }


def _bulk_act(store: Store, batch_id: int, items: int, called: Names) -> dict[str, Any]:
    """One act that is in force for so many items, with what its audit showed when it was applied."""
    act = get_bulk_act(store, batch_id)
    assert act is not None
    right, n = act.audit_right or 0, (act.audit_right or 0) + (act.audit_wrong or 0)
    return {
        "batch_id": batch_id,
        "samples" if act.action is BulkAction.ACCEPT else "items": items,
        "theta": act.theta,
        "delta": act.delta,
        "filter": _people_as(called, as_json(act.wanted)),
        "why": act.why,
        "planned_by": called(act.planned_by),
        "applied_by": called(act.applied_by),
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


def _people_as(called: Names, wanted: dict[str, Any]) -> dict[str, Any]:
    return wanted | {"assigned_to": called(wanted["assigned_to"])} if "assigned_to" in wanted else wanted


def not_approved(store: Store, report: ExportReport) -> dict[str, int]:
    """Proposals by state that this export does not take; what the policy let in is no longer pending."""
    counts = {state.value: n for state, n in state_counts(store).items()}
    counts[ProposalState.PENDING] -= report.approved["auto_accepted"] - report.approved_by_bulk
    counts[ProposalState.AUTO_ACCEPTED] -= report.approved_by_bulk
    return {state: n for state, n in counts.items() if state not in ("accepted", "edited") and n}


def _without_proposal(store: Store) -> dict[str, int]:
    """Trajectories that have no proposal, by reason: a skip's, `stage_failed` or `not_run`."""
    results = outcome_counts(store)
    counts = {str(row["reason"]): int(row["n"]) for row in results if row["status"] == "skipped"}
    counts["stage_failed"] = sum(row["n"] for row in results if row["status"] == "failed")
    counts["not_run"] = label_counts(store)["all"] - sum(row["n"] for row in results)
    return {reason: n for reason, n in counts.items() if n}
