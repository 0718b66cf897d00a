"""Proposals: the narrow rows that the queue sorts, counts and leases."""

from dataclasses import dataclass
from typing import Any

from core.models import Attempt, FailureAnalysis, ProposalState, RelabeledData, ReplayOutcome
from core.store.connection import Store


@dataclass(frozen=True)
class ProposalRow:
    """One proposal as the file holds it. `lease_until` is unix time."""

    id: int
    trajectory_key: str
    result_id: int
    attempt_id: int
    state: ProposalState
    revision: int
    score: float | None
    weight: float
    queue_reason: str | None
    failure_type: str | None
    source: str
    position: float
    is_random: bool
    leased_by: str | None
    lease_until: float | None
    is_current: bool


# States in which no human verdict stands: a newer result takes the place of such a proposal.
_UNSPOKEN = (ProposalState.PENDING, ProposalState.AUTO_ACCEPTED, ProposalState.AUTO_REJECTED)
_COLUMNS = ", ".join(ProposalRow.__dataclass_fields__)


def put_forward(
    store: Store,
    *,
    key: str,
    result_id: int,
    attempt_id: int,
    relabeled: RelabeledData,
    analysis: FailureAnalysis | None,
    random_share: float,
) -> None:
    """Make the proposal of a new result the current one, unless a human already spoke of an older.

    Call inside a transaction.
    """
    spoken = _retire(store, key)
    run = store.row("SELECT trajectory_id AS name, source, step_count FROM trajectories WHERE key = ?", key) or {}
    attempt = relabeled.attempt
    store.insert(
        "proposals",
        {
            "trajectory_key": key,
            "result_id": result_id,
            "attempt_id": attempt_id,
            "is_current": int(not spoken),
            "score": attempt.score,
            "weight": analysis.weight if analysis else 1.0,
            "queue_reason": relabeled.queue_reason.value if relabeled.queue_reason else None,
            "failure_type": analysis.failure_type.value if analysis and analysis.failure_type else None,
            **run,
            "judge_says": store.value("SELECT judge_says FROM attempts WHERE id = ?", attempt_id),
            "position": 0.0,
            "is_random": int(_share_of(key) < random_share),
        },
    )


def withdraw(store: Store, key: str) -> None:
    """A newer result proposes nothing: take the untouched proposal of an older one out of the queue."""
    _retire(store, key)


def _retire(store: Store, key: str) -> bool:
    """Retire the current proposal of `key`, or say True because a human has spoken of it."""
    old = store.row("SELECT id, state FROM proposals WHERE trajectory_key = ? AND is_current = 1", key)
    if old is None:
        return False
    if old["state"] not in _UNSPOKEN:
        return True
    store.write("UPDATE proposals SET is_current = 0 WHERE id = ?", old["id"])
    return False


def _share_of(key: str) -> float:
    """A number in [0, 1) that depends on the trajectory alone, so the random share never moves."""
    return int(key[-8:], 16) / 2**32


def get_proposal(store: Store, proposal_id: int) -> ProposalRow | None:
    """One proposal by id."""
    row = store.row(f"SELECT {_COLUMNS} FROM proposals WHERE id = ?", proposal_id)
    return _proposal(row) if row else None


def find_proposal(store: Store, trajectory: str) -> ProposalRow | None:
    """The current proposal of a trajectory, by the source's name or by key."""
    row = store.row(
        f"SELECT {', '.join('p.' + c.strip() for c in _COLUMNS.split(','))} FROM proposals p"
        " JOIN trajectories t ON t.key = p.trajectory_key"
        " WHERE p.is_current = 1 AND (t.trajectory_id = ? OR t.key = ?) ORDER BY p.id LIMIT 1",
        trajectory,
        trajectory,
    )
    return _proposal(row) if row else None


def keys_named(store: Store, name: str) -> list[str]:
    """The keys of all trajectories with a current proposal that the source calls `name`, in the order of proposals."""
    rows = store.rows(
        "SELECT t.key FROM trajectories t JOIN proposals p ON p.trajectory_key = t.key"
        " WHERE p.is_current = 1 AND t.trajectory_id = ? ORDER BY p.id",
        name,
    )
    return [row["key"] for row in rows]


def attempts_of(store: Store, result_id: int) -> dict[int, Attempt]:
    """Attempts of a result by id, in the order they were made."""
    rows = store.rows("SELECT id, body FROM attempts WHERE result_id = ? ORDER BY number, id", result_id)
    return {row["id"]: store.parsed(Attempt, row["body"]) for row in rows}


def request_of(store: Store, attempt_id: int) -> str:
    """The request of one attempt, as the relabeller wrote it."""
    return str(store.value("SELECT prompt FROM attempts WHERE id = ?", attempt_id) or "")


def findings_of(store: Store, result_id: int) -> tuple[FailureAnalysis | None, ReplayOutcome | None]:
    """(analysis, outcome) of a result."""
    row = store.row("SELECT analysis, outcome FROM results WHERE id = ?", result_id) or {}
    analysis, outcome = row.get("analysis"), row.get("outcome")
    return (
        store.parsed(FailureAnalysis, analysis) if analysis else None,
        store.parsed(ReplayOutcome, outcome) if outcome else None,
    )


def _proposal(row: dict[str, Any]) -> ProposalRow:
    typed = {
        "state": ProposalState(row["state"]),
        "is_random": bool(row["is_random"]),
        "is_current": bool(row["is_current"]),
    }
    return ProposalRow(**{**row, **typed})
