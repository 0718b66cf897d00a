"""TRL's own trainers take a step on our exports and train on what is meant: no row less, no other word."""

import pytest
from training_data import assert_says, pairs_of


@pytest.fixture(scope="module")
def folders(exported):
    return {
        "sft": exported("sft"),
        "steps": exported("sft", "trl-steps"),
        "answers": exported("dpo"),
        "calls": exported("dpo", pairs="calls"),
        "prompts": exported("dpo", pairs="prompts"),
        "kto": exported("kto"),
    }


@pytest.fixture(scope="module")
def said(folders, run_in):
    kinds = {"answers": "dpo", "calls": "dpo", "prompts": "dpo"}
    return run_in("trl", {name: (kinds.get(name, name), "qwen3", folder) for name, folder in folders.items()})


def by_assistant(turns):
    return [turn for turn in turns if turn["role"] == "assistant"]


def says(turn, message):
    assert turn["ends"]
    assert_says(turn["text"], message["content"], [call["function"] for call in message.get("tool_calls", [])])


def only_the_last_says(turns, message):
    *before, last = by_assistant(turns)
    assert not [turn for turn in before if turn["text"]]
    says(last, message)


def test_sft_trains_every_turn_of_the_assistant_and_nothing_else(folders, said):
    for row, [turns] in pairs_of(said["sft"], folders["sft"]):
        spoken = [message for message in row["messages"] if message["role"] == "assistant"]
        for turn, message in zip(by_assistant(turns), spoken, strict=True):
            says(turn, message)


@pytest.mark.parametrize("name", ["steps", "kto"])
def test_one_row_per_turn_and_kto_train_that_turn_alone(folders, said, name):
    for row, [turns] in pairs_of(said[name], folders[name]):
        only_the_last_says(turns, row["completion"][0])


@pytest.mark.parametrize("name", ["answers", "calls", "prompts"])
def test_dpo_trains_one_turn_on_each_side(folders, said, name):
    for row, sides in pairs_of(said[name], folders[name], sides=2):
        for turns, side in zip(sides, (row["chosen"], row["rejected"]), strict=True):
            only_the_last_says(turns, side[0])
