"""Spellings that a trainer reads or not, the pairs that a preference is about, and the formats made of both."""

import json

import pytest

from core.errors import UserError
from core.formats import FORMATS
from core.formats.pairs import twins_apart
from core.models import LeftOut

BY_NAME = {target.name: target for target in FORMATS.values()}
PREFERENCES = [target for target in FORMATS.values() if target.pairs]


def rows(target, *samples):
    made = list(target.rows(samples))
    assert not [row for row in made if isinstance(row, LeftOut)]
    return made


def test_thoughts_stand_where_they_are_asked_for(make_sample):
    target = BY_NAME["sft-trl"]
    said = {
        name: rows(target.shaped(thoughts=name), make_sample())[0]["messages"][2]
        for name in ("content", "reasoning_content", "drop")
    }
    assert said["content"]["content"] == "Search first."
    assert (said["reasoning_content"]["content"], said["reasoning_content"]["reasoning_content"]) == (
        "",
        "Search first.",
    )
    assert "Search first." not in json.dumps(said["drop"])
    assert all(message["tool_calls"] for message in said.values())


def test_arguments_are_an_object_or_the_json_of_it(make_sample):
    target = BY_NAME["sft-trl"]
    as_text = rows(target.shaped(arguments="string"), make_sample())[0]["messages"][2]["tool_calls"][0]["function"]
    as_object = rows(target, make_sample())[0]["messages"][2]["tool_calls"][0]["function"]
    assert json.loads(as_text["arguments"]) == as_object["arguments"] == {"query": "X1", "max": 1}
    assert target.check(rows(target.shaped(arguments="string"), make_sample())[0]) != []


@pytest.mark.parametrize(
    ("name", "choice", "sentence"),
    [
        ("sharegpt-llamafactory", {"thoughts": "reasoning_content"}, "takes no --thoughts reasoning_content"),
        ("openai-openai", {"arguments": "object"}, "takes no --arguments object"),
        ("sft-trl", {"pairs": "calls"}, "takes no --pairs calls"),
        ("dpo-openai", {"pairs": "prompts"}, "use one of: answers, calls"),
    ],
)
def test_a_spelling_that_the_trainer_would_not_read_is_refused_in_one_line(name, choice, sentence):
    with pytest.raises(UserError, match=sentence) as refused:
        BY_NAME[name].shaped(**choice)
    assert "\n" not in str(refused.value)


def _sides(target, row):
    """What comes before, the better and the worse of a row of preferences, whatever its target calls them."""
    if target.dialect == "ms-swift":
        last = max(n for n, message in enumerate(row["messages"]) if message["role"] == "user")
        own, other = row["messages"][last + 1 :], row["rejected_response"]
        assert own[:-1] == other[:-1]
        return row["messages"][: last + 1], own[-1], other[-1]
    if target.dialect == "openai":
        return row["input"]["messages"], row["preferred_output"], row["non_preferred_output"]
    return row.get("prompt") or row["conversations"], row["chosen"], row["rejected"]


@pytest.mark.parametrize("target", PREFERENCES, ids=lambda target: target.name)
def test_a_pair_of_calls_differs_in_the_arguments_alone(make_sample, target):
    [row] = rows(target.shaped(pairs="calls"), make_sample())
    context, better, worse = _sides(target, row)
    assert "rate_limited" not in json.dumps(context), "what the bad call brought up is not known yet"
    assert "Search first." not in json.dumps([better, worse])
    left, right = (json.dumps(side).replace("\\", "") for side in (better, worse))
    assert '"q": "X"' in left
    assert '"query": "X1"' in right
    assert left.replace('"q": "X"', "") == right.replace('"query": "X1", "max": 1', "")


@pytest.mark.parametrize(
    "target", [target for target in PREFERENCES if "prompts" in target.pairs], ids=lambda target: target.name
)
def test_a_pair_of_prompts_asks_for_the_request_and_offers_no_tools(make_sample, target):
    [row] = rows(target.shaped(pairs="prompts"), make_sample())
    context, better, worse = _sides(target, row)
    assert "What does the X1 cost?" in json.dumps(better)
    assert "Find the price of the X1." in json.dumps(worse)
    asked = json.dumps(context)
    assert "Buy the X1 and mail it to Dana." in asked
    assert "rate_limited" in asked
    assert "What does the X1 cost?" not in asked, "the answer is not in the question"
    assert row["tools"] in ([], "[]")


@pytest.mark.parametrize("target", PREFERENCES, ids=lambda target: target.name)
@pytest.mark.parametrize("pairs", ["answers", "calls", "prompts"])
def test_where_a_run_has_no_true_pair_it_gives_none_and_says_why(make_sample, target, pairs):
    if pairs not in target.pairs:
        return
    bare = make_sample(original_answer="", proposed_prompt="", corrections=())
    [left_out] = target.shaped(pairs=pairs).rows([bare])
    assert left_out.reason.startswith("No pair: ")
    assert left_out.reason.endswith(".")


def test_an_old_answer_with_every_value_of_the_new_one_makes_no_pair(make_sample):
    [left_out] = BY_NAME["dpo-trl"].rows([make_sample(original_serves=True)])
    assert "holds every value of the new one" in left_out.reason


def test_ms_swift_weighs_each_trained_message_and_gives_failing_calls_nothing(make_sample):
    [row] = rows(BY_NAME["sft-ms-swift"], make_sample(failing=True))
    assert [(message["role"], message.get("loss_scale")) for message in row["messages"]] == [
        ("system", None),
        ("user", None),
        ("assistant", 0.0),
        ("tool_call", 0.0),
        ("tool_response", None),
        ("assistant", 0.7),
        ("tool_call", 0.7),
        ("tool_call", 0.7),
        ("tool_response", None),
        ("tool_response", None),
        ("assistant", 0.7),
    ]
    assert row["messages"][2]["content"] == "<think>\nSearch first.\n</think>\n"
    assert json.loads(row["messages"][3]["content"]) == {"name": "web_search", "arguments": {"query": "X1", "max": 1}}


@pytest.mark.parametrize("name", ["kto-llamafactory", "kto-ms-swift"])
def test_kto_of_every_trainer_has_its_twins_half_a_file_apart(make_sample, name):
    label = "kto_tag" if name == "kto-llamafactory" else "label"
    made = rows(BY_NAME[name], *(make_sample(number) for number in range(1, 7)))
    assert [row[label] for row in made] == [True, False] * 6
    for number in range(1, 7):
        first, second = (index for index, row in enumerate(made) if row["trajectory_id"] == f"{number:03}")
        assert second - first in (5, 7)


@pytest.mark.parametrize("number", [0, 1, 2, 9, 10, 11, 50])
def test_twins_stay_apart_however_long_the_file_and_a_long_one_is_not_held(number):
    taken = 0

    def pairs():
        nonlocal taken
        for n in range(number):
            taken += 1
            yield ({"n": n, "label": True}, {"n": n, "label": False})

    made, most_held = [], 0
    for row in twins_apart(pairs(), apart=5):
        made.append(row)
        most_held = max(most_held, 2 * taken - len(made))
    assert [row["label"] for row in made] == [True, False] * number
    assert sorted(row["n"] for row in made) == sorted([*range(number), *range(number)])
    assert most_held <= 20
    for n in range(number):
        first, second = (index for index, row in enumerate(made) if row["n"] == n)
        assert abs(second - first) >= 2 * min(5, number // 2) - 1


def test_rows_for_readers_of_the_reference_carry_the_warning_and_never_two_prompts(make_sample):
    for name in ("sft-reference", "sharegpt-reference"):
        target = BY_NAME[name]
        assert target.description.startswith("WARNING: no trainer reads these rows right.")
        [row] = rows(target, make_sample())
        assert row["rejected"] == []
        assert row["chosen"][0] == {"role": "user", "content": "What does the X1 cost?"}
        assert "1 dollars, Z" in json.dumps(row["chosen"]), "results are whole"
    assert "dpo-reference" not in BY_NAME


def test_the_openai_preference_is_an_input_and_two_outputs_of_one_turn(make_sample):
    [row] = rows(BY_NAME["dpo-openai"], make_sample())
    assert row["preferred_output"] == [{"role": "assistant", "content": "It costs 1 dollars."}]
    assert row["non_preferred_output"] == [{"role": "assistant", "content": "I have no mail tool."}]
    assert row["input"]["messages"][-1]["role"] == "tool"
    assert row["input"]["parallel_tool_calls"] is True
