"""What each person has decided so far: rows for the figures of a team."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.models import ReviewAction
from core.store.connection import Store

_STANDS = "NOT EXISTS (SELECT 1 FROM reviews u WHERE u.undoes = r.id)"


@dataclass(frozen=True)
class Deed:
    """The newest standing row of one person on one item; `active_seconds` None = not measured."""

    annotator: str
    action: ReviewAction
    reason: int | None
    settles: bool
    active_seconds: float | None


def deeds(store: Store, *, since: str = "") -> Iterator[Deed]:
    """One for each person and item, in no order. `since` (UTC, ISO 8601): older rows are left out."""
    rows = store.stream(
        "SELECT annotator, action, reason, settles, active_seconds FROM reviews WHERE id IN ("
        f"SELECT max(id) FROM reviews r WHERE action != 'undo' AND {_STANDS} GROUP BY proposal_id, annotator)"
        " AND created_at >= ?",
        since,
    )
    for annotator, action, reason, settles, seconds in rows:
        yield Deed(annotator, ReviewAction(action), reason, bool(settles), seconds)


def opinions_since(store: Store, annotator: str, since: str) -> int:
    """How many opinions of one person that stand were given at `since` (UTC, ISO 8601) or later."""
    found = store.value(  # the newest row before `since` bounds the walk: what is older is not read
        f"SELECT count(*) FROM reviews r WHERE annotator = ?1 AND action IN ('accept', 'edit', 'reject') AND {_STANDS}"
        " AND id > coalesce((SELECT id FROM reviews WHERE annotator = ?1 AND created_at < ?2 ORDER BY id DESC LIMIT 1),"
        " 0)",
        annotator,
        since,
    )
    return int(found)


@dataclass(frozen=True)
class BlindOpinion:
    """The newest standing opinion of one person on an item that two decide on."""

    proposal_id: int
    annotator: str
    action: ReviewAction


def blind_opinions(store: Store) -> Iterator[BlindOpinion]:
    """Opinions of the overlap, those of one item together, the first one first."""
    rows = store.stream(
        "SELECT proposal_id, annotator, action FROM reviews WHERE id IN ("
        f"SELECT max(id) FROM reviews r WHERE overlap = 1 AND {_STANDS} GROUP BY proposal_id, annotator)"
        " AND proposal_id IN (SELECT id FROM proposals WHERE is_current = 1) ORDER BY proposal_id, id"
    )
    for proposal_id, annotator, action in rows:
        yield BlindOpinion(proposal_id, annotator, ReviewAction(action))


def reviewers(store: Store) -> list[str]:
    """Everybody who ever gave a verdict, by their first one: a number in this list never changes."""
    return [row["annotator"] for row in store.rows("SELECT annotator FROM reviews GROUP BY annotator ORDER BY min(id)")]
