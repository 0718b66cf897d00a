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


@migrations()
def m012_tallies(db: Database) -> None:
    """Count current proposals by all that a threshold depends on, so that trying one reads no proposal.

    The triggers keep the counts right whoever writes; where every score is its own, there are as many rows as items.
    """
    for statement in _TALLIES.split(";;\n"):
        db.execute(statement)


def _key(row: str) -> str:
    eligible = f"coalesce({row}.queue_reason, 'below_threshold') = 'below_threshold'"
    return (
        f"{row}.state, coalesce({row}.score, -1), {row}.weight, {eligible},"
        f" coalesce({row}.failure_type, ''), {row}.source"
    )


_COLUMNS = "(state, score, weight, is_eligible, failure_type, source)"
_WATCHED = "is_current, state, score, weight, queue_reason, failure_type, source"
_TALLIES = f"""
CREATE TABLE tallies (                       -- of current proposals; kept by the triggers below
    state TEXT NOT NULL,
    score REAL NOT NULL,                     -- -1 = unjudged
    weight REAL NOT NULL,
    is_eligible INTEGER NOT NULL,            -- nothing but the threshold itself would keep them out
    failure_type TEXT NOT NULL,              -- '' = none
    source TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (state, score, weight, is_eligible, failure_type, source)) WITHOUT ROWID;;
INSERT INTO tallies SELECT {_key("p")}, count(*) FROM proposals p WHERE is_current = 1 GROUP BY 1, 2, 3, 4, 5, 6;;
CREATE TRIGGER tallies_come AFTER INSERT ON proposals WHEN new.is_current = 1 BEGIN
    INSERT INTO tallies VALUES ({_key("new")}, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;;
CREATE TRIGGER tallies_leave AFTER UPDATE OF {_WATCHED} ON proposals WHEN old.is_current = 1 BEGIN
    UPDATE tallies SET n = n - 1 WHERE {_COLUMNS} = ({_key("old")});
    DELETE FROM tallies WHERE n = 0 AND {_COLUMNS} = ({_key("old")});
END;;
CREATE TRIGGER tallies_return AFTER UPDATE OF {_WATCHED} ON proposals WHEN new.is_current = 1 BEGIN
    INSERT INTO tallies VALUES ({_key("new")}, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;;
CREATE TRIGGER tallies_go AFTER DELETE ON proposals WHEN old.is_current = 1 BEGIN
    UPDATE tallies SET n = n - 1 WHERE {_COLUMNS} = ({_key("old")});
    DELETE FROM tallies WHERE n = 0 AND {_COLUMNS} = ({_key("old")});
END"""
