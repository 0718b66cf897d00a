"""The commands on good input: what they write, say and leave behind."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from filled import a_good_model, make_run
from openai_server import OpenAIServer, asked_form

from core.export import ExportRequest
from core.models import OutputFormat
from core.store import open_store

FORMATS = ["sft", "dpo", "kto", "sharegpt", "openai"]


def rows_of(path):
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_file_becomes_training_data_in_one_command(agenther, samples, output_format):
    ran = agenther("run", samples, "-f", output_format, "-o", "out.jsonl")
    assert ran.code == 0
    assert ran.out == ""
    assert "no human has seen them" in ran.err
    assert Path("out.db").is_file()
    rows = rows_of("out.jsonl")
    assert rows
    manifest = json.loads(Path("out.jsonl.manifest.json").read_text())
    assert manifest["rows"] == len(rows)
    assert manifest["human_reviewed"] == 0
    target = ExportRequest(OutputFormat(output_format)).target
    assert [target.check(row) for row in rows] == [[]] * len(rows)

    before = Path("out.jsonl").read_bytes(), Path("out.jsonl.manifest.json").read_bytes()
    assert agenther("run", samples, "-f", output_format, "-o", "out.jsonl", "--force").code == 0
    assert (Path("out.jsonl").read_bytes(), Path("out.jsonl.manifest.json").read_bytes()) == before


def test_sft_rows_have_results_in_tool_messages_and_none_in_what_the_assistant_says(agenther, samples):
    agenther("run", samples, "-f", "sft", "-o", "out.jsonl")
    for row in rows_of("out.jsonl"):
        asked = {call["id"] for m in row["messages"] for call in m.get("tool_calls") or ()}
        results = [m for m in row["messages"] if m["role"] == "tool"]
        assert results
        assert {m["tool_call_id"] for m in results} == asked
        said = [m.get("content") or "" for m in row["messages"] if m["role"] == "assistant"]
        for words in said:
            assert "Observation:" not in words
            assert not [m for m in results if len(m["content"]) > 60 and m["content"] in words]
        assert row["messages"][-1]["role"] == "assistant"
        assert row["messages"][-1]["content"]


def test_dpo_rows_have_one_prompt_and_two_different_answers(agenther, samples):
    agenther("run", samples, "-f", "dpo", "-o", "out.jsonl")
    rows = rows_of("out.jsonl")
    assert rows
    for row in rows:
        assert [m["role"] for m in row["prompt"]].count("user") >= 1
        for side in (row["chosen"], row["rejected"]):
            assert [m["role"] for m in side] == ["assistant"]
            assert side[0]["content"].strip()
        assert row["chosen"] != row["rejected"]


def test_sharegpt_has_the_entry_that_its_trainer_reads(agenther, samples):
    agenther("run", samples, "-f", "sharegpt", "-o", "out.jsonl")
    info = json.loads(Path("dataset_info.json").read_text())
    assert info["out"]["file_name"] == "out.jsonl"
    assert info["out"]["columns"]["messages"] == "conversations"
    for row in rows_of("out.jsonl"):
        assert [turn["from"] for turn in row["conversations"]][-1] == "gpt"


def test_without_an_output_the_file_goes_to_the_output_folder(agenther, samples):
    assert agenther("run", samples, "--output-dir", "made", "--format", "dpo").code == 0
    assert Path("made/augmented_dpo.jsonl").is_file()
    assert Path("made/augmented_dpo.db").is_file()


def test_import_run_export_on_one_database_and_status_counts_it(agenther, samples):
    assert "26" in agenther("import", samples, "--db", "t.db").err
    again = agenther("import", samples, "--db", "t.db", "--json")
    assert json.loads(again.out)["imported"] == 0
    assert json.loads(again.out)["already_there"] == 26
    assert agenther("run", "--db", "t.db").code == 0
    found = json.loads(agenther("status", "--db", "t.db", "--json").out)
    assert found["trajectories"]["all"] == sum(found["results"].values()) == 26
    assert found["last_run"]["failed"] == 0
    plain = agenther("status", "--db", "t.db")
    assert f"pending                      {found['proposals']['pending']}" in plain.out
    nothing = agenther("export", "--db", "t.db", "-f", "sft", "-o", "out")
    assert nothing.code == 1
    assert "--include-auto" in nothing.err
    assert agenther("export", "--db", "t.db", "-f", "sft").code == 2
    looked = agenther("export", "--db", "t.db", "-f", "sft", "--preview", "--include-auto")
    assert not Path("out").exists()
    done = agenther("export", "--db", "t.db", "-f", "sft", "-o", "out", "--include-auto")
    assert done.code == 0
    assert Path("out/train.jsonl").read_text().splitlines()[:5] == looked.out.splitlines()
    assert "Tokens a sample: " in looked.err
    assert looked.err.splitlines()[1:] == done.err.splitlines()[1:-1]
    manifest = json.loads(Path("out/manifest.json").read_text())
    no_row = sum(manifest["left_out"]["approved_but_no_row"].values())
    assert manifest["auto_accepted"] + no_row == found["policy"]["auto_accepted"]
    assert sorted(p.name for p in Path("out").iterdir()) == ["README.md", "manifest.json", "train.jsonl"]


def test_validate_says_the_same_as_import_and_writes_nothing(agenther, samples, bare_machine):
    said = json.loads(agenther("validate", samples, "--json").out)
    assert list(bare_machine.iterdir()) == []
    done = json.loads(agenther("import", samples, "--db", "t.db", "--json").out)
    assert said == done


def test_a_second_run_has_nothing_left_to_do(agenther, samples):
    agenther("import", samples, "--db", "t.db")
    agenther("run", "--db", "t.db", "-v")
    agenther("run", "--db", "t.db")
    with open_store("t.db") as store:
        assert [row["total"] for row in store.rows("SELECT total FROM runs ORDER BY id")] == [26]


def test_verbose_names_every_trajectory(agenther, samples):
    ran = agenther("run", samples, "--db", "t.db", "--verbose")
    assert "  shop-headphones-cap\n" in ran.err
    assert "  support-downgrade\n" in ran.err


def test_every_option_of_the_model_reaches_the_server(agenther, tmp_path, openai_server):
    openai_server.answer = a_good_model
    path = tmp_path / "in.jsonl"
    path.write_text(make_run(1).model_dump_json())
    words = ["--base-url", openai_server.url, "--api-key", "sk-secret", "--temperature", "0.9", "--timeout", "9"]
    words += ["--concurrency", "2", "--max-attempts", "1", "--min-confidence", "0.4", "--severity-threshold", "0.1"]
    for way, asked in {
        ("--llm-detector",): ["Analysis", "Outcome", "Proposal", "Judgement"],
        ("--rule-detector", "--llm-extractor"): ["Outcome", "Proposal", "Judgement"],
        ("--rule-extractor",): ["Proposal", "Judgement"],
    }.items():
        openai_server.requests.clear()
        out = f"{''.join(way)}.jsonl"
        assert agenther("run", path, "-m", "writer", "--judge-model", "critic", *words, *way, "-o", out).code == 0
        assert [asked_form(body) for body in openai_server.requests] == asked
        assert [body["model"] for body in openai_server.requests] == ["writer"] * (len(asked) - 1) + ["critic"]
        assert [body["temperature"] for body in openai_server.requests] == [0.9] * (len(asked) - 1) + [0]
        assert openai_server.headers[-1]["Authorization"] == "Bearer sk-secret"
        with open_store(f"{''.join(way)}.db") as store:
            stored = json.loads(store.value("SELECT settings FROM runs"))
            assert "sk-secret" not in "".join(store.db.conn.iterdump())
            assert store.value("SELECT count(*) FROM model_calls") == len(asked)
        wanted = {"temperature": 0.9, "relabel_max_attempts": 1, "min_confidence": 0.4, "severity_threshold": 0.1}
        assert {name: stored[name] for name in wanted} == wanted
        assert len(rows_of(out)) == 1


def test_the_judge_may_live_at_another_address_and_is_not_given_the_key(agenther, tmp_path, openai_server):
    openai_server.answer = a_good_model
    path = tmp_path / "in.jsonl"
    path.write_text(make_run(1).model_dump_json())
    words = ["-m", "writer", "--base-url", openai_server.url, "--api-key", "sk-secret"]
    with OpenAIServer(a_good_model) as elsewhere:
        agenther("run", path, *words, "--judge-model", "critic", "--judge-base-url", elsewhere.url, "-o", "out.jsonl")
        assert [body["model"] for body in elsewhere.requests] == ["critic"]
        assert "sk-secret" not in str(elsewhere.headers)
    assert {body["model"] for body in openai_server.requests} == {"writer"}


def test_config_says_which_of_flag_environment_file_and_default_won(agenther, bare_machine, monkeypatch):
    (bare_machine / "agenther.toml").write_text(
        '[pipeline]\nmodel = "from-file"\ntimeout = 11\nconcurrency = 3\njudge_api_key = "sk-file"\n'
        "[review]\nport = 9000\n"
    )
    monkeypatch.setenv("OPENAI_MODEL", "from-environment")
    monkeypatch.setenv("AGENTHER_CONCURRENCY", "5")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    ran = agenther("config", "--json", "--model", "from-flag", "--api-key", "sk-flag")
    found = json.loads(ran.out)
    file = bare_machine / "agenther.toml"
    assert found["pipeline.model"] == {"value": "from-flag", "from": "flag"}
    assert found["pipeline.concurrency"] == {"value": 5, "from": "environment AGENTHER_CONCURRENCY"}
    assert found["pipeline.timeout"] == {"value": 11.0, "from": f"file {file}"}
    assert found["pipeline.temperature"] == {"value": 0.3, "from": "default"}
    assert found["review.port"] == {"value": 9000, "from": f"file {file}"}
    plain = agenther("config", "--api-key", "sk-flag")
    assert "from-environment" in plain.out
    assert "environment OPENAI_MODEL" in plain.out
    for said in (ran, plain):
        assert not [key for key in ("sk-file", "sk-environment", "sk-flag") if key in said.out + said.err]


def test_rules_asks_no_model_whatever_the_environment_says(agenther, samples, monkeypatch, closed_port):
    monkeypatch.setenv("OPENAI_MODEL", "x")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{closed_port}/v1")
    monkeypatch.setenv("AGENTHER_JUDGE_MODEL", "y")
    assert agenther("run", samples, "--db", "t.db", "--rules").code == 0
    with open_store("t.db") as store:
        assert store.value("SELECT method FROM runs") == "rules"
    assert json.loads(agenther("config", "--rules", "--json").out)["pipeline.model"] == {"value": None, "from": "flag"}


@pytest.fixture
def serving(bare_machine, closed_port):
    """`agenther demo` or `review` as a process; gives its address once it answers."""
    started = []

    def start(*words):
        program = Path(sys.executable).with_name("agenther")
        command = [program, *map(str, words), "--no-browser", "--port", str(closed_port)]
        with Path("server.log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        started.append(process)
        until = time.monotonic() + 150
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{closed_port}/_stcore/health", timeout=2) as answer:
                    assert answer.read() == b"ok"
                    return f"http://127.0.0.1:{closed_port}", process
            except OSError:
                assert process.poll() is None, Path("server.log").read_text()
                time.sleep(0.1)
        raise AssertionError("the app does not answer: " + Path("server.log").read_text())

    yield start
    for process in started:
        process.terminate()
        process.wait(60)


def test_the_demo_answers_on_its_port_with_the_sample_queue_and_no_network(serving, monkeypatch):
    # An import of `core` where the command is called must find the program's own, and no proxy is asked.
    Path("core").mkdir()
    Path("core/__init__.py").write_text("raise SystemExit('the wrong core')")
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("OPENAI_MODEL", "must-not-be-asked")
    address, process = serving("demo")
    with urllib.request.urlopen(address, timeout=10) as page:
        policy = page.headers["Content-Security-Policy"]
        assert b"<title>" in page.read()
    assert "default-src 'self'" in policy
    with open_store("agenther-demo.db") as store:
        assert store.value("SELECT count(*) FROM trajectories") == 34
        assert store.value("SELECT count(*) FROM proposals WHERE is_current = 1 AND state = 'pending'") >= 20
        assert store.value("SELECT count(*) FROM model_calls") == 0
        assert store.value("SELECT count(*) FROM results WHERE status = 'failed'") == 0
    with asleep(address):
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert "Traceback" not in Path("server.log").read_text()


@contextmanager
def asleep(address):
    """A browser that asks for more than any buffer holds, and then reads none of it."""
    host, _, port = address.removeprefix("http://").partition(":")
    with urllib.request.urlopen(address, timeout=10) as page:
        script = re.search(rb'src="\./(static/js/[^"]+)"', page.read()).group(1).decode()
    with socket.create_connection((host, int(port))) as client:
        client.sendall(100 * f"GET /{script} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        client.recv(1)
        yield


def test_help_names_every_command_and_imports_nothing_that_costs(command):
    ran = command("--help")
    assert ran.code == 0
    for name in ("demo", "import", "validate", "run", "review", "export", "rejected", "formats", "status", "config"):
        assert f"\n  {name}" in ran.out
        assert command(name, "--help").code == 0
    code = "import sys, core.cli; core.cli.cli(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not [name for name in ("openai", "streamlit", "pandas", "pydantic", "sqlite_utils") if f"'{name}'" in loaded]


def test_output_that_is_cut_off_by_its_reader_is_no_error(samples):
    program = Path(sys.executable).with_name("agenther")
    process = subprocess.Popen(
        [program, "validate", samples, samples.parent, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait(60) in (0, 1)


def test_a_table_for_a_program_is_never_broken_into_lines(agenther, tmp_path):
    deep = tmp_path / ("folder" * 20)
    deep.mkdir()
    path = deep / "in.jsonl"
    path.write_text(make_run(1).model_dump_json())
    ran = agenther("import", path, "--db", "t.db")
    assert str(path) in ran.err
