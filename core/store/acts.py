"""What can be done to many proposals at once: tag, assign, defer, and the way back of each."""

import time
from typing import Any

from core.models import ProposalState, ReviewAction
from core.store.clock import utc_now
from core.store.connection import Store
from core.store.many import Act, Skip
from core.store.reviews import move, what_follows
from core.store.standing import STATE_AFTER


def tag(name: str, *, by: str) -> Act:
    """Put a tag on runs."""

    def run(store: Store, where: str, params: list[Any]) -> None:
        store.write(
            f"INSERT INTO tags SELECT trajectory_key, ?, ?, ? FROM proposals WHERE {where}",
            *(name, by, utc_now()),
            *params,
        )

    return Act((Skip("with that tag already", _TAGGED, (name,)),), run)


def untag(name: str) -> Act:
    """Take a tag off runs."""

    def run(store: Store, where: str, params: list[Any]) -> None:
        keys = f"SELECT trajectory_key FROM proposals WHERE {where}"
        store.write(f"DELETE FROM tags WHERE tag = ? AND trajectory_key IN ({keys})", name, *params)

    return Act((Skip("without that tag", f"NOT {_TAGGED}", (name,)),), run)


def assign(reviewer: str, *, by: str) -> Act:
    """Give runs to one person, whoever had them."""

    def run(store: Store, where: str, params: list[Any]) -> None:
        store.write(
            f"INSERT INTO assignments SELECT trajectory_key, ?, ?, ? FROM proposals WHERE {where}"
            " ON CONFLICT (trajectory_key) DO UPDATE SET"
            " reviewer = excluded.reviewer, assigned_by = excluded.assigned_by, created_at = excluded.created_at",
            *(reviewer, by, utc_now()),
            *params,
        )

    return Act((Skip("assigned to them already", _THEIRS, (reviewer,)), _DECIDED), run)


def take_back() -> Act:
    """Give runs to everybody again."""

    def run(store: Store, where: str, params: list[Any]) -> None:
        keys = f"SELECT trajectory_key FROM proposals WHERE {where}"
        store.write(f"DELETE FROM assignments WHERE trajectory_key IN ({keys})", *params)

    return Act((Skip("assigned to nobody", "trajectory_key NOT IN (SELECT trajectory_key FROM assignments)"),), run)


def defer(*, by: str) -> Act:
    """Put off what waits: for each a review row of that person, so that it can be undone like any other.

    A draft of theirs stays, other than after a single verdict: they did not look at it.
    """

    def run(store: Store, where: str, params: list[Any]) -> None:
        store.write(
            "INSERT INTO reviews (op_id, proposal_id, revision, annotator, action, guidelines, created_at)"
            f" SELECT {_DEFER_OP}, id, revision, ?, ?, (SELECT max(version) FROM guidelines), ?"
            f" FROM proposals WHERE {where}",
            *(by, ReviewAction.DEFER.value, utc_now()),
            *params,
        )
        store.write(
            f"UPDATE proposals SET state = ?, verdict_id = (SELECT r.id FROM reviews r WHERE r.op_id = {_DEFER_OP}),"
            f" {_AS_AFTER_A_VERDICT} WHERE {where}",
            STATE_AFTER[ReviewAction.DEFER].value,
            *params,
        )

    skips = (
        Skip("deferred already", "state = 'deferred'"),
        _DECIDED,
        Skip("flagged", "state = 'flagged'"),
        Skip("waiting for a second person", "state = 'second'"),
        Skip("disputed", "state = 'disputed'"),
        Skip("decided by a bulk act", "state IN ('auto_accepted', 'auto_rejected')"),
        _open_elsewhere(by),
    )
    return Act(skips, run)


def return_deferred(*, by: str, only_of: str | None = None) -> Act:
    """Undo the defers in force, those of one person or everybody's; `by` is noted with each undoing."""

    def run(store: Store, where: str, params: list[Any]) -> None:
        store.write(
            "INSERT INTO reviews (op_id, proposal_id, revision, annotator, action, undoes, created_at)"
            " SELECT 'return-' || r.id, r.proposal_id, (SELECT p.revision FROM proposals p WHERE p.id = r.proposal_id),"
            f" ?, ?, r.id, ? FROM reviews r WHERE r.action = 'defer' AND {_STANDS} AND r.annotator = coalesce(?,"
            f" r.annotator) AND r.proposal_id IN (SELECT id FROM proposals WHERE {where})",
            *(by, ReviewAction.UNDO.value, utc_now(), only_of),
            *params,
        )
        store.write(
            f"UPDATE proposals SET state = ?, verdict_id = NULL, {_AS_AFTER_A_VERDICT} WHERE {where}"
            " AND id NOT IN (SELECT proposal_id FROM bulk_members WHERE outcome = 'applied') AND NOT EXISTS"
            f" (SELECT 1 FROM reviews r WHERE r.proposal_id = proposals.id AND r.action != 'undo' AND {_STANDS})",
            ProposalState.PENDING.value,
            *params,
        )
        for row in store.rows(f"SELECT id FROM proposals WHERE {where}", *params):  # what stands on them decides
            move(store, row["id"], what_follows(store, row["id"]))

    skips = [Skip("not deferred", "state != 'deferred'"), _open_elsewhere(by)]
    if only_of is not None:
        of_others = "(SELECT annotator FROM reviews r WHERE r.id = verdict_id) != ?"
        skips.insert(1, Skip("deferred by others", of_others, (only_of,)))
    return Act(tuple(skips), run)


def _open_elsewhere(who: str) -> Skip:
    return Skip("open elsewhere", "(leased_by != ? AND lease_until >= ?)", (who, time.time()))


_TAGGED = "trajectory_key IN (SELECT trajectory_key FROM tags WHERE tag = ?)"
_THEIRS = "trajectory_key IN (SELECT trajectory_key FROM assignments WHERE reviewer = ?)"
_DECIDED = Skip("decided already", "state IN ('accepted', 'edited', 'rejected')")
_DEFER_OP = "'defer-' || proposals.id || '-' || proposals.revision"  # a revision sees one verdict
_AS_AFTER_A_VERDICT = "revision = revision + 1, leased_by = NULL, lease_until = NULL"
_STANDS = "NOT EXISTS (SELECT 1 FROM reviews u WHERE u.undoes = r.id)"
