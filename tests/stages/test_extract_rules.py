import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_runs import call, flight_run, move_run, run

from core.models import AgentStep, Deed, FailedTrajectory, input_text
from core.stages.deeds import deed_of
from core.stages.detect import detect_with_rules
from core.stages.extract import extract_with_rules
from core.stages.facts import facts_of
from core.stages.relabel import relabel_with_rules
from core.stages.spans import cut, field_text, find_quote


def outcome_of(trajectory: FailedTrajectory):
    return extract_with_rules(trajectory, detect_with_rules(trajectory))


def test_working_calls_are_worded_as_what_was_done():
    said = outcome_of(flight_run()).actual_achievements
    assert said == ["Looked up user details", "Searched direct flight from JFK to SEA on May 20, 2024: 2 results"]


def test_failed_calls_are_no_achievements_but_are_named_as_limits():
    outcome = outcome_of(flight_run())
    assert not any("book" in text.lower() for text in outcome.actual_achievements)
    assert "step 3" in outcome.limitations


def test_a_state_change_is_told_apart_from_a_look_up():
    assert [claim.deed for claim in outcome_of(move_run()).achievements] == [Deed.LOOKED_UP, Deed.CHANGED]


@pytest.mark.parametrize(
    ("tool", "arguments", "deed"),
    [
        ("book_reservation", {"user_id": "u1"}, Deed.CREATED),
        ("cancel_order", {"order_id": "7"}, Deed.REMOVED),
        ("get_order", {"order_id": "7"}, Deed.LOOKED_UP),
        ("write_file", {"path": "a.txt", "content": "x"}, Deed.WRITTEN),
        ("bash", {"command": "mkdir -p /x && ls /x"}, Deed.CREATED),
        ("bash", {"command": "find . -name a -delete"}, Deed.REMOVED),
        ("bash", {"command": "ls > list.txt"}, Deed.WRITTEN),
        ("bash", {"command": "ls -l 2>/dev/null"}, Deed.LOOKED_UP),
        ("run_sql", {"query": "UPDATE users SET name = 'x'"}, Deed.CHANGED),
        ("run_sql", {"query": "SELECT 1 FROM users"}, Deed.LOOKED_UP),
    ],
)
def test_every_call_says_what_it_did_to_the_world(tool, arguments, deed):
    assert deed_of(AgentStep(action_name=tool, action_input=arguments, observation="ok")) is deed


def test_facts_are_whole_records_with_their_values():
    facts = outcome_of(flight_run()).key_observations
    assert "HAT069: departs 06:00, arrives 12:00, prices (economy 121, business 239)" in facts


def test_no_number_is_taken_out_of_its_place():
    outcome = outcome_of(run("q", call("read_file", {"path": "a"}, "Hello, world, this costs 1,299.00, really")))
    assert outcome.key_observations == ["Hello, world, this costs 1,299.00, really"]
    assert not re.search(r"(?:^|\s),", " ".join(outcome.key_observations))


def test_a_text_table_is_read_row_by_row():
    table = "region  | net\n--------+----\nDACH    | 14.5\nNordics | 9.1\n(2 rows)"
    step = run("q", call("run_sql", {"query": "SELECT 1"}, table)).steps[0]
    assert [fact.text for fact in facts_of(step)] == ["DACH: net 14.5", "Nordics: net 9.1"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        "search_things",
        "get_thing",
        "cancel_order",
        "run_sql",
        "bash",
        "run_python",
        "write_file",
        "web_search",
        "think",
        "Frob",
    ]
)
OBSERVATIONS = st.one_of(
    st.text(max_size=200),
    JSON.map(lambda v: __import__("json").dumps(v)),
    st.sampled_from(["Error: no", "[]", "a | b\n--+--\n1 | 2", "['x', ('y', 2)]"]),
)
ACTIONS = st.builds(
    lambda name, arguments, observation, thought: {
        "action_name": name,
        "action_input": arguments,
        "observation": observation,
        "thought": thought,
    },
    NAMES,
    st.dictionaries(
        st.sampled_from(["id", "query", "date", "origin", "destination", "command", "user_id", "items", "é", "path"]),
        JSON,
        max_size=4,
    ),
    OBSERVATIONS,
    st.text(max_size=30),
)
TURNS = st.builds(
    lambda kind, text: {"kind": kind, "text": text}, st.sampled_from(["user", "message"]), st.text(max_size=60)
)
RUNS = st.builds(
    lambda prompt, steps, answer: FailedTrajectory(
        original_prompt=prompt, steps=steps, final_answer=answer, failure_reason="wrong"
    ),
    st.text(max_size=80),
    st.lists(ACTIONS | TURNS, min_size=1, max_size=6),
    st.text(max_size=80),
)


@settings(max_examples=150)
@given(RUNS)
def test_every_span_of_any_run_quotes_what_stands_there(trajectory):
    analysis = detect_with_rules(trajectory)
    outcome = extract_with_rules(trajectory, analysis)
    attempts = relabel_with_rules(trajectory, analysis)
    spans = [*analysis.evidence, *(e for c in (*outcome.achievements, *outcome.observations) for e in c.evidence)]
    for attempt in attempts:
        spans += [*attempt.answer_evidence, *(v.evidence for v in attempt.grounding.values if v.evidence)]
        for value in attempt.grounding.values:
            assert attempt.hindsight_prompt[value.start : value.end] == value.text
    for span in spans:
        assert field_text(trajectory, span.step, span.field)[span.start : span.end] == span.quote


def test_a_quote_is_found_where_it_stands():
    trajectory = flight_run()
    text = input_text(trajectory.steps[1])
    found = find_quote(
        trajectory, step=2, field=outcome_of(trajectory).achievements[1].evidence[0].field, quote="2024-05-20"
    )
    assert found is not None
    assert text[found.start : found.end] == "2024-05-20"
    assert cut(trajectory, step=2, field=found.field, start=found.start, end=found.end) == found
