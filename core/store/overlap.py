"""The share of items that two people decide on: a setting of the team, kept in the file."""

from dataclasses import dataclass

from core.store.clock import utc_now
from core.store.connection import Store


@dataclass(frozen=True)
class Overlap:
    """`share` of all items, 0..1; who set it, and when."""

    share: float = 0.0
    set_by: str = ""
    created_at: str = ""

    def covers(self, trajectory_key: str) -> bool:
        """Whether an item belongs to it: its content decides, by other digits than for the random share."""
        return int(trajectory_key[:8], 16) / 2**32 < self.share


def current_overlap(store: Store) -> Overlap:
    """The share in force; none while nobody set one."""
    row = store.row("SELECT share, set_by, created_at FROM overlaps ORDER BY id DESC LIMIT 1")
    return Overlap(**row) if row else Overlap()


def is_covered(store: Store, proposal_id: int) -> bool:
    """Whether the share in force covers a proposal."""
    share = current_overlap(store)
    key = store.value("SELECT trajectory_key FROM proposals WHERE id = ?", proposal_id) if share.share else None
    return key is not None and share.covers(key)


def put_overlap(store: Store, share: float, *, set_by: str) -> Overlap:
    """Put a share in force; what follows from it for states is the caller's to write."""
    now = utc_now()
    store.insert("overlaps", {"share": share, "set_by": set_by, "created_at": now})
    return Overlap(share, set_by, now)


def given_in_overlap(store: Store) -> list[tuple[int, str, str]]:
    """(proposal id, trajectory key, state) of all that has a verdict of the overlap."""
    rows = store.stream(
        "SELECT id, trajectory_key, state FROM proposals WHERE is_current = 1"
        " AND id IN (SELECT proposal_id FROM reviews WHERE overlap = 1)"
    )
    return [(number, key, state) for number, key, state in rows]
