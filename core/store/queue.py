"""Who gets which proposal next, and what a threshold would do: SQL over the narrow rows."""

from collections.abc import Collection
from typing import Any

from core.models import ProposalState
from core.store.clock import utc_now
from core.store.connection import Store
from core.store.filters import QueueFilter

# An item that waits for a second person does not wait for the first.
NOT_MINE = "(SELECT annotator FROM reviews WHERE id = verdict_id) != ?"
# What a lead has given to one person comes to nobody else, unless that person has given the first of two opinions.
_GAVE_FIRST = "(state = 'second' AND a.reviewer = (SELECT annotator FROM reviews WHERE id = verdict_id))"
_BINDS = f"a.reviewer != ? AND NOT {_GAVE_FIRST}"
OF_OTHERS = f"SELECT 1 FROM assignments a WHERE a.trajectory_key = proposals.trajectory_key AND {_BINDS}"


def lease_next(
    store: Store,
    annotator: str,
    *,
    now: float,
    until: float,
    wanted: QueueFilter,
    state: str = "pending",
    other_than: int = 0,
) -> int | None:
    """Lease the next waiting proposal to `annotator`; its id, or None where nothing waits.

    `pending` holds what waits for a second person too. One's own live lease comes first, so a reload
    shows the same item; `other_than` is the one on screen, where the item after it is wanted. One
    statement, so no two people ever hold the same proposal.
    """
    conditions, params = wanted.where()
    seconds = state == "pending"
    or_second = f" OR (state = 'second' AND {NOT_MINE})" if seconds else ""
    own = store.row(
        "UPDATE proposals SET lease_until = ? WHERE id = (SELECT id FROM proposals INDEXED BY proposals_leases"
        " WHERE leased_by = ? AND id != ? AND is_current = 1"
        f" AND (state = ?{or_second}){conditions}"
        " ORDER BY position, id LIMIT 1) RETURNING id",
        until,
        annotator,
        other_than,
        state,
        *([annotator] if seconds else []),
        *params,
    )
    if own:
        return int(own["id"])
    first = (
        "SELECT id, position FROM proposals INDEXED BY proposals_queue WHERE is_current = 1 AND state = ?{}"
        f"{conditions} AND (leased_by IS NULL OR lease_until < ?) AND id != ? AND NOT EXISTS ({OF_OTHERS})"
        " ORDER BY position, id LIMIT 1"
    )
    piles = [f"SELECT * FROM ({first.format('')})"]
    given = [state, *params, now, other_than, annotator]
    if seconds:
        piles.append(f"SELECT * FROM ({first.format(f' AND {NOT_MINE}')})")
        given += ["second", annotator, *params, now, other_than, annotator]
    taken = store.row(
        f"UPDATE proposals SET leased_by = ?, lease_until = ? WHERE id = (SELECT id FROM ({' UNION ALL '.join(piles)})"
        " ORDER BY position, id LIMIT 1) RETURNING id",
        annotator,
        until,
        *given,
    )
    return int(taken["id"]) if taken else None


def lease_one(store: Store, proposal_id: int, annotator: str, *, now: float, until: float) -> bool:
    """Lease one proposal; False where somebody else holds it."""
    return bool(
        store.write(
            "UPDATE proposals SET leased_by = ?, lease_until = ? WHERE id = ?"
            " AND (leased_by IS NULL OR leased_by = ? OR lease_until < ?)",
            annotator,
            until,
            proposal_id,
            annotator,
            now,
        )
    )


def extend_lease(store: Store, proposal_id: int, annotator: str, *, until: float) -> bool:
    """Keep a lease that is still one's own; False where it is not."""
    sql = "UPDATE proposals SET lease_until = ? WHERE id = ? AND leased_by = ?"
    return bool(store.write(sql, until, proposal_id, annotator))


def leased_to(store: Store, annotator: str, *, now: float) -> set[int]:
    """Every proposal that one person has open at `now`."""
    rows = store.rows(
        "SELECT id FROM proposals INDEXED BY proposals_leases WHERE leased_by = ? AND lease_until > ?", annotator, now
    )
    return {row["id"] for row in rows}


def edited_by(store: Store, annotator: str) -> int | None:
    """The proposal that one person has open, or had until nobody else took it, with the newest draft of theirs."""
    found = store.value(
        "SELECT d.proposal_id FROM drafts d JOIN proposals p ON p.id = d.proposal_id"
        " WHERE d.annotator = ? AND p.leased_by = d.annotator AND p.is_current = 1 ORDER BY d.saved_at DESC LIMIT 1",
        annotator,
    )
    return int(found) if found is not None else None


def release_leases(store: Store, annotator: str, *, keep: Collection[int] = ()) -> None:
    """Give back every lease of one person but those in `keep`."""
    store.write(
        "UPDATE proposals SET leased_by = NULL, lease_until = NULL WHERE leased_by = ?"
        f" AND id NOT IN ({', '.join('?' * len(keep))})",
        annotator,
        *keep,
    )


def neighbour(
    store: Store, proposal_id: int, *, forward: bool, annotator: str, wanted: QueueFilter, state: str = "pending"
) -> int | None:
    """The proposal after or before this one in the order of one pile under this filter, whoever has it open.

    `pending` holds what waits for a second person too, and nothing that is given to others.
    """
    compare, way = (">", "ASC") if forward else ("<", "DESC")
    order = f"ORDER BY position {way}, id {way} LIMIT 1"
    conditions, params = wanted.where()
    beside = (
        "SELECT id, position FROM proposals INDEXED BY proposals_queue WHERE is_current = 1 AND state = ?{}"
        f" AND (position, id) {compare} (SELECT position, id FROM proposals WHERE id = ?)"
        f"{conditions} AND NOT EXISTS ({OF_OTHERS}) {order}"
    )
    piles, given = [beside.format("")], [state, proposal_id, *params, annotator]
    if state == "pending":
        piles.append(beside.format(f" AND {NOT_MINE}"))
        given += ["second", annotator, proposal_id, *params, annotator]
    both = " UNION ALL ".join(f"SELECT * FROM ({pile})" for pile in piles)
    return store.value(f"SELECT id FROM ({both}) {order}", *given)  # type: ignore[no-any-return]


def in_state(store: Store, state: ProposalState, *, limit: int, offset: int = 0) -> list[int]:
    """Ids of current proposals of one state in queue order."""
    rows = store.rows(
        "SELECT id FROM proposals WHERE is_current = 1 AND state = ? ORDER BY position, id LIMIT ? OFFSET ?",
        state.value,
        limit,
        offset,
    )
    return [row["id"] for row in rows]


def state_counts(store: Store) -> dict[ProposalState, int]:
    """Number of current proposals in each state; every state is present."""
    # Every verdict asks for these: counts that triggers keep do not grow with the number of items
    rows = store.rows("SELECT state, sum(n) AS n FROM tallies GROUP BY state")
    found = {row["state"]: row["n"] for row in rows}
    return {state: found.get(state.value, 0) for state in ProposalState}


def piles_of(state: str, annotator: str) -> list[tuple[str, list[str]]]:
    """What one pile holds for this person, as conditions with their values; `pending` holds second opinions too."""
    seconds = [(f"state = 'second' AND {NOT_MINE}", [annotator])] if state == "pending" else []
    return [("state = ?", [state]), *seconds]


def waiting(store: Store, wanted: QueueFilter, annotator: str, state: str = "pending") -> int:
    """How many proposals of one pile wait for this person under this filter."""
    conditions, params = wanted.where()
    count = 0
    for pile, given in piles_of(state, annotator):
        wheres = f"WHERE is_current = 1 AND {pile}{conditions}"
        if conditions or given != [state]:
            facets = f"SELECT count(*) FROM proposals INDEXED BY proposals_facets {wheres}"
            count += store.value(facets, *given, *params)
        else:
            count += store.value("SELECT coalesce(sum(n), 0) FROM tallies WHERE state = ?", state)
        # CROSS keeps the order: from the few that are given to others to their items, not through all items
        others = f"SELECT count(*) FROM assignments a CROSS JOIN proposals USING (trajectory_key) {wheres} AND {_BINDS}"
        count -= store.value(others, *given, *params, annotator)
    return count


# What the policy may let in without a human: nothing that a judge, the relabeller or the
# grounding check said no to, and nothing unjudged. Only the threshold itself is negotiable.
ELIGIBLE = "(queue_reason IS NULL OR queue_reason = 'below_threshold')"
AUTO_ACCEPTED = f"(state = 'pending' AND {ELIGIBLE} AND score >= :theta AND weight >= :delta)"
REQUEST = "(SELECT substr(prompt, 1, 300) FROM attempts WHERE id = proposals.attempt_id)"  # as proposed, for a list


def set_policy(store: Store, theta: float, delta: float, *, set_by: str, why: str = "", **known: float | None) -> None:
    """Put a threshold in force. `known`: precision, precision_low, precision_high, precision_n at this time."""
    given = {"theta": theta, "delta": delta, "set_by": set_by, "why": why}
    store.insert("policies", {**given, **known, "created_at": utc_now()})


def current_policy(store: Store) -> dict[str, Any] | None:
    """The row of the threshold in force, or None while none was set."""
    return store.row(f"SELECT {_POLICY} FROM policies ORDER BY id DESC LIMIT 1")


def policies(store: Store) -> list[dict[str, Any]]:
    """Every threshold that was ever in force, the newest first."""
    return store.rows(f"SELECT {_POLICY} FROM policies ORDER BY id DESC")


_POLICY = "id, theta, delta, set_by, why, created_at, precision, precision_low, precision_high, precision_n"
