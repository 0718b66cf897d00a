"""Who has what open, and leases that somebody else ended."""

from dataclasses import dataclass

from core.store.clock import utc_now
from core.store.connection import Store


@dataclass(frozen=True)
class Lease:
    """An item that somebody has open. `until` is unix time."""

    proposal_id: int
    trajectory_id: str
    held_by: str
    until: float


def live_leases(store: Store, *, now: float) -> list[Lease]:
    """Every item that is open at `now`, by holder."""
    rows = store.rows(
        "SELECT p.id AS proposal_id, t.trajectory_id, p.leased_by AS held_by, p.lease_until AS until"
        " FROM proposals p INDEXED BY proposals_leases JOIN trajectories t ON t.key = p.trajectory_key"
        " WHERE p.leased_by IS NOT NULL AND p.lease_until > ? ORDER BY p.leased_by, p.id",
        now,
    )
    return [Lease(**row) for row in rows]


def release_lease(store: Store, proposal_id: int, held_by: str, *, released_by: str) -> bool:
    """End the lease of somebody else, and note who did; False where they have it no longer."""
    with store.transaction():
        ended = store.write(
            "UPDATE proposals SET leased_by = NULL, lease_until = NULL WHERE id = ? AND leased_by = ?",
            proposal_id,
            held_by,
        )
        if ended:
            noted = {"proposal_id": proposal_id, "held_by": held_by, "released_by": released_by}
            store.insert("releases", noted | {"created_at": utc_now()})
    return bool(ended)


def released_from(store: Store, proposal_id: int, held_by: str) -> str:
    """Who ended the lease of this person on this item within the last hour, or nothing."""
    found = store.value(
        "SELECT released_by FROM releases WHERE proposal_id = ? AND held_by = ?"
        " AND julianday(created_at) > julianday('now', '-1 hour') ORDER BY id DESC LIMIT 1",
        proposal_id,
        held_by,
    )
    return str(found or "")
