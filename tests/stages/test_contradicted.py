"""What a request says and the calls of its steps show otherwise is not supported: an end, a way, a deed."""

import pytest
from rule_runs import call, run

from core.models import Attempt, QueueReason, SecondJudgeVerdict
from core.settings import PipelineConfig
from core.stages.grounding import check_prompt
from core.stages.relabel import why_not


def asked_of(*calls, prompt):
    return check_prompt(prompt, run("Tell me about the lowest and highest, please.", *calls))


def query(sql):
    return call("execute_sql", {"query": sql}, [{"name": "Kettle", "price": 5}])


def command(text):
    return call("bash", {"command": text}, "12 a.log\n9 b.log")


FALLING, RISING = (f"SELECT name FROM product ORDER BY {order} LIMIT 1" for order in ("price DESC", "price"))
ENDS = [
    (query(FALLING), "lowest", "highest"),
    (query(RISING), "highest", "lowest"),
    (query("SELECT name FROM product ORDER BY SUM(price * (1 + tax)) desc, name"), "smallest", "largest"),
    (query("SELECT name FROM p WHERE price = (SELECT MIN(price) FROM p)"), "highest", "lowest"),
    (query("SELECT name FROM people ORDER BY birth_year ASC LIMIT 1"), "youngest", "oldest"),
    (query("SELECT name FROM people ORDER BY age LIMIT 1"), "oldest", "youngest"),
    (command("find . -name '*.log' | xargs wc -l | sort -rn | head -n 3"), "smallest", "largest"),
    (command("du -a | sort -n | tail -n 1"), "smallest", "largest"),
    (command("ls -lS | head -2"), "smallest", "largest"),
    (call("search_products", {"query": "kettle", "sort": "price_asc"}, ["Kettle"]), "highest", "lowest"),
    (call("search_products", {"query": "kettle", "sort_order": "desc"}, ["Kettle"]), "cheapest", "highest"),
]


@pytest.mark.parametrize(("step", "wrong", "right"), ENDS)
def test_a_superlative_names_the_end_that_the_call_takes(step, wrong, right):
    against = asked_of(step, prompt=f"Which is the {wrong} one?")
    assert against.contradicted == (wrong,) and wrong in against.unsupported
    assert against.values[0].against.quote in str(step["action_input"])
    assert asked_of(step, prompt=f"Which is the {right} one?").contradicted == ()


@pytest.mark.parametrize("step", [
    query("SELECT name, price FROM product"),
    query("SELECT name FROM team ORDER BY rank LIMIT 1"),  # rank 1 is the highest
    call("search_flights", {"origin": "JFK"}, ["HAT069"]),
    command("ls | head -3"),
])  # fmt: skip
def test_where_no_call_says_an_end_nothing_is_held_against_a_superlative(step):
    assert asked_of(step, prompt="Show me the highest one, please.").contradicted == ()


FLIGHT = call("search_flights", {"origin": "JFK", "destination": "SEA"}, ["HAT069"])
BACK = call("search_flights", {"origin": "SEA", "destination": "JFK"}, ["HAT070"])
MONEY = call("convert_currency", {"amount": 100, "from_currency": "USD", "to_currency": "EUR"}, {"result": 92})
COPY = command("cp -r notes.txt backup.txt")
LEGS = call("book_trip", {"legs": [{"from": "Oslo Central", "to": "bergen"}]}, {"id": "T1"})


@pytest.mark.parametrize(("step", "wrong", "right"), [
    (FLIGHT, "Show me flights from SEA to JFK.", "Show me flights from JFK to SEA."),
    (MONEY, "Convert 100 EUR to USD.", "Convert 100 USD to EUR."),
    (COPY, "Copy backup.txt to notes.txt.", "Copy notes.txt to backup.txt."),
    (LEGS, "A trip from Bergen to Oslo Central.", "A trip from Oslo Central to Bergen."),
])  # fmt: skip
def test_a_way_told_the_other_way_round_is_seen_by_the_names_of_the_arguments(step, wrong, right):
    assert asked_of(step, prompt=wrong).contradicted
    assert asked_of(step, prompt=right).contradicted == ()


def test_a_way_there_and_back_is_none_told_wrongly():
    assert asked_of(FLIGHT, BACK, prompt="Show me flights from SEA to JFK and from JFK to SEA.").contradicted == ()


LOOKED = call("get_reservation", {"reservation_id": "H9ZU1C"}, {"reservation_id": "H9ZU1C", "cabin": "business"})
CANCELLED = call("cancel_reservation", {"reservation_id": "H9ZU1C"}, {"status": "cancelled"})
BOOKED = call("book_reservation", {"reservation_id": "H9ZU1C"}, {"status": "booked"})
REFUSED = call("cancel_reservation", {"reservation_id": "H9ZU1C"}, "Error: not allowed")


@pytest.mark.parametrize(("steps", "prompt", "undone"), [
    ([LOOKED], "Please cancel my reservation H9ZU1C.", "cancel my reservation"),
    ([LOOKED], "I want to change the cabin of H9ZU1C.", "change the cabin"),
    ([LOOKED], "Show me H9ZU1C, then send an email to me.", "send an email"),
    ([LOOKED, REFUSED], "Cancel the reservation H9ZU1C.", "Cancel the reservation"),
    ([BOOKED], "Delete my reservation H9ZU1C.", "Delete my reservation"),
    ([command("cat a.log | sort | head -2")], "Delete the log a.log.", "Delete the log"),
])  # fmt: skip
def test_a_deed_that_no_call_did_is_not_supported(steps, prompt, undone):
    found = asked_of(*steps, prompt=prompt)
    assert undone in found.unsupported
    sure = Attempt(
        hindsight_prompt=prompt,
        confidence=1.0,
        last_step=len(steps),
        grounding=found,
        verdict=SecondJudgeVerdict(is_valid=True, confidence=1.0),
    )
    assert why_not(sure, PipelineConfig()) is QueueReason.UNGROUNDED


@pytest.mark.parametrize(("steps", "prompt"), [
    ([CANCELLED], "Please cancel my reservation H9ZU1C."),
    ([LOOKED], "What does it cost to cancel the reservation H9ZU1C?"),
    ([LOOKED], "Show me the details of my order and change of cabin for H9ZU1C. Please do not cancel it."),
    ([LOOKED], "Send me the details of H9ZU1C, then create a list of them."),
    ([command("python3 purge.py")], "Delete the log a.log."),  # no string shows what a program does
    ([call("run_python", {"code": "import os"}, "ok")], "Delete the log a.log."),
])  # fmt: skip
def test_a_deed_that_was_done_or_is_not_asked_for_is_left_alone(steps, prompt):
    assert not any(value.kind == "deed" for value in asked_of(*steps, prompt=prompt).values)


THREE = call("search_flights", {"origin": "JFK"}, [{"flight": f"HAT{n}", "departs": "08:00"} for n in (1, 2, 3)])


@pytest.mark.parametrize(("prompt", "wrong"), [
    ("Show me the five flights from JFK.", ("five",)),
    ("Show me the 12 direct flights from JFK.", ("12",)),
    ("Show me the three flights from JFK.", ()),
    ("Show me the flights from JFK for two of us.", ()),
    ("Show me the flights from JFK in the afternoon.", ("afternoon",)),
    ("Good afternoon! Show me the flights from JFK in the morning.", ()),
])  # fmt: skip
def test_a_count_and_a_part_of_the_day_are_those_of_the_results(prompt, wrong):
    assert asked_of(THREE, prompt=prompt).contradicted == wrong


def test_where_no_result_says_a_time_or_counts_nothing_is_held_against_the_request():
    assert asked_of(LOOKED, prompt="Show me two reservations in the evening.").contradicted == ()


@pytest.mark.parametrize(("price", "found"), [
    ({"price_cents": 1299}, False), ({"price": 1299, "currency": "EUR"}, False), ({"amount_usd_cents": 1299}, False),
    ({"price": 1299, "currency": "USD"}, True), ({"price_usd": 1299}, True), ({"price": 1299}, True),
])  # fmt: skip
def test_an_amount_is_found_in_its_own_currency_only(price, found):
    known = check_prompt("Is it $1,299?", run("Is it 7?", call("get_price", {"id": "A1"}, price)))
    [value] = [value for value in known.values if value.kind == "number"]
    assert (value.evidence is not None) is found


def test_a_plain_noun_that_the_run_nowhere_names_is_not_found():
    found = asked_of(FLIGHT, prompt="Show me the suppliers of flights from JFK to SEA.").unsupported
    assert found == ("suppliers",)
