"""Audits: random samples of planned bulk acts, and who is given which item of them next."""

from core.models import ProposalState
from core.store.clock import utc_now
from core.store.connection import Store
from core.store.filters import DRAWN, QueueFilter
from core.store.queue import NOT_MINE, OF_OTHERS


def draw_audit(store: Store, batch_id: int, size: int, *, by: str) -> int:
    """Draw `size` of the members of an act at random; how many there were to draw. Call inside a transaction."""
    return store.write(
        "INSERT INTO audit_draws (proposal_id, batch_id, drawn_at, drawn_by) SELECT proposal_id, batch_id, ?, ?"
        " FROM (SELECT proposal_id, batch_id FROM bulk_members WHERE batch_id = ? ORDER BY random() LIMIT ?)",
        utc_now(),
        by,
        batch_id,
        size,
    )


def audit_states(store: Store, batch_id: int) -> dict[ProposalState, int]:
    """The sample of an act by state; what a newer result has replaced is left out."""
    rows = store.rows(
        "SELECT p.state, count(*) AS n FROM audit_draws d JOIN proposals p ON p.id = d.proposal_id"
        " WHERE d.batch_id = ? AND p.is_current = 1 GROUP BY 1",
        batch_id,
    )
    return {ProposalState(row["state"]): row["n"] for row in rows}


def kindred_acts(store: Store, batch_id: int) -> list[tuple[int, str, int]]:
    """(batch id, stage, items in common) of other acts of the same kind that were planned on some of its items."""
    return store.tuples(
        "SELECT o.id, o.stage, count(*) FROM bulk_acts b JOIN bulk_acts o ON o.action = b.action AND o.id != b.id"
        " JOIN bulk_members m ON m.batch_id = b.id JOIN bulk_members n ON n.batch_id = o.id"
        " AND n.proposal_id = m.proposal_id WHERE b.id = ? AND o.stage IN ('planned', 'dropped', 'rolled_back')"
        " GROUP BY o.id ORDER BY o.id",
        batch_id,
    )


def audits_open(store: Store) -> bool:
    """Whether any sample is to be reviewed; cheap, because it is asked at every item."""
    return bool(store.value("SELECT 1 FROM bulk_acts WHERE stage IN ('planned', 'applying', 'applied') LIMIT 1"))


def is_drawn(store: Store, proposal_id: int) -> bool:
    """Whether a proposal belongs to the sample of an act that is planned or in force."""
    return bool(store.value(f"SELECT 1 FROM proposals WHERE id = ? AND {DRAWN}", proposal_id))


def lease_drawn(
    store: Store, annotator: str, *, now: float, until: float, wanted: QueueFilter, other_than: int = 0
) -> int | None:
    """Lease the next waiting item of a sample to `annotator`, in the order of the draw; its id, or None.

    One's own live lease comes first. By the order of the queue, an audit that is half done would not be random.
    """
    conditions, params = wanted.where()
    taken = store.row(
        "UPDATE proposals SET leased_by = ?, lease_until = ? WHERE id = (SELECT id FROM proposals NOT INDEXED"
        f" WHERE {DRAWN} AND is_current = 1 AND (state = 'pending' OR (state = 'second' AND {NOT_MINE})){conditions}"
        f" AND (leased_by IS NULL OR leased_by = ? OR lease_until < ?) AND id != ? AND NOT EXISTS ({OF_OTHERS})"
        " ORDER BY leased_by IS NOT ?,"
        " (SELECT min(d.id) FROM audit_draws d WHERE d.proposal_id = proposals.id) LIMIT 1) RETURNING id",
        annotator,
        until,
        annotator,
        *params,
        annotator,
        now,
        other_than,
        annotator,
        annotator,
    )
    return int(taken["id"]) if taken else None
