"""What calls cost: stored at the price in force, never guessed, never above the limit, known before a run."""

import json

import pytest
from filled import a_good_model, make_run
from openai_server import OpenAIServer, asked_form, completion, payload, text

from core.errors import UserError
from core.models import Decision, Label, LabelOutcome, ReviewAction
from core.prices import Price, Usage, dollars, total
from core.review.costs import costs_of, spent_by_group
from core.review.effects import groups_of, spread
from core.review.items import Desk, next_item
from core.review.status import status_of
from core.review.verdicts import decide
from core.runs.estimating import estimate
from core.runs.running import run_pipeline
from core.settings import PipelineConfig, Settings
from core.store import open_store
from core.store.runs import latest_run, run_progress
from core.store.trajectories import Incoming, add_batch, begin_import

# The test server counts 100 tokens in and 20 out for each answer: 0.14 dollars a call at this price.
PRICE = Price(input=1000, output=2000)
A_CALL = 0.14


@pytest.fixture
def store(tmp_path):
    """A database with twenty runs, none taken through the stages."""
    with open_store(tmp_path / "t.db", create=True) as store:
        import_id = begin_import(store, "test.jsonl", "reference")
        add_batch(store, import_id, [Incoming(make_run(n), "{}", n, "reference") for n in range(1, 21)], [])
        yield store


@pytest.fixture
def server():
    with OpenAIServer(a_good_model) as server:
        yield server


def meant(server, prices=None, **config):
    given = {"model": "m", "base_url": server.url, "concurrency": 2, "max_tokens": 64} | config
    return Settings(pipeline=PipelineConfig(**given), prices={"m": PRICE} if prices is None else prices)


def spent(store):
    return store.value("SELECT coalesce(sum(cost_usd), 0) FROM model_calls")


def test_money_spent_does_not_change_when_a_price_does(store, server):
    settings = meant(server)
    done = run_pipeline(store, settings)
    assert done.calls == len(server.requests)
    assert done.cost_usd == pytest.approx(A_CALL * done.calls)
    run_pipeline(store, meant(server, {"m": Price(input=1, output=1)}, min_confidence=0.6))
    assert spent(store) == pytest.approx(A_CALL * done.calls)  # answered from the store
    run = latest_run(store)
    assert (run["calls"], run["cost_usd"]) == (0, 0)


def test_a_price_that_nobody_set_is_unknown_and_never_nothing(store, server):
    done = run_pipeline(store, meant(server, {}))
    assert done.unpriced == done.calls == len(server.requests)
    assert store.value("SELECT count(*) FROM model_calls WHERE cost_usd IS NULL") == done.calls
    costs = status_of(store, PipelineConfig())["costs"]
    assert costs["usd"] is None
    assert costs["unpriced_calls"] == done.calls
    assert costs["usd_per_auto_accepted"] is None


def test_tokens_read_from_a_cache_are_counted_at_their_own_price(store, server):
    answer = completion("{}")
    answer["usage"] |= {"prompt_tokens_details": {"cached_tokens": 75}}

    async def cached(server, request, body):
        answer["choices"][0]["message"]["content"] = a_good_model(body)
        return await payload(answer)(server, request, body)

    server.by_model["m"] = cached
    done = run_pipeline(store, meant(server, {"m": Price(input=1000, output=2000, cached_input=100)}))
    assert store.value("SELECT sum(cached_tokens) FROM model_calls") == 75 * done.calls
    assert done.cost_usd == pytest.approx((0.025 + 0.0075 + 0.04) * done.calls)


def test_a_server_that_counts_no_tokens_costs_unknown_unless_it_is_free():
    assert PRICE.cost(Usage()) is None
    assert Price(input=0, output=0).cost(Usage()) == 0


def test_an_answer_that_comes_to_nothing_is_paid_for_all_the_same(store, server):
    async def prose(server, request, body):
        return await text("prose")(server, request, body)

    server.by_model["m"] = prose
    done = run_pipeline(store, meant(server))
    assert done.failed == 20
    assert done.cost_usd == pytest.approx(A_CALL * len(server.requests))
    assert spent(store) == pytest.approx(done.cost_usd)
    server.by_model.clear()
    assert run_pipeline(store, meant(server)).proposed == 20  # what was stored of it is no answer


@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_limit_is_never_passed_and_a_higher_one_goes_on(store, server, concurrency):
    whole = 60 * A_CALL
    first = run_pipeline(store, meant(server, max_cost=6.0, concurrency=concurrency))
    assert first.done < 20
    assert first.calls > 1
    assert "the limit of $6.00 is reached" in first.stopped
    assert (latest_run(store)["state"], latest_run(store)["message"]) == ("stopped", first.stopped)
    assert A_CALL * len(server.requests) == pytest.approx(spent(store))
    assert spent(store) <= 6.0
    asked = len(server.requests)
    again = run_pipeline(store, meant(server, max_cost=6.0, concurrency=concurrency))
    assert "is reached" in again.stopped
    assert A_CALL * len(server.requests) <= 6.0
    rest = run_pipeline(store, meant(server, max_cost=whole + 10, concurrency=concurrency))
    assert (rest.stopped, rest.failed) == ("", 0)
    assert len(server.requests) == 60 > asked


def test_a_limit_needs_the_price_of_every_model(store, server):
    with pytest.raises(UserError, match=r"price of 'n'.*\[prices.\"n\"\]"):
        run_pipeline(store, meant(server, max_cost=1, judge_model="n"))
    assert not server.requests
    assert latest_run(store) is None


def test_a_limit_ends_the_run_where_the_server_counts_no_tokens(store, server):
    async def uncounted(server, request, body):
        answer = completion(a_good_model(body))
        del answer["usage"]
        return await payload(answer)(server, request, body)

    server.by_model["m"] = uncounted
    done = run_pipeline(store, meant(server, max_cost=100, concurrency=1))
    assert "counts no tokens" in done.stopped
    assert len(server.requests) == 1


def test_the_cost_is_shared_by_what_was_accepted(store, server):
    done = run_pipeline(store, meant(server))
    item = next_item(store, Desk("anna"))
    assert costs_of(store, PipelineConfig()).per_human_accepted is None
    accept = Decision(
        op_id="1", proposal_id=item.proposal_id, revision=item.revision, annotator="anna", action=ReviewAction.ACCEPT
    )
    assert decide(store, accept).taken
    costs = costs_of(store, PipelineConfig())
    assert (costs.human_accepted, costs.auto_accepted) == (1, 19)
    assert costs.per_human_accepted == pytest.approx(done.cost_usd)
    assert costs.per_auto_accepted == pytest.approx(done.cost_usd / 19)
    assert costs.per_let_in == pytest.approx(done.cost_usd / 20)
    [(group, spent_on_it)] = spent_by_group(store).items()
    [known] = groups_of(spread(store), 0.5, 0.3)
    assert group == (known.failure_type, known.source)
    assert spent_on_it.cost_usd == pytest.approx(done.cost_usd)
    assert spent_on_it.for_each(20) == pytest.approx(done.cost_usd / 20)
    store.write("UPDATE proposals SET is_current = 0 WHERE id = 1")
    store.write("UPDATE model_calls SET cost_usd = NULL WHERE id = (SELECT max(id) FROM model_calls)")
    apart = spent_by_group(store)
    assert apart[None, group[1]].cost_usd == pytest.approx(done.cost_usd / 20)
    assert (apart[group].unpriced_calls, apart[group].for_each(19)) == (1, None)


def test_the_store_tells_how_far_a_run_is_as_its_own_process_does(store, server):
    seen = []
    done = run_pipeline(store, meant(server), on_progress=seen.append)
    told = run_progress(latest_run(store))
    same = ("total", "done", "proposed", "calls", "input_tokens", "output_tokens", "unpriced", "in_flight")
    assert [getattr(told, name) for name in same] == [getattr(done, name) for name in same]
    assert told.cost_usd == pytest.approx(done.cost_usd)
    assert told.seconds >= 0
    assert max(now.in_flight for now in seen) <= 2
    assert any(now.in_flight for now in seen)


def test_an_estimate_asks_nobody_and_the_run_keeps_within_it(store, server):
    settings = meant(server)
    before = store.value("SELECT total_changes()")
    found = estimate(store, settings, known=store)
    assert (found.pending, found.sampled, found.unpriced) == (20, 20, ())
    assert not server.requests
    assert store.value("SELECT total_changes()") == before
    least, middle, most = (found.loads[course] for course in ("least", "middle", "most"))
    assert least.calls < middle.calls < most.calls
    assert least.cost_usd < middle.cost_usd < most.cost_usd
    assert most.calls == 20 * (1 + 3 * 2)  # extract, then three attempts, each judged
    done = run_pipeline(store, settings)
    assert least.calls <= done.calls <= most.calls
    # What was paid for is not estimated again: the same question, with another threshold behind it.
    other = meant(server, min_confidence=0.6)
    assert estimate(store, other, known=store).loads["middle"].calls == 0


def test_an_estimate_counts_the_tokens_of_the_prompts_that_are_sent(store, server):
    settings = meant(server, relabel_max_attempts=1)
    middle = estimate(store, settings, known=None).loads["middle"]
    run_pipeline(store, settings)
    sent = sum(len(json.dumps(body["messages"], ensure_ascii=False).encode()) / 4 for body in server.requests)
    assert {asked_form(body) for body in server.requests} >= {"Outcome", "Judgement"}
    assert 0.5 < middle.input_tokens / sent < 2


def test_amounts_are_said_with_the_digits_that_count():
    said = [dollars(amount) for amount in (None, 0, 0.00001, 0.00412, 0.5, 12.345, 1234.5)]
    assert said == ["unknown", "$0.00", "under $0.0001", "$0.0041", "$0.50", "$12.35", "$1,234.50"]
    assert total(1.2, 3) == "$1.20 and 3 calls of unknown price"
    assert total(0, 1) == "unknown (1 call of unknown price)"


def test_a_sample_takes_of_each_label_and_says_how_far_it_may_be_off(store, server):
    good = Label(outcome=LabelOutcome.SUCCESS, reward=1.0, by="test")
    runs = [make_run(n).model_copy(update={"label": good} if n % 2 else {}) for n in range(100, 300)]
    import_id = begin_import(store, "more.jsonl", "reference")
    add_batch(store, import_id, [Incoming(run, "{}", n, "reference") for n, run in enumerate(runs, 1)], [])
    found = estimate(store, meant(server), known=None)
    assert (found.pending, found.sampled) == (220, 50)
    assert found.without_calls == pytest.approx(100 / 220)
    assert found.loads["least"].calls == pytest.approx(120)  # one a run that failed, none for the others
    assert found.margins["least"] == 0
