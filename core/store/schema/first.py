"""What the first release stores."""

from sqlite_utils import Database

from core.store.schema.steps import migrations


@migrations()
def m001_first_schema(db: Database) -> None:
    """Create everything that the first release stores."""
    for statement in _FIRST.split(";\n"):
        if statement.strip():
            db.execute(statement)


_FIRST = """
CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    format TEXT NOT NULL,
    imported INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,   -- already there, by content
    rejected INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL                 -- UTC, ISO 8601, as everywhere
);
CREATE TABLE import_issues (
    id INTEGER PRIMARY KEY,
    import_id INTEGER NOT NULL REFERENCES imports(id),
    line INTEGER,                            -- 1-based line or record number
    reason TEXT NOT NULL,
    raw TEXT NOT NULL                        -- the rejected record as it stood in the file
);
CREATE TABLE trajectories (
    key TEXT PRIMARY KEY,                    -- content hash: importing twice adds nothing
    trajectory_id TEXT NOT NULL,             -- the source's own name
    source TEXT NOT NULL,                    -- format it was read as
    import_id INTEGER NOT NULL REFERENCES imports(id),
    line INTEGER,
    prompt TEXT NOT NULL,
    step_count INTEGER NOT NULL,
    label TEXT NOT NULL,                     -- success | failure | unknown
    reward REAL,
    created_at TEXT NOT NULL
);
CREATE INDEX trajectories_by_id ON trajectories(trajectory_id);
CREATE TABLE trajectory_bodies (
    key TEXT PRIMARY KEY REFERENCES trajectories(key),
    body TEXT NOT NULL,                      -- normalised, JSON
    raw TEXT NOT NULL                        -- as it stood in the file
);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    state TEXT NOT NULL,                     -- running | done | stopped | failed
    method TEXT NOT NULL,                    -- `rules` or the model's name
    settings TEXT NOT NULL,                  -- JSON, without keys
    settings_hash TEXT NOT NULL,
    total INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    proposed INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    stop_asked INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '',
    started_at TEXT NOT NULL,
    beat_at TEXT NOT NULL,                   -- last sign of life of the process
    finished_at TEXT
);
CREATE TABLE results (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs(id),
    trajectory_key TEXT NOT NULL REFERENCES trajectories(key),
    settings_hash TEXT NOT NULL,
    status TEXT NOT NULL,                    -- proposed | skipped | failed
    stage TEXT NOT NULL,
    reason TEXT,                             -- of a skip, a word
    detail TEXT NOT NULL DEFAULT '',         -- of a skip or failure, a sentence
    analysis TEXT,                           -- JSON
    outcome TEXT,                            -- JSON
    created_at TEXT NOT NULL
);
CREATE INDEX results_by_trajectory ON results(trajectory_key, settings_hash);
CREATE INDEX results_by_status ON results(status, reason);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    result_id INTEGER NOT NULL REFERENCES results(id),
    number INTEGER NOT NULL,
    prompt TEXT NOT NULL,
    confidence REAL NOT NULL,                -- c, of the relabeller
    judge_confidence REAL,                   -- c2
    judge_says TEXT NOT NULL,                -- yes | no | unjudged
    model TEXT NOT NULL,
    body TEXT NOT NULL                       -- JSON
);
CREATE INDEX attempts_by_result ON attempts(result_id);
CREATE TABLE proposals (
    id INTEGER PRIMARY KEY,
    trajectory_key TEXT NOT NULL REFERENCES trajectories(key),
    result_id INTEGER NOT NULL REFERENCES results(id),
    attempt_id INTEGER NOT NULL REFERENCES attempts(id),
    is_current INTEGER NOT NULL DEFAULT 1,   -- 0: a later run or an earlier verdict stands instead
    state TEXT NOT NULL DEFAULT 'pending',   -- pending | deferred | flagged | accepted | edited | rejected
    revision INTEGER NOT NULL DEFAULT 1,     -- grows with every verdict
    score REAL,                              -- min(c, c2); NULL = unjudged
    weight REAL NOT NULL,                    -- 1 - severity
    queue_reason TEXT,                       -- NULL = the pipeline itself accepts it
    failure_type TEXT,
    source TEXT NOT NULL,
    position REAL NOT NULL,                  -- place in the queue, lowest first
    is_random INTEGER NOT NULL,              -- 1: belongs to the fixed random share
    leased_by TEXT,
    lease_until REAL                         -- unix time
);
CREATE UNIQUE INDEX proposals_current ON proposals(trajectory_key) WHERE is_current = 1;
CREATE INDEX proposals_queue ON proposals(state, position, id) WHERE is_current = 1;
CREATE INDEX proposals_order ON proposals(position, id) WHERE is_current = 1;
CREATE INDEX proposals_leases ON proposals(leased_by) WHERE leased_by IS NOT NULL;
CREATE INDEX proposals_counts ON proposals(is_current, state, score, weight, queue_reason);
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY,
    op_id TEXT NOT NULL UNIQUE,              -- the click: the same one twice counts once
    proposal_id INTEGER NOT NULL REFERENCES proposals(id),
    revision INTEGER NOT NULL,               -- what the reviewer saw
    annotator TEXT NOT NULL,
    action TEXT NOT NULL,                    -- accept | edit | reject | defer | flag | undo
    reason INTEGER,
    note TEXT NOT NULL DEFAULT '',
    hindsight_prompt TEXT,                   -- as approved, where edited
    final_answer TEXT,
    first_step INTEGER,
    last_step INTEGER,
    undoes INTEGER UNIQUE REFERENCES reviews(id),
    active_seconds REAL,
    created_at TEXT NOT NULL
);
CREATE INDEX reviews_by_proposal ON reviews(proposal_id);
CREATE INDEX reviews_by_annotator ON reviews(annotator, id);
CREATE TRIGGER reviews_are_never_changed BEFORE UPDATE ON reviews
    BEGIN SELECT RAISE(ABORT, 'reviews are append-only'); END;
CREATE TRIGGER reviews_are_never_deleted BEFORE DELETE ON reviews
    BEGIN SELECT RAISE(ABORT, 'reviews are append-only'); END;
CREATE TABLE drafts (
    proposal_id INTEGER NOT NULL REFERENCES proposals(id),
    annotator TEXT NOT NULL,
    hindsight_prompt TEXT NOT NULL,
    final_answer TEXT,
    first_step INTEGER,
    last_step INTEGER,
    saved_at TEXT NOT NULL,
    PRIMARY KEY (proposal_id, annotator)
);
CREATE TABLE policies (
    id INTEGER PRIMARY KEY,
    theta REAL NOT NULL,                     -- least score that enters without a human
    delta REAL NOT NULL,                     -- least weight that enters or is queued
    set_by TEXT NOT NULL,
    why TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL
);
CREATE TABLE model_calls (
    id INTEGER PRIMARY KEY,
    request_hash TEXT NOT NULL,              -- same model, words, shape and temperature
    run_id INTEGER REFERENCES runs(id),
    trajectory_key TEXT REFERENCES trajectories(key),
    stage TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_hash TEXT NOT NULL,
    temperature REAL NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    latency_s REAL NOT NULL,
    requests INTEGER NOT NULL,               -- HTTP requests that this call cost
    reply TEXT NOT NULL,                     -- raw text
    created_at TEXT NOT NULL
);
CREATE INDEX model_calls_by_request ON model_calls(request_hash);
CREATE TABLE exports (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    manifest TEXT NOT NULL,                  -- JSON
    created_at TEXT NOT NULL
);
CREATE VIEW latest_reviews AS                -- the verdict in force of each proposal, undone ones out
    SELECT r.* FROM reviews r
    WHERE r.action != 'undo'
      AND r.id = (SELECT MAX(s.id) FROM reviews s WHERE s.proposal_id = r.proposal_id AND s.action != 'undo'
                  AND NOT EXISTS (SELECT 1 FROM reviews u WHERE u.undoes = s.id));
CREATE VIEW queue AS                         -- what a person wants to see at a glance
    SELECT p.id, t.trajectory_id, p.state, p.score, p.weight, p.failure_type, p.queue_reason,
           a.prompt AS hindsight_prompt, t.prompt AS original_prompt, r.annotator, r.action, r.created_at AS reviewed_at
    FROM proposals p
    JOIN trajectories t ON t.key = p.trajectory_key
    JOIN attempts a ON a.id = p.attempt_id
    LEFT JOIN latest_reviews r ON r.proposal_id = p.id
    WHERE p.is_current = 1
"""
