"""LLaMA-Factory's own loader keeps every row of our exports, and trains on no result and no word of the user."""

import pytest
from training_data import pairs_of


@pytest.fixture(scope="module")
def folders(exported):
    return {
        "sft": exported("sharegpt"),
        "steps": exported("sharegpt", "llamafactory-steps"),
        "dpo": exported("dpo", "llamafactory"),
        "kto": exported("kto", "llamafactory"),
    }


@pytest.fixture(scope="module")
def said(folders, run_in):
    jobs = {"sft": ("sft", "whole"), "steps": ("sft", "masked"), "dpo": ("dpo", "whole"), "kto": ("kto", "whole")}
    return run_in("llamafactory", {name: (*words, folders[name]) for name, words in jobs.items()})


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


def test_dpo_trains_one_turn_on_each_side(folders, said):
    for row, sides in pairs_of(said["dpo"], folders["dpo"], sides=2):
        for turns, side in zip(sides, (row["chosen"], row["rejected"]), strict=True):
            only_the_last_says(turns, side["value"])


def test_kto_trains_the_last_turn(folders, said):
    for row, [turns] in pairs_of(said["kto"], folders["kto"]):
        only_the_last_says(turns, row["conversations"][-1]["value"])
