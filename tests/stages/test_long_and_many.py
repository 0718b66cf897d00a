"""Texts and runs far beyond the usual size: each of these took minutes while some step was quadratic."""

import signal
from collections.abc import Iterator

import pytest
from rule_runs import call, run, said

from core.models import RelabeledData
from core.pipeline import AgentHERPipeline
from core.settings import PipelineConfig
from core.stages.claims import undone_claims
from core.stages.facts import facts_of
from core.stages.grounding import check_answer, check_prompt
from core.stages.results import read_result

UNBROKEN = ["a", "A", "1", "1-", "a-", "a@", "a/", "+/", "a.", "_", '"', "\u201c", "\\", "@", "/", "http://", "111,"]
WORDS = ["word ", "Word ", "may ", "under 5 ", "no a ", "Word 1 "]


@pytest.fixture(autouse=True)
def _not_forever() -> Iterator[None]:
    """A quadratic step ends in an error here and not in an endless test."""

    def stop(*_: object) -> None:
        raise TimeoutError("this grew faster than its input")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(90)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def lamps() -> object:
    return run("Find a lamp.", call("search", {"query": "lamp"}, "Word lamp a 1 http may 5"), answer="x")


@pytest.mark.parametrize("unit", [*UNBROKEN, *WORDS])
def test_a_prompt_of_one_endless_word_or_one_endless_list_is_checked(unit):
    prompt = (unit * 200_000)[:200_000] + "!"
    values = check_prompt(prompt, lamps()).values
    assert all(prompt[value.start : value.end] == value.text for value in values[:100])


def test_an_endless_answer_is_read_for_claims_and_values():
    answer = "a-" * 100_000
    assert [*undone_claims(answer, ())] == []
    assert check_answer(answer, lamps()) == ()


def test_an_observation_of_blanks_is_read():
    step = lamps().steps[0].model_copy(update={"observation": "\t" * 2_000_000 + "!"})
    assert not read_result(step).failed


def test_a_run_whose_every_call_needs_the_same_word_is_checked_for_missing_inputs():
    steps = [call("get_lamp", {"name": f"lamp {n}", "shade": "red"}, f"lamp {n + 1} red") for n in range(5_000)]
    assert check_prompt("Show me the lamps.", run("q", *steps)).missing_inputs == ("lamp 0", "red")


@pytest.mark.parametrize("gap", [" ", "\n", "\t", "1-"])
def test_a_request_with_an_endless_gap_is_rewritten_or_left(gap):
    prompt = f"Find lamps {gap * 1_900} with prices under $5 and tell me."
    result = AgentHERPipeline(PipelineConfig()).process(run(prompt, call("get_a", {"id": 3}, "a lamp"), answer="No."))
    assert result.error is None


MANY = {
    "look-ups": lambda n: call("get_item", {"item_id": f"A-{n}"}, {"item_id": f"A-{n}", "price": n}),
    "searches": lambda n: call("search_items", {"query": f"lamp {n}"}, [{"name": f"Lamp {n}", "price": n}]),
    "changes": lambda n: call("update_item", {"item_id": f"A-{n}", "price": n}, "ok"),
    "errors": lambda n: call("get_item", {"item_id": f"A-{n}"}, "Error: no such item" if n else "a lamp"),
    "tools": lambda n: call(f"get_thing_{n}", {"item_id": n}, f"thing number {n}"),
    "reports": lambda n: said(f"A-{n - 1} costs {n}.") if n % 2 else call("get_a", {"item_id": f"A-{n}"}, f"A-{n}: 4"),
}


@pytest.mark.parametrize("kind", MANY)
def test_a_run_of_thousands_of_steps_comes_through_all_stages(kind):
    steps = [MANY[kind](n) for n in range(4_000)]
    result = AgentHERPipeline(PipelineConfig()).process(run("Change the lamps under $5.", *steps, answer="I gave up."))
    assert isinstance(result.relabeled, RelabeledData)
    assert len(result.relabeled.hindsight_prompt) < 1_000
    assert result.sample is not None


@pytest.mark.parametrize("observation", ["x" * 5_000_000, "word " * 1_000_000, '["' + "word " * 900_000 + '"]'])
def test_of_an_endless_result_an_answer_tells_the_beginning_and_says_that_it_is_part(observation):
    trajectory = run("What is in it?", call("get_report", {"name": "big"}, observation), answer="I gave up.")
    result = AgentHERPipeline(PipelineConfig()).process(trajectory)
    attempt = result.relabeled.attempt
    assert 100 < len(attempt.final_answer) < 1_000
    assert attempt.final_answer.endswith(
        ("[...]\nThat is part of what came back.", "[...].\nThat is part of what came back.")
    )
    assert not result.relabeled.accepted
    assert attempt.answer_evidence
    for span in attempt.answer_evidence:
        assert len(span.quote) <= 2_000
        assert observation[span.start : span.end] == span.quote


def test_an_answer_to_many_calls_stays_one_that_a_person_reads():
    steps = [call(f"get_{word}s", {"city": "Rome"}, [{"name": word * 40, "text": "so it is " * 60}] * 12)
             for word in ("lamp", "chair", "table", "shelf", "clock", "vase")]  # fmt: skip
    attempt = AgentHERPipeline(PipelineConfig()).process(run("q", *steps, answer="I gave up.")).relabeled.attempt
    assert len(attempt.final_answer) <= 4_000


def test_a_huge_record_is_read_to_its_bounds_only():
    record = {f"key{n}": f"value {n}" for n in range(50_000)}
    facts = facts_of(run("q", call("get_all", {"id": "a"}, record)).steps[0])
    assert len(facts) == 1
    assert facts[0].part
