"""Several processes on one file: nobody gets the same item, no verdict is lost, none counts twice."""

import os
import signal
import subprocess
import sys
import time

import pytest
from filled import fill, make_result, make_run

from core.store import open_store
from core.store.queue import state_counts

WORKERS = 8
ITEMS = int(os.environ.get("RACE_ITEMS", "400"))  # in the file; each process decides on its share

# One reviewer as a process of its own: leases, decides, says each verdict aloud once it is acknowledged.
_REVIEWER = """
import sys
from core.models import Decision, ReviewAction
from core.review.items import Desk, next_item
from core.review.verdicts import decide
from core.store import open_store

db, name, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
desk = Desk(name)
print("ready", flush=True)
sys.stdin.readline()
for number in range(most):
    with open_store(db) as store:
        item = next_item(store, desk)
        if item is None:
            break
        click = Decision(
            op_id=f"{name}-{item.proposal_id}",
            proposal_id=item.proposal_id,
            revision=item.revision,
            annotator=name,
            action=ReviewAction.ACCEPT,
        )
        answer = decide(store, click)
    print(item.proposal_id if answer.taken else answer.message, flush=True)
"""


@pytest.fixture
def many(tmp_path):
    """A database with many proposals."""
    path = tmp_path / "team.db"
    with open_store(path, create=True) as store:
        fill(
            store, [(run, make_result(run, score=(n % 100) / 100)) for n in range(1, ITEMS + 1) if (run := make_run(n))]
        )
    return path


def reviewer(db, name, most=ITEMS):
    words = [sys.executable, "-c", _REVIEWER, str(db), name, str(most)]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_eight_processes_share_the_items_of_one_file_and_none_is_met_twice_or_lost(many):
    started = [reviewer(many, f"reviewer-{number}", ITEMS // WORKERS) for number in range(WORKERS)]
    for process in started:
        process.stdin.write("go\n")
    ended = [process.communicate(timeout=120) for process in started]
    assert [errors for _, errors in ended] == [""] * WORKERS, "a locked database would be said here"
    said = [line for out, _ in ended for line in out.split()]
    assert len(said) == len(set(said)) == ITEMS
    assert all(line.isdigit() for line in said), said
    with open_store(many) as store:
        assert store.value("SELECT count(*) FROM reviews") == ITEMS
        assert store.value("SELECT count(DISTINCT proposal_id) FROM reviews") == ITEMS
        assert {state.value: n for state, n in state_counts(store).items() if n} == {"accepted": ITEMS}


@pytest.mark.parametrize("moment", [1, 7, 20])
def test_every_acknowledged_verdict_of_a_killed_process_is_in_the_file_once(many, moment):
    process = reviewer(many, "anna")
    process.stdin.write("go\n")
    said = [process.stdout.readline().strip() for _ in range(moment)]
    process.send_signal(signal.SIGKILL)
    with process:  # not `communicate`, which loses what `readline` has read ahead
        said += [line for line in process.stdout if line.endswith("\n")]
    acknowledged = {int(line) for line in said}
    with open_store(many) as store:
        assert store.value("PRAGMA integrity_check") == "ok"
        stored = [row["proposal_id"] for row in store.rows("SELECT proposal_id FROM reviews ORDER BY id")]
        assert len(stored) == len(set(stored))
        assert acknowledged <= set(stored)
        assert len(stored) - len(acknowledged) <= 1, "the one that was saved and not yet said"
        accepted = {row["id"] for row in store.rows("SELECT id FROM proposals WHERE state = 'accepted'")}
        assert accepted == set(stored)


def test_what_a_killed_process_had_open_comes_back_to_the_queue(many):
    with open_store(many) as store:
        first = [row["id"] for row in store.rows("SELECT id FROM proposals ORDER BY position, id LIMIT 3")]
        store.write("UPDATE proposals SET leased_by = 'gone', lease_until = ? WHERE id <= ?", time.time() - 1, ITEMS)
    process = reviewer(many, "ben", 3)
    out, _ = process.communicate("go\n", timeout=120)
    assert [int(line) for line in out.split()] == first


def test_several_processes_may_make_the_same_database_at_once(tmp_path):
    code = "import sys; from core.store import open_store; open_store(sys.argv[1], create=True).close()"
    words = [sys.executable, "-c", code, str(tmp_path / "new.db")]
    started = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    assert [process.communicate(timeout=60)[1] for process in started] == [""] * 6
    with open_store(tmp_path / "new.db") as store:
        assert store.rows("SELECT name FROM _sqlite_migrations GROUP BY name HAVING count(*) > 1") == []
