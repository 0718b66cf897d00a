"""The sample runs can be rebuilt, load, and cover what their README says."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_data"
HOSTILE = [
    "<script>",
    "![win a phone](https://",
    "\x1b[31m",
    "\u202e",
    "\u200b",
    "\u2028",
    "## Final Answer",
    "Ignore all previous instructions",
]


@pytest.fixture(scope="module")
def chat() -> list[dict]:
    lines = (SAMPLES / "failed_runs.jsonl").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def reference() -> list[dict]:
    return json.loads((SAMPLES / "reference_format.json").read_text(encoding="utf-8"))


def observations(run: dict) -> list[str]:
    return [message["content"] for message in run["messages"] if message["role"] == "tool"]


def test_building_again_gives_the_same_bytes(tmp_path: Path) -> None:
    command = [sys.executable, "-B", "-m", "sample_data.make", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    for name in ("failed_runs.jsonl", "reference_format.json"):
        assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes(), (
            f"{name} differs: run python -m sample_data.make"
        )


def test_nothing_of_the_building_machine_is_in_the_files() -> None:
    for name in ("failed_runs.jsonl", "reference_format.json"):
        assert not re.search(r"/tmp/|/home/|/root|0x[0-9a-f]{8}|\.venv", (SAMPLES / name).read_text(encoding="utf-8"))


def test_every_tool_message_answers_a_call_of_the_turn_before(chat: list[dict]) -> None:
    for run in chat:
        waiting: list[str] = []
        tools = {tool["function"]["name"] for tool in run["tools"]}
        for message in run["messages"]:
            if message["role"] == "tool":
                assert message["tool_call_id"] == waiting.pop(0), run["id"]
                continue
            assert not waiting, f"{run['id']}: a call was never answered"
            for call in message.get("tool_calls", []):
                assert isinstance(json.loads(call["function"]["arguments"]), dict)
                assert call["function"]["name"] in tools
                waiting.append(call["id"])
        assert not waiting, f"{run['id']}: a call was never answered"


def test_the_runs_cover_domains_failure_types_and_lengths(chat: list[dict], reference: list[dict]) -> None:
    runs = [*chat, *reference]
    assert len(runs) >= 24
    assert {run["metadata"]["domain"] for run in runs} >= {"shopping", "travel", "code", "sql", "files", "support"}
    types = Counter(run["metadata"]["failure_type"] for run in runs)
    assert set(types) == {
        "constraint_violation",
        "wrong_result",
        "incomplete",
        "tool_error",
        "hallucination",
        "off_topic",
        None,
    }
    lengths = [len(observations(run)) for run in chat] + [len(run["steps"]) for run in reference]
    assert (min(lengths), max(lengths)) == (2, 30)
    assert sum(run["metadata"]["how"] == "executed" for run in runs) >= len(runs) - 1


def test_labels_include_a_success_and_an_unknown(chat: list[dict]) -> None:
    assert Counter(run["label"] for run in chat) == {"failure": len(chat) - 2, "success": 1, "unknown": 1}
    assert sum("failure_reason" not in run for run in chat if run["label"] == "failure") == 4
    assert all((run["label"] == "failure") == (run["metadata"]["failure_type"] is not None) for run in chat)


def test_hostile_characters_are_really_there(chat: list[dict]) -> None:
    run = next(run for run in chat if run["id"] == "shop-hostile-reviews")
    text = "\n".join(observations(run))
    assert [mark for mark in HOSTILE if mark not in text] == []
    prompt = next(message["content"] for message in run["messages"] if message["role"] == "user")
    assert "\x1b[" in prompt and "\u202e" in prompt and "<img" in prompt


def test_special_runs_are_there(chat: list[dict]) -> None:
    turns = [(run, message) for run in chat for message in run["messages"] if message["role"] == "assistant"]
    assert sum(len(message.get("tool_calls", [])) > 1 for _, message in turns) >= 8, "parallel calls"
    assert any("reasoning_content" in message for _, message in turns)
    assert any(message["content"] and message.get("tool_calls") for _, message in turns)
    assert sum(sum(m["role"] == "user" for m in run["messages"]) > 1 for run in chat) >= 4, "user turns in mid-run"
    assert any(20_000 < len(text) < 40_000 for run in chat for text in observations(run)), "a long observation"
    assert any(all(text.startswith("Error:") for text in observations(run)) for run in chat), "a run of errors alone"
    assert any(run["messages"][-1] == {"role": "assistant", "content": ""} for run in chat), "an empty final answer"
    assert any("東京" in text for run in chat for text in observations(run))


def test_the_readme_lists_every_run_as_it_is(chat: list[dict], reference: list[dict]) -> None:
    rows = re.findall(
        r"^\| ([a-z0-9-]+) \| (\w+) \| (\w+|\(none\)) \| (\d+) \| (\w+) \|",
        (SAMPLES / "README.md").read_text(encoding="utf-8"),
        re.M,
    )
    named = [(run["id"], run, len(observations(run))) for run in chat]
    named += [(run["trajectory_id"], run, len(run["steps"])) for run in reference]
    expected = [
        (
            name,
            run["metadata"]["domain"],
            run["metadata"]["failure_type"] or "(none)",
            str(steps),
            run["metadata"]["how"],
        )
        for name, run, steps in named
    ]
    assert rows == expected
