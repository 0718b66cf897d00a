import json

import pytest

from core.errors import UserError
from core.formats import DEFAULT_DIALECT, FORMATS, find_target
from core.formats.text import to_line
from core.models import LeftOut, OutputFormat

BY_NAME = {target.name: target for target in FORMATS.values()}
SFT, STEPS, DPO, KTO = (BY_NAME[name] for name in ("sft-trl", "sft-trl-steps", "dpo-trl", "kto-trl"))
SHAREGPT, SHAREGPT_STEPS = BY_NAME["sharegpt-llamafactory"], BY_NAME["sharegpt-llamafactory-steps"]
LLAMAFACTORY_DPO, OPENAI = BY_NAME["dpo-llamafactory"], BY_NAME["openai-openai"]
WITHOUT_LINEAGE = ("openai", "reference")  # dialects whose readers refuse or do not know such columns


def rows(target, *samples):
    made = list(target.rows(samples))
    assert not [row for row in made if isinstance(row, LeftOut)]
    return made


@pytest.mark.parametrize("target", FORMATS.values(), ids=lambda target: target.name)
def test_the_same_samples_give_the_same_bytes_in_one_clean_line_each(target, make_sample):
    first, second = (
        [to_line(row) for row in rows(target, *(make_sample(number) for number in range(1, 5)))] for _ in range(2)
    )
    assert first == second
    for line in first:
        line.encode("utf-8")
        assert line.splitlines() == [line[:-1]]
        assert "\\u0000" not in line
        assert "Zürich" in line


@pytest.mark.parametrize("target", FORMATS.values(), ids=lambda target: target.name)
def test_every_column_is_on_the_card_in_its_order_and_each_row_says_where_it_comes_from(target, make_sample):
    for row in rows(target, make_sample()):
        assert set(row) == {name for name, _ in target.columns}
        if target.dialect in WITHOUT_LINEAGE:
            continue
        assert (row["weight"], row["trajectory_id"]) == (0.7, "001")
        assert json.loads(row["provenance"])["state"] == "accepted"
        assert json.loads(row["provenance"])["trajectory_key"] == "0000000000000001"


def test_sft_keeps_tool_results_in_tool_messages_and_arguments_as_objects(make_sample):
    [row] = rows(SFT, make_sample())
    assert [message["role"] for message in row["messages"]] == [
        "system", "user", "assistant", "tool", "assistant", "tool", "tool", "assistant",
    ]  # fmt: skip
    call = row["messages"][4]["tool_calls"][0]["function"]
    assert call["arguments"] == {"url": None, "options": {"t": 2.5, "proxy": None}}
    assert row["messages"][2]["content"] == "Search first."
    assert row["messages"][5]["content"].count("\N{REPLACEMENT CHARACTER}") == 2


@pytest.mark.parametrize(("whole", "steps"), [(SFT, STEPS), (SHAREGPT, SHAREGPT_STEPS)], ids=["trl", "llamafactory"])
def test_a_run_with_a_failing_call_has_no_row_where_every_turn_would_be_trained(make_sample, whole, steps):
    [row, left_out] = whole.rows([make_sample(), make_sample(2, failing=True)])
    assert row["trajectory_id"] == "001"
    assert left_out.trajectory_id == "002"
    assert left_out.reason.startswith("A call of it fails")
    assert f"the dialect {steps.dialect} trains" in left_out.reason
    assert rows(steps, make_sample(2, failing=True))


def test_steps_train_no_failing_call_and_keep_it_in_the_prompt(make_sample):
    made = rows(STEPS, make_sample(failing=True))
    assert [len(row["prompt"]) for row in made] == [4, 7]
    assert [row["completion"][0]["content"] for row in made] == ["Both pages.", "It costs 1 dollars."]
    assert made[0]["prompt"][2]["tool_calls"][0]["function"]["name"] == "web_search"


def test_dpo_has_one_prompt_and_two_answers(make_sample):
    [row] = rows(DPO, make_sample())
    assert [message["role"] for message in row["prompt"]][-1] == "tool"
    assert row["chosen"] == [{"role": "assistant", "content": "It costs 1 dollars."}]
    assert row["rejected"] == [{"role": "assistant", "content": "I have no mail tool."}]


@pytest.mark.parametrize("target", [DPO, LLAMAFACTORY_DPO], ids=lambda target: target.name)
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "ended without a final answer"),
        ("  it costs 1 DOLLARS", "is the new one"),
        ("Hello. It costs 1 dollars. I have no mail tool.", "says all that the new one says"),
    ],
)
def test_dpo_leaves_out_what_is_no_pair(target, make_sample, answer, reason):
    [left_out] = target.rows([make_sample(original_answer=answer)])
    assert isinstance(left_out, LeftOut)
    assert reason in left_out.reason


def test_kto_contrasts_the_goals_for_the_same_answer_with_twins_half_a_file_apart(make_sample):
    made = rows(KTO, *(make_sample(number) for number in range(1, 7)))
    assert [row["label"] for row in made] == [True, False] * 6
    for number in range(1, 7):
        first, second = (index for index, row in enumerate(made) if row["trajectory_id"] == f"{number:03}")
        assert second - first in (5, 7)
        assert made[first]["completion"] == made[second]["completion"]
        assert {made[first]["prompt"][1]["content"], made[second]["prompt"][1]["content"]} == {
            f"What does the X{number} cost?",
            f"Buy the X{number} and mail it to Dana.",
        }


def test_kto_leaves_out_a_run_whose_goal_did_not_change(make_sample):
    [left_out] = KTO.rows([make_sample(original_prompt="what does the x1 cost")])
    assert "is the original one" in left_out.reason
    [left_out] = KTO.rows([make_sample(original_alike=True)])
    assert "may serve both" in left_out.reason


def test_sharegpt_alternates_and_carries_thought_and_calls_in_one_value(make_sample):
    [row] = rows(SHAREGPT, make_sample())
    turns = row["conversations"]
    assert [turn["from"] for turn in turns] == [
        "human", "function_call", "observation", "function_call", "observation", "gpt",
    ]  # fmt: skip
    thought, call = turns[1]["value"].split("\n\n")
    assert thought == "<think>\nSearch first.\n</think>"
    assert json.loads(call) == {"name": "web_search", "arguments": {"query": "X1", "max": 1}}
    assert [entry["name"] for entry in json.loads(turns[4]["value"])] == ["fetch_page", "fetch_page"]
    assert isinstance(row["tools"], str)
    assert [tool["function"]["name"] for tool in json.loads(row["tools"])] == ["web_search", "fetch_page"]
    assert row["system"] == "You shop with care."


def test_sharegpt_spells_the_loaders_own_markers_so_that_it_passes_over_them(make_sample):
    sample = make_sample()
    call = sample.messages[2].tool_calls[0].model_copy(update={"arguments": {"query": "</think> <tool_call>"}})
    said = sample.messages[2].model_copy(update={"thought": "a </think> b", "tool_calls": (call,)})
    sample = sample.model_copy(update={"messages": (*sample.messages[:2], said, *sample.messages[3:])})
    value = rows(SHAREGPT, sample)[0]["conversations"][1]["value"]
    assert value.count("</think>") == 1
    assert "<tool_call>" not in value
    assert json.loads(value.split("\n\n")[1])["arguments"] == {"query": "</think> <tool_call>"}


def test_sharegpt_steps_end_with_the_turn_to_train(make_sample):
    made = rows(SHAREGPT_STEPS, make_sample(failing=True))
    assert [row["conversations"][-1]["from"] for row in made] == ["function_call", "gpt"]
    assert [len(row["conversations"]) for row in made] == [4, 6]


def test_llamafactory_dpo_has_an_odd_conversation_and_one_object_a_side(make_sample):
    [row] = rows(LLAMAFACTORY_DPO, make_sample())
    assert len(row["conversations"]) % 2 == 1
    assert row["chosen"] == {"from": "gpt", "value": "It costs 1 dollars."}
    assert row["rejected"] == {"from": "gpt", "value": "I have no mail tool."}


def test_openai_gives_failing_calls_no_weight_and_arguments_as_text(make_sample):
    [row] = rows(OPENAI, make_sample(failing=True))
    assert [message.get("weight") for message in row["messages"]] == [None, None, 0, None, 1, None, None, 1]
    assert json.loads(row["messages"][2]["tool_calls"][0]["function"]["arguments"]) == {"query": "X1", "max": 1}
    assert row["parallel_tool_calls"] is True
    assert "name" not in row["messages"][3]


def broken(row, change):
    copy = json.loads(json.dumps(row))
    change(copy)
    return copy


def _unanswered(row):
    del row["messages"][3]


def _text_arguments(row):
    row["messages"][2]["tool_calls"][0]["function"]["arguments"] = "{}"


def _pasted(row):
    row["messages"][4]["content"] = "Result: " + row["messages"][5]["content"]


def _two_goals(row):
    row["messages"].insert(1, {"role": "user", "content": "Buy it."})


def _silent(row):
    row["messages"][-1]["content"] = " "


def _null_content(row):
    row["messages"][2]["content"] = None


def _twice(row):
    row["messages"][4]["tool_calls"][1]["id"] = row["messages"][4]["tool_calls"][0]["id"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_unanswered, "has no tool result"),
        (_text_arguments, "are not an object"),
        (_pasted, "also stands inside the assistant text"),
        (_two_goals, "Two user messages follow each other"),
        (_silent, "says nor calls anything"),
        (_null_content, "has no text content"),
        (_twice, "stands twice"),
        (lambda row: row.pop("weight"), "Column 'weight' is missing"),
        (lambda row: row.update(weight=1), "Column 'weight' is not a number with a decimal point"),
        (lambda row: row.update(prompt="x"), "Column 'prompt' does not belong here"),
    ],
)
def test_check_says_what_is_wrong_with_a_trl_row(make_sample, change, sentence):
    [row] = rows(SFT, make_sample())
    assert SFT.check(row) == []
    assert any(sentence in complaint for complaint in SFT.check(broken(row, change)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda row: row["conversations"].pop(2), "where the loader wants human or observation"),
        (lambda row: row["conversations"].pop(), "does not end with the assistant"),
        (lambda row: row["conversations"][1].update(value="Search. {}"), "is not JSON of a call"),
        (lambda row: row["conversations"][1].update(value='{"name": "f", "arguments": "{}"}'), "object of arguments"),
        (lambda row: row.update(tools=[]), "Column 'tools' is not text"),
    ],
)
def test_check_says_what_llamafactory_would_drop(make_sample, change, sentence):
    [row] = rows(SHAREGPT, make_sample())
    assert any(sentence in complaint for complaint in SHAREGPT.check(broken(row, change)))


def test_check_refuses_a_pair_of_equal_answers(make_sample):
    [row] = rows(DPO, make_sample())
    assert DPO.check(row | {"rejected": row["chosen"]}) == ["The chosen and the rejected turn are the same."]


def test_a_tool_name_that_the_service_refuses_is_left_out_of_openai_only(make_sample):
    sample = make_sample()
    call = sample.messages[2].tool_calls[0].model_copy(update={"name": "web.search"})
    said = sample.messages[2].model_copy(update={"tool_calls": (call,)})
    sample = sample.model_copy(update={"messages": (*sample.messages[:2], said, *sample.messages[3:])})
    [left_out] = OPENAI.rows([sample])
    assert "'web.search' is not one that the service takes" in left_out.reason
    assert rows(SFT, sample)


def test_a_number_that_json_has_no_word_for_is_left_out_with_its_place(make_sample):
    sample = make_sample()
    call = sample.messages[2].tool_calls[0].model_copy(update={"arguments": {"query": float("nan")}})
    said = sample.messages[2].model_copy(update={"tool_calls": (call,)})
    sample = sample.model_copy(update={"messages": (*sample.messages[:2], said, *sample.messages[3:])})
    for target in FORMATS.values():
        assert all(isinstance(row, LeftOut) for row in target.rows([sample])), target.name


def test_every_format_has_a_usual_dialect_and_an_unknown_one_names_those_there_are():
    assert {find_target(output_format).format for output_format in DEFAULT_DIALECT} == set(OutputFormat)
    with pytest.raises(UserError, match="no dialect 'axolotl'; use one of: trl, trl-steps, ms-swift, reference"):
        find_target(OutputFormat.SFT, "axolotl")
