"""LLaMA-Factory's own loader keeps every row of our exports, and trains on no result and no word of the user."""

import json

import pytest
from training_data import assert_says, pairs_of


@pytest.fixture(scope="module")
def folders(exported):
    return {
        "sft": exported("sharegpt"),
        "steps": exported("sharegpt", "llamafactory-steps"),
        "answers": exported("dpo", "llamafactory"),
        "calls": exported("dpo", "llamafactory", pairs="calls"),
        "prompts": exported("dpo", "llamafactory", pairs="prompts"),
        "kto": exported("kto", "llamafactory"),
    }


@pytest.fixture(scope="module")
def said(folders, run_in):
    stages = {"sft": "sft", "steps": "sft", "kto": "kto"}
    history = {"steps": "masked"}
    jobs = {name: (stages.get(name, "dpo"), history.get(name, "whole"), folder) for name, folder in folders.items()}
    return run_in("llamafactory", jobs)


def by_assistant(turns):
    return [turn for turn in turns if turn["role"] == "assistant"]


def only_the_last_says(turns, value):
    *before, last = by_assistant(turns)
    assert not [turn for turn in before if turn["text"].strip()]
    assert value.strip() in last["text"]


def test_sft_trains_every_turn_of_the_assistant(folders, said):
    for row, [turns] in pairs_of(said["sft"], folders["sft"]):
        spoken = [turn for turn in row["conversations"] if turn["from"] in ("gpt", "function_call")]
        trained = by_assistant(turns)
        assert len(trained) == len(spoken)
        assert all(turn["ends"] for turn in trained)
        assert spoken[-1]["value"].strip() in trained[-1]["text"]


def test_one_row_per_turn_trains_the_last_one_alone(folders, said):
    for _, [turns] in pairs_of(said["steps"], folders["steps"]):
        only_the_last_says(turns, "")
        assert by_assistant(turns)[-1]["ends"]


@pytest.mark.parametrize("name", ["answers", "prompts"])
def test_dpo_trains_one_turn_on_each_side(folders, said, name):
    for row, sides in pairs_of(said[name], folders[name], sides=2):
        for turns, side in zip(sides, (row["chosen"], row["rejected"]), strict=True):
            only_the_last_says(turns, side["value"])


def test_dpo_trains_one_call_on_each_side(folders, said):
    for row, sides in pairs_of(said["calls"], folders["calls"], sides=2):
        for turns, side in zip(sides, (row["chosen"], row["rejected"]), strict=True):
            only_the_last_says(turns, "")
            assert_says(by_assistant(turns)[-1]["text"], "", [json.loads(side["value"])])


def test_kto_trains_the_last_turn(folders, said):
    for row, [turns] in pairs_of(said["kto"], folders["kto"]):
        only_the_last_says(turns, row["conversations"][-1]["value"])
