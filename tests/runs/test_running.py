"""Runs: interrupted they go on where they were, one bad item harms no other, and humans are never overruled."""

import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from filled import a_good_model, make_result, make_run
from openai_server import OpenAIServer, asked_form, status

from core import prompts
from core.errors import ModelUnreachable, StageFailure, UserError
from core.llm import ScriptedChat
from core.measures.order import order_queue
from core.models import Decision, FailedTrajectory, ProposalState, ReviewAction
from core.review.items import Desk, next_item
from core.review.verdicts import decide
from core.runs.running import run_pipeline, settings_identity
from core.settings import PipelineConfig, Settings
from core.store import open_store
from core.store.claims import pending_now
from core.store.queue import state_counts
from core.store.runs import ask_to_stop, failures, latest_run
from core.store.trajectories import Incoming, add_batch, begin_import

MODEL = Settings(pipeline=PipelineConfig(model="scripted", concurrency=3))
RULES = Settings()


@pytest.fixture
def store(tmp_path):
    """A database with twenty runs, none taken through the stages."""
    with open_store(tmp_path / "t.db", create=True) as store:
        import_id = begin_import(store, "test.jsonl", "reference")
        add_batch(store, import_id, [Incoming(make_run(n), "{}", n, "reference") for n in range(1, 21)], [])
        yield store


def scripted(answer=None):
    """A model whose answers come from `a_good_model`, asked without a network."""

    def say(question):
        form = {"response_format": {"json_schema": {"name": question.reply.__name__.strip("_")}}}
        return a_good_model(form)

    return ScriptedChat(answer=answer or say)


def results(store):
    return store.rows("SELECT trajectory_key, settings_hash, status, detail FROM results ORDER BY id")


def proposals(store):
    return store.rows("SELECT id, trajectory_key, state FROM proposals WHERE is_current = 1 ORDER BY trajectory_key")


def test_a_run_asked_to_stop_goes_on_where_it_was_and_asks_nothing_twice(store):
    chat = scripted()

    def stop_at_seven(now):
        if now.done == 7:
            ask_to_stop(store, latest_run(store)["id"])

    first = run_pipeline(store, MODEL, chats=(chat, [chat]), on_progress=stop_at_seven)
    assert 7 <= first.done <= 9  # what was in flight may have come to its end
    assert latest_run(store)["state"] == "stopped"
    paid = len(chat.asked)
    second = run_pipeline(store, MODEL, chats=(chat, [chat]))
    assert second.done == second.total == 20 - first.done
    assert latest_run(store)["state"] == "done"
    assert len(results(store)) == len({row["trajectory_key"] for row in results(store)}) == 20
    asked = Counter(question.request_hash(chat.model) for question in chat.asked)
    assert len(chat.asked) > paid
    assert max(asked.values()) == 1
    assert store.value("SELECT count(*) FROM model_calls") == len(chat.asked)


def test_calls_that_were_paid_are_not_paid_again_after_a_crash_between_reply_and_result(store):
    chat = scripted()
    run_pipeline(store, MODEL, chats=(chat, [chat]))
    paid = len(chat.asked)
    store.write("DELETE FROM proposals")
    store.write("DELETE FROM attempts")
    store.write("DELETE FROM results")
    again = run_pipeline(store, MODEL, chats=(chat, [chat]))
    assert again.proposed == 20
    assert len(chat.asked) == paid


def test_an_interrupted_process_goes_on_where_it_was(store):
    with OpenAIServer(a_good_model) as server:
        server.latency_s = 0.01
        words = ["run", "--db", str(store.path), "--model", "m", "--base-url", server.url, "--concurrency", "2"]
        command = [sys.executable, "-m", "core.cli", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + 150
        while store.value("SELECT count(*) FROM results") < 4:
            assert time.monotonic() < until
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130, said
        assert said.splitlines()[-1] == f"To go on: {shlex.join(['agenther', *words])}"
        assert "Interrupted. What was done is kept." in said
        assert "Trajectories" in said
        assert "Traceback" not in said
        kept = store.value("SELECT count(*) FROM results")
        assert 4 <= kept < 20
        assert latest_run(store)["state"] == "stopped"
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        assert [row["status"] for row in results(store)] == ["proposed"] * 20
        asked = Counter(str(body["messages"]) + str(body["temperature"]) for body in server.requests)
        assert max(asked.values()) == 1


def test_a_killed_process_leaves_whole_results_and_the_next_run_finishes(store):
    command = [sys.executable, "-m", "core.cli", "run", "--db", str(store.path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 150
    while not store.value("SELECT count(*) FROM results"):
        assert time.monotonic() < until
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    kept = results(store)
    assert store.value("SELECT count(*) FROM proposals") == sum(row["status"] == "proposed" for row in kept)
    assert run_pipeline(store, RULES).total == 20 - len(kept)
    assert len({row["trajectory_key"] for row in results(store)}) == len(results(store)) == 20


def test_changed_settings_make_results_pending_again_and_the_old_ones_stay(store):
    run_pipeline(store, RULES)
    before = results(store)
    stricter = Settings(pipeline=PipelineConfig(min_confidence=0.9))
    assert pending_now(store, settings_identity(stricter.pipeline)[1], None).count == 20
    run_pipeline(store, stricter)
    assert results(store)[:20] == before
    assert len(results(store)) == 40
    assert len(proposals(store)) <= 20
    # What changes no result makes nothing pending.
    same = PipelineConfig(min_confidence=0.9, concurrency=9, timeout=5, base_url="http://x/v1", api_key="k")
    assert pending_now(store, settings_identity(same)[1], None).count == 0
    assert pending_now(store, settings_identity(PipelineConfig())[1], None).count == 0


def test_a_new_wording_of_a_prompt_makes_model_results_pending_and_no_others(tmp_path, monkeypatch):
    model = PipelineConfig(model="m")
    before = settings_identity(model), settings_identity(PipelineConfig())
    assert settings_identity(PipelineConfig(temperature=1.0, goals=1)) == before[1]
    assert settings_identity(PipelineConfig(model="m", temperature=1.0)) != before[0]
    folder = tmp_path / "prompts"
    shutil.copytree(Path(prompts.__file__).parent, folder)
    (folder / "relabel.jinja").write_text((folder / "relabel.jinja").read_text() + "{# new #}")
    monkeypatch.setattr(prompts, "_FOLDER", folder)
    prompts.template_hash.cache_clear()
    after = settings_identity(model), settings_identity(PipelineConfig())
    prompts.template_hash.cache_clear()
    assert after[0] != before[0]
    assert after[1] == before[1]
    assert json.loads(after[0][0])["prompts"].keys() == {"extract", "relabel", "judge", "thoughts"}


def test_one_failing_item_is_recorded_and_tried_again_and_the_others_go_on(store):
    faults = {"run-3": StageFailure("the server said no"), "run-5": ValueError("[/red] out of reach"), "run-8": "prose"}
    broken = dict(faults)

    def answer(question):
        name = next((name for name in broken if f"${20 + int(name[4:])} " in question.user), None)
        if name:
            return broken[name]
        return a_good_model({"response_format": {"json_schema": {"name": question.reply.__name__.strip("_")}}})

    chat = scripted(answer)
    done = run_pipeline(store, MODEL, chats=(chat, [chat]))
    assert (done.total, done.done, done.proposed, done.failed) == (20, 20, 17, 3)
    assert latest_run(store)["state"] == "done"
    said = {row["trajectory_id"]: row for row in failures(store)}
    assert said.keys() == faults.keys()
    assert said["run-3"]["summary"] == "the server said no"
    assert said["run-5"]["summary"] == "ValueError: [/red] out of reach"
    assert "Traceback" in said["run-5"]["detail"]
    assert said["run-8"]["detail"].endswith("prose")

    broken.clear()
    again = run_pipeline(store, MODEL, chats=(chat, [chat]))
    assert (again.total, again.proposed, again.failed) == (3, 3, 0)
    assert failures(store) == []


def test_when_the_server_goes_what_was_in_work_is_kept(store):
    gone = ModelUnreachable("No model server at all.")

    def answer(question):
        if "$29 " in question.user:
            return gone
        return a_good_model({"response_format": {"json_schema": {"name": question.reply.__name__.strip("_")}}})

    chat = scripted(answer)
    with pytest.raises(UserError, match="No model server"):
        run_pipeline(store, MODEL, chats=(chat, [chat]))
    assert latest_run(store)["state"] == "failed"
    assert latest_run(store)["message"] == "No model server at all."
    kept = {row["trajectory_key"] for row in results(store)}
    asked = {n for n in range(1, 21) if any(f"${20 + n} " in question.user for question in chat.asked)}
    assert kept == {make_run(n).key for n in asked - {9}}


def test_rate_limits_in_mid_run_lose_no_item(store):
    with OpenAIServer(a_good_model) as server:
        server.enqueue(*[status(429, "slow down", headers={"Retry-After": "0"})] * 2)
        config = PipelineConfig(model="m", base_url=server.url)
        done = run_pipeline(store, Settings(pipeline=config))
    assert (done.proposed, done.failed) == (20, 0)
    assert {asked_form(body) for body in server.requests} == {"Outcome", "Proposal", "Judgement"}


@pytest.mark.parametrize("action", [ReviewAction.ACCEPT, ReviewAction.DEFER, ReviewAction.FLAG])
def test_what_a_human_has_spoken_of_is_not_replaced_by_a_later_run(store, action):
    run_pipeline(store, RULES)
    item = next_item(store, Desk("anna"))
    click = Decision(op_id="1", proposal_id=item.proposal_id, revision=item.revision, annotator="anna", action=action)
    assert decide(store, click).taken
    before = {row["trajectory_key"]: row for row in proposals(store)}
    chat = scripted()
    assert run_pipeline(store, MODEL, chats=(chat, [chat])).proposed == 20
    after = {row["trajectory_key"]: row for row in proposals(store)}
    key = item.trajectory.key
    assert after[key] == before[key]
    assert len(after) == 20
    assert not [row for other, row in after.items() if other != key and row["id"] == before.get(other, {}).get("id")]


def test_a_later_run_that_finds_no_goal_takes_an_untouched_proposal_back(store):
    run_pipeline(store, RULES)
    assert proposals(store)
    severe = Settings(pipeline=PipelineConfig(severity_threshold=1.0))
    assert run_pipeline(store, severe).skipped == 20
    assert proposals(store) == []


def test_a_judge_without_a_model_is_refused_before_a_run_is_noted(store):
    with pytest.raises(UserError, match="give --model as well"):
        run_pipeline(store, Settings(pipeline=PipelineConfig(judge_model="j")))
    assert latest_run(store) is None


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.25, 0.5])
def test_every_so_manyth_place_of_the_queue_belongs_to_the_random_share(tmp_path, share):
    from filled import fill

    with open_store(tmp_path / "t.db", create=True) as store:
        made = [(run, make_result(run, score=(n % 100) / 100)) for n in range(1, 801) if (run := make_run(n))]
        fill(store, made, random_share=share)
        queue = store.rows("SELECT is_random, score FROM proposals ORDER BY position, id")
        drawn = sum(row["is_random"] for row in queue)
        assert 0.6 * share < drawn / 800 < 1.4 * share
        every = round(1 / share)
        whole = min(drawn, (800 - drawn) // (every - 1)) * every
        places = [place for place, row in enumerate(queue[:whole], 1) if row["is_random"]]
        assert places == list(range(every, whole + 1, every))
        doubt = [abs(row["score"] - 0.5) for row in queue if not row["is_random"]]
        assert doubt == sorted(doubt)
        # Ordering again, and by another threshold, moves nobody in or out of the share.
        chosen = {row["id"] for row in store.rows("SELECT id FROM proposals WHERE is_random = 1")}
        order_queue(store, theta=0.9, delta=0.3, random_share=share)
        assert {row["id"] for row in store.rows("SELECT id FROM proposals WHERE is_random = 1")} == chosen


def test_the_queue_counts_what_the_run_proposed(store):
    done = run_pipeline(store, RULES)
    assert state_counts(store)[ProposalState.PENDING] == done.proposed


def test_half_a_character_escaped_in_a_result_or_an_argument_ends_in_a_proposal(tmp_path):
    half = '[{"name": "Brum \\ud800 1.7 l", "price": 42}, {"name": "Kolb", "price": 51}]'
    step = {"action_name": "search_shop", "action_input": '{"query": "kettle \\udfff"}', "observation": half}
    run = FailedTrajectory.model_validate(
        {"original_prompt": "Find me a kettle under $20.", "steps": [step], "final_answer": "None is that cheap."}
    )
    with open_store(tmp_path / "t.db", create=True) as store:
        add_batch(store, begin_import(store, "test.jsonl", "reference"), [Incoming(run, "{}", 1, "reference")], [])
        done = run_pipeline(store, RULES)
        assert (done.proposed, done.failed) == (1, 0), failures(store)
