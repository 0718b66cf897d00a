"""Runs by batch jobs: the same results as live, each question put once, whatever dies, expires or is refused."""

import io
import re
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from filled import a_good_model, make_run
from openai_server import OpenAIServer, as_json, asked_form

from core.cli import cli
from core.errors import UserError
from core.llm import OpenAIChat, ScriptedChat, batch
from core.llm.batch import JobFault
from core.prices import Price
from core.review.status import status_of
from core.runs import batching, outbox
from core.runs.running import run_pipeline
from core.settings import PipelineConfig, Settings
from core.store import open_store
from core.store.claims import claim, pending_now
from core.store.runs import latest_run, start_run
from core.store.trajectories import Incoming, add_batch, begin_import

COUNT = 12


def database(path):
    store = open_store(path, create=True)
    import_id = begin_import(store, "test.jsonl", "reference")
    add_batch(store, import_id, [Incoming(make_run(n), "{}", n, "reference") for n in range(1, COUNT + 1)], [])
    return store


@pytest.fixture
def store(tmp_path):
    """A database with twelve runs, none taken through the stages."""
    with database(tmp_path / "t.db") as store:
        yield store


@pytest.fixture
def server(monkeypatch):
    """A server whose jobs end when they are looked at; a run looks again at once."""
    monkeypatch.setattr(batching, "_FIRST_WAIT_S", 0.01)
    with OpenAIServer(a_good_model) as server:
        yield server


def settings(server, **fields):
    prices = {"m": Price(input=10.0, output=100.0), "j": Price(input=10.0, output=100.0)}
    return Settings(pipeline=PipelineConfig(model="m", base_url=server.url, **fields), prices=prices)


def run(store, server, *, said=None, **fields):
    told = (lambda now: now.note and said.append(now.note)) if said is not None else lambda _: None
    return run_pipeline(store, settings(server, **fields), batch=True, on_progress=told)


def start(store, server):
    words = ["run", "--db", str(store.path), "--model", "m", "--base-url", server.url, "--batch"]
    command = [sys.executable, "-m", "core.cli", *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_for(condition, process):
    until = time.monotonic() + 150
    while not condition():
        assert time.monotonic() < until
        try:
            said = process.communicate(timeout=0.02)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"it ended too early: {said}")


def results(store):
    """All that a run leaves for people to see, and what it counted."""
    sql = (
        "SELECT t.trajectory_id, r.status, r.stage, r.reason, r.detail, r.outcome, a.number, a.body, p.state, p.score"
        " FROM results r JOIN trajectories t ON t.key = r.trajectory_key LEFT JOIN attempts a ON a.result_id = r.id"
        " LEFT JOIN proposals p ON p.attempt_id = a.id ORDER BY t.trajectory_id, a.number"
    )
    return store.rows(sql)


def number_of(body):
    """Which of the runs a request is about."""
    said = str(body["messages"])
    if shown := re.search(r"Brum 1.7 l \$4(\d+)", said):
        return int(shown[1])
    return int(re.search(r"a kettle under \$(\d+)", said)[1]) - 20


def a_wilful_model(body):
    """Says no, rambles, mends its mistake or does not, depending on the run."""
    number, form = number_of(body), asked_form(body)
    asked_again = "could not be used" in body["messages"][-1]["content"]
    if form == "Judgement" and number == 2:
        return as_json(is_valid=False, confidence=90, reason="It is another shop.")
    if form == "Judgement" and number == 3:
        return "I would rather not say."
    if form == "Proposal" and number == 4 and not asked_again:
        return "Sure! Here is a request."
    if form == "Outcome" and number == 5:
        return "Nothing that I can put into JSON."
    return a_good_model(body)


def test_batch_jobs_and_live_calls_lead_to_the_same_results(store, server, tmp_path):
    server.answer = a_wilful_model
    with OpenAIServer(a_wilful_model) as other, database(tmp_path / "live.db") as live:
        judges = {"judge_model": ("m", f"j@{other.url}")}
        by_batch = run(store, server, **judges)
        put = server.batches.asked() + other.batches.asked()
        jobs = len(server.batches.jobs), len(other.batches.jobs)
        one_by_one = run_pipeline(live, settings(server, **judges))
        assert results(store) == results(live)
    assert (by_batch.done, by_batch.proposed, by_batch.failed) == (12, 11, 1)
    assert by_batch.calls == store.value("SELECT count(*) FROM model_calls")
    assert (by_batch.input_tokens, by_batch.output_tokens) == (one_by_one.input_tokens, one_by_one.output_tokens)
    assert set(put) <= {row["request_hash"] for row in store.rows("SELECT request_hash FROM model_calls")}
    assert {body["model"] for body in other.requests} == {"j"}
    assert all(count > 0 for count in jobs)
    # All but the first question to each server cost half.
    first = 2 * 0.003
    assert by_batch.cost_usd == pytest.approx((one_by_one.cost_usd - first) / 2 + first)


def test_several_judges_are_asked_in_one_round(store, server):
    said = []
    run(store, server, said=said, judge_model=("m", "j"))
    judged = [line for line in server.batches.lines if asked_form(line["body"]) == "Judgement"]
    assert Counter(line["body"]["model"] for line in judged) == {"m": COUNT, "j": COUNT - 1}
    assert [line.split()[3] for line in said[-4:]] == ["begun", "begun", "completed:", "completed:"]


def test_a_run_killed_while_it_waits_goes_on_and_puts_no_question_twice(store, server):
    server.batches.hold = True
    killed = start(store, server)
    wait_for(lambda: store.value("SELECT count(*) FROM batches WHERE job_id != ''"), killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    server.batches.hold = False
    done = run(store, server)
    assert (done.total, done.proposed) == (COUNT, COUNT)
    assert max(Counter(server.batches.asked()).values()) == 1
    assert store.value("SELECT count(*) FROM batches WHERE read_at IS NULL") == 0


def test_a_job_that_began_as_its_run_was_killed_is_found_at_the_server_or_begun_from_its_file(store, server, tmp_path):
    server.batches.silent = True
    killed = start(store, server)
    wait_for(lambda: server.batches.jobs, killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    assert store.rows("SELECT state, job_id FROM batches") == [{"state": "submitting", "job_id": ""}]
    server.batches.silent = False
    with open_store(tmp_path / "copy.db", create=True) as copy:
        store.db.conn.backup(copy.db.conn)
        ours = server.batches.jobs[0]
        server.batches.jobs += [ours | {"id": f"other_{n}", "metadata": None} for n in range(150)]
        said = []
        assert run(copy, server, said=said).proposed == COUNT
        assert said[0] == f"Found batch job batch_1 at {server.url}: {COUNT} requests."
        assert max(Counter(server.batches.asked()).values()) == 1
    server.batches.jobs.clear()  # as if the server had never heard of it
    server.batches.lines.clear()
    assert run(store, server).proposed == COUNT
    assert max(Counter(server.batches.asked()).values()) == 1
    assert server.batches.jobs[0]["input_file_id"] == ours["input_file_id"]


def test_a_job_whose_begin_went_unanswered_is_not_begun_twice(store, server):
    server.batches.lose = 2
    assert run(store, server).proposed == COUNT
    assert max(Counter(server.batches.asked()).values()) == 1


def test_two_runs_by_batch_share_the_jobs(store, server):
    server.batches.looks = 1
    both = [start(store, server) for _ in range(2)]
    for each in both:
        _, said = each.communicate(timeout=120)
        assert each.returncode == 0, said
    assert max(Counter(server.batches.asked()).values()) == 1
    hashes = [row["request_hash"] for row in store.rows("SELECT request_hash FROM model_calls")]
    assert len(hashes) == len(set(hashes))
    assert len(results(store)) == COUNT


def test_jobs_that_expire_fail_or_are_cancelled_are_put_again(store, server):
    server.batches.endings.extend(["expired", "failed", "cancelled"])
    said = []
    done = run(store, server, said=said, max_requests=4)
    assert (done.proposed, done.failed) == (COUNT, 0)
    assert max(Counter(server.batches.asked()).values()) == 4
    assert f"Batch job batch_1 expired: 6 of {COUNT} requests answered." in said
    assert any("batch_2 failed (Enqueued token limit reached" in line for line in said)


def test_a_question_that_is_never_answered_is_a_recorded_failure_and_the_next_run_tries_it_again(store, server):
    server.batches.refuse = lambda body: 500 if number_of(body) == 3 else None
    done = run(store, server)
    assert (done.proposed, done.failed) == (COUNT - 1, 1)
    detail = store.value("SELECT detail FROM results WHERE status = 'failed'")
    assert detail == "m: HTTP 500: refused 500 (asked 3 times)"
    assert max(Counter(server.batches.asked()).values()) == 3
    server.batches.refuse = lambda _: None
    assert run(store, server).proposed == 1


def test_a_question_that_the_server_dislikes_is_put_once(store, server):
    server.batches.refuse = lambda body: 400 if number_of(body) == 3 else None
    assert run(store, server).failed == 1
    assert store.value("SELECT detail FROM results WHERE status = 'failed'") == "m: HTTP 400: refused 400"
    assert max(Counter(server.batches.asked()).values()) == 1


def test_an_answer_that_cannot_be_read_is_paid_for_all_the_same(store, server):
    """HTTP 200 with a count of tokens and no reply in it."""
    no_reply = {"choices": [], "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0}}
    server.answer = lambda body: no_reply if number_of(body) == 3 else a_good_model(body)
    assert run(store, server).failed == 1
    paid = store.rows("SELECT cost_usd, fault FROM model_calls WHERE input_tokens = 1000000")
    assert [call["cost_usd"] for call in paid] == [5.0] * 3  # asked three times, at half the price of 10 a million
    assert all("without a chat completion" in call["fault"] for call in paid)
    assert store.value("SELECT sum(calls) FROM runs") == store.value("SELECT count(*) FROM model_calls")


def test_a_list_of_jobs_without_end_is_not_read_for_ever(store, server, monkeypatch):
    monkeypatch.setattr(batch, "_MOST_PAGES", 20)
    server.batches.lose = 1
    server.batches.endless = True
    jobs = batch.BatchJobs(OpenAIChat("m", base_url=server.url), rest=lambda _: None)
    jobs.begin(jobs.upload(io.BytesIO(b"")), "ours")
    with pytest.raises(JobFault, match="does not end"):
        jobs.find("not there")


def test_what_is_said_of_a_job_has_a_limit_too(store, server):
    server.batches.endings.append("x" * 5_000_000)
    with pytest.raises(JobFault, match="more than 4 MB"):
        jobs = batch.BatchJobs(OpenAIChat("m", base_url=server.url), rest=lambda _: None)
        jobs.job(jobs.begin(jobs.upload(io.BytesIO(b"")), "ours").id)


def test_jobs_that_are_never_answered_end_as_recorded_failures(store, server):
    server.batches.endings.extend(["failed"] * 9)
    done = run(store, server)
    assert (done.done, done.failed) == (COUNT, COUNT)
    assert max(Counter(server.batches.asked()).values()) == 3


def test_the_first_question_finds_out_what_the_server_takes(store, server):
    server.reasoning, server.schema = True, False
    server.answer = lambda body: a_good_model(body | {"response_format": {"json_schema": {"name": form_in(body)}}})
    assert run(store, server, max_requests=5).proposed == COUNT
    assert all("max_completion_tokens" in line["body"] for line in server.batches.lines)
    assert {line["body"]["response_format"]["type"] for line in server.batches.lines} == {"json_object"}


def form_in(body):
    """The shape that a request describes in words."""
    said = body["messages"][0]["content"]
    return "Judgement" if '"reason"' in said else "Proposal" if '"hindsight_prompt"' in said else "Outcome"


def test_a_file_holds_no_more_than_a_server_takes(store, server, monkeypatch):
    monkeypatch.setattr(outbox, "MOST_REQUESTS", 5)
    assert run(store, server).proposed == COUNT
    assert max(job["request_counts"]["total"] for job in server.batches.jobs) == 5
    monkeypatch.setattr(outbox, "MOST_BYTES", 1)
    server.batches.jobs.clear()
    assert run(store, server, temperature=0.1).proposed == COUNT
    assert {job["request_counts"]["total"] for job in server.batches.jobs} == {1}


def test_no_key_and_no_prompt_is_left_beside_the_database_or_in_its_tables(store, server):
    server.key = "sk-abcdef0123456789"
    assert run(store, server, api_key=server.key).proposed == COUNT
    sent = b"".join(server.batches.files.values())
    assert server.key not in "".join(store.db.conn.iterdump())
    assert server.key.encode() not in sent
    assert b"kettle" in sent
    assert {file.name for file in store.path.parent.iterdir()} <= {"t.db", "t.db-wal", "t.db-shm"}
    assert not [row for row in store.rows("SELECT * FROM batch_asks") if "kettle" in str(row)]


def test_a_server_without_batch_jobs_is_told_in_one_line_before_anything_is_asked(store, server):
    server.batches.there = False
    words = re.escape(f"{server.url} has no batch jobs (HTTP 404). Leave out --batch to ask it call by call.")
    with pytest.raises(UserError, match=words):
        run(store, server)
    assert not server.requests
    assert store.value("SELECT count(*) FROM claims") == 0


def test_batch_jobs_need_a_model_with_an_address(store):
    with pytest.raises(UserError, match="--batch asks a model"):
        run_pipeline(store, Settings(), batch=True)
    scripted = ScriptedChat()
    with pytest.raises(UserError, match="'scripted' has none"):
        run_pipeline(store, Settings(), chats=(scripted, [scripted]), batch=True)


def test_ctrl_c_names_the_jobs_that_go_on_and_the_same_command_reads_them(store, server):
    server.batches.hold = True
    process = start(store, server)
    wait_for(lambda: store.value("SELECT count(*) FROM batches WHERE state = 'in_progress'"), process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "1 batch job goes on at the server: batch_1. The same command reads it." in said.splitlines()
    assert said.splitlines()[-1].startswith("To go on: agenther run --db ")
    assert said.splitlines()[-1].endswith("--batch")
    assert (latest_run(store)["state"], latest_run(store)["message"]) == ("stopped", "interrupted")
    server.batches.hold = False
    assert run(store, server).done == COUNT
    assert max(Counter(server.batches.asked()).values()) == 1


def test_looks_that_come_to_nothing_are_borne_until_the_server_is_taken_for_gone(store, server):
    server.batches.trouble = 1000
    said = []
    with pytest.raises(UserError, match="answers HTTP 503: later"):
        run(store, server, said=said)
    assert said[-1] == "1 batch job goes on at the server: batch_1. The same command reads it."
    server.batches.trouble = 5
    assert run(store, server).done == COUNT
    assert max(Counter(server.batches.asked()).values()) == 1


def test_a_job_whose_answers_or_whose_very_name_are_gone_is_put_again(store, server):
    server.batches.trouble = 1000
    with pytest.raises(UserError):
        run(store, server)
    server.batches.jobs.clear()
    server.batches.trouble = 0
    assert run(store, server).proposed == COUNT
    assert max(Counter(server.batches.asked()).values()) == 2
    server.batches.gone = 1
    said = []
    assert run(store, server, said=said, temperature=0.1).proposed == COUNT
    assert any("is no longer at" in line for line in said)


def test_a_live_run_does_not_pay_twice_for_what_waits_in_jobs_unless_that_is_wanted(store, server, capsys):
    server.batches.trouble = 1000
    with pytest.raises(UserError):
        run(store, server)
    words = ["run", "--db", str(store.path), "-m", "m", "--base-url", server.url]
    asked, runs = len(server.requests), store.value("SELECT count(*) FROM runs")
    with pytest.raises(UserError, match=r"Batch jobs waiting: 1 \(12 questions, batch_1, begun .*--batch reads them"):
        cli.main(words, standalone_mode=False)
    assert (len(server.requests), store.value("SELECT count(*) FROM runs")) == (asked, runs)
    [(name, job)] = status_of(store, PipelineConfig())["batch_jobs_waiting"].items()
    assert (name, job["questions"]) == ("batch_1", COUNT)
    cli.main([*words, "--leave-batch"], standalone_mode=False)
    assert "This run does not read them." in capsys.readouterr().err
    assert len(server.requests) == 3 * COUNT


def test_what_waits_in_jobs_counts_against_the_limit(store, server):
    done = run(store, server, max_tokens=64, max_cost=0.06)
    assert "the limit of $0.06 is reached" in done.stopped
    assert done.cost_usd <= 0.06
    assert COUNT < len(server.batches.lines) < 3 * COUNT - 1
    assert run(store, server, max_tokens=64, max_cost=50).done == COUNT - done.done
    assert max(Counter(server.batches.asked()).values()) == 1


def test_a_run_whose_machine_slept_keeps_what_it_has_in_work(store):
    run_id = start_run(store, method="m", settings="{}", settings_hash="h", total=COUNT)
    pending = pending_now(store, "h", None)
    first = claim(store, run_id, pending, after=0, limit=2, look_at=2)
    store.write("UPDATE runs SET beat_at = '2020-01-01T00:00:00.000+00:00'")
    assert len(claim(store, run_id, pending, after=first.after, limit=1, look_at=1).mine) == 1
    assert store.value("SELECT count(*) FROM claims WHERE run_id = ?", run_id) == 3
