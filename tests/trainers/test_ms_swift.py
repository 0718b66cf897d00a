"""ms-swift's own loader keeps every row of our exports, and weighs each turn as the row says."""

import json

import pytest
from training_data import assert_says, pairs_of


@pytest.fixture(scope="module")
def folders(exported):
    return {
        "sft": exported("sft", "ms-swift"),
        "answers": exported("dpo", "ms-swift"),
        "calls": exported("dpo", "ms-swift", pairs="calls"),
        "prompts": exported("dpo", "ms-swift", pairs="prompts"),
        "kto": exported("kto", "ms-swift"),
    }


@pytest.fixture(scope="module")
def said(folders, run_in):
    kinds = {"sft": "sft", "kto": "kto"}
    return run_in("ms_swift", {name: (kinds.get(name, "dpo"), folder) for name, folder in folders.items()})


def trained(turns):
    return [turn for turn in turns if turn["text"].strip()]


def test_sft_trains_the_turns_that_weigh_something_by_their_weight(folders, said):
    for (row, [turns]), weights in zip(pairs_of(said["sft"], folders["sft"]), said["sft"]["weights"], strict=True):
        scales = [message["loss_scale"] for message in row["messages"] if message["role"] == "tool_call"]
        answer = row["messages"][-1]
        assert answer["content"].strip() in trained(turns)[-1]["text"]
        # Of the last turn its end counts in full: ms-swift has no weight for it.
        assert weights == sorted({round(answer["loss_scale"], 6), 1.0})
        silent = [turn for turn in turns if turn["role"] == "assistant" and not turn["text"].strip()]
        assert bool(silent) == (0.0 in scales)


@pytest.mark.parametrize("name", ["answers", "calls", "prompts"])
def test_dpo_trains_the_last_turn_of_each_side(folders, said, name):
    for row, sides in pairs_of(said[name], folders[name], sides=2):
        for turns, side in zip(sides, (row["messages"], row["rejected_response"]), strict=True):
            [turn], last = trained(turns), side[-1]
            if last["role"] == "assistant":
                assert_says(turn["text"], last["content"], [])
            else:
                assert_says(turn["text"], "", [json.loads(last["content"])])


def test_kto_trains_the_last_turn(folders, said):
    for row, [turns] in pairs_of(said["kto"], folders["kto"]):
        [turn] = trained(turns)
        assert row["messages"][-1]["content"].strip() in turn["text"]
