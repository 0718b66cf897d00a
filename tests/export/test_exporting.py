"""Exports hold exactly what was approved, say what they left out, and are whole or not there at all."""

import io
import json
import subprocess
import sys
import zipfile
from collections import Counter

import pytest
from filled import fill, make_result, make_run
from verdicts import rows_of, say

from core.errors import UserError
from core.export import ExportRequest, Selection, as_archive, export, preview
from core.measures.shares import interval
from core.models import (
    BulkAction,
    OutputFormat,
    PipelineResult,
    QueueReason,
    RejectReason,
    ReviewAction,
    Skip,
    SkipReason,
    Stage,
)
from core.review.bulk import apply_bulk, plan_bulk, roll_back
from core.review.thresholds import apply_policy
from core.review.verdicts import undo_last
from core.settings import PipelineConfig
from core.store import open_store
from core.store.bulk import BulkPlan
from core.store.filters import QueueFilter
from core.store.runs import save_result, start_run
from core.store.trajectories import Incoming, add_batch, begin_import

SFT = ExportRequest(OutputFormat.SFT)
WITH_AUTO = ExportRequest(OutputFormat.SFT, include_auto=True)
SETTINGS = PipelineConfig()


@pytest.fixture
def store(db):
    """Ten proposals, scores 0.1 to 1.0; seven of them with a verdict."""
    with open_store(db) as store:
        say(store, "run-1", ReviewAction.ACCEPT)
        say(store, "run-2", ReviewAction.EDIT, hindsight_prompt="My own words: kettles?", final_answer="Two kettles.")
        say(store, "run-3", ReviewAction.REJECT, reason=RejectReason.TRIVIAL)
        say(store, "run-4", ReviewAction.DEFER)
        say(store, "run-5", ReviewAction.FLAG)
        say(store, "run-6", ReviewAction.ACCEPT)
        undo_last(store, "anna", op_id="undo")
        say(store, "run-7", ReviewAction.ACCEPT)
        yield store


def manifest_of(path):
    return json.loads((path / "manifest.json").read_text())


def bytes_of(path):
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_exactly_the_accepted_and_edited_ones_leave_with_the_edited_words(store, tmp_path):
    report = export(store, SETTINGS, SFT, tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    assert rows.keys() == {"run-1", "run-2", "run-7"}
    assert report.rows == 3
    goals = {name: next(m["content"] for m in row["messages"] if m["role"] == "user") for name, row in rows.items()}
    assert goals["run-2"] == "My own words: kettles?"
    assert goals["run-1"] == "Which 1.7 l kettles does the shop have? (as asked in run-1)"
    assert rows["run-2"]["messages"][-1]["content"] == "Two kettles."
    provenance = json.loads(rows["run-2"]["provenance"])
    assert (provenance["state"], provenance["annotator"]) == ("edited", "anna")
    assert provenance["original_prompt"] == make_run(2).original_prompt


def test_edited_steps_leave_as_edited(tmp_path):
    step = make_run(1).steps[0]
    run = make_run(1).model_copy(update={"steps": (step, step.model_copy(update={"observation": "second result"}))})
    with open_store(tmp_path / "t.db", create=True) as store:
        fill(store, [(run, make_result(run))])
        say(store, "run-1", ReviewAction.EDIT, hindsight_prompt="Search again?", first_step=2, last_step=2)
        export(store, SETTINGS, SFT, tmp_path / "out")
    [row] = rows_of(tmp_path / "out").values()
    assert [m["content"] for m in row["messages"] if m["role"] == "tool"] == ["second result"]


def test_what_the_threshold_lets_in_is_marked_and_counted_apart(store, tmp_path):
    report = export(store, SETTINGS, WITH_AUTO, tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    states = {name: json.loads(row["provenance"])["state"] for name, row in rows.items()}
    assert states == {
        "run-1": "accepted",
        "run-2": "edited",
        "run-7": "accepted",
        **dict.fromkeys(("run-6", "run-8", "run-9", "run-10"), "auto_accepted"),
    }
    assert report.samples == {"accepted": 2, "edited": 1, "auto_accepted": 4}
    manifest = manifest_of(tmp_path / "out")
    assert (manifest["human_reviewed"], manifest["auto_accepted"], manifest["include_auto"]) == (3, 4, True)
    assert manifest["left_out"]["by_state"] == {"rejected": 1, "deferred": 1, "flagged": 1}


def test_what_a_bulk_act_lets_in_is_named_with_what_its_audit_showed(store, tmp_path):
    fill(store, [(run, make_result(run, score=0.97)) for n in range(31, 43) if (run := make_run(n))])
    plan = BulkPlan(BulkAction.ACCEPT, 0.5, 0.3, QueueFilter(score=(0.96, 0.98)))
    batch_id = plan_bulk(store, plan, why="All fine", target=0.5, allowed=0, by="lead")
    apply_bulk(store, batch_id, by="lead", early_why="A test")
    apply_policy(store, 0.99, 0.3, set_by="lead", why="careful", random_share=0.0)
    assert export(store, SETTINGS, SFT, tmp_path / "none").samples == {"accepted": 2, "edited": 1}
    report = export(store, SETTINGS, WITH_AUTO, tmp_path / "out")
    rows = [json.loads(row["provenance"]) for row in rows_of(tmp_path / "out").values()]
    assert Counter(row["batch_id"] for row in rows if row["state"] == "auto_accepted") == {batch_id: 7, None: 1}
    [act] = report.manifest["bulk_acts"]
    assert (act["batch_id"], act["samples"], act["theta"], act["why"]) == (batch_id, 7, 0.5, "All fine")
    assert (act["filter"], act["applied_before_the_audit_because"]) == ({"score": (0.96, 0.98)}, "A test")
    assert act["audit"] == {"target": 0.5, "n": 0, "right": 0, "precision": None, "interval_95": None}
    policy = report.manifest["policy"]
    assert (policy["id"], policy["theta"], policy["precision"]) == (1, 0.99, None)
    left = report.manifest["left_out"]["by_state"]
    assert left == {"pending": 8, "rejected": 1, "deferred": 1, "flagged": 1}, "five of them are drawn"


def test_the_manifest_carries_the_precision_with_its_interval_and_the_acts_that_leave_items_out(store, tmp_path):
    few = export(store, SETTINGS, SFT, tmp_path / "few").manifest["measured"]
    why = "fewer than 30 verdicts on items that chance picked"
    assert few["precision"] == {"value": None, "why_no_value": why, "n": 0, "share_without_verdicts": 0.0}
    made = [(run, make_result(run, score=0.9 if n < 80 else 0.1)) for n in range(40, 100) if (run := make_run(n))]
    fill(store, made)
    high = "length(name) = 6 AND name BETWEEN 'run-40' AND 'run-79'"
    store.write(f"UPDATE proposals SET is_random = 1, state = 'accepted' WHERE {high}")
    store.write("UPDATE proposals SET state = 'rejected' WHERE name = 'run-40'")
    plan = BulkPlan(BulkAction.REJECT, 0.15)
    batch_id = plan_bulk(store, plan, why="Never right", target=0.5, allowed=0, by="lead")
    apply_bulk(store, batch_id, by="lead", early_why="A test")
    manifest = export(store, SETTINGS, SFT, tmp_path / "out", force=True).manifest
    precision = manifest["measured"]["precision"]
    assert (precision["value"], precision["n"]) == (pytest.approx(39 / 40), 40)
    silent = precision["share_without_verdicts"]
    assert silent == pytest.approx(4 / 46), "beside 42 of kinds that verdicts speak for, four of which none is decided"
    low, high = interval(39, 40)
    assert precision["interval_95"] == pytest.approx([low * (1 - silent), high * (1 - silent) + silent])
    [act] = manifest["bulk_rejected"]
    assert (act["batch_id"], act["theta"], act["items"], act["why"]) == (batch_id, 0.15, 15, "Never right")
    assert manifest["left_out"]["by_state"]["auto_rejected"] == 15
    roll_back(store, batch_id, by="lead")
    assert export(store, SETTINGS, SFT, tmp_path / "out", force=True).manifest["bulk_rejected"] == []


def test_the_policy_of_the_file_decides_what_is_let_in_and_never_what_a_check_turned_down(store, tmp_path):
    run = make_run(11)
    fill(store, [(run, make_result(run, score=0.99, queue_reason=QueueReason.UNGROUNDED))])
    apply_policy(store, 0.95, 0.3, set_by="lead", why="careful", random_share=0.0)
    export(store, SETTINGS, WITH_AUTO, tmp_path / "out")
    assert rows_of(tmp_path / "out").keys() == {"run-1", "run-2", "run-7", "run-10"}
    policy = manifest_of(tmp_path / "out")["policy"]
    assert (policy["theta"], policy["set_by"], policy["why"]) == (0.95, "lead", "careful")


def test_the_manifest_counts_every_state_and_every_reason(store, tmp_path):
    skipped, failed, never = make_run(21), make_run(22), make_run(23)
    import_id = begin_import(store, "more.jsonl", "reference")
    add_batch(store, import_id, [Incoming(run, "{}", None, "reference") for run in (skipped, failed, never)], [])
    results = (
        PipelineResult(
            trajectory_id="run-21",
            stage_reached=Stage.FAILURE_DETECTION,
            skip=Skip(reason=SkipReason.NOT_A_FAILURE, detail="It went well."),
        ),
        PipelineResult(trajectory_id="run-22", stage_reached=Stage.FAILURE_DETECTION, error="No answer."),
    )
    number = start_run(store, method="rules", settings="{}", settings_hash="s", total=2)
    with store.transaction():
        for run, result in zip((skipped, failed), results, strict=True):
            save_result(store, number, run.key, "s", result)
    report = export(store, SETTINGS, SFT, tmp_path / "out")
    manifest = manifest_of(tmp_path / "out")
    assert manifest == report.manifest
    assert manifest["approved_by_state"] == {"accepted": 2, "edited": 1}
    assert manifest["left_out"]["by_state"] == {"pending": 4, "rejected": 1, "deferred": 1, "flagged": 1}
    assert manifest["left_out"]["no_proposal"] == {"not_a_failure": 1, "stage_failed": 1, "not_run": 1}
    everything = sum(manifest["approved_by_state"].values())
    everything += sum(sum(manifest["left_out"][part].values()) for part in ("by_state", "no_proposal"))
    assert everything == store.value("SELECT count(*) FROM trajectories") == 13


def test_an_approved_item_that_makes_no_row_is_left_out_with_its_reason(store, tmp_path):
    run = make_run(31).model_copy(update={"final_answer": ""})
    result = make_result(run)
    bare = result.relabeled.attempt.model_copy(update={"final_answer": ""})
    relabeled = result.relabeled.model_copy(update={"attempts": (bare,)})
    fill(store, [(run, result.model_copy(update={"relabeled": relabeled}))])
    say(store, "run-31", ReviewAction.ACCEPT)
    report = export(store, SETTINGS, SFT, tmp_path / "out")
    assert [item.trajectory_id for item in report.left_out] == ["run-31"]
    manifest = manifest_of(tmp_path / "out")
    assert list(manifest["left_out"]["approved_but_no_row"].values()) == [1]
    assert manifest["left_out"]["items"][0]["trajectory_id"] == "run-31"
    assert manifest["rows"] == 3


def test_counts_are_of_items_that_gave_rows(store, tmp_path):
    prompts = ExportRequest(OutputFormat.DPO, pairs="prompts")
    manifest = export(store, SETTINGS, prompts, tmp_path / "out").manifest
    assert rows_of(tmp_path / "out").keys() == {"run-2"}, "the only request that a person rewrote"
    assert (manifest["approved_by_state"], manifest["human_reviewed"]) == ({"edited": 1}, 1)
    assert (manifest["reviewers"], len(manifest["models"])) == ({"anna": 1}, 1)
    assert manifest["tokens"]["sum"] == manifest["tokens"]["longest"]
    assert sum(manifest["left_out"]["approved_but_no_row"].values()) == 2


@pytest.mark.parametrize("name", ["out", "out.jsonl"])
def test_an_export_without_a_row_writes_nothing_and_harms_no_older_one(store, tmp_path, name):
    place = tmp_path / "place"
    nobody = ExportRequest(OutputFormat.SFT, selection=Selection(min_score=1.0))
    report = export(store, SETTINGS, nobody, place / name)
    assert not report.files
    assert report.manifest["left_out"]["not_selected"] == {"Its score is below 1.": 3}
    assert not list(place.iterdir())
    export(store, SETTINGS, SFT, place / name)
    before = {file: file.read_bytes() for file in place.rglob("*") if file.is_file()}
    export(store, SETTINGS, nobody, place / name, force=True)
    assert {file: file.read_bytes() for file in place.rglob("*") if file.is_file()} == before
    assert store.value("SELECT count(*) FROM exports") == 1
    with pytest.raises(UserError, match="Nothing to train on"):
        as_archive(store, SETTINGS, nobody)


@pytest.mark.parametrize("output_format", list(OutputFormat))
def test_the_same_database_and_options_give_the_same_bytes(store, tmp_path, output_format):
    request = ExportRequest(output_format, include_auto=True)
    for name in ("first", "second"):
        export(store, SETTINGS, request, tmp_path / name)
        export(store, SETTINGS, request, tmp_path / f"{name}.jsonl")
    assert bytes_of(tmp_path / "first") == bytes_of(tmp_path / "second")
    assert (tmp_path / "first.jsonl").read_bytes() == (tmp_path / "second.jsonl").read_bytes()
    assert (tmp_path / "first.jsonl.manifest.json").read_bytes() == (
        tmp_path / "second.jsonl.manifest.json"
    ).read_bytes()
    assert as_archive(store, SETTINGS, request) == as_archive(store, SETTINGS, request)


def test_a_manifest_names_no_key_and_no_address(store, tmp_path):
    private = PipelineConfig(
        model="m", base_url="http://user:pw@intranet/v1", api_key="sk-secret", judge_api_key="sk-2"
    )
    export(store, private, SFT, tmp_path / "out")
    text = (tmp_path / "out" / "manifest.json").read_text()
    assert not [word for word in ("sk-", "intranet", "pw@", "***") if word in text]


def test_a_preview_is_the_export_that_is_not_written(store, tmp_path):
    report, rows = preview(store, SETTINGS, WITH_AUTO, limit=4)
    assert report.rows == 7
    assert len(rows) == 4
    export(store, SETTINGS, WITH_AUTO, tmp_path / "out")
    assert rows == list(rows_of(tmp_path / "out").values())[:4]
    assert store.value("SELECT count(*) FROM exports") == 1


def test_only_the_chosen_trajectories_leave(store, tmp_path):
    import_id = begin_import(store, "two.jsonl", "reference")
    add_batch(store, import_id, [Incoming(make_run(n), "{}", n, "reference") for n in (7, 3)], [])
    chosen = ExportRequest(OutputFormat.SFT, imports=frozenset({import_id}))
    export(store, SETTINGS, chosen, tmp_path / "out")
    assert rows_of(tmp_path / "out").keys() == {"run-7"}


# A file that may not grow stands for a disk that is full.
_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from core.errors import UserError
from core.export import ExportRequest, export
from core.models import OutputFormat
from core.settings import PipelineConfig
from core.store import open_store

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open_store(sys.argv[1]) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
    try:
        request = ExportRequest(OutputFormat.SFT, include_auto=True)
        export(store, PipelineConfig(), request, Path(sys.argv[2]), force=True)
    except UserError as error:
        print(error)
"""


@pytest.mark.parametrize("name", ["out", "out.jsonl"])
def test_a_write_that_fails_leaves_the_older_export_as_it_was(store, tmp_path, name):
    place = tmp_path / "place"
    place.mkdir()
    export(store, SETTINGS, SFT, place / name)
    files = sorted(file for file in place.rglob("*") if file.is_file())
    before = {file: file.read_bytes() for file in files}
    command = [sys.executable, "-c", _FULL_DISK, str(store.path), str(place / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"{place / name} cannot be written: file too large.\n"
    assert {file: file.read_bytes() for file in sorted(place.rglob("*")) if file.is_file()} == before


def test_force_replaces_an_older_export_whole(store, tmp_path):
    export(store, SETTINGS, ExportRequest(OutputFormat.SHAREGPT), tmp_path / "out")
    with pytest.raises(UserError, match="--force"):
        export(store, SETTINGS, SFT, tmp_path / "out")
    export(store, SETTINGS, SFT, tmp_path / "out", force=True)
    assert sorted(bytes_of(tmp_path / "out")) == ["README.md", "manifest.json", "train.jsonl"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("output_format", [OutputFormat.SFT, OutputFormat.DPO, OutputFormat.SHAREGPT])
def test_a_download_unpacks_to_a_folder_that_loads(store, tmp_path, output_format):
    datasets = pytest.importorskip("datasets")
    packed = as_archive(store, SETTINGS, ExportRequest(output_format))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "unpacked")
    [folder] = (tmp_path / "unpacked").iterdir()
    assert manifest_of(folder)["rows"] == len(rows_of(folder))
    loaded = datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    assert set(loaded["trajectory_id"]) == rows_of(folder).keys()
    if output_format is OutputFormat.SHAREGPT:
        assert json.loads((folder / "dataset_info.json").read_text())


def test_every_written_export_is_noted_with_its_manifest(store, tmp_path):
    export(store, SETTINGS, SFT, tmp_path / "out")
    noted = store.row("SELECT path, manifest FROM exports")
    assert noted["path"] == "out"
    assert json.loads(noted["manifest"]) == manifest_of(tmp_path / "out")


def test_pseudonyms_stand_for_reviewers_in_rows_and_manifest_and_stay_when_verdicts_are_added(store, tmp_path):
    apply_policy(store, 0.5, 0.3, set_by="lead", why="careful", random_share=0.0)
    request = ExportRequest(OutputFormat.SFT, selection=Selection(reviewers=("anna",)), pseudonyms=True)
    report = export(store, SETTINGS, request, tmp_path / "out")
    assert report.manifest["reviewers"] == {"reviewer-1": 3}
    assert report.manifest["selection"] == {"reviewers": ["reviewer-1"]}
    assert report.manifest["policy"]["set_by"] == "not a reviewer"
    said = "".join(file.read_text() for file in (tmp_path / "out").iterdir())
    assert [name for name in ("anna", '"lead"') if name in said] == []
    say(store, "run-8", ReviewAction.ACCEPT, by="aaron")
    again = export(store, SETTINGS, ExportRequest(OutputFormat.SFT, pseudonyms=True), tmp_path / "again")
    assert again.manifest["reviewers"] == {"reviewer-1": 3, "reviewer-2": 1}


def test_the_manifest_names_models_prompts_reviewers_and_the_tables(store, tmp_path):
    manifest = export(store, SETTINGS, WITH_AUTO, tmp_path / "out").manifest
    assert manifest["models"] == {"rules": 7}
    assert manifest["prompt_hashes"] == {"none": 7}
    assert manifest["reviewers"] == {"anna": 3, "nobody": 4}
    assert manifest["program"].startswith("agenther ")
    assert manifest["schema"].startswith("m0")
