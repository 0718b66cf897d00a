"""Samples are measured with a stated tokenizer, or by an estimate that is called one."""

import pytest

from core.errors import UserError
from core.export import ExportRequest, Selection, export
from core.models import OutputFormat
from core.settings import PipelineConfig
from core.store import open_store


def measured(db, tmp_path, **wanted):
    with open_store(db) as store:
        request = ExportRequest(OutputFormat.SFT, include_auto=True, selection=Selection(**wanted))
        return export(store, PipelineConfig(), request, tmp_path / "out", force=True).manifest


def test_without_a_tokenizer_the_length_is_an_estimate_and_says_so(db, tmp_path):
    manifest = measured(db, tmp_path)
    assert manifest["tokens"]["counted_by"] == "an estimate: 4 characters a token"
    longest = manifest["tokens"]["longest"]
    assert measured(db, tmp_path, max_tokens=longest)["left_out"]["not_selected"] == {}
    out = measured(db, tmp_path, max_tokens=1)
    assert (out["rows"], out["left_out"]["not_selected"]) == (0, {"It is longer than 1 tokens.": manifest["rows"]})


def test_a_stated_tokenizer_counts_and_the_manifest_names_it_by_its_digest(db, tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    words.enable_truncation(3)
    words.save(str(tmp_path / "tokenizer.json"))
    said = measured(db, tmp_path, tokenizer=tmp_path / "tokenizer.json")["tokens"]
    assert said["counted_by"].startswith("tokenizer.json, sha256 ")
    assert 3 < said["longest"] < measured(db, tmp_path)["tokens"]["longest"]


def test_a_file_that_is_no_tokenizer_is_refused_in_words(db, tmp_path):
    pytest.importorskip("tokenizers")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match="is no tokenizer"):
        measured(db, tmp_path, tokenizer=tmp_path / "tokenizer.json")
    with pytest.raises(UserError, match="cannot be read"):
        measured(db, tmp_path, tokenizer=tmp_path / "nowhere.json")
