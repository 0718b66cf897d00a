"""Many items at once, as a planned act that can be taken back: dry run, audit, apply, roll back.

No human verdict is ever overwritten: an act changes only what nobody has touched since it was planned.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.errors import UserError
from core.models import BulkAction, ProposalState
from core.review.audit import Audit, sample_size
from core.store import Store
from core.store.audits import audit_states, draw_audit, kindred_acts
from core.store.bulk import (
    BulkAct,
    BulkPlan,
    add_bulk_act,
    apply_step,
    effect_counts,
    get_bulk_act,
    member_counts,
    move_on,
    roll_back_step,
    still_in_force,
)
from core.store.clock import utc_now

SKIPPED = {
    "decided": "a person has decided",
    "two_people": "waits for a second person, or is disputed",
    "put_off": "put off or flagged by a person",
    "in_bulk": "in a bulk act already",
    "refused": "a judge or a check said no, or nobody judged it",
    "drawn": "drawn for an audit: a person decides",
    "open": "somebody has it open",
    "touched": "a person has taken it up since the plan",
    "replaced": "a newer run has replaced it",
}
_APPROVED = (ProposalState.ACCEPTED, ProposalState.EDITED)


@dataclass(frozen=True)
class DryRun:
    """What an act would do now: `changes` by failure type ("" = none named), `skipped` by a word of `SKIPPED`."""

    changes: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    states: Mapping[ProposalState, int] = field(default_factory=dict)  # of all that was chosen

    @property
    def total(self) -> int:
        """How many items would change."""
        return sum(self.changes.values())


@dataclass(frozen=True)
class Standing:
    """How one act stands: its items by outcome, its audit, and on how many items nobody has spoken since.

    Of a planned one also, by batch id: the audits of earlier acts on some of its items that were given up or taken
    back, and how many of its items stand in another plan.
    """

    act: BulkAct
    members: Mapping[str, int]
    audit: Audit
    in_force: int
    earlier: Mapping[int, Audit] = field(default_factory=dict)
    shared: Mapping[int, int] = field(default_factory=dict)

    @property
    def needs_reason(self) -> str:
        """Why applying it now asks for a reason, or nothing."""
        if not self.audit.is_through:
            left = self.audit.drawn - self.audit.decided
            return f"{left:,} of the {self.audit.drawn:,} drawn items {'has' if left == 1 else 'have'} no verdict yet."
        if not self.audit.shows:
            return f"The audit does not show that {self.act.target:.0%} are right."
        for batch_id, audit in self.earlier.items():
            if audit.wrong:  # who draws until a sample is clean has shown nothing
                found = f"{audit.wrong:,} wrong of {audit.decided:,}"
                return f"Batch {batch_id}, on some of these items, was given up or taken back: its sample had {found}."
        return ""


def dry_run(store: Store, plan: BulkPlan) -> DryRun:
    """What `plan` would do now; nothing is written."""
    changes: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    states: Counter[ProposalState] = Counter()
    for row in effect_counts(store, plan, now=time.time()):
        states[ProposalState(row["state"])] += row["n"]
        if row["skipped"]:
            skipped[row["skipped"]] += row["n"]
        else:
            changes[row["failure_type"] or ""] += row["n"]
    return DryRun(dict(changes.most_common()), dict(skipped.most_common()), dict(states))


def plan_bulk(store: Store, plan: BulkPlan, *, why: str, target: float, allowed: int, by: str) -> int:
    """Write an act down with the very items that it is about, and draw its audit from them; the batch id.

    Raises `UserError` where a threshold is no share, the reason is missing, or nothing would change.
    """
    for name, value in (("theta", plan.theta), ("delta", plan.delta)):
        if not 0 <= value <= 1:
            raise UserError(f"{name} = {value} is outside 0..1.")
    if not why.strip():
        raise UserError("Say why: whoever reads the history later has only this.")
    try:
        size = sample_size(target, wrong=allowed)
    except ValueError as error:
        raise UserError(str(error)) from None
    with store.transaction():
        batch_id = add_bulk_act(store, plan, now=time.time(), why=why.strip(), target=target, allowed=allowed, by=by)
        if not draw_audit(store, batch_id, size, by=by):
            raise UserError("Nothing would change, so there is nothing to plan.")
    return batch_id


def how_it_stands(store: Store, act: BulkAct) -> Standing:
    """Items, audit and force of an act, now."""
    kindred = kindred_acts(store, act.id) if act.stage == "planned" else []
    return Standing(
        act,
        member_counts(store, act.id),
        _audit(store, act.id, act),
        still_in_force(store, act.id),
        {other: _audit(store, other, act) for other, stage, _ in kindred if stage != "planned"},
        {other: items for other, stage, items in kindred if stage == "planned"},
    )


def _audit(store: Store, batch_id: int, act: BulkAct) -> Audit:
    """What the sample of a batch has shown so far, as of an act like `act`."""
    states = audit_states(store, batch_id)
    approved = sum(states.get(state, 0) for state in _APPROVED)
    as_it_is, rejected = states.get(ProposalState.ACCEPTED, 0), states.get(ProposalState.REJECTED, 0)
    # An edited item is wrong for an accept: its words would have gone in as they were.
    right = as_it_is if act.action is BulkAction.ACCEPT else rejected
    return Audit(sum(states.values()), right, approved + rejected - right, act.target)


def apply_bulk(
    store: Store, batch_id: int, *, by: str, early_why: str = "", done: Callable[[int], None] | None = None
) -> Standing:
    """Apply a planned act, or go on with one that was broken off; `done` hears the last proposal id of each step.

    Before the audit has shown the target, `early_why` must say why all the same; it is kept. Raises `UserError`
    without it, and where the act is at another stage.
    """
    with store.transaction():
        act = _found(store, batch_id)
        now = how_it_stands(store, act)
        if act.stage == "planned":
            if now.needs_reason and not early_why.strip():
                raise UserError(f"{now.needs_reason} To apply it all the same, say why.")
            low, high = now.audit.interval or (None, None)
            move_on(
                store,
                batch_id,
                "applying",
                only_from=("planned",),
                applied_by=by,
                applied_at=utc_now(),
                early_why=early_why.strip() if now.needs_reason else "",
                audit_right=now.audit.right,
                audit_wrong=now.audit.wrong,
                audit_low=low,
                audit_high=high,
            )
        elif act.stage != "applying":
            raise UserError(f"Batch {batch_id} is {act.stage.replace('_', ' ')}, so it cannot be applied.")
    last: int | None = 0
    while last is not None:
        last = apply_step(store, act, after=last, now=time.time())
        if last is not None and done:
            done(last)
    with store.transaction():
        move_on(store, batch_id, "applied", only_from=("applying",))
    return how_it_stands(store, _found(store, batch_id))


def roll_back(store: Store, batch_id: int, *, by: str) -> Standing:
    """Take an act back; what a person has decided since stays. One that was broken off is gone on with.

    Raises `UserError` where the act is not in force.
    """
    with store.transaction():
        begun = ("applying", "applied")
        if not move_on(store, batch_id, "rolling_back", only_from=begun, ended_by=by, ended_at=utc_now()):
            act = _found(store, batch_id)
            if act.stage != "rolling_back":
                raise UserError(f"Batch {batch_id} is {act.stage.replace('_', ' ')}: there is nothing to take back.")
    last: int | None = 0
    while last is not None:
        last = roll_back_step(store, batch_id, after=last)
    with store.transaction():
        move_on(store, batch_id, "rolled_back", only_from=("rolling_back",))
    return how_it_stands(store, _found(store, batch_id))


def drop_plan(store: Store, batch_id: int, *, by: str) -> None:
    """Give up a planned act; verdicts on its sample stay. Raises `UserError` where it is planned no more."""
    with store.transaction():
        if not move_on(store, batch_id, "dropped", only_from=("planned",), ended_by=by, ended_at=utc_now()):
            raise UserError(f"Batch {batch_id} is {_found(store, batch_id).stage.replace('_', ' ')} already.")


def _found(store: Store, batch_id: int) -> BulkAct:
    act = get_bulk_act(store, batch_id)
    if act is None:
        raise UserError(f"There is no batch {batch_id} in {store.path.name}.")
    return act
