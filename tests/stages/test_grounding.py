import pytest
from rule_runs import call, flight_run, move_run, run

from core.models import AgentStep, FailedTrajectory, Field
from core.stages.grounding import Requests, check_answer, check_prompt, find_values, may_serve
from core.stages.grounding.index import index_of
from core.stages.spans import field_text


def one(prompt, trajectory, text, **span):
    return next(v for v in check_prompt(prompt, trajectory, **span).values if v.text == text)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("It costs $1,299.00 on May 27 at 4 PM.", ["$1,299.00", "May 27", "4 PM"]),
        ("Write to a.b+c@mail.example about order #W123-9.", ["a.b+c@mail.example", "W123-9"]),
        ("Read /etc/app/x.conf and report.md, please.", ["/etc/app/x.conf", "report.md"]),
        ('Find "blue lamp" for two people in New York.', ["blue lamp", "two", "New York"]),
        ("Who is Ed Oxenbould?", ["Ed Oxenbould"]),
        ("Find all files named *hello* or logs*.gz, and *really* all of them.", ["*hello*", "logs*.gz"]),
        ("The cheapest of 3 flights from JFK", ["cheapest", "3", "JFK"]),
        ("Please move it. I'd like that, thanks!", []),
    ],
)
def test_values_are_read_out_of_plain_text(text, values):
    found = find_values(text)
    assert [value.text for value in found] == values
    assert all(text[value.start : value.end] == value.text for value in found)


@pytest.mark.parametrize(
    ("written", "in_run"),
    [
        ("1299", "1,299.00"),
        ("$1,299", "1299"),
        ("May 27", "2024-05-27"),
        ("27 May 2024", "2024-05-27T09:00"),
        ("4 PM", "16:00:00"),
        ("basic economy", "basic_economy"),
        ("hat069", "HAT069"),
        ("\uff11\uff12", "12"),
        ("STRASSE 5", "Straße 5"),
        ("two", "2"),
        ("files named *hello*", "find . -name '*hello*'"),
        ("files named *.txt", "ls *.txt"),
        ("most addresses", "SELECT a FROM addresses ORDER BY COUNT(*) DESC LIMIT 1"),
    ],
)
def test_a_value_is_found_however_it_is_written(written, in_run):
    prompt = (
        f"Please look for '{written}' there."
        if written in ("basic economy", "STRASSE 5")
        else f"Please look for {written} there."
    )
    values = check_prompt(prompt, run("q", call("get_a", {"id": "a"}, f"so: {in_run}."))).values
    assert values
    assert values[0].evidence is not None


@pytest.mark.parametrize(
    ("written", "in_run"),
    [
        ("12", "1299"),
        ("May 27", "2024-05-28"),
        ("May 27, 2025", "2024-05-27"),
        ("HAT06", "HAT069"),
        ("$50", "$501"),
        ("files named *hello*", "find . -name '*help*'"),
    ],
)
def test_a_value_that_only_resembles_one_of_the_run_is_not_found(written, in_run):
    grounding = check_prompt(
        f"Please look for {written} there.", run("q", call("get_a", {"id": "a"}, f"so: {in_run}."))
    )
    assert written.removeprefix("files named ") in grounding.unsupported


def test_a_value_of_a_result_alone_gives_the_answer_away():
    grounding = check_prompt("Is HAT069 from JFK to SEA?", flight_run(), last_step=2)
    assert grounding.leaks == ("HAT069",)
    assert check_prompt("Which flights go from JFK to SEA?", flight_run()).leaks == ()


def test_what_was_only_asked_for_or_tried_in_vain_is_not_met():
    asked = run(
        "Find a lamp under $50 in Rome.", call("search_lamps", {"city": "Rome"}, [{"name": "Glow", "price": 61}])
    )
    assert check_prompt("Find a lamp under $50 in Rome.", asked).unmet == ("$50",)
    vain = run("q", call("book", {"seat": "12C"}, "Error: taken"), call("get_seat", {"id": "a"}, "13D"))
    assert check_prompt("Book seat 12C.", vain).unmet == ("12C",)


def test_support_outside_the_kept_steps_does_not_count():
    trajectory = flight_run()
    assert one("Membership gold for 'gold'?", trajectory, "gold").evidence is not None
    assert one("Membership gold for 'gold'?", trajectory, "gold", first_step=2).evidence is None


def test_the_original_request_is_recognised_and_a_changed_value_is_not_it():
    trajectory = run(
        "Find flights from JFK to SEA on May 20.", call("search", {"to": "SEA", "date": "2024-05-20"}, "[1]")
    )
    same = "find flights from JFK to SEA on May 20"
    other = "Find flights from JFK to SEA on May 21."
    assert check_prompt(same, trajectory).similarity == 1.0
    assert check_prompt(other, trajectory).similarity < 0.98


def test_inputs_that_nobody_gave_are_named():
    trajectory = move_run()
    assert check_prompt("Move my trip to economy.", trajectory).missing_inputs == ("H9ZU1C", "HAT083", "2024-05-21")
    given = "Move reservation H9ZU1C to HAT083 on May 21, economy."
    assert check_prompt(given, trajectory).missing_inputs == ()


def test_an_input_from_an_earlier_result_or_the_system_prompt_is_not_missing():
    trajectory = run(
        "q",
        call("get_user", {"user_id": "u_1"}, {"reservations": ["H9ZU1C"]}),
        call("get_reservation", {"reservation_id": "H9ZU1C", "branch": "B-77"}, {"cabin": "business"}),
        system_prompt="You work for branch B-77.",
    )
    assert check_prompt("Show my bookings, I am u_1.", trajectory).missing_inputs == ()


def test_words_of_the_old_goal_left_in_thoughts_and_answer_are_listed():
    trajectory = run(
        "Find copper wire under $5 per kg with MOQ below 100kg.",
        call("search", {"query": "copper"}, "MetalWorks $6.20/kg, MOQ 50kg", thought="Nothing is under $5, alas."),
    )
    stale = check_prompt(
        "Find copper wire and tell me the prices.", trajectory, final_answer="None has MOQ below 100kg."
    ).stale_words
    assert set(stale) >= {"$5", "100kg"}


def test_every_value_of_an_answer_is_traced_to_its_result():
    trajectory = flight_run()
    values = check_answer("HAT069 leaves at 06:00 and costs $121, HAT999 is free.", trajectory)
    assert [v.text for v in values if v.evidence is None] == ["HAT999"]
    for value in values:
        if value.evidence:
            assert (
                field_text(trajectory, value.evidence.step, value.evidence.field)[
                    value.evidence.start : value.evidence.end
                ]
                == value.evidence.quote
            )
    assert values[0].evidence is not None
    assert values[0].evidence.field is Field.ACTION_INPUT or values[0].evidence.field is Field.OBSERVATION


@pytest.mark.parametrize(
    ("number", "in_run"),
    [
        ("1", "X-1"),
        ("1", "W123-1"),
        ("69", "HAT69"),
        ("12", "seat_12"),
        ("5", "5a3f"),
        ("20", "2024-05-20"),
        ("12", "12C"),
    ],
)
def test_a_bare_number_is_not_supported_by_a_piece_of_an_identifier(number, in_run):
    trajectory = run("q", call("get_a", {"id": "a"}, f"so: {in_run}."))
    assert number in check_prompt(f"Please run alert({number}) there.", trajectory).unsupported


@pytest.mark.parametrize(
    ("number", "in_run"),
    [("12", "12 GB"), ("12", "12GB"), ("12", "12kg"), ("12", "USD12"), ("12", "10-12 items"), ("12", "12-day"),
     ("12", "Qty:\\n12"), ("12", "(12)"), ("2024", "2024-05-20"), ("12", "/srv/12/a"), ("5", "#5")],
)  # fmt: skip
def test_a_number_with_its_unit_is_a_number(number, in_run):
    trajectory = run("q", call("get_a", {"id": "a"}, f"so: {in_run}."))
    assert check_prompt(f"Please take {number} there.", trajectory).unsupported == ()


def test_long_numbers_that_differ_in_the_last_digit_differ():
    one, other = "1" * 40, "1" * 39 + "2"
    trajectory = run("q", call("get_a", {"id": "a"}, f"so: {one}."))
    assert check_prompt(f"Please take {one} there.", trajectory).unsupported == ()
    assert check_prompt(f"Please take {other} there.", trajectory).unsupported == (other,)


KETTLES = FailedTrajectory(
    original_prompt="Find a kettle under $21 with 1.7 l.",
    steps=[
        AgentStep(
            action_name="search_products",
            action_input={"query": "kettle 1.7 l"},
            observation="2 results, delivered free: Aqua 1.7 l $39, Brum 1.7 l $41",
        )
    ],
)


@pytest.mark.parametrize(
    ("request_", "unseen"),
    [
        ("Which 1.7 l kettles does the shop sell, and for how much?", []),
        ("Please show me each product that you have found, with its price and the free delivery.", []),
        (
            "Which vegan gluten-free kettles with overnight delivery and lifetime warranty does the shop sell?",
            ["vegan", "gluten", "overnight", "lifetime", "warranty"],
        ),
        ("Welche veganen Wasserkocher verkauft der Laden zu welchem Preis?", []),  # no English: nothing is said
    ],
)
def test_a_condition_in_common_words_that_the_run_never_speaks_of_is_not_supported(request_, unseen):
    found = check_prompt(request_, KETTLES)
    assert [value.text for value in found.values if value.kind == "word"] == unseen
    assert set(unseen) <= set(found.unsupported)
    assert all(request_[value.start : value.end] == value.text for value in found.values)


@pytest.mark.parametrize(
    ("word", "in_run"), [("timeout", "runTimeoutSeconds"), ("dest", "DestAirport"), ("ships", "SELECT * FROM ship")]
)
def test_a_word_is_found_in_a_longer_name_and_in_another_number(word, in_run):
    found = check_prompt(f"Please tell me the {word} of it.", run("q", call("f", {"q": in_run}, "ok")))
    assert found.unsupported == ()


@pytest.mark.parametrize(("written", "in_run", "found"), [
    ("3 kg", '{"weight": "3 lb"}', False), ("3 kg", '{"weight_kg": 3}', True), ("3 kg", "weighs 3 kilograms", True),
    ("$59", '{"price_eur": 59.00}', False), ("$59", '{"price_usd": 59}', True), ("$1,299", "USD 1299", True),
    ("€59", "It costs 59.", True), ("€59", "It costs $59.", False), ("2 nights", "nights: 2", True),
    ("20 %", "20 percent off", True),
    ("7 days", "find . -mtime -7", True), ("7 hours", "find . -mtime -7", False), ("3 miles", "3 rooms", False),
])  # fmt: skip
def test_a_number_is_found_with_its_own_unit_only(written, in_run, found):
    weighed = FailedTrajectory(
        original_prompt="Go.", steps=[AgentStep(action_name="f", action_input={"q": in_run}, observation="ok")]
    )
    [value] = [value for value in check_prompt(f"Is it {written} ?", weighed).values if value.kind == "number"]
    assert (value.evidence is not None) is found


@pytest.mark.parametrize(("text", "key", "at"), [
    ("concat cat scatter cat", "cat", 7), ("a_cat cat", "cat", 2), ("caf\u00e9s caf\u00e9", "caf\u00e9", 6),
    (r"x\ncat \tab cat", "cat", 3), (r"x\ncat \tab cat", "ab", 9), ("12 21 1", "#1", 6), ("12.5.1 -1 1", "#1", 8),
    ("9,200 200", "#200", 6), ("v3.5 3.5", "#3.5", 5),
])  # fmt: skip
def test_each_word_and_number_is_known_by_its_first_place_on_its_own(text, key, at):
    found = index_of(run(text, call("f", {}, "-"))).find(key)
    assert [start for place, start, _ in found if place.field is Field.PROMPT] == [at]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("Please find me the cheapest flight from New York to Seattle on May 20, in economy.", True),
        ("Please find the most expensive flight from New York to Seattle on May 20, in economy.", False),
        ("Please find the cheapest flight from New York to Seattle on May 21, in economy.", False),
        ("Please find the cheapest flight from New York to Boston on May 20, in economy.", False),
    ],
)
def test_wording_nominates_the_same_request_and_numbers_names_and_superlatives_decide(other, same):
    met = Requests()
    met.add("Please find the cheapest flight from New York to Seattle on May 20, in economy.")
    assert met.has_like(other) is same


def test_the_most_of_one_thing_is_not_the_most_of_another():
    met = Requests()
    met.add("Which record company of all those that have ever signed a contract has the most songs?")
    assert not met.has_like("Which record company of all those that have ever signed a contract has the most bands?")


@pytest.mark.parametrize(
    ("prompt", "original", "may"),
    [
        ("What is the first name of all players?", "what is the first name of all players", True),
        ("Pack the site folder.", "Pack the site folder. Then tell me how it went.", True),
        ("Pack the site folder.", "Pack the site folder and upload it to s3://backups/march/.", False),
        ("Which flight to Oslo is the cheapest?", "Which flight to Oslo is the fastest?", False),
        ("Find kettles under $40.", "Find kettles under $30.", False),
        ("Who is John Lanchester?", "What profession do John Lanchester and Alan Dean Foster have in common?", False),
    ],
)
def test_an_answer_may_serve_another_request_that_has_the_same_values_and_says_the_same_or_more(prompt, original, may):
    assert may_serve(prompt, original) is may
