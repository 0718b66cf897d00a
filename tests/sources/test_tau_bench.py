"""tau-bench results: labels by reward, the user's turns, the policy, the tools' errors."""

import json
from collections import Counter

import pytest

from core.models import LabelOutcome, StepKind
from core.sources import read

TRAJ = [
    {"role": "system", "content": "# Policy"},
    {"role": "user", "content": "Change my flight"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c", "function": {"name": "get_user", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "c", "name": "get_user", "content": "Error: user not found"},
    {"role": "assistant", "content": "I cannot find you."},
    {"role": "user", "content": "Bye ###STOP###"},
]
ROW = {"task_id": 3, "reward": 0.0, "info": {"task": {"instruction": "You are sofia."}}, "traj": TRAJ, "trial": 1}


def outcome(tmp_path, **changes):
    path = tmp_path / "results.json"
    path.write_text(json.dumps([ROW | changes]), "utf-8")
    (result,) = read(path)
    return result


def test_a_result_becomes_a_labelled_run(tmp_path):
    found = outcome(tmp_path).trajectory
    assert (found.trajectory_id, found.system_prompt, found.original_prompt) == (
        "tau-3-1",
        "# Policy",
        "Change my flight",
    )
    assert (found.label.outcome, found.label.reward, found.label.by) == (LabelOutcome.FAILURE, 0.0, "tau-bench reward")
    assert found.metadata["info"]["task"]["instruction"] == "You are sofia."
    assert "sofia" not in found.original_prompt + found.system_prompt
    assert (found.steps[0].is_error, found.steps[0].observation) == (True, "Error: user not found")
    assert (found.final_answer, found.steps[-1].text) == ("I cannot find you.", "Bye ###STOP###")
    assert found.steps[-1].kind is StepKind.USER


def test_only_the_full_reward_is_a_success(tmp_path):
    rewards = [1, 1.0, 0.0, 0.5]
    labels = [outcome(tmp_path, reward=reward).trajectory.label.outcome.value for reward in rewards]
    assert labels == ["success", "success", "failure", "failure"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"traj": [], "info": {"error": "rate limit"}}, "no steps: the agent never started (rate limit)"),
        ({"traj": None}, "no steps: the agent never started"),
        ({"traj": TRAJ[:2]}, "no steps: the agent never started"),
        ({"reward": None}, "reward: missing or not a number; tau-bench gives 0.0 or 1.0"),
        ({"traj": "x"}, "messages: must be a list, not text"),
    ],
)
def test_results_that_are_no_run_are_rejected(tmp_path, changes, reason):
    assert outcome(tmp_path, **changes).reason == reason


def test_every_run_of_the_airline_file_is_read_with_its_label(shared_data):
    path = shared_data / "labelled/tau_bench/gpt-4o-airline.json"
    runs = [record.trajectory for record in read(path)]
    rows = json.loads(path.read_text("utf-8"))
    assert Counter(run.label.outcome.value for run in runs) == {"success": 45, "failure": 55}
    assert len({run.key for run in runs}) == len({run.trajectory_id for run in runs}) == len(rows) == 100
    for run, row in zip(runs, rows, strict=True):
        said = [message["content"] for message in row["traj"] if message["role"] == "user"]
        assert [run.original_prompt, *(step.text for step in run.steps if step.kind is StepKind.USER)] == said
        results = [message["content"] for message in row["traj"] if message["role"] == "tool"]
        assert [step.observation for _, step in run.actions] == results
        assert run.system_prompt == row["traj"][0]["content"]
        last = [message for message in row["traj"] if message["role"] == "assistant"][-1]
        assert run.final_answer == ("" if last.get("tool_calls") else last["content"])
