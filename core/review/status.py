"""The state of a database in figures, for the command line and scripts."""

from dataclasses import asdict
from typing import Any

from core.review.agreement import agreements
from core.review.costs import costs_of
from core.review.effects import effect_of
from core.review.rubrics import against_reviewers
from core.review.thresholds import policy_in_force
from core.settings import PipelineConfig
from core.store import Store
from core.store.batches import waiting_jobs
from core.store.calls import call_totals
from core.store.panels import panel_verdicts
from core.store.queue import state_counts
from core.store.rubrics import decided_rubrics
from core.store.runs import latest_run, outcome_counts, runs_under_way
from core.store.trajectories import label_counts

_OF_RUN = ("id", "state", "message", "method", "total", "done", "failed")
_OF_COSTS = ("cost_usd", "unpriced_calls")


def status_of(store: Store, settings: PipelineConfig) -> dict[str, Any]:
    """Counts of trajectories, results, proposals, reviews and model calls, and costs; JSON-ready.

    A cost is None where no price was set, or nothing was accepted to share it. With unpriced calls, the share
    of each proposal is the least that it cost.
    """
    policy = policy_in_force(store, settings)
    effect = effect_of(store, policy.theta, policy.delta)
    run = latest_run(store)
    costs = costs_of(store, settings)
    return (
        {
            "trajectories": label_counts(store),
            "results": {f"{row['status']} {row['reason'] or ''}".strip(): row["n"] for row in outcome_counts(store)},
            "proposals": {state.value: n for state, n in state_counts(store).items()},
            "policy": {
                "theta": policy.theta,
                "delta": policy.delta,
                "set_by": policy.set_by,
                "auto_accepted": effect.auto_accepted,
                "waiting_for_a_human": effect.queued,
            },
            "last_run": {name: run[name] for name in _OF_RUN} if run else {},
            "model_calls": {name: n for name, n in asdict(call_totals(store)).items() if name not in _OF_COSTS},
            "costs": {
                "usd": costs.known,
                "usd_without_unpriced_calls": costs.cost_usd,
                "unpriced_calls": costs.unpriced_calls,
                "usd_per_human_accepted": costs.per_human_accepted,
                "usd_per_auto_accepted": costs.per_auto_accepted,
            },
        }
        | _beside(store)
        | ({"judges": judges} if (judges := _judges(store)) else {})
        | ({"rubric": rubric} if (rubric := against_reviewers(decided_rubrics(store))) else {})
    )


def _beside(store: Store) -> dict[str, Any]:
    """What goes on just now: other runs than the newest, and batch jobs that wait; empty where nothing does."""
    said: dict[str, Any] = {}
    if len(going := runs_under_way(store)) > 1:
        said["runs_under_way"] = {f"run {run['id']}": {name: run[name] for name in _OF_RUN} for run in going}
    if jobs := waiting_jobs(store):
        said["batch_jobs_waiting"] = {
            job.job_id: {"model": job.model, "state": job.state, "questions": job.requests, "begun": job.begun}
            for job in jobs
        }
    return said


def _judges(store: Store) -> dict[str, Any]:
    """How far several judges agree; empty where no attempt had more than one."""
    figures: dict[str, Any] = {}
    for panel in agreements(panel_verdicts(store)):
        for pair in panel.pairs:
            figures[" and ".join(pair.judges)] = {"n": pair.n, "agreed": pair.agreed, "kappa": pair.kappa}
        if len(panel.judges) > 2:
            figures[f"all {len(panel.judges)}"] = {"n": panel.decided, "fleiss_kappa": panel.fleiss_kappa}
        figures |= {f"{judge} abstained": n for judge, n in panel.abstained.items() if n}
    return figures
