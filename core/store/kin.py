"""What is akin to a proposal: others that ask for the same, and what other runs made of its trajectory."""

from dataclasses import dataclass

from core.models import Attempt, ProposalState
from core.store.connection import Store
from core.store.proposals import ProposalRow

NAMED = 3  # others that are named
COUNTED = 100  # others that are counted: copies of one run by the thousand must not slow every item down
_OTHER_RUNS = 5


@dataclass(frozen=True)
class Alike:
    """Other current proposals with the same request: how many (`COUNTED`: so many or more), and the first of them."""

    count: int = 0
    named: tuple[tuple[int, str, ProposalState], ...] = ()  # proposal, the run's name, state


NONE_ALIKE = Alike()


@dataclass(frozen=True)
class FromOtherRun:
    """What another run proposed for the same trajectory. `method`: `rules` or the model's name."""

    attempt: Attempt
    method: str
    created_at: str  # UTC, ISO 8601


def asked_alike(store: Store, proposal_id: int, request: str) -> Alike:
    """Other current proposals that ask for the same in the same words; rejected and edited ones out.

    An edited one asks for something else by now; one that waits for a second person counts as pending.
    The index holds the first 80 characters.
    """
    rows = store.rows(
        "SELECT p.id, p.name, replace(p.state, 'second', 'pending') AS state"
        " FROM attempts a INDEXED BY attempts_by_request"
        # CROSS keeps the order: from the few alike to their items
        " CROSS JOIN proposals p INDEXED BY proposals_by_result"
        " ON p.result_id = a.result_id AND p.attempt_id = a.id"
        # the plus keeps SQLite from putting the parameter into the indexed expression, which then matches no index
        " WHERE substr(a.prompt, 1, 80) = substr(?, 1, 80) AND +a.prompt = ? AND p.is_current = 1 AND p.id != ?"
        " AND p.state NOT IN ('rejected', 'edited', 'auto_rejected') LIMIT ?",
        request,
        request,
        proposal_id,
        COUNTED,
    )
    named = tuple((row["id"], row["name"], ProposalState(row["state"])) for row in rows[:NAMED])
    return Alike(len(rows), named)


def from_other_runs(store: Store, row: ProposalRow) -> list[FromOtherRun]:
    """What runs before or after the current one proposed for its trajectory, the newest first."""
    rows = store.rows(
        "SELECT a.body, runs.method, r.created_at FROM results r JOIN proposals p ON p.result_id = r.id"
        " JOIN attempts a ON a.id = p.attempt_id JOIN runs ON runs.id = r.run_id"
        " WHERE r.trajectory_key = ? AND r.id != ? ORDER BY r.id DESC LIMIT ?",
        row.trajectory_key,
        row.result_id,
        _OTHER_RUNS,
    )
    return [FromOtherRun(store.parsed(Attempt, one["body"]), one["method"], one["created_at"]) for one in rows]
