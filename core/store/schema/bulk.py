"""Many items at once, the samples that people check first, and what was known when a policy was set."""

from sqlite_utils import Database

from core.store.schema.steps import migrations


@migrations()
def m014_bulk_acts(db: Database) -> None:
    """Bulk acts with their items and audits; the precision known with a policy."""
    for statement in _BULK.split(";\n"):
        db.execute(statement)


_BULK = """
CREATE TABLE bulk_acts (
    id INTEGER PRIMARY KEY,                  -- the batch id
    stage TEXT NOT NULL,                     -- planned | applying | applied | rolling_back | rolled_back | dropped
    action TEXT NOT NULL,                    -- accept | reject
    filter TEXT NOT NULL,                    -- JSON: what was chosen, and nothing where all was
    theta REAL NOT NULL,                     -- accept: least score; reject: scores below it
    delta REAL NOT NULL,                     -- least weight; 0 where it plays no part
    why TEXT NOT NULL,
    target REAL NOT NULL,                    -- share that is to be right, 0..1, shown by the audit
    allowed INTEGER NOT NULL,                -- wrong ones that the audit was sized for
    planned_by TEXT NOT NULL,
    planned_at TEXT NOT NULL,
    applied_by TEXT,
    applied_at TEXT,
    early_why TEXT NOT NULL DEFAULT '',      -- why it was applied though the audit had not shown the target
    audit_right INTEGER,                     -- the audit as it was then
    audit_wrong INTEGER,
    audit_low REAL,                          -- exact 95 % interval of the share that was right
    audit_high REAL,
    ended_by TEXT,                           -- who dropped it or rolled it back
    ended_at TEXT
);
CREATE TABLE bulk_members (
    batch_id INTEGER NOT NULL REFERENCES bulk_acts(id),
    proposal_id INTEGER NOT NULL REFERENCES proposals(id),
    revision INTEGER NOT NULL,               -- when it was planned
    outcome TEXT NOT NULL,                   -- planned | applied | rolled_back, or why it was skipped
    PRIMARY KEY (batch_id, proposal_id)
) WITHOUT ROWID;
CREATE INDEX bulk_members_in_force ON bulk_members(proposal_id) WHERE outcome = 'applied';
CREATE TABLE audit_draws (
    id INTEGER PRIMARY KEY,                  -- in the order of the draw
    proposal_id INTEGER NOT NULL REFERENCES proposals(id),
    batch_id INTEGER NOT NULL REFERENCES bulk_acts(id),
    drawn_at TEXT NOT NULL,
    drawn_by TEXT NOT NULL
);
CREATE UNIQUE INDEX audit_draws_once ON audit_draws(proposal_id, batch_id);
CREATE INDEX audit_draws_by_batch ON audit_draws(batch_id);
ALTER TABLE policies ADD COLUMN precision REAL;
ALTER TABLE policies ADD COLUMN precision_low REAL;
ALTER TABLE policies ADD COLUMN precision_high REAL;
ALTER TABLE policies ADD COLUMN precision_n INTEGER"""
