"""What measuring a threshold needs: the random share by itself, and counts that a move of a slider reads."""

from sqlite_utils import Database

from core.store.schema.steps import migrations


@migrations()
def m011_the_random_share_by_itself(db: Database) -> None:
    """Index the few proposals that were drawn at random, so that measuring on them reads no others."""
    db.execute(
        "CREATE INDEX proposals_random ON proposals(state, score, weight, queue_reason, failure_type, source)"
        " WHERE is_current = 1 AND is_random = 1"
    )
