"""The loader that every trainer here uses gives back the rows that were written, value for value."""

import json

import pytest

from core.formats import FORMATS
from core.formats.writing import write_folder, write_single

datasets = pytest.importorskip("datasets", reason="datasets is in the `test` extra")


@pytest.fixture(autouse=True)
def no_network_and_no_shared_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


def written_rows(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


@pytest.mark.parametrize("target", FORMATS.values(), ids=lambda target: target.name)
def test_a_folder_loads_by_its_path(tmp_path, make_sample, target):
    samples = [make_sample(number) for number in range(1, 8)]
    write_folder(tmp_path / "out", target.rows(samples), target=target)
    loaded = datasets.load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    rows = written_rows(tmp_path / "out" / "train.jsonl")
    assert loaded.column_names == [name for name, _ in target.columns]
    assert loaded.to_list() == rows
    assert len(rows) >= len(samples)
    assert all(target.check(row) == [] for row in loaded)


@pytest.mark.parametrize("target", FORMATS.values(), ids=lambda target: target.name)
def test_a_single_file_loads_as_json(tmp_path, make_sample, target):
    path = tmp_path / "out.jsonl"
    write_single(path, target.rows([make_sample(number) for number in range(1, 8)]), target=target)
    loaded = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.to_list() == written_rows(path)


def test_the_card_keeps_text_that_looks_like_a_date_or_a_number(tmp_path, make_sample):
    target = next(iter(FORMATS.values()))
    samples = [make_sample(number, trajectory_id=f"2024-05-0{number}") for number in range(1, 4)]
    write_folder(tmp_path / "out", target.rows(samples), target=target)
    loaded = datasets.load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded["trajectory_id"][:] == ["2024-05-01", "2024-05-02", "2024-05-03"]
