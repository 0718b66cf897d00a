"""What a threshold would do to every current proposal, from counts that triggers keep: no proposal is read."""

from typing import Any

from core.store.connection import Store
from core.store.queue import ELIGIBLE, REQUEST

_PASSES = f"(coalesce({ELIGIBLE} AND score >= :theta AND weight >= :delta, 0))"


def tallies(store: Store) -> list[tuple[Any, ...]]:
    """(state, score or -1, weight, is_eligible, failure type or '', source, n) of all current proposals."""
    return store.tuples("SELECT state, score, weight, is_eligible, failure_type, source, n FROM tallies")


def differing(store: Store, theta: float, delta: float, *, rejected: bool, limit: int) -> list[dict[str, Any]]:
    """(trajectory_key, name, request, state, score, weight, queue_reason) where humans and a policy differ.

    `rejected`: rejected ones that it lets in, the highest score first; else approved ones that it does not.
    """
    where = f"state = 'rejected' AND {_PASSES}" if rejected else f"state IN ('accepted', 'edited') AND NOT {_PASSES}"
    return store.rows(
        f"SELECT trajectory_key, name, {REQUEST} AS request, state, score, weight, queue_reason FROM"
        f" (SELECT * FROM proposals WHERE is_current = 1 AND {where} ORDER BY score DESC, id LIMIT :limit) AS proposals"
        " ORDER BY score DESC, id",
        {"theta": theta, "delta": delta, "limit": limit},
    )
