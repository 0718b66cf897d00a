"""The table of all proposals, a page at a time."""

from dataclasses import dataclass
from enum import StrEnum

from core.models import ProposalState
from core.store.connection import Store
from core.store.filters import QueueFilter

_REQUEST = 300  # characters of a request that a row shows


class Order(StrEnum):
    """What the table can be sorted by; the value is the column."""

    QUEUE = "position"
    NAME = "name"
    SCORE = "score"
    STEPS = "step_count"
    VERDICT = "verdict_id"


@dataclass(frozen=True)
class BrowseRow:
    """One proposal in the table. Of an item that waits for a second opinion no verdict is told."""

    id: int
    key: str
    name: str
    state: ProposalState
    score: float | None
    judge_says: str
    failure_type: str | None
    source: str
    step_count: int
    tags: str  # separated by `, `
    assigned_to: str | None
    decided_by: str | None
    note: str | None
    request: str  # its first 300 characters, as edited


def matching(store: Store, wanted: QueueFilter, state: ProposalState | None) -> int:
    """How many proposals there are; state None = of any state."""
    conditions, params = _where(wanted, state)
    return int(store.value(f"SELECT count(*) FROM proposals WHERE {conditions}", *params))


def page_of(
    store: Store,
    wanted: QueueFilter,
    state: ProposalState | None,
    *,
    order: Order = Order.QUEUE,
    descending: bool = False,
    limit: int,
    offset: int = 0,
) -> list[BrowseRow]:
    """One page; rows without a value in the column of `order` come last."""
    conditions, params = _where(wanted, state)
    way = "DESC" if descending else "ASC"
    rows = store.rows(  # the page is found among the narrow rows; only its own are joined
        "WITH page AS MATERIALIZED ("
        f" SELECT id, row_number() OVER () AS place FROM (SELECT id FROM proposals WHERE {conditions}"
        f" ORDER BY {order.value} {way} NULLS LAST, id LIMIT ? OFFSET ?))"
        " SELECT p.id, p.trajectory_key AS key, p.name, p.state, p.score, p.judge_says, p.failure_type, p.source,"
        " p.step_count, coalesce((SELECT group_concat(tag, ', ') FROM tags g"
        "   WHERE g.trajectory_key = p.trajectory_key), '') AS tags,"
        " a.reviewer AS assigned_to, r.annotator AS decided_by, r.note,"
        f" substr(coalesce(r.hindsight_prompt, t.prompt), 1, {_REQUEST}) AS request"
        " FROM page JOIN proposals p ON p.id = page.id JOIN attempts t ON t.id = p.attempt_id"
        " LEFT JOIN assignments a ON a.trajectory_key = p.trajectory_key"
        " LEFT JOIN reviews r ON r.id = p.verdict_id AND p.state != 'second'"
        " ORDER BY page.place",
        *params,
        limit,
        offset,
    )
    return [BrowseRow(**{**row, "state": ProposalState(row["state"])}) for row in rows]


def _where(wanted: QueueFilter, state: ProposalState | None) -> tuple[str, list[object]]:
    conditions, params = wanted.where()
    piled = "" if state is None else " AND state = ?"
    return f"is_current = 1{piled}{conditions}", [*([] if state is None else [state.value]), *params]
