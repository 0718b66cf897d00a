"""What several people on one file need: who decided what, in which share, under which guidelines."""

from sqlite_utils import Database

from core.store.schema.steps import migrations


@migrations()
def m008_two_people_on_one_item(db: Database) -> None:
    """Note the verdict in force with its proposal, the share that two people see, guidelines and released leases."""
    for statement in _TEAM.split(";\n"):
        if statement.strip():
            db.execute(statement)


_TEAM = """
ALTER TABLE reviews ADD COLUMN overlap INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reviews ADD COLUMN settles INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reviews ADD COLUMN guidelines INTEGER;
CREATE INDEX reviews_of_overlap ON reviews(proposal_id, annotator) WHERE overlap = 1;
ALTER TABLE proposals ADD COLUMN verdict_id INTEGER REFERENCES reviews(id);
UPDATE proposals SET verdict_id = (SELECT id FROM latest_reviews v WHERE v.proposal_id = proposals.id)
    WHERE id IN (SELECT proposal_id FROM reviews);
DROP VIEW queue;
DROP VIEW latest_reviews;
CREATE VIEW latest_reviews AS                -- the verdict in force of each proposal
    SELECT r.* FROM reviews r JOIN proposals p ON p.id = r.proposal_id AND p.verdict_id = r.id;
CREATE VIEW queue AS                         -- what a person wants to see at a glance
    SELECT p.id, t.trajectory_id, p.state, p.score, p.weight, p.failure_type, p.queue_reason,
           a.prompt AS hindsight_prompt, t.prompt AS original_prompt, r.annotator, r.action, r.created_at AS reviewed_at
    FROM proposals p
    JOIN trajectories t ON t.key = p.trajectory_key
    JOIN attempts a ON a.id = p.attempt_id
    LEFT JOIN reviews r ON r.id = p.verdict_id
    WHERE p.is_current = 1;
CREATE TABLE overlaps (
    id INTEGER PRIMARY KEY,
    share REAL NOT NULL,                     -- of the items, 0..1, that two people decide on; the newest row counts
    set_by TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE guidelines (
    version INTEGER PRIMARY KEY,
    text TEXT NOT NULL,                      -- markdown
    author TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE releases (
    id INTEGER PRIMARY KEY,
    proposal_id INTEGER NOT NULL REFERENCES proposals(id),
    held_by TEXT NOT NULL,
    released_by TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX releases_by_holder ON releases(proposal_id, held_by, id)
"""
