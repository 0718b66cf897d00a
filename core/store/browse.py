"""The table of all proposals, a page at a time."""

from dataclasses import dataclass
from enum import StrEnum

from core.models import ProposalState
from core.store.connection import Store
from core.store.many import Chosen

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


def matching(store: Store, chosen: Chosen) -> int:
    """How many proposals there are."""
    where, params = chosen.where()
    return int(store.value(f"SELECT count(*) FROM proposals WHERE {where}", *params))


def page_of(
    store: Store,
    chosen: Chosen,
    *,
    order: Order = Order.QUEUE,
    descending: bool = False,
    limit: int,
    offset: int = 0,
) -> list[BrowseRow]:
    """One page; rows without a value in the column of `order` come last."""
    conditions, params = chosen.where()
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


def given_tags(store: Store) -> list[str]:
    """Every tag that a run has, by name."""
    return [row["tag"] for row in store.rows("SELECT DISTINCT tag FROM tags ORDER BY tag")]


def known_people(store: Store) -> list[str]:
    """Everybody who gave a verdict or was given a run, by name."""
    rows = store.rows("SELECT annotator AS name FROM reviews UNION SELECT reviewer FROM assignments ORDER BY 1")
    return [row["name"] for row in rows]
