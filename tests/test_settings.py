"""Each wrong setting is one line that names its place and says what to do."""

import pytest

from core.errors import UserError
from core.settings import PipelineConfig, load_settings, shown_address, split_judge


def refused(tmp_path, *, flags=None, environment=None):
    with pytest.raises(UserError) as caught:
        load_settings(flags or {}, environment=environment or {}, folder=tmp_path)
    said = str(caught.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"pipeline = 3", "'pipeline' is the name of a section; write settings under a line [pipeline]"),
        (b"review = [1]", "'review' is the name of a section"),
        (b"[[pipeline]]\nmodel = 'x'", "'pipeline' is the name of a section"),
        (b"api_key = 'very-secret'", "'api_key' stands in no section; write settings under a line [pipeline]"),
        (b"[pipelines]\nmodel = 'x'", "no section [pipelines]"),
        (b"[pipeline]\nmin_confidence = true", "min_confidence = true (file"),
        (b"[pipeline]\nconcurrency = true", "a number is needed, not true or false"),
        (b"[pipeline]\ntimeout = inf", "timeout = inf (file"),
        (b"[pipeline]\ntimeout = nan", "timeout = nan (file"),
        (b"[pipeline]\ntemperature = nan", "temperature = nan (file"),
        (b"[pipeline]\nmodel = '\xe4'", "is not UTF-8 text (byte 21); save it as UTF-8"),
        ("[pipeline]\nmodel = 'x'".encode("utf-16"), "is not UTF-8 text (byte 1); save it as UTF-8"),
        (b"[pipeline]\nbase_url = ['http://anna:s3cret@host']", "base_url = "),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_in_one_line(tmp_path, content, says):
    file = tmp_path / "agenther.toml"
    file.write_bytes(content)
    said = refused(tmp_path)
    assert says in said
    assert str(file) in said
    assert "secret" not in said
    assert "s3cret" not in said


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "agenther.toml").write_bytes(b"\xef\xbb\xbf[pipeline]\nmodel = 'x'\nmin_confidence = 1\n")
    assert load_settings({}, environment={}, folder=tmp_path).pipeline.model == "x"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("AGENTHER_TIMEOUT", "inf", "timeout = 'inf' (environment AGENTHER_TIMEOUT)"),
        ("AGENTHER_TIMEOUT", "1e9", "timeout = '1e9' (environment AGENTHER_TIMEOUT)"),
        ("AGENTHER_MIN_CONFIDENCE", "nan", "min_confidence = 'nan'"),
        ("AGENTHER_CONCURENCY", "8", "AGENTHER_CONCURENCY is no setting; did you mean AGENTHER_CONCURRENCY?"),
        ("AGENTHER_ZZZ", "8", "AGENTHER_ZZZ is no setting; `agenther config` lists"),
    ],
)
def test_a_variable_that_cannot_be_meant_is_refused_in_one_line(tmp_path, name, value, says):
    assert says in refused(tmp_path, environment={name: value})


def test_an_empty_variable_and_those_of_others_say_nothing(tmp_path):
    environment = {"AGENTHER_ZZZ": "", "AGENTHER_DB": "team.db", "AGENT_HER": "1", "AGENTHER_JUDGE_MODEL": "j"}
    assert load_settings({}, environment=environment, folder=tmp_path).pipeline.judge_model == ("j",)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://anna:s3cret@host:80/v1", "http://anna:***@host:80/v1"),
        ("https://token@host/v1", "https://***@host/v1"),
        ("http://anna:a@b/c@host/v1", "http://anna:***@host/v1"),
        ("anna:s3cret@host", "anna:***@host"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
    ],
)
def test_an_address_is_shown_without_its_password(address, shown):
    assert shown_address(address) == shown
    config = PipelineConfig(base_url=address, judge_base_url=address)
    assert config.model_dump(mode="json")["base_url"] == config.model_dump(mode="json")["judge_base_url"] == shown
    assert config.base_url == address  # as it is used
    assert "s3cret" not in repr(config)


def test_judges_are_written_with_commas_everywhere_and_each_is_named_once(tmp_path):
    here = "m@http://x/v1"
    assert PipelineConfig(judge_model=("a, b", here + "/")).judge_model == ("a", "b", here)
    with pytest.raises(
        UserError, match=r"judge_model = m@http://x/v1, m@http://x/v1/ \(flag\): each judge is named once"
    ):
        load_settings({"judge_model": (here, here + "/")}, environment={}, folder=tmp_path)


@pytest.mark.parametrize("scheme", ["http", "HTTP", "ftp"])
def test_what_stands_in_the_address_of_a_judge_is_never_part_of_its_name(tmp_path, scheme):
    judge = f"j@{scheme}://bob:hunter2pass@host/v1"
    assert split_judge(judge) == ("j", f"{scheme}://bob:hunter2pass@host/v1")
    assert "hunter2pass" not in PipelineConfig(judge_model=judge).model_dump_json()
    with pytest.raises(UserError) as caught:
        load_settings({"judge_model": (judge, judge)}, environment={}, folder=tmp_path)
    assert "hunter2pass" not in str(caught.value)
