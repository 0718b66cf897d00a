"""Bulk acts: what one would change, its items, and the steps in which it is applied and taken back."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from core.models import BulkAction, ProposalState
from core.store.clock import utc_now
from core.store.connection import Store
from core.store.filters import DRAWN, QueueFilter
from core.store.queue import ELIGIBLE, REQUEST

A_STEP = 2_000  # members a transaction: nobody who decides meanwhile waits longer than that takes

AFTER = {BulkAction.ACCEPT: ProposalState.AUTO_ACCEPTED, BulkAction.REJECT: ProposalState.AUTO_REJECTED}


@dataclass(frozen=True)
class BulkPlan:
    """What a bulk act is to do: to accept from score `theta` and weight `delta` on, or to reject below `theta`."""

    action: BulkAction
    theta: float
    delta: float = 0.0
    wanted: QueueFilter = field(default_factory=QueueFilter)

    def _chosen(self) -> tuple[str, list[Any]]:
        conditions, params = self.wanted.where()
        if self.action is BulkAction.ACCEPT:
            return f"is_current = 1 AND score >= ? AND weight >= ?{conditions}", [self.theta, self.delta, *params]
        return f"is_current = 1 AND score < ?{conditions}", [self.theta, *params]

    def _skip(self, *, revision: str = "revision") -> str:
        """Why the act leaves a proposal as it is, as SQL with one `?` (unix time); NULL = it changes it."""
        refused = "0" if self.action is BulkAction.REJECT else f"NOT {ELIGIBLE}"
        return (
            "CASE WHEN is_current = 0 THEN 'replaced'"
            " WHEN state IN ('accepted', 'edited', 'rejected') THEN 'decided'"
            " WHEN state IN ('second', 'disputed') THEN 'two_people'"
            " WHEN state IN ('deferred', 'flagged') THEN 'put_off'"
            " WHEN state != 'pending' THEN 'in_bulk'"
            f" WHEN {refused} THEN 'refused'"
            f" WHEN revision != {revision} THEN 'touched'"
            f" WHEN {DRAWN} THEN 'drawn'"
            " WHEN leased_by IS NOT NULL AND lease_until >= ? THEN 'open' END"
        )


@dataclass(frozen=True)
class BulkAct:
    """One stored bulk act; `id` is the batch id. The audit figures are those at the time of applying."""

    id: int
    stage: str
    action: BulkAction
    theta: float
    delta: float
    wanted: QueueFilter
    why: str
    target: float
    allowed: int
    planned_by: str
    planned_at: str
    applied_by: str | None
    applied_at: str | None
    early_why: str
    audit_right: int | None
    audit_wrong: int | None
    audit_low: float | None
    audit_high: float | None
    ended_by: str | None
    ended_at: str | None

    @property
    def plan(self) -> BulkPlan:
        """What it was to do."""
        return BulkPlan(self.action, self.theta, self.delta, self.wanted)


@dataclass(frozen=True)
class Changed:
    """One proposal that an act changes."""

    proposal_id: int
    trajectory_key: str
    name: str
    request: str  # its beginning, as proposed
    failure_type: str | None
    source: str
    score: float
    weight: float


def effect_counts(store: Store, plan: BulkPlan, *, now: float) -> list[dict[str, Any]]:
    """(skipped: why or None, state, failure_type, n) of all that the plan chooses."""
    chosen, params = plan._chosen()
    return store.rows(
        f"SELECT {plan._skip()} AS skipped, state, failure_type, count(*) AS n FROM proposals"
        f" WHERE {chosen} GROUP BY 1, 2, 3 ORDER BY n DESC",
        now,
        *params,
    )


def changed_now(store: Store, plan: BulkPlan, *, limit: int, offset: int = 0) -> list[Changed]:
    """What the plan would change now, nearest to its threshold first."""
    chosen, params = plan._chosen()
    rows = store.rows(
        f"SELECT id AS proposal_id, trajectory_key, name, {REQUEST} AS request, failure_type, source, score, weight"
        f" FROM (SELECT * FROM proposals WHERE {chosen} AND {plan._skip()} IS NULL"
        "   ORDER BY abs(score - ?), id LIMIT ? OFFSET ?) AS proposals ORDER BY abs(score - ?), id",
        *params,
        time.time(),
        plan.theta,
        limit,
        offset,
        plan.theta,
    )
    return [Changed(**row) for row in rows]


def add_bulk_act(store: Store, plan: BulkPlan, *, now: float, why: str, target: float, allowed: int, by: str) -> int:
    """Write a planned act and its members down; its batch id. Call inside a transaction.

    What somebody has open now is a member too: it is skipped only if it is still open then.
    """
    chosen, params = plan._chosen()
    batch_id = store.insert(
        "bulk_acts",
        {
            "stage": "planned",
            "action": plan.action.value,
            "filter": json.dumps(as_json(plan.wanted)),
            "theta": plan.theta,
            "delta": plan.delta,
            "why": why,
            "target": target,
            "allowed": allowed,
            "planned_by": by,
            "planned_at": utc_now(),
        },
    )
    store.write(
        f"INSERT INTO bulk_members SELECT ?, id, revision, 'planned' FROM proposals WHERE {chosen}"
        f" AND coalesce({plan._skip()}, 'open') = 'open'",
        batch_id,
        *params,
        now,
    )
    return batch_id


def member_counts(store: Store, batch_id: int) -> dict[str, int]:
    """Members by outcome: planned, applied, rolled_back, or why it was skipped."""
    rows = store.rows("SELECT outcome, count(*) AS n FROM bulk_members WHERE batch_id = ? GROUP BY 1", batch_id)
    return {row["outcome"]: row["n"] for row in rows}


def still_in_force(store: Store, batch_id: int) -> int:
    """Of how many items the act is the state now: applied, and nobody has spoken of them since."""
    return int(
        store.value(
            "SELECT count(*) FROM bulk_members m JOIN proposals p ON p.id = m.proposal_id WHERE m.batch_id = ?"
            " AND m.outcome = 'applied' AND p.is_current = 1 AND p.state IN ('auto_accepted', 'auto_rejected')",
            batch_id,
        )
    )


def rejecting(store: Store) -> list[tuple[int, int]]:
    """(batch id, items) of the acts that leave items out now."""
    return store.tuples(
        "SELECT b.id, count(*) FROM proposals p CROSS JOIN bulk_members m ON m.proposal_id = p.id"
        " AND m.outcome = 'applied' JOIN bulk_acts b ON b.id = m.batch_id AND b.action = 'reject'"
        " WHERE p.is_current = 1 AND p.state = 'auto_rejected' GROUP BY b.id ORDER BY b.id"
    )


def apply_step(store: Store, act: BulkAct, *, after: int, now: float) -> int | None:
    """Apply the act to its next members; the last one's id, or None where none is left. One transaction."""
    with store.transaction():
        last = _last_of_step(store, act.id, "applying", "planned", after)
        if last is not None:
            skip = act.plan._skip(revision="bulk_members.revision")
            store.write(
                "UPDATE bulk_members SET outcome = coalesce("
                f"(SELECT {skip} FROM proposals WHERE id = bulk_members.proposal_id), 'applied')"
                " WHERE batch_id = ? AND outcome = 'planned' AND proposal_id BETWEEN ? AND ?",
                now,
                act.id,
                after + 1,
                last,
            )
            _put(store, act.id, "applied", AFTER[act.action], after, last)
    return last


def roll_back_step(store: Store, batch_id: int, *, after: int) -> int | None:
    """Take the act back for its next members; the last one's id, or None where none is left. One transaction."""
    with store.transaction():
        last = _last_of_step(store, batch_id, "rolling_back", "applied", after)
        if last is not None:
            _put(store, batch_id, "applied", ProposalState.PENDING, after, last)
            store.write(
                "UPDATE bulk_members SET outcome = 'rolled_back'"
                " WHERE batch_id = ? AND outcome = 'applied' AND proposal_id BETWEEN ? AND ?",
                batch_id,
                after + 1,
                last,
            )
    return last


def _last_of_step(store: Store, batch_id: int, stage: str, outcome: str, after: int) -> int | None:
    """The last member of the next step; None also where somebody else has moved the act to another stage."""
    return store.value(  # type: ignore[no-any-return]
        "SELECT max(proposal_id) FROM (SELECT proposal_id FROM bulk_members"
        " WHERE batch_id = (SELECT id FROM bulk_acts WHERE id = ? AND stage = ?)"
        " AND outcome = ? AND proposal_id > ? ORDER BY proposal_id LIMIT ?)",
        batch_id,
        stage,
        outcome,
        after,
        A_STEP,
    )


def _put(store: Store, batch_id: int, outcome: str, state: ProposalState, after: int, last: int) -> None:
    """Give members the state, where no human verdict stands. Revision, lease and place are a reviewer's business."""
    store.write(
        "UPDATE proposals SET state = ? WHERE id IN (SELECT proposal_id FROM bulk_members"
        " WHERE batch_id = ? AND outcome = ? AND proposal_id BETWEEN ? AND ?)"
        " AND state IN ('pending', 'auto_accepted', 'auto_rejected')",
        state.value,
        batch_id,
        outcome,
        after + 1,
        last,
    )


def move_on(store: Store, batch_id: int, stage: str, *, only_from: tuple[str, ...], **noted: Any) -> bool:
    """Put an act into its next stage and note what comes with it; False where it is in none of `only_from`."""
    changes = {"stage": stage, **noted}
    return bool(
        store.write(
            f"UPDATE bulk_acts SET {', '.join(f'{name} = ?' for name in changes)}"
            f" WHERE id = ? AND stage IN ({', '.join('?' * len(only_from))})",
            *changes.values(),
            batch_id,
            *only_from,
        )
    )


def get_bulk_act(store: Store, batch_id: int) -> BulkAct | None:
    """One act by its batch id."""
    return next(iter(_acts(store, "WHERE id = ?", batch_id)), None)


def bulk_acts(store: Store) -> list[BulkAct]:
    """Every act, the newest first."""
    return list(_acts(store, "ORDER BY id DESC"))


def untouched(store: Store, proposal_id: int) -> ProposalState:
    """The state of a proposal while no human verdict stands: pending, or what the act in force says."""
    action = store.value(
        "SELECT b.action FROM bulk_members m INDEXED BY bulk_members_in_force JOIN bulk_acts b ON b.id = m.batch_id"
        " WHERE m.proposal_id = ? AND m.outcome = 'applied'",
        proposal_id,
    )
    return AFTER[BulkAction(action)] if action else ProposalState.PENDING


def as_json(wanted: QueueFilter) -> dict[str, Any]:
    """What a filter narrows, by name; nothing of what it leaves open."""
    return {name: value for name, value in asdict(wanted).items() if value != getattr(QueueFilter(), name)}


def _acts(store: Store, which: str, *params: Any) -> Iterator[BulkAct]:
    columns = ", ".join("filter" if one.name == "wanted" else one.name for one in fields(BulkAct))
    for row in store.rows(f"SELECT {columns} FROM bulk_acts {which}", *params):
        yield BulkAct(wanted=_as_filter(row.pop("filter")), action=BulkAction(row.pop("action")), **row)


def _as_filter(text: str) -> QueueFilter:
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()
    }
    return QueueFilter(**given)
