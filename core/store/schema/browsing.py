"""What filters, search and the table of everything need: narrow columns, tags, assignments, an index of words."""

from sqlite_utils import Database

from core.store.schema.steps import migrations


@migrations()
def m009_filters_search_and_tags(db: Database) -> None:
    """Put what is filtered by into the narrow rows, and index the words of every current proposal.

    The triggers keep the index the same as the current proposals: no way of writing one can miss it.
    """
    for statement in _BROWSING.split(";;\n"):
        db.execute(statement)


# The index holds no text of its own, only words and places: about a twelfth of the file. It has rows of its own
# and not those of `trajectories`, whose hidden row numbers VACUUM may change. A body that is no JSON must not
# keep the file from being opened.
_BROWSING = r"""
ALTER TABLE proposals ADD COLUMN name TEXT NOT NULL DEFAULT '';;
ALTER TABLE proposals ADD COLUMN step_count INTEGER NOT NULL DEFAULT 0;;
ALTER TABLE proposals ADD COLUMN judge_says TEXT NOT NULL DEFAULT 'unjudged';;
UPDATE proposals SET name = t.trajectory_id, step_count = t.step_count, judge_says = a.judge_says
    FROM trajectories t, attempts a WHERE t.key = proposals.trajectory_key AND a.id = proposals.attempt_id;;
CREATE INDEX proposals_facets ON proposals(
    is_current, state, failure_type, source, queue_reason, judge_says, step_count, score);;
CREATE TABLE tags (
    trajectory_key TEXT NOT NULL REFERENCES trajectories(key),
    tag TEXT NOT NULL,
    tagged_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (trajectory_key, tag)) WITHOUT ROWID;;
CREATE INDEX tags_by_tag ON tags(tag, trajectory_key);;
CREATE TABLE assignments (
    trajectory_key TEXT PRIMARY KEY REFERENCES trajectories(key),
    reviewer TEXT NOT NULL,                  -- the one person whom the queue gives it to
    assigned_by TEXT NOT NULL,
    created_at TEXT NOT NULL) WITHOUT ROWID;;
CREATE INDEX assignments_by_reviewer ON assignments(reviewer, trajectory_key);;
CREATE VIEW proposal_texts AS                -- what a search looks through
    SELECT p.id, t.trajectory_id AS name, t.prompt AS original, a.prompt AS proposed,
           CASE json_valid(b.body) WHEN 1 THEN (
               SELECT group_concat(json_extract(s.value, '$.observation'), char(10))
               FROM json_each(replace(b.body, '\u0000', '\u0020'), '$.steps') s  -- NUL would end the text
           ) END AS observations
    FROM proposals p
    JOIN trajectories t ON t.key = p.trajectory_key
    JOIN trajectory_bodies b ON b.key = p.trajectory_key
    JOIN attempts a ON a.id = p.attempt_id
    WHERE p.is_current = 1;;
CREATE VIRTUAL TABLE proposal_words USING fts5(name, original, proposed, observations, content='');;
INSERT INTO proposal_words (rowid, name, original, proposed, observations)
    SELECT id, name, original, proposed, observations FROM proposal_texts;;
CREATE TRIGGER proposal_words_come AFTER INSERT ON proposals WHEN new.is_current = 1 BEGIN
    INSERT INTO proposal_words (rowid, name, original, proposed, observations)
        SELECT id, name, original, proposed, observations FROM proposal_texts WHERE id = new.id;
END;;
CREATE TRIGGER proposal_words_return AFTER UPDATE OF is_current ON proposals
WHEN old.is_current = 0 AND new.is_current = 1 BEGIN
    INSERT INTO proposal_words (rowid, name, original, proposed, observations)
        SELECT id, name, original, proposed, observations FROM proposal_texts WHERE id = new.id;
END;;
CREATE TRIGGER proposal_words_go BEFORE UPDATE OF is_current ON proposals
WHEN old.is_current = 1 AND new.is_current = 0 BEGIN
    INSERT INTO proposal_words (proposal_words, rowid, name, original, proposed, observations)
        SELECT 'delete', id, name, original, proposed, observations FROM proposal_texts WHERE id = old.id;
END"""
