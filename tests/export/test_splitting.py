"""Train and test share no task, keep their tasks when data is added, and say what else they share."""

import hashlib
import json

import pytest
from filled import fill, make_result, make_run
from verdicts import rows_of

from core.errors import UserError
from core.export import ExportRequest, export, preview
from core.export.splitting import is_test
from core.models import OutputFormat
from core.settings import PipelineConfig
from core.store import open_store

SETTINGS = PipelineConfig()
LONG = "1 result: the Aqua holds 1.7 l, has a lid of steel and costs $39 in the shop and $35 on the market."


def split(output_format=OutputFormat.SFT, share=0.4):
    return ExportRequest(output_format, include_auto=True, test_share=share)


@pytest.fixture
def store(tmp_path):
    """Forty runs of twenty tasks, let in by the threshold; every tool result is the same long one."""
    with open_store(tmp_path / "t.db", create=True) as store:
        fill(store, [(run, make_result(run, score=0.9)) for run in map(a_run, range(40))])
        yield store


def a_run(number):
    run = make_run(number)
    step = run.steps[0].model_copy(update={"observation": LONG})
    task = f"Find a kettle under ${20 + number // 2}"
    return run.model_copy(update={"steps": (step,), "original_prompt": task if number % 2 else task.upper() + " "})


def tasks_of(rows):
    return {json.loads(row["provenance"])["original_prompt"].strip().casefold() for row in rows.values()}


def test_no_task_is_on_both_sides_and_both_files_are_splits_that_load(store, tmp_path):
    datasets = pytest.importorskip("datasets")
    report = export(store, SETTINGS, split(), tmp_path / "out")
    train, test = rows_of(tmp_path / "out"), rows_of(tmp_path / "out", "test.jsonl")
    assert (len(train) + len(test), len(test)) == (report.rows, report.test_rows) == (40, report.test_rows)
    assert tasks_of(train) & tasks_of(test) == set()
    assert tasks_of(test)
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {name: set(part["trajectory_id"]) for name, part in loaded.items()} == {
        "train": train.keys(),
        "test": test.keys(),
    }
    leakage = report.manifest["split"]["leakage"]
    assert leakage["tasks"] == {"in_test": len(tasks_of(test)), "also_in_train": 0}
    assert leakage["requests"] == {"in_test": len(test), "also_in_train": 0}
    assert leakage["tool_results"] == {"in_test": 1, "also_in_train": 1}


def test_a_task_keeps_its_side_when_data_is_added_and_when_the_share_grows():
    tasks = [f"Task {number}" for number in range(3000)]
    small, large = ({task for task in tasks if is_test(task, share)} for share in (0.1, 0.2))
    assert small < large
    assert 240 < len(small) < 360


@pytest.mark.parametrize("output_format", [OutputFormat.SHAREGPT, OutputFormat.KTO])
def test_a_split_gives_the_same_bytes_again_and_every_file_its_own_digests(store, tmp_path, output_format):
    for name in ("first", "second"):
        export(store, SETTINGS, split(output_format), tmp_path / name)
    files = {file.name: file.read_bytes() for file in (tmp_path / "first").iterdir()}
    assert files == {file.name: file.read_bytes() for file in (tmp_path / "second").iterdir()}
    said = json.loads(files["manifest.json"])["files"]
    assert said.keys() == {"train", "test"}
    for side, file in said.items():
        data = files[f"{side}.jsonl"]
        rows = [hashlib.sha256(line) for line in data.splitlines()]
        assert file["sha256"] == hashlib.sha256(data).hexdigest()
        assert file["row_sha256"] == [row.hexdigest() for row in rows]
        assert file["rows_sha256"] == hashlib.sha256(b"".join(row.digest() for row in rows)).hexdigest()
    if output_format is OutputFormat.SHAREGPT:
        info = json.loads(files["dataset_info.json"])
        assert {name: entry["file_name"] for name, entry in info.items()} == {
            "agenther_sharegpt": "train.jsonl",
            "agenther_sharegpt_test": "test.jsonl",
        }


def test_a_preview_counts_both_sides_and_one_file_cannot_hold_them(store, tmp_path):
    report, rows = preview(store, SETTINGS, split(), limit=100)
    assert len(rows) == report.rows - report.test_rows
    with pytest.raises(UserError, match=r"out\.jsonl is one file"):
        export(store, SETTINGS, split(), tmp_path / "out.jsonl")


def test_a_share_that_no_task_falls_into_gives_no_test_file(store, tmp_path):
    report = export(store, SETTINGS, split(share=0.000001), tmp_path / "out")
    assert report.test_rows == 0
    assert "split: test" not in (tmp_path / "out" / "README.md").read_text()
    assert not (tmp_path / "out" / "test.jsonl").exists()
    every = export(store, SETTINGS, split(share=0.9999999), tmp_path / "every")
    assert (every.train_rows, every.files) == (0, ())
    assert every.test_rows > 0
