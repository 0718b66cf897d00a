"""What the commands say of runs and their cost: before, on the way, and side by side."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from filled import a_good_model, make_run
from openai_server import OpenAIServer

from core.cli.console import progress
from core.events import Progress
from core.store import open_store

PRICES = '[prices."m"]\ninput = 1000\noutput = 2000\n'


@pytest.fixture
def server():
    with OpenAIServer(a_good_model) as server:
        yield server


@pytest.fixture
def runs(bare_machine):
    """A file with twelve runs."""
    path = bare_machine / "twelve.jsonl"
    path.write_text("".join(make_run(n).model_dump_json() + "\n" for n in range(1, 13)))
    return path


def test_a_dry_run_of_files_leaves_nothing_behind(agenther, runs, server):
    Path("agenther.toml").write_text(PRICES)
    before = sorted(Path().rglob("*"))
    ran = agenther("run", runs, "-m", "m", "--base-url", server.url, "--dry-run")
    assert ran.code == 0
    assert "12 trajectories are pending; estimated from all" in ran.out
    assert [line.split()[0] for line in ran.out.splitlines()[2:5]] == ["least", "middle", "most"]
    assert "$" in ran.out
    assert not server.requests
    assert sorted(Path().rglob("*")) == before


def test_a_dry_run_names_the_price_that_is_not_known(agenther, runs, server):
    ran = agenther("run", runs, "-m", "m", "--base-url", server.url, "--dry-run")
    assert ran.out.count("unknown") == 4  # three courses, and the line that says what to write
    assert '[prices."m"]' in ran.out
    limited = ("run", runs, "-m", "m", "--base-url", server.url, "--dry-run", "--max-cost")
    assert "this run will be refused" in agenther(*limited, "1").out
    Path("agenther.toml").write_text(PRICES)
    assert "--max-cost $0.01 covers not even the least course." in agenther(*limited, "0.01").out
    assert "--max-cost $9,000.00 covers the most." in agenther(*limited, "9000").out
    ran = agenther("run", runs, "--dry-run")
    assert ran.out == "12 trajectories are pending; the rules ask no model, so there are no calls and no cost.\n"


def test_a_dry_run_of_a_database_leaves_out_what_is_done(agenther, runs, server):
    agenther("run", runs, "--db", "t.db", "-m", "m", "--base-url", server.url)
    asked = len(server.requests)
    content = Path("t.db").read_bytes()
    more = runs.with_name("more.jsonl")
    more.write_text(runs.read_text() + make_run(13).model_dump_json() + "\n")
    ran = agenther("run", more, "--db", "t.db", "-m", "m", "--base-url", server.url, "--dry-run")
    assert "1 trajectory is pending" in ran.out
    assert "0 trajectories are pending" in agenther("run", "--db", "t.db", "-m", "m", "--dry-run").out
    assert len(server.requests) == asked
    assert Path("t.db").read_bytes() == content


def test_a_run_that_meets_its_limit_says_so_and_one_without_a_price_does_not_start(agenther, runs, server):
    words = ("run", runs, "--db", "t.db", "-m", "m", "--base-url", server.url)
    ran = agenther(*words, "--max-cost", "6")
    assert ran.code == 2
    assert '[prices."m"]' in ran.error
    assert not server.requests
    Path("agenther.toml").write_text(PRICES + "[pipeline]\nmax_tokens = 64\n")
    ran = agenther(*words, "--max-cost", "6")
    assert ran.code == 1
    assert "The limit of $6.00 is reached ($" in ran.err
    assert "a higher --max-cost goes on. What was done is kept." in ran.err
    assert len(server.requests) * 0.14 <= 6
    ran = agenther(*words, "--max-cost", "60")
    assert ran.code == 0
    assert " · cost $" in ran.err
    assert "usd                          $5.04" in agenther("status", "--db", "t.db").out


def test_status_tells_unknown_costs_from_none(agenther, runs, server):
    agenther("run", runs, "--db", "t.db", "-m", "m", "--base-url", server.url)
    lines = agenther("status", "--db", "t.db").out.splitlines()
    assert "  usd                          unknown (36 calls of unknown price)" in lines
    assert "  unpriced calls               36" in lines
    found = json.loads(agenther("status", "--db", "t.db", "--json").out)
    assert found["model_calls"] == {
        "calls": 36,
        "requests": 36,
        "input_tokens": 3600,
        "cached_tokens": 0,
        "output_tokens": 720,
    }
    assert found["costs"]["usd"] is None


def test_a_later_price_counts_for_calls_that_had_none_once_it_is_asked_to(agenther, runs, server):
    agenther("run", runs, "--db", "t.db", "-m", "m", "--base-url", server.url)
    with open_store("t.db") as store:
        store.write("UPDATE model_calls SET cost_usd = 5 WHERE id = 1")
        store.write("UPDATE runs SET cost_usd = 5, unpriced_calls = 35")
    lines = agenther("status", "--db", "t.db").out.splitlines()
    assert "  usd                          $5.00 and 35 calls of unknown price" in lines
    assert "  usd per auto accepted        at least $0.42" in lines
    Path("agenther.toml").write_text(PRICES)
    assert agenther("price", "--db", "t.db").err == "35 calls priced at $4.90 in all; 0 calls without a price left.\n"
    assert "  usd                          $9.90" in agenther("status", "--db", "t.db").out.splitlines()
    assert agenther("price", "--db", "t.db").err.startswith("0 calls priced")


def test_prices_are_settings_with_an_origin(agenther):
    Path("agenther.toml").write_text(PRICES)
    found = json.loads(agenther("config", "--json").out)
    assert found["prices.m.input"] == {"value": 1000, "from": f"file {Path.cwd() / 'agenther.toml'}"}
    assert "prices.m.cached_input" not in found


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[prices.m]\ninput = 1", "output: field required"),
        ("[prices.m]\ninput = -1\noutput = 1", "input: input should be greater than or equal to 0"),
        ("[prices.m]\ninput = true\noutput = 1", "input: input should be a valid number"),
        ("[prices.gpt-4.1]\ninput = 1\noutput = 1", "a name stands in quotes"),
        ("[prices]\nm = 1", "is no price"),
    ],
)
def test_a_price_that_cannot_be_meant_is_refused_with_its_form(agenther, toml, says):
    Path("agenther.toml").write_text(toml)
    ran = agenther("config")
    assert ran.code == 2
    assert says in ran.error
    assert "dollars per million tokens" in ran.error


def test_runs_are_listed_with_what_differs_and_compared(agenther, runs, server):
    model = ("-m", "m", "--base-url", server.url)
    agenther("run", runs, "--db", "t.db")
    agenther("run", "--db", "t.db", *model)
    agenther("run", "--db", "t.db", *model, "--min-confidence", "0.89")
    ran = agenther("runs", "--db", "t.db")
    first, second, third = ran.out.splitlines()[1:]
    assert "rules" in first
    assert "unknown (36 calls of unknown price)" in second
    assert "min_confidence=0.89" in third
    assert "temperature" not in ran.out
    ran = agenther("runs", "2", "3", "--db", "t.db")
    assert ran.out.splitlines()[:2] == [
        "Run 2 and run 3 differ in 12 of 12 trajectories.",
        "      12  accepted -> proposed: below threshold",
    ]
    lines = [json.loads(line) for line in agenther("runs", "1", "2", "--db", "t.db", "--json").out.splitlines()]
    assert len(lines) == 12
    assert lines[0]["1"]["goal"] != lines[0]["2"]["goal"]
    assert "has no run 9" in agenther("runs", "1", "9", "--db", "t.db").error
    assert "Name one run" in agenther("runs", "1", "2", "3", "--db", "t.db").error
    assert agenther("runs", "3", "--db", "t.db").out.splitlines()[:4] == [
        "run-1: proposed: below threshold",
        "  goal, score 0.88: Which 1.7 l kettles does the shop sell, and for how much?",
        "  answer: The shop sells the Aqua 1.7 l for $39, and the Brum 1.7 l.",
        "  m says yes: The search lists them.",
    ]
    first = json.loads(agenther("runs", "1", "--db", "t.db", "--json").out.splitlines()[0])
    assert (first["judge"], first["judge_says"]) == ("rules", "yes")


def test_a_run_that_goes_on_is_one_version_with_the_one_before(agenther, runs, server):
    agenther("import", runs, "--db", "t.db")
    agenther("run", "--db", "t.db")
    with open_store("t.db") as store:  # as if the run had ended in its middle
        store.write(
            "INSERT INTO runs SELECT 2, state, method, settings, settings_hash, total, done, proposed, skipped,"
            " failed, stop_asked, message, started_at, beat_at, finished_at, process, calls, requests,"
            " input_tokens, cached_tokens, output_tokens, unpriced_calls, cost_usd, in_flight, options,"
            " from_store FROM runs"
        )
        store.write("UPDATE results SET run_id = 2 WHERE id > 5")
    assert agenther("runs", "1", "2", "--db", "t.db").out.splitlines()[1:2] == ["       7  only in the second"]


def lines_of(capsys, steps):
    with progress("Running") as show:
        for step in steps:
            show(step)
    return capsys.readouterr().err.splitlines()


def test_plain_progress_is_a_line_now_and_then_however_fast_or_slow_the_run(capsys):
    fast = [Progress(total=2000, done=n, proposed=n, last="x", seconds=n / 1000) for n in range(2001)]
    assert lines_of(capsys, fast) == ["2,000/2,000  2,000 proposed, 0 skipped"]
    steady = [Progress(total=2000, done=n, proposed=n, last="x", seconds=n / 10) for n in range(2001)]
    said = lines_of(capsys, steady)
    assert len(said) == 40
    assert said[0] == "50/2,000  50 proposed, 0 skipped · 10.0/s · 3 min left"
    stuck = [Progress(total=2000, done=0, seconds=float(n), in_flight=4) for n in range(130)]
    assert lines_of(capsys, stuck) == ["0/2,000  0 proposed, 0 skipped · 4 calls under way"] * 2


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (100, "2.00/s · 16 calls under way · 123k tokens in, 7.89k out · cost $0.25 · 15 s left"),
        (72, "2.00/s · 16 calls under way · cost $0.25 · 15 s left"),
    ],
)
def test_the_bar_shows_speed_calls_tokens_cost_and_what_is_left_as_far_as_they_fit(width, line):
    script = """if True:
        from core.cli.console import progress
        from core.events import Progress
        with progress("Running") as show:
            show(Progress(total=40, done=10, proposed=9, failed=1, seconds=5, in_flight=16, calls=30,
                          input_tokens=123_456, output_tokens=7_890, cost_usd=0.25, unpriced=0))
    """
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": str(width)}
    with subprocess.Popen([sys.executable, "-c", script], stderr=theirs, env=environment) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:  # Linux: the other end is closed
            pass
        assert process.wait(60) == 0
    os.close(ours)
    text = said.decode()
    assert "10/40" in text
    assert "9 proposed, 0 skipped, 1 failed" in text
    assert line in text
