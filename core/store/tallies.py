"""What a threshold would do to every current proposal, from counts that triggers keep: no proposal is read."""

from typing import Any

from core.store.connection import Store
from core.store.queue import ELIGIBLE

_OPEN = "state IN ('pending', 'deferred', 'flagged', 'second', 'disputed')"
_PASSES = "(is_eligible AND score >= :theta AND weight >= :delta)"  # an unjudged one has the score -1
_IN_PLACE = f"(coalesce({ELIGIBLE} AND score >= :theta AND weight >= :delta, 0))"  # the same of `proposals`


def threshold_counts(store: Store, theta: float, delta: float, reject_below: float = 0.0) -> list[dict[str, Any]]:
    """What a policy does, as counts by (failure_type, source); '' = no failure type."""
    return store.rows(
        f"""
        SELECT failure_type, source,
               sum(n * (state IN ('accepted', 'edited'))) AS human_accepted,
               sum(n * (state = 'rejected')) AS human_rejected,
               sum(n * (state = 'pending' AND {_PASSES})) AS auto_accepted,
               sum(n * (state = 'auto_accepted')) AS bulk_accepted,
               sum(n * (state = 'auto_rejected')) AS bulk_rejected,
               sum(n * ({_OPEN} AND weight < :delta)) AS too_severe,
               sum(n * ({_OPEN} AND weight >= :delta AND score >= 0 AND score < :reject_below
                   AND NOT (state = 'pending' AND {_PASSES}))) AS too_low,
               sum(n * ({_OPEN} AND weight >= :delta AND NOT (score >= 0 AND score < :reject_below)
                   AND NOT (state = 'pending' AND {_PASSES}))) AS queued,
               sum(n * (state = 'rejected' AND {_PASSES})) AS rejected_above,
               sum(n * (state IN ('accepted', 'edited') AND NOT {_PASSES})) AS accepted_below
        FROM tallies GROUP BY failure_type, source ORDER BY sum(n) DESC, failure_type, source""",
        {"theta": theta, "delta": delta, "reject_below": reject_below},
    )


def score_histogram(store: Store, *, bins: int) -> list[dict[str, Any]]:
    """(bin, state, n) of current proposals by score; bin None = unjudged."""
    return store.rows(
        "SELECT CASE WHEN score >= 0 THEN min(CAST(round(score * ?1, 6) AS INTEGER), ?1 - 1) END AS bin,"
        " state, sum(n) AS n FROM tallies GROUP BY 1, 2 ORDER BY 1, 2",
        bins,
    )


def passing_by_score(store: Store, delta: float) -> list[tuple[float, int]]:
    """(score, n) of waiting proposals that a policy of this delta lets in from their score on, ascending."""
    rows = store.stream(
        "SELECT score, sum(n) FROM tallies WHERE state = 'pending' AND is_eligible AND score >= 0 AND weight >= ?"
        " GROUP BY score ORDER BY score",
        delta,
    )
    return [(score, n) for score, n in rows]


def open_by_score(store: Store, delta: float) -> list[tuple[float, int]]:
    """(score, n) of judged proposals that are open to a human and not too severe, ascending."""
    rows = store.stream(
        f"SELECT score, sum(n) FROM tallies WHERE {_OPEN} AND score >= 0 AND weight >= ? GROUP BY score ORDER BY score",
        delta,
    )
    return [(score, n) for score, n in rows]


def differing(store: Store, theta: float, delta: float, *, rejected: bool, limit: int) -> list[dict[str, Any]]:
    """(trajectory_key, name, state, score, weight, queue_reason) where humans and a policy differ.

    `rejected`: rejected ones that it lets in, the highest score first; else approved ones that it does not.
    """
    where = (
        f"state = 'rejected' AND {_IN_PLACE}" if rejected else f"state IN ('accepted', 'edited') AND NOT {_IN_PLACE}"
    )
    return store.rows(
        "SELECT trajectory_key, name, state, score, weight, queue_reason FROM proposals"
        f" WHERE is_current = 1 AND {where} ORDER BY score DESC, id LIMIT :limit",
        {"theta": theta, "delta": delta, "limit": limit},
    )
