"""Importing: twice is once, killed is consistent, and nothing is dropped without a word."""

import gzip
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from filled import make_run

from core.models import Label, LabelOutcome
from core.runs.importing import import_files, validate_files
from core.runs.running import run_pipeline
from core.settings import Settings
from core.store import open_store
from core.store.runs import outcome_counts
from core.store.trajectories import issues_of, label_counts, raw_of_issue, raw_record

ROWS = 5_000


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A file of 5,000 runs, every hundredth line broken."""
    path = tmp_path_factory.mktemp("many") / "many.jsonl"
    with path.open("w") as file:
        for number in range(1, ROWS + 1):
            file.write("{broken\n" if number % 100 == 0 else make_run(number).model_dump_json() + "\n")
    return path


def everything(db):
    with open_store(db) as store:
        return {
            "runs": store.rows(
                "SELECT key, trajectory_id, line, prompt, step_count, label FROM trajectories ORDER BY 1"
            ),
            "bodies": store.rows("SELECT * FROM trajectory_bodies ORDER BY key"),
        }


@pytest.fixture(scope="module")
def once(many, tmp_path_factory):
    """What one undisturbed import of the file leaves in a database."""
    db = tmp_path_factory.mktemp("once") / "once.db"
    with open_store(db, create=True) as store:
        [report] = import_files(store, [many])
    assert (report.imported, report.duplicates, report.rejected) == (4_950, 0, 50)
    return everything(db)


def test_a_label_given_at_import_is_for_runs_without_one(tmp_path):
    runs = [make_run(1), make_run(2).model_copy(update={"label": Label(), "failure_reason": ""})]
    file = tmp_path / "two.jsonl"
    file.write_text("".join(run.model_dump_json() + "\n" for run in runs))
    with open_store(tmp_path / "t.db", create=True) as store:
        [plain] = import_files(store, [file])
        [labelled] = import_files(store, [file], label=LabelOutcome.SUCCESS)
        own = runs[0].label.outcome
        assert plain.labels == Counter([own, LabelOutcome.UNKNOWN])
        assert labelled.labels == Counter([own, LabelOutcome.SUCCESS])
        assert (labelled.imported, labelled.duplicates) == (1, 1)  # the label is part of the record


def test_a_second_import_adds_nothing(tmp_path, many, once):
    db = tmp_path / "t.db"
    with open_store(db, create=True) as store:
        list(import_files(store, [many]))
        [again] = import_files(store, [many])
    assert (again.imported, again.duplicates) == (0, 4_950)
    assert everything(db) == once


@pytest.mark.parametrize("batches", [1, 4, 9])
def test_an_import_that_is_killed_is_completed_by_the_same_command(tmp_path, many, once, batches):
    db = tmp_path / "t.db"
    open_store(db, create=True).close()
    words = [sys.executable, "-m", "core.cli", "import", str(many), "--db", str(db)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open_store(db) as store:
        until = time.monotonic() + 150
        while store.value("SELECT count(*) FROM trajectories") < batches * 495:
            assert time.monotonic() < until
            assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    with open_store(db) as store:
        there = store.value("SELECT count(*) FROM trajectories")
        assert there % 495 == 0, "half a batch is in"
        assert there == store.value("SELECT count(*) FROM trajectory_bodies")
        row = store.row("SELECT imported, rejected FROM imports")
        assert (row["imported"], row["rejected"]) == (there, there // 99)
        [report] = import_files(store, [many])
    assert (report.imported, report.duplicates) == (4_950 - there, there)
    assert everything(db) == once


def test_a_batch_with_a_row_that_the_file_refuses_is_not_in_at_all(tmp_path, many):
    db = tmp_path / "t.db"
    with open_store(db, create=True) as store:
        store.write(
            "CREATE TRIGGER full BEFORE INSERT ON trajectories WHEN new.trajectory_id = 'run-701'"
            " BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
        with pytest.raises(Exception, match="no room"):
            list(import_files(store, [many]))
        assert store.value("SELECT count(*) FROM trajectories") == 495
        assert store.value("SELECT imported FROM imports") == 495


def test_the_raw_record_stands_beside_the_run_as_it_was(tmp_path, many):
    with open_store(tmp_path / "t.db", create=True) as store:
        list(import_files(store, [many]))
        line = store.row("SELECT key, line FROM trajectories WHERE trajectory_id = 'run-4321'")
        assert line["line"] == 4321
        assert raw_record(store, line["key"]) == many.read_text().splitlines()[4320]
        issues = issues_of(store, 1, limit=1000)
        assert [issue.line for issue in issues] == list(range(100, ROWS + 1, 100))
        assert {raw_of_issue(store, issue.id) for issue in issues} == {"{broken"}


def test_validating_says_what_an_import_would_do(tmp_path, many):
    [said] = validate_files([many])
    assert (said.imported, said.rejected) == (4_950, 50)


def test_an_upload_is_spoken_of_by_its_own_name(tmp_path):
    path = tmp_path / "upload"
    path.write_text("not json")
    with open_store(tmp_path / "t.db", create=True) as store:
        [report] = import_files(store, [path], shown_as="mine.json")
    assert report.error.startswith("mine.json is not JSON")
    assert str(tmp_path) not in report.error


def test_every_real_run_has_a_proposal_or_a_skip_with_a_reason(tmp_path, shared_data):
    file = shared_data / "labelled/tau_bench/gpt-4o-airline.json"
    rewards = Counter(row["reward"] for row in json.loads(file.read_text("utf-8")))
    assert rewards == {1.0: 45, 0.0: 55}
    with open_store(tmp_path / "t.db", create=True) as store:
        [report] = import_files(store, [file])
        assert (report.imported, len(report.issues), report.error) == (100, 0, "")
        done = run_pipeline(store, Settings())
        assert (done.total, done.failed) == (100, 0)
        results = store.rows(
            "SELECT t.label, r.status, r.reason, r.detail FROM results r"
            " JOIN trajectories t ON t.key = r.trajectory_key"
        )
        [again] = import_files(store, [file])
        assert (again.imported, again.duplicates) == (0, 100)
        assert run_pipeline(store, Settings()).total == 0
        assert label_counts(store) == {"all": 100, "failure": 55, "success": 45}
        assert sum(row["n"] for row in outcome_counts(store)) == 100
    assert len(results) == 100
    for row in results:
        if row["label"] == "success":
            assert (row["status"], row["reason"]) == ("skipped", "not_a_failure")
        else:
            assert row["status"] in ("proposed", "skipped")
            assert row["reason"] != "not_a_failure"
            assert row["status"] == "proposed" or (row["reason"] and row["detail"])
    # None is lost for the mere word "error" in some observation.
    failed = [row for row in results if row["label"] == "failure"]
    assert sum(row["reason"] == "not_recoverable" for row in failed) < len(failed) / 10
    assert sum(row["status"] == "proposed" for row in failed) > len(failed) / 2


def test_several_processes_may_import_the_same_file_at_once(tmp_path, many, once):
    db = tmp_path / "t.db"
    words = [sys.executable, "-m", "core.cli", "import", str(many), "--db", str(db), "--json"]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [1, 1, 1], said  # 1: fifty lines were bad
    assert sum(json.loads(out.splitlines()[-1])["imported"] for out, _ in said) == 4_950
    assert everything(db) == once
    assert Path(db).is_file()


def test_a_cut_archive_keeps_what_stands_before_the_cut(tmp_path):
    chat = '[{""role"": ""user"", ""content"": ""%s""}, {""role"": ""assistant"", ""content"": ""%s""}]'
    rows = "".join(f'r{n},"{chat % (n, n * 7919)}"\n' for n in range(1_000))
    packed = gzip.compress(f"id,messages\n{rows}".encode())
    (tmp_path / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    with open_store(tmp_path / "t.db", create=True) as store:
        (report,) = import_files(store, [tmp_path / "cut.csv.gz"])
        assert 100 < report.imported < 1_000
        assert report.rejected == 1
        assert "ended before the end-of-stream marker" in report.issues[0].reason
        assert f"The {report.imported:,} before it were read." in report.issues[0].reason
        assert store.value("SELECT count(*) FROM trajectories") == report.imported
