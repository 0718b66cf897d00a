"""A run that was written out as JSON reads back as the same run, under the same key."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.models import AgentStep, FailedTrajectory, Label, LabelOutcome, Mark, StepKind, Usage
from core.sources import Record, read
from core.sources.parts.marks import marked

ROOT = Path(__file__).parents[2]

# Files are cleaned of NUL and lone surrogates before anything else sees them.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20) | st.sampled_from(
    [
        "",
        " ",
        "{}",
        '{"a": 1}',
        "[]",
        "null",
        "true",
        "1",
        "<think>x</think>",
        "<tool_call>",
        "\u2028",
        "canary GUID",
        "é\r\n\t",
    ]
)
NAME = TEXT.filter(str.strip)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OWN_NAMES = st.sampled_from(["usage", "timestamp", "agent", "model", "label", "metadata", "steps", "messages", "turn"])
OBJECT = st.dictionaries(TEXT | OWN_NAMES, JSON, max_size=3)
COUNT = st.none() | st.integers(0, 10**9)
TOOL = st.builds(lambda name, rest: {"type": "function", "function": rest | {"name": name}}, NAME, OBJECT) | st.just(
    {"type": "web_search"}
)
STEP = st.builds(
    AgentStep,
    kind=st.sampled_from(StepKind),
    thought=TEXT,
    text=TEXT,
    action_name=NAME,
    action_input=OBJECT,
    call_id=TEXT,
    observation=TEXT,
    is_error=st.none() | st.booleans(),
    turn=st.integers(-1, 4),
    agent=TEXT,
    timestamp=TEXT,
    usage=st.none() | st.builds(Usage, input_tokens=COUNT, output_tokens=COUNT),
    grader_text=st.lists(TEXT, max_size=2).map(tuple),
    metadata=OBJECT,
)
RUN = st.builds(
    FailedTrajectory,
    trajectory_id=TEXT,
    original_prompt=TEXT,
    system_prompt=TEXT,
    tools=st.lists(TOOL, max_size=2).map(tuple),
    steps=st.lists(STEP, min_size=1, max_size=4).map(tuple),
    final_answer=TEXT,
    failure_reason=TEXT,
    label=st.builds(
        Label,
        outcome=st.sampled_from(LabelOutcome),
        reward=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        by=TEXT,
        reason=TEXT,
    ),
    model=TEXT,
    marks=st.lists(st.sampled_from(Mark), unique=True, max_size=3).map(tuple),
    metadata=OBJECT,
)


def read_again(runs: list[FailedTrajectory], folder: Path, format: str) -> list[FailedTrajectory]:
    path = folder / "dump.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(run.model_dump(mode="json")) + "\n" for run in runs)
    again = list(read(path, format))
    assert all(isinstance(record, Record) for record in again), [
        record for record in again if not isinstance(record, Record)
    ]
    assert {record.format for record in again} <= {"reference"}
    return [record.trajectory for record in again]


def assert_same(again: list[FailedTrajectory], runs: list[FailedTrajectory]) -> None:
    assert len(again) == len(runs)
    for one, other in zip(again, runs, strict=True):
        assert one == other
        assert one.key == other.key


@pytest.mark.parametrize("format", ["reference", "auto"])
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(run=RUN)
def test_any_run_reads_back_from_its_dump(tmp_path, format, run):
    # What a record earns as marks is found at every import, so a run that was imported has them already.
    imported = marked(run, run.model_dump_json())
    assert_same(read_again([imported], tmp_path, format), [imported])


def runs_of(path: Path) -> list[FailedTrajectory]:
    try:
        return [record.trajectory for record in read(path) if isinstance(record, Record)]
    except InputError:
        return []  # no file of runs


def assert_all_read_back(folder: Path, tmp_path: Path) -> int:
    count = 0
    for path in sorted(folder.rglob("*")):
        runs = runs_of(path) if path.is_file() else []
        for format in ("reference", "auto") if runs else ():
            assert_same(read_again(runs, tmp_path, format), runs)
        count += len(runs)
    return count


def test_every_run_of_the_sample_data_reads_back_from_its_dump(tmp_path):
    assert assert_all_read_back(ROOT / "sample_data", tmp_path) >= 25


@pytest.mark.parametrize(("folder", "at_least"), [("labelled", 900), ("formats", 12)])
def test_every_real_run_reads_back_from_its_dump(tmp_path, shared_data, folder, at_least):
    assert assert_all_read_back(shared_data / folder, tmp_path) >= at_least
