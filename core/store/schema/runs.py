"""What imports and runs note about themselves."""

from sqlite_utils import Database

from core.store.schema.steps import migrations


@migrations()
def m002_alike_requests_and_issues_by_import(db: Database) -> None:
    """Find proposals that ask for the same, and what one import left out.

    80 characters tell nearly all requests apart and keep the index small.
    """
    db.execute("CREATE INDEX attempts_by_request ON attempts(substr(prompt, 1, 80))")
    db.execute("CREATE INDEX import_issues_by_import ON import_issues(import_id, id)")


@migrations()
def m003_runs_share_the_work(db: Database) -> None:
    """Note which process a run belongs to, and which trajectories it has in work."""
    db.execute("ALTER TABLE runs ADD COLUMN process TEXT NOT NULL DEFAULT ''")  # machine and process id
    db.execute(
        "CREATE TABLE claims ("
        " trajectory_key TEXT NOT NULL REFERENCES trajectories(key),"
        " settings_hash TEXT NOT NULL,"
        " run_id INTEGER NOT NULL REFERENCES runs(id),"
        " PRIMARY KEY (trajectory_key, settings_hash)) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX claims_by_run ON claims(run_id)")


@migrations()
def m004_what_each_import_met(db: Database) -> None:
    """Note which runs each file holds, whether it was read to its end, and where a left-out record stood."""
    db.execute("ALTER TABLE imports ADD COLUMN error TEXT NOT NULL DEFAULT ''")  # the file as a whole
    db.execute("ALTER TABLE imports ADD COLUMN finished_at TEXT")  # NULL: broken off
    db.execute("ALTER TABLE import_issues ADD COLUMN record INTEGER")  # 1-based place in the file
    db.execute(
        "CREATE TABLE import_records ("
        " import_id INTEGER NOT NULL REFERENCES imports(id),"
        " trajectory_key TEXT NOT NULL REFERENCES trajectories(key),"
        " PRIMARY KEY (import_id, trajectory_key)) WITHOUT ROWID"
    )


@migrations()
def m005_what_calls_cost(db: Database) -> None:
    """Note what each call cost, and count calls, tokens and dollars for each run."""
    db.execute("ALTER TABLE model_calls ADD COLUMN cached_tokens INTEGER NOT NULL DEFAULT 0")  # part of the input
    db.execute("ALTER TABLE model_calls ADD COLUMN cost_usd REAL")  # at the price in force then; NULL = unknown
    for column in ("calls", "requests", "input_tokens", "cached_tokens", "output_tokens", "unpriced_calls"):
        db.execute(f"ALTER TABLE runs ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE runs ADD COLUMN cost_usd REAL NOT NULL DEFAULT 0")  # without the unpriced calls
    db.execute("ALTER TABLE runs ADD COLUMN in_flight INTEGER NOT NULL DEFAULT 0")  # calls under way
    db.execute(
        "UPDATE runs SET calls = c.calls, requests = c.requests, input_tokens = c.input_tokens,"
        " output_tokens = c.output_tokens, unpriced_calls = c.calls"
        " FROM (SELECT run_id, count(*) AS calls, sum(requests) AS requests, sum(input_tokens) AS input_tokens,"
        " sum(output_tokens) AS output_tokens FROM model_calls GROUP BY run_id) AS c WHERE c.run_id = runs.id"
    )


@migrations()
def m006_batch_jobs(db: Database) -> None:
    """Note the batch jobs at model servers, and which questions each holds."""
    db.execute(
        "CREATE TABLE batches ("
        " id INTEGER PRIMARY KEY,"
        " run_id INTEGER NOT NULL REFERENCES runs(id),"
        " address TEXT NOT NULL,"  # of the server, without a password
        " model TEXT NOT NULL,"
        " token TEXT NOT NULL UNIQUE,"  # by which the job is known again at the server
        " state TEXT NOT NULL,"  # writing | submitting | the server's own word
        " file_id TEXT NOT NULL DEFAULT '',"  # of the uploaded requests
        " job_id TEXT NOT NULL DEFAULT '',"
        " requests INTEGER NOT NULL DEFAULT 0,"
        " over INTEGER NOT NULL DEFAULT 0,"  # requests that are answered or failed
        " problem TEXT NOT NULL DEFAULT '',"
        " after_result INTEGER NOT NULL,"  # newest result when it was begun
        " created_at TEXT NOT NULL,"
        " submitted_at TEXT,"
        " read_at TEXT)"  # NULL: not read to its end
    )
    db.execute("CREATE INDEX batches_by_run ON batches(run_id)")
    db.execute(
        "CREATE TABLE batch_asks ("
        " batch_id INTEGER NOT NULL REFERENCES batches(id),"
        " request_hash TEXT NOT NULL,"  # as in model_calls, and the custom_id of the request
        " trajectory_key TEXT NOT NULL REFERENCES trajectories(key),"
        " stage TEXT NOT NULL,"
        " prompt_hash TEXT NOT NULL,"
        " temperature REAL NOT NULL,"
        " aside_usd REAL NOT NULL,"  # the most that it may cost
        " state TEXT NOT NULL DEFAULT 'waiting',"  # waiting | answered | failed
        " problem TEXT NOT NULL DEFAULT '',"
        " final INTEGER NOT NULL DEFAULT 0,"  # 1: asking again is no use
        " PRIMARY KEY (batch_id, request_hash)) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX batch_asks_by_request ON batch_asks(request_hash)")
    db.execute("CREATE INDEX batch_asks_by_trajectory ON batch_asks(trajectory_key)")


@migrations()
def m007_proposals_by_result(db: Database) -> None:
    """Find the proposal of a result, which comparing two runs does for every trajectory."""
    db.execute("CREATE INDEX proposals_by_result ON proposals(result_id)")
