"""What may leave: approved proposals with the words and steps as approved, and export records."""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from core.errors import StoreError
from core.models import Attempt, FailedTrajectory, FailureAnalysis
from core.store.clock import utc_now
from core.store.connection import Store
from core.store.opening import open_store
from core.store.queue import AUTO_ACCEPTED
from core.store.trajectories import met_by

_NOTE_BUSY_SECONDS = 2.0  # the rows are written already; nobody should wait long for the note


@dataclass(frozen=True)
class Approved:
    """One approved proposal. `state` is accepted, edited or auto_accepted.

    `proposed` is the attempt as it was put forward, `attempt` the same with what a person changed.
    `batch_id`: the bulk act that let it in; None where a human or the policy did.
    """

    trajectory: FailedTrajectory
    source: str
    attempt: Attempt
    proposed: Attempt
    analysis: FailureAnalysis | None
    state: str
    annotator: str | None
    reviewed_at: str | None
    batch_id: int | None
    score: float | None  # None = unjudged
    tags: tuple[str, ...]


def approved(
    store: Store,
    *,
    theta: float,
    delta: float,
    include_auto: bool,
    imports: Collection[int] | None = None,
    best_first: bool = False,
    of_task: Callable[[str], bool] | None = None,
) -> Iterator[Approved]:
    """Approved proposals in import order, one at a time; edits are already in their attempt.

    `imports` limits them to what these imports met, `of_task` to runs whose original prompt it says yes to.
    `best_first`: what a human approved before the rest, then the higher score, then import order.
    """
    order = "p.state NOT IN ('accepted', 'edited'), p.score DESC, t.rowid" if best_first else "t.rowid"
    auto = f" OR p.state = 'auto_accepted' OR {AUTO_ACCEPTED}" if include_auto else ""
    sql = f"""
        SELECT p.trajectory_key, b.body, p.source, a.body AS attempt, r.analysis, p.state, v.annotator, v.created_at,
               (SELECT batch_id FROM bulk_members WHERE proposal_id = p.id AND outcome = 'applied') AS batch_id,
               p.score, (SELECT json_group_array(tag) FROM tags WHERE trajectory_key = p.trajectory_key) AS tags,
               t.prompt, v.hindsight_prompt, v.final_answer, v.first_step, v.last_step
        FROM proposals p
        JOIN trajectories t ON t.key = p.trajectory_key
        JOIN trajectory_bodies b ON b.key = p.trajectory_key
        JOIN attempts a ON a.id = p.attempt_id
        JOIN results r ON r.id = p.result_id
        LEFT JOIN reviews v ON v.id = p.verdict_id
        WHERE p.is_current = 1 AND (p.state IN ('accepted', 'edited'){auto})
              {met_by(imports, "p.trajectory_key")} ORDER BY {order}"""
    found = store.stream(sql, {"theta": theta, "delta": delta} if include_auto else {})
    for key, body, source, attempt, analysis, state, annotator, at, batch_id, score, tags, task, *edit in found:
        if of_task is not None and not of_task(task):
            continue
        prompt, answer, first, last = edit
        changes = {"hindsight_prompt": prompt, "final_answer": answer, "first_step": first, "last_step": last}
        proposed = store.parsed(Attempt, attempt)
        yield Approved(
            trajectory=store.parsed(FailedTrajectory, body).known_by(key),
            source=source,
            attempt=proposed.model_copy(update={name: value for name, value in changes.items() if value is not None}),
            proposed=proposed,
            analysis=store.parsed(FailureAnalysis, analysis) if analysis else None,
            state="auto_accepted" if state == "pending" else state,
            annotator=annotator,
            reviewed_at=at,
            batch_id=batch_id if state == "auto_accepted" else None,
            score=score,
            tags=tuple(json.loads(tags)),
        )


def selectable(store: Store) -> dict[str, tuple[str, ...]]:
    """What items can be selected by: failure_types, sources, tags and reviewers that the file knows, in order."""
    current = "FROM proposals WHERE is_current = 1 AND"
    asked = {
        "failure_types": f"SELECT DISTINCT failure_type {current} failure_type IS NOT NULL",
        "sources": f"SELECT DISTINCT source {current} source IS NOT NULL",
        "tags": "SELECT DISTINCT tag FROM tags",
        "reviewers": "SELECT DISTINCT annotator FROM reviews",
    }
    return {name: tuple(row[0] for row in store.stream(f"{sql} ORDER BY 1")) for name, sql in asked.items()}


def save_export(store: Store, path: str, manifest: str) -> bool:
    """Note that an export was written; False where the database cannot be written now.

    Uses a connection of its own, since an export may read a file that was opened to be read only.
    """
    try:
        with open_store(store.path, busy_seconds=_NOTE_BUSY_SECONDS) as own:
            own.insert("exports", {"path": path, "manifest": manifest, "created_at": utc_now()})
    except StoreError:
        return False
    return True
