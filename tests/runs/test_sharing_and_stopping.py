"""Runs that overlap, die, sleep or are told to stop: each trajectory is done once, and nothing stored is lost."""

import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from filled import a_good_model, make_run
from openai_server import OpenAIServer, hang

from core.llm import ScriptedChat
from core.models import PipelineResult, Stage
from core.runs import background, stopping
from core.runs.backlog import Backlog
from core.runs.running import run_pipeline
from core.settings import PipelineConfig, Settings
from core.store import open_store
from core.store.claims import end_claim, pending_now
from core.store.runs import ask_to_stop, finish_run, latest_run, save_result, start_run
from core.store.trajectories import Incoming, add_batch, begin_import

MODEL = Settings(pipeline=PipelineConfig(model="scripted", concurrency=3))


@pytest.fixture
def store(tmp_path):
    """A database with forty runs, none taken through the stages."""
    with open_store(tmp_path / "t.db", create=True) as store:
        import_id = begin_import(store, "test.jsonl", "reference")
        add_batch(store, import_id, [Incoming(make_run(n), "{}", n, "reference") for n in range(1, 41)], [])
        yield store


def good(question):
    return a_good_model({"response_format": {"json_schema": {"name": question.reply.__name__.strip("_")}}})


def start(store, *words):
    command = [sys.executable, "-m", "core.cli", "run", "--db", str(store.path), *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_for(condition, process):
    until = time.monotonic() + 150
    while not condition():
        assert time.monotonic() < until
        assert process.poll() is None, process.communicate()


def results_of(store):
    return [row["trajectory_key"] for row in store.rows("SELECT trajectory_key FROM results")]


@pytest.mark.parametrize("way", ["model", "rules"])
def test_overlapping_runs_share_the_work_and_pay_for_nothing_twice(store, way):
    with OpenAIServer(a_good_model) as server:
        server.latency_s = 0.01
        words = ["--model", "m", "--base-url", server.url] if way == "model" else []
        runs = [start(store, *words) for _ in range(3)]
        for run in runs:
            _, said = run.communicate(timeout=120)
            assert run.returncode == 0, said
        asked = Counter(str(body["messages"]) + str(body["temperature"]) for body in server.requests)
    assert len(results_of(store)) == len(set(results_of(store))) == 40
    assert max(asked.values(), default=1) == 1
    rows = store.rows("SELECT state, total, done FROM runs")
    assert {row["state"] for row in rows} == {"done"}
    assert sum(row["done"] for row in rows) == sum(row["total"] for row in rows) == 40
    assert store.value("SELECT count(*) FROM claims") == 0


def test_what_a_killed_run_had_in_work_is_free_at_once(store):
    with OpenAIServer(a_good_model) as server:
        server.by_model["m"] = hang
        killed = start(store, "--model", "m", "--base-url", server.url)
        wait_for(lambda: len(server.requests) == 4, killed)
        assert store.value("SELECT count(*) FROM claims") >= 4
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=60)
        assert latest_run(store)["state"] == "stopped"
        server.by_model.clear()
        done = run_pipeline(store, Settings(pipeline=PipelineConfig(model="m", base_url=server.url)))
    assert (done.total, done.proposed) == (40, 40)
    assert len(set(results_of(store))) == len(results_of(store)) == 40


def test_a_run_that_was_taken_for_dead_and_wakes_stores_nothing_twice(store):
    other = ScriptedChat(answer=good)

    def answer(question):
        with open_store(store.path) as mine:
            if not other.asked:  # the machine slept; meanwhile another took over, and ended
                mine.write("UPDATE runs SET beat_at = '2020-01-01T00:00:00.000+00:00'")
                assert run_pipeline(mine, MODEL, chats=(other, [other])).done == 40
        return good(question)

    one_by_one = replace_concurrency(MODEL, 1)
    chat = ScriptedChat(answer=answer)
    woken = run_pipeline(store, one_by_one, chats=(chat, [chat]))
    assert woken.done == 0
    assert len(set(results_of(store))) == len(results_of(store)) == 40
    assert [row["state"] for row in store.rows("SELECT state FROM runs ORDER BY id")] == ["done", "done"]


def replace_concurrency(settings, number):
    return settings.model_copy(update={"pipeline": settings.pipeline.model_copy(update={"concurrency": number})})


def test_what_another_run_has_in_work_or_has_tried_is_not_taken(store):
    keys = {row["key"] for row in store.rows("SELECT key FROM trajectories")}
    ids = [start_run(store, method="m", settings="{}", settings_hash="h", total=40) for _ in range(2)]
    one, other = (Backlog(store, run_id, pending_now(store, "h", None)) for run_id in ids)
    failing, in_work = one.take(), one.take()
    broken = PipelineResult(trajectory_id="x", stage_reached=Stage.FAILURE_DETECTION, error="no")
    with store.transaction():
        assert end_claim(store, ids[0], failing, "h")
        save_result(store, ids[0], failing, "h", broken)
    taken = set(iter(other.take, None))
    other.count_over()
    assert not {failing, in_work} & taken
    assert (other.over, len(taken) + other.elsewhere) == (1, 39)
    with store.transaction():
        assert not end_claim(store, ids[1], in_work, "h")
    finish_run(store, ids[0], "stopped", total=40)
    taken |= set(iter(other.take, None))
    assert (other.over, other.elsewhere) == (1, 0)
    assert taken == keys - {failing}


def test_what_another_run_finishes_while_the_pending_are_counted_is_counted_once(store):
    keys = [row["key"] for row in store.rows("SELECT key FROM trajectories")]
    done = PipelineResult(trajectory_id="x", stage_reached=Stage.FAILURE_DETECTION, error="no")
    before = start_run(store, method="m", settings="{}", settings_hash="h", total=40)

    with open_store(store.path) as elsewhere:

        def finish_one(sql):
            if "max(rowid)" in sql and keys:
                with elsewhere.transaction():
                    save_result(elsewhere, before, keys[0], "h", done)
                keys.clear()

        store.db.conn.set_trace_callback(finish_one)
        pending = pending_now(store, "h", None)
        store.db.conn.set_trace_callback(None)
    assert not keys
    backlog = Backlog(store, start_run(store, method="m", settings="{}", settings_hash="h", total=40), pending)
    backlog.count_over()
    assert (pending.count, backlog.total) == (40, 39)


def test_a_run_gives_signs_of_life_and_hears_a_stop_while_one_call_takes_long(store, monkeypatch):
    monkeypatch.setattr(stopping, "BEAT_SECONDS", 0.01)

    def answer(question):
        with open_store(store.path) as mine:
            first, until = latest_run(mine)["beat_at"], time.monotonic() + 150
            while latest_run(mine)["beat_at"] == first:
                assert time.monotonic() < until
            ask_to_stop(mine, latest_run(mine)["id"])
        return good(question)

    chat = ScriptedChat(answer=answer)
    done = run_pipeline(store, MODEL, chats=(chat, [chat]))
    assert done.done == 0
    assert len(chat.asked) == store.value("SELECT count(*) FROM model_calls") <= 9
    run = latest_run(store)
    assert (run["state"], run["message"]) == ("stopped", "stopped on request")
    assert run_pipeline(store, MODEL, chats=(ScriptedChat(answer=good), [ScriptedChat(answer=good)])).proposed == 40


def test_ctrl_c_says_at_once_what_it_waits_for_and_a_second_one_drops_it(store):
    with OpenAIServer(a_good_model) as server:
        process = start(store, "--model", "m", "--base-url", server.url, "--concurrency", "2")
        wait_for(lambda: len(results_of(store)) >= 4, process)
        server.by_model["m"] = hang
        wait_for(lambda: server.in_flight == 2, process)
        process.send_signal(signal.SIGINT)
        said = iter(process.stderr.readline, "")
        assert "Stopping: waiting for 2 calls in flight (Ctrl-C again drops them).\n" in said
        assert process.poll() is None
        kept = results_of(store)
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)
        assert process.returncode == 130
        assert (
            rest.splitlines()[-1]
            == "Stopped. What was stored is kept; the same command goes on, or does the rest anew."
        )
        assert "Traceback" not in rest
    assert results_of(store) == kept
    assert (latest_run(store)["state"], latest_run(store)["message"]) == ("stopped", "interrupted")
    assert store.value("SELECT count(*) FROM claims") == 0


def test_a_call_that_ends_after_ctrl_c_is_stored_and_no_other_is_begun(store):
    with OpenAIServer(a_good_model) as server:
        server.latency_s = 0.3
        process = start(store, "--model", "m", "--base-url", server.url, "--concurrency", "2")
        wait_for(lambda: server.in_flight == 2, process)
        begun = len(server.requests)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
        assert store.value("SELECT count(*) FROM model_calls") == len(server.requests) <= begun + 2


def test_a_run_of_the_app_has_no_key_and_no_address_among_its_arguments(store, monkeypatch):
    with OpenAIServer(a_good_model) as server:
        server.by_model["m"] = hang
        address = server.url.replace("http://", "http://anna:s3cret@")
        flags = {
            "model": "m",
            "judge_model": "j",
            "base_url": address,
            "judge_base_url": address,
            "api_key": "sk-abcdef",
        }
        monkeypatch.delenv("AGENTHER_DB", raising=False)
        process = background.run_in_background(store.path, flags)
        wait_for(lambda: server.requests, process)
        assert "s3cret" not in " ".join(process.args)
        assert "sk-abcdef" not in " ".join(process.args)
        assert server.headers[0]["Authorization"].startswith("Basic ")
        process.kill()
        process.wait(60)
    assert "s3cret" not in "".join(store.db.conn.iterdump())
