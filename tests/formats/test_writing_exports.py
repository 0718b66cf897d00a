import hashlib
import json
import os
from importlib.metadata import version

import pytest

from core.errors import UserError
from core.formats import FORMATS, find_target
from core.formats.writing import write_folder, write_single
from core.models import OutputFormat

SFT = find_target(OutputFormat.SFT)
SHAREGPT = find_target(OutputFormat.SHAREGPT)


def test_a_single_file_holds_the_rows_and_counts_what_was_left_out(tmp_path, make_sample):
    path = tmp_path / "new" / "out.jsonl"
    silent = make_sample(2, messages=make_sample(2).messages[:-1])
    written = write_single(path, SFT.rows([make_sample(1), silent]), target=SFT)
    lines = path.read_text("utf-8").split("\n")
    assert [json.loads(line)["trajectory_id"] for line in lines[:-1]] == ["001"]
    assert (written.rows, written.files, written.data[0].size) == (1, (path,), path.stat().st_size)
    assert written.data[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [left_out.trajectory_id for left_out in written.left_out] == ["002"]
    assert [entry.name for entry in path.parent.iterdir()] == ["out.jsonl"]


def test_an_existing_file_is_replaced_only_by_force(tmp_path, make_sample):
    path = tmp_path / "out.jsonl"
    path.write_text("mine")
    with pytest.raises(UserError, match="is there already; name another file or use --force"):
        write_single(path, SFT.rows([make_sample()]), target=SFT)
    assert path.read_text() == "mine"
    write_single(path, SFT.rows([make_sample()]), target=SFT, force=True)
    assert json.loads(path.read_text("utf-8"))["trajectory_id"] == "001"


@pytest.mark.parametrize("write", [write_single, write_folder])
def test_a_failure_half_way_leaves_the_older_export_and_no_litter(tmp_path, make_sample, write):
    def rows():
        yield from SFT.rows([make_sample(2)])
        raise RuntimeError("the disk is full")

    path = tmp_path / "out"
    write(path, SFT.rows([make_sample(1)]), target=SFT, manifest=says_rows)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(RuntimeError, match="the disk is full"):
        write(path, rows(), target=SFT, force=True, manifest=says_rows)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def says_rows(written):
    return {"rows": written.rows}


def test_a_manifest_that_cannot_be_made_leaves_the_older_file_and_its_manifest(tmp_path, make_sample):
    def fails(_):
        raise RuntimeError("the disk is full")

    path = tmp_path / "out.jsonl"
    write_single(path, SFT.rows([make_sample(1)]), target=SFT, manifest=says_rows)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    assert {file.name for file in before} == {"out.jsonl", "out.jsonl.manifest.json"}
    with pytest.raises(RuntimeError, match="the disk is full"):
        write_single(path, SFT.rows([make_sample(2)]), target=SFT, force=True, manifest=fails)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_files_that_differ_in_their_ending_have_a_manifest_each(tmp_path, make_sample):
    for number, name in enumerate(("out.json", "out.jsonl"), 1):
        rows = SFT.rows([make_sample(n) for n in range(1, number + 1)])
        write_single(tmp_path / name, rows, target=SFT, manifest=says_rows)
    said = [json.loads((tmp_path / f"out.{end}.manifest.json").read_text())["rows"] for end in ("json", "jsonl")]
    assert said == [1, 2]


def test_a_manifest_that_is_there_is_replaced_only_by_force(tmp_path, make_sample):
    path, beside = tmp_path / "out.jsonl", tmp_path / "out.jsonl.manifest.json"
    beside.write_text("mine")
    with pytest.raises(UserError, match=r"out.jsonl.manifest.json is there already; .* --force"):
        write_single(path, SFT.rows([make_sample()]), target=SFT, manifest=says_rows)
    assert [entry.name for entry in tmp_path.iterdir()] == [beside.name]
    write_single(path, SFT.rows([make_sample()]), target=SFT, force=True, manifest=says_rows)
    assert json.loads(beside.read_text())["rows"] == 1
    write_single(path, SFT.rows([make_sample()]), target=SFT, force=True)
    assert not beside.exists(), "it spoke of other rows"


def test_a_single_sharegpt_file_joins_the_dataset_info_beside_it(tmp_path, make_sample):
    info = tmp_path / "dataset_info.json"
    info.write_text('{"theirs": {"file_name": "theirs.json"}}')
    written = write_single(tmp_path / "mine.jsonl", SHAREGPT.rows([make_sample()]), target=SHAREGPT)
    entries = json.loads(info.read_text("utf-8"))
    assert entries["theirs"] == {"file_name": "theirs.json"}
    assert entries["mine"]["file_name"] == "mine.jsonl"
    assert entries["mine"]["columns"] == {"messages": "conversations", "system": "system", "tools": "tools"}
    assert written.files == (tmp_path / "mine.jsonl", info)


@pytest.mark.parametrize("text", ["{", "[]", '{"mine": {"file_name": "other.json"}}'])
def test_a_dataset_info_that_is_not_ours_to_change_stops_before_anything_is_written(tmp_path, make_sample, text):
    (tmp_path / "dataset_info.json").write_text(text)
    with pytest.raises(UserError, match=r"dataset_info\.json"):
        write_single(tmp_path / "mine.jsonl", SHAREGPT.rows([make_sample()]), target=SHAREGPT)
    assert [entry.name for entry in tmp_path.iterdir()] == ["dataset_info.json"]


@pytest.mark.parametrize("target", FORMATS.values(), ids=lambda target: target.name)
def test_the_same_samples_give_the_same_folder(tmp_path, make_sample, target):
    contents = []
    for name in ("a", "b"):
        write_folder(tmp_path / name, target.rows([make_sample(1), make_sample(2)]), target=target)
        contents.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]
    assert {"train.jsonl", "README.md"} <= set(contents[0])
    assert ("dataset_info.json" in contents[0]) == (target.dataset_info is not None)


def test_a_manifest_sees_what_was_written_and_appears_with_the_rest(tmp_path, make_sample):
    path = tmp_path / "out"
    written = write_folder(
        path,
        SFT.rows([make_sample()]),
        target=SFT,
        manifest=says_rows,
    )
    assert json.loads((path / "manifest.json").read_text()) == written.manifest
    assert written.manifest == {"program": f"agenther {version('agenther')}", "rows": 1}
    assert set(written.files) == set(path.iterdir())


def test_an_export_folder_is_replaced_only_by_force(tmp_path, make_sample):
    path = tmp_path / "out"
    write_folder(path, SHAREGPT.rows([make_sample()]), target=SHAREGPT, manifest=says_rows)
    with pytest.raises(UserError, match="holds an export already"):
        write_folder(path, SFT.rows([make_sample()]), target=SFT)
    write_folder(path, SFT.rows([make_sample()]), target=SFT, force=True)
    assert {file.name for file in path.iterdir()} == {"train.jsonl", "README.md"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("manifest", [None, "{}", "[]", "not JSON", '{"program": "webpack 5"}'])
def test_a_folder_that_this_program_did_not_write_is_never_replaced(tmp_path, make_sample, manifest):
    (tmp_path / "README.md").write_text("My data set")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(UserError, match=r"holds other files \(README.md\); name a folder of its own"):
        write_folder(tmp_path, SFT.rows([make_sample()]), target=SFT, force=True)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_folder_with_other_things_in_it_is_never_replaced(tmp_path, make_sample):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match=r"holds other files \(thesis.tex\)"):
        write_folder(tmp_path, SFT.rows([make_sample()]), target=SFT, force=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_file_where_a_folder_belongs_and_the_other_way_round_are_said_plainly(tmp_path, make_sample):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file; name a folder"):
        write_folder(tmp_path / "file", SFT.rows([make_sample()]), target=SFT)
    with pytest.raises(UserError, match="is a folder; name a file in it"):
        write_single(tmp_path, SFT.rows([make_sample()]), target=SFT)
    with pytest.raises(UserError, match="cannot be made"):
        write_single(tmp_path / "file" / "out.jsonl", SFT.rows([make_sample()]), target=SFT)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission_is_said_plainly(tmp_path, make_sample):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match=r"cannot be written: .*permission denied"):
        write_single(tmp_path / "out.jsonl", SFT.rows([make_sample()]), target=SFT)
    tmp_path.chmod(0o700)
