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


def rounded(rows) -> list[dict]:
    """Numbers inside JSON columns come back with an error in their last place: 0.7 as 0.7000000000000001."""
    return json.loads(json.dumps(rows), parse_float=lambda number: round(float(number), 9))


@pytest.mark.parametrize("target", FORMATS.values(), ids=lambda target: target.name)
def test_a_folder_loads_by_its_path(tmp_path, make_sample, target):
    samples = [make_sample(number) for number in range(1, 8)]
    write_folder(tmp_path / "out", target.rows(samples), target=target)
    loaded = datasets.load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    rows = written_rows(tmp_path / "out" / "train.jsonl")
    assert loaded.column_names == [name for name, _ in target.columns]
    assert rounded(loaded.to_list()) == rows
    assert len(rows) >= len(samples)
    assert all(target.check(row) == [] for row in loaded)


@pytest.mark.parametrize("target", FORMATS.values(), ids=lambda target: target.name)
def test_a_single_file_loads_as_json(tmp_path, make_sample, target):
    path = tmp_path / "out.jsonl"
    write_single(path, target.rows([make_sample(number) for number in range(1, 8)]), target=target)
    loaded = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert rounded(loaded.to_list()) == written_rows(path)


def test_an_id_that_looks_like_a_date_is_safe_in_the_provenance(tmp_path, make_sample):
    target = next(iter(FORMATS.values()))
    samples = [make_sample(number, trajectory_id=f"2024-05-0{number}") for number in range(1, 4)]
    write_folder(tmp_path / "out", target.rows(samples), target=target)
    loaded = datasets.load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    ids = [json.loads(provenance)["trajectory_id"] for provenance in loaded["provenance"]]
    assert ids == ["2024-05-01", "2024-05-02", "2024-05-03"]


def test_the_card_keeps_types_that_the_loader_would_guess_from_the_first_rows(tmp_path, make_sample):
    target = next(iter(FORMATS.values()))
    samples = [make_sample(number) for number in range(1, 4)]
    changed = [_with_argument(sample, value) for sample, value in zip(samples, (1, "1", {"x": None}), strict=True)]
    write_folder(tmp_path / "out", target.rows(changed), target=target)
    loaded = datasets.load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    calls = [row["messages"][2]["tool_calls"][0]["function"] for row in loaded]
    assert [call["arguments"] for call in calls] == [{"query": 1}, {"query": "1"}, {"query": {"x": None}}]


def _with_argument(sample, value):
    said = sample.messages[2]
    call = said.tool_calls[0].model_copy(update={"arguments": {"query": value}})
    messages = (*sample.messages[:2], said.model_copy(update={"tool_calls": (call,)}), *sample.messages[3:])
    return sample.model_copy(update={"messages": messages})
