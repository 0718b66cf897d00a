"""Which model is asked and which is not: told apart by name and address, answered from the store, asked once."""

import json
import time

import pytest
from filled import a_good_model, make_run
from openai_server import OpenAIServer, as_json, asked_form, drop, hang, status, text

from core.errors import UserError
from core.models import QueueReason
from core.prices import Price
from core.review.status import status_of
from core.runs.running import run_pipeline, settings_identity
from core.settings import PipelineConfig, Settings
from core.store import open_store
from core.store.runs import failures, latest_run
from core.store.trajectories import Incoming, add_batch, begin_import

COUNT = 6


@pytest.fixture
def store(tmp_path):
    """A database with six runs, none taken through the stages."""
    with open_store(tmp_path / "t.db", create=True) as store:
        add(store, [make_run(n) for n in range(1, COUNT + 1)])
        yield store


@pytest.fixture
def here():
    with OpenAIServer(a_good_model) as server:
        yield server


@pytest.fixture
def there():
    """The same model's name at another address; its judge says no."""
    with OpenAIServer(lambda body: as_json(is_valid=False, confidence=90, reason="No.")) as server:
        yield server


def add(store, runs):
    import_id = begin_import(store, "test.jsonl", "reference")
    add_batch(store, import_id, [Incoming(run, "{}", n, "reference") for n, run in enumerate(runs, 1)], [])


def meant(here, **config):
    return Settings(pipeline=PipelineConfig(model="m", base_url=here.url, relabel_max_attempts=1, **config))


def forms(server):
    return [asked_form(body) for body in server.requests]


def test_a_panel_of_one_name_at_two_addresses_asks_both_and_tells_them_apart(store, here, there):
    done = run_pipeline(store, meant(here, judge_model=("m", f"m@{there.url}/")))
    assert forms(here).count("Judgement") == forms(there).count("Judgement") == COUNT
    assert (done.proposed, done.from_store) == (COUNT, 0)
    judges = status_of(store, PipelineConfig())["judges"]
    assert judges == {f"m and m@{there.url}": {"n": COUNT, "agreed": 0, "kappa": 0.0}}


def test_a_judge_of_the_writers_name_elsewhere_is_another_judge_and_is_asked(store, here, there):
    run_pipeline(store, meant(here))
    asked = len(here.requests)
    again = run_pipeline(store, meant(here, judge_base_url=there.url))
    assert forms(there) == ["Judgement"] * COUNT
    assert len(here.requests) == asked
    assert (again.calls, again.from_store) == (COUNT, 2 * COUNT)
    run = latest_run(store)
    assert (json.loads(run["settings"])["judge_model"], run["from_store"]) == ([f"m@{there.url}"], 2 * COUNT)
    reasons = {row["queue_reason"] for row in store.rows("SELECT queue_reason FROM proposals WHERE is_current = 1")}
    assert reasons == {QueueReason.JUDGE_SAID_NO.value}


def test_a_model_is_the_same_wherever_it_is_served(store, here, there):
    run_pipeline(store, meant(here, judge_model=(f"j@{here.url}",)))
    there.answer = a_good_model
    moved = meant(there, judge_model=(f"j@{there.url}",))
    assert run_pipeline(store, moved).total == 0
    stricter = meant(there, judge_model=(f"j@{there.url}",), min_confidence=0.6)
    assert (run_pipeline(store, stricter).from_store, there.requests) == (3 * COUNT, [])


def test_settings_without_two_of_a_name_are_the_same_as_ever():
    plain = PipelineConfig(model="m", base_url="http://a/v1", judge_model=("j@http://b/v1",))
    assert json.loads(settings_identity(plain)[0])["judge_model"] == ["j"]
    assert json.loads(settings_identity(PipelineConfig(model="m"))[0])["judge_model"] == []


def test_the_same_question_of_several_runs_is_asked_once(store, here):
    twins = [make_run(9).model_copy(update={"trajectory_id": f"twin-{n}"}) for n in range(8)]
    add(store, twins)
    here.latency_s = 0.02
    done = run_pipeline(store, meant(here, concurrency=8))
    asked = [str(body["messages"]) for body in here.requests]
    assert len(asked) == len(set(asked)) == done.calls == 3 * (COUNT + 1)
    assert done.from_store == 3 * 7


@pytest.mark.parametrize("fault", [status(500), drop, hang], ids=["500", "dropped", "hangs"])
def test_a_judge_that_gives_no_answer_leaves_a_failure_that_the_next_run_mends(store, here, there, fault):
    config = {"judge_model": (f"j@{there.url}",), "max_requests": 1, "timeout": 1, "concurrency": 1}
    there.enqueue(text(as_json(is_valid=True, confidence=90, reason="Yes.")), *[fault] * 2)
    first = run_pipeline(store, meant(here, **config))
    assert (first.proposed, first.failed) == (COUNT - 2, 2)
    assert {row["stage"] for row in failures(store)} == {"prompt_relabeling"}
    asked = len(here.requests)
    second = run_pipeline(store, meant(here, **config))
    assert (second.proposed, second.failed, second.calls) == (2, 0, 2)
    assert len(here.requests) == asked


def test_what_no_database_can_hold_costs_no_result(store, here):
    def answer(body):
        said = json.loads(a_good_model(body))
        if asked_form(body) == "Judgement" and "Brum 1.7 l $43" in str(body["messages"]):
            said["reason"] = "\ud800"
        return json.dumps(said)

    here.answer = answer
    done = run_pipeline(store, meant(here))
    assert (done.done, done.proposed, done.failed) == (COUNT, COUNT, 0)
    assert latest_run(store)["state"] == "done"


def test_a_limit_that_could_not_be_kept_is_not_tried_again(store, here):
    async def uncounted(server, request, body):
        from openai_server import completion, payload

        return await payload(completion(a_good_model(body)) | {"usage": None})(server, request, body)

    here.by_model["m"] = uncounted
    limited = meant(here, max_cost=5.0, concurrency=1).model_copy(update={"prices": {"m": Price(input=1, output=1)}})
    assert "counts no tokens" in run_pipeline(store, limited).stopped
    asked = len(here.requests)
    with pytest.raises(UserError, match="cannot be kept: 1 call of these settings"):
        run_pipeline(store, limited)
    assert len(here.requests) == asked
    assert store.value("SELECT count(*) FROM runs") == 1


def test_requests_a_minute_are_kept_to_at_the_server(store, here):
    moments = []

    def answer(body):
        moments.append(time.monotonic())
        return a_good_model(body)

    here.answer = answer
    run_pipeline(store, meant(here, rpm=600, concurrency=16))
    assert len(moments) == 3 * COUNT
    # Ten a second, and a full second's share to begin with: the last of 18 cannot go before 0.8 s.
    assert moments[-1] - moments[0] >= 0.7


def test_an_answer_that_a_filter_stopped_is_none_in_the_next_run_either(store, here):
    async def filtered(server, request, body):
        return await text(a_good_model(body), finish="content_filter")(server, request, body)

    here.enqueue(filtered)
    config = {"concurrency": 1}
    first = run_pipeline(store, meant(here, **config))
    assert (first.proposed, first.failed, first.calls) == (COUNT - 1, 1, 3 * COUNT - 2)
    [(fault, reply)] = store.stream("SELECT fault, reply FROM model_calls WHERE fault != ''")
    assert "its content filter stopped the answer" in fault
    assert "achievements" in reply
    second = run_pipeline(store, meant(here, **config))
    assert (second.proposed, second.failed, second.calls) == (1, 0, 3)
