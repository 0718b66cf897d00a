"""Whatever stands in a row: a record or a reason, never another exception, and a dump that reads back."""

import json
from pathlib import Path
from random import Random

import pytest
from broken_rows import changed, places
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.sources import OUR_FAULT, SOURCES, Record, Rejected, read

TEXT = st.text(st.characters(), max_size=12) | st.sampled_from(
    [
        "\ud800",
        "\x00",
        "\u2028",
        "user",
        "assistant",
        "tool",
        "c1",
        "{'a': 1}",
        '{"a": NaN}',
        "<think>x</think>y",
        "nan",
        "1e999",
    ]
)
SCALAR = st.none() | st.booleans() | st.integers() | st.integers(10**300, 10**400) | st.floats() | TEXT
ANY = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)

CALLS = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}]
MESSAGES = [
    {"role": "system", "content": "s"},
    {"role": "user", "content": "go"},
    {
        "role": "assistant",
        "content": [{"type": "text", "text": "x"}],
        "reasoning_content": "r",
        "tool_calls": CALLS * 2,
    },
    {"role": "tool", "tool_call_id": "c1", "name": "f", "content": "ok", "is_error": False},
    {"role": "assistant", "content": None, "function_call": {"name": "g", "arguments": "{}"}},
    {"role": "function", "name": "g", "content": "fine"},
    {"role": "assistant", "content": "done"},
    {"role": "user", "content": "###STOP###"},
]
ROWS = [
    {
        "id": "x",
        "messages": MESSAGES,
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "reward": 0.0,
        "label": "failure",
    },
    {"task_id": 1, "trial": 0, "reward": 1.0, "info": {"task": {"instruction": "i"}}, "traj": MESSAGES},
    {
        "trajectory_id": "r",
        "original_prompt": "p",
        "steps": [{"thought": "t", "action_name": "f", "action_input": {"a": 1}, "observation": "o", "turn": 0}] * 2,
        "tools": ["f"],
        "final_answer": "a",
        "failure_reason": "b",
        "label": {"outcome": "failure", "reward": 0.5, "by": "g", "reason": "h"},
        "metadata": {"k": "v"},
    },
    MESSAGES,
    {
        "messages": [
            MESSAGES[1],
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "x"},
                    {"type": "tool_use", "id": "a", "name": "f", "input": {}},
                    {"type": "web_search_tool_result", "tool_use_id": "a", "content": {"type": "x_error"}},
                    {"type": "text", "text": "t"},
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "a", "content": "r", "is_error": True}],
            },
            {"type": "ai", "content": "", "tool_calls": [{"name": "f", "args": {}, "id": "c"}], "usage_metadata": {}},
            {"type": "tool", "data": {"content": "x", "tool_call_id": "c"}},
        ],
        "system": [{"type": "text", "text": "s"}],
    },
    {
        "responses": [
            {"object": "response", "id": "a", "input": "q", "output": [{"type": "shell_call", "call_id": "c"}]},
            {
                "object": "response",
                "id": "b",
                "output": [{"type": "shell_call_output", "call_id": "c", "output": [{"stdout": "x", "outcome": {}}]}],
            },
        ]
    },
    {
        "conversations": [
            {"from": "human", "value": "q"},
            {"from": "gpt", "value": "<think>x</think><tool_call>{'name': 'f', 'arguments': {}}</tool_call>"},
            {"from": "tool", "value": '<tool_response>{"name": "f", "content": 1}</tool_response>'},
            {"from": "function_call", "value": '[{"name": "f"}, {"name": "g"}]'},
            {"from": "observation", "value": "[1, 2]"},
        ],
        "tools": "[]",
    },
    *(json.loads(source.example) for source in SOURCES.values() if source.example.startswith(("{", "["))),
    {
        "trace": {"id": "t", "input": "go", "output": "done", "scores": [{"name": "correctness", "value": 0}]},
        "observations": [
            {
                "id": "o1",
                "traceId": "t",
                "type": "GENERATION",
                "startTime": "2025-06-11T14:01:32Z",
                "input": [{"role": "user", "parts": [{"type": "text", "content": "go"}]}],
                "output": {"choices": [{"message": {"role": "assistant", "content": None, "tool_calls": CALLS}}]},
                "usageDetails": {"input": 1, "output": 2},
            },
            {
                "id": "o2",
                "traceId": "t",
                "parentObservationId": "o1",
                "type": "TOOL",
                "name": "f",
                "startTime": "2025-06-11T14:01:33Z",
                "input": '{"a": 1}',
                "output": {"type": "tool", "content": "ok", "tool_call_id": "c1"},
                "metadata": '{"attributes": {"gen_ai.tool.name": "f", "tool.parameters": {"a": 1}}}',
            },
        ],
    },
    {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "s"}}]},
                "scopeSpans": [
                    {
                        "spans": [
                            {
                                "traceId": "t",
                                "spanId": "1",
                                "name": "chat",
                                "startTimeUnixNano": "1749650492600000000",
                                "status": {"code": 2, "message": "m"},
                                "events": [{"name": "gen_ai.choice", "attributes": [], "body": {"message": "x"}}],
                                "attributes": [
                                    {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
                                    {"key": "gen_ai.prompt.0.role", "value": {"stringValue": "user"}},
                                    {"key": "gen_ai.prompt.0.content", "value": {"stringValue": "go"}},
                                    {"key": "gen_ai.completion.0.content", "value": {"stringValue": "done"}},
                                    {"key": "llm.tools", "value": {"arrayValue": {"values": [{"stringValue": "{}"}]}}},
                                ],
                            },
                            {
                                "traceId": "t",
                                "spanId": "2",
                                "parentSpanId": "1",
                                "name": "execute_tool f",
                                "attributes": {
                                    "llm": {"input_messages": [{"message": {"role": "user", "content": "go"}}]},
                                    "input.value": "{}",
                                    "output.value": "ok",
                                },
                            },
                        ]
                    }
                ],
            }
        ]
    },
    {
        "type": "agent.end",
        "ts": 1772831327829,
        "sessionKey": "s",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "go"}], "timestamp": 1772831320931},
            {"role": "assistant", "content": [{"type": "toolCall", "id": "c1", "name": "f", "arguments": {"a": 1}}]},
            {"role": "toolResult", "toolCallId": "c1", "toolName": "f", "isError": True, "content": "no"},
            {"role": "assistant", "content": [{"type": "text", "text": "done"}], "usage": {"input": 1}},
        ],
    },
]


@st.composite
def mutated(draw: st.DrawFn) -> object:
    row = draw(st.sampled_from(ROWS))
    for _ in range(draw(st.integers(1, 3))):
        where = draw(st.sampled_from(list(places(row))))
        row = changed(row, where, draw(ANY), draw(st.booleans()))
    return row


def reads_back(record: Record, folder: Path) -> None:
    """Our own dump of a run gives the same run, name and key included."""
    dump = folder / "dump.jsonl"
    dump.write_text(record.trajectory.model_dump_json(), "utf-8")
    (again,) = read(dump, "reference")
    assert isinstance(again, Record), again.reason
    assert again.trajectory == record.trajectory
    assert again.trajectory.key == record.trajectory.key
    record.raw.encode("utf-8")


@pytest.mark.parametrize("name", ["auto", *SOURCES])
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=mutated())
def test_a_mutated_row_gives_a_record_or_a_reason(tmp_path, name, row):
    path = tmp_path / "row.jsonl"
    good = {"original_prompt": "p", "steps": [{"action_name": "f"}]}
    path.write_text(json.dumps(row) + "\n" + json.dumps(good) + "\n", "utf-8")
    try:
        results = list(read(path, name))
    except Exception as error:
        raise AssertionError(f"{type(error).__name__}: {error}") from error
    assert results, "a row was lost"
    for result in results:
        if isinstance(result, Record):
            reads_back(result, tmp_path)
        else:
            assert isinstance(result, Rejected)
            assert result.reason.strip()
            assert OUR_FAULT not in result.reason, result.reason
            assert "type=" not in result.reason
            result.raw.encode("utf-8")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=60), place=st.integers(0, 400), lines=st.booleans())
def test_bytes_thrown_into_a_file_never_crash_it(tmp_path, junk, place, lines):
    from core.errors import InputError

    text = "\n".join(map(json.dumps, ROWS[:3])) if lines else json.dumps(ROWS[:3], indent=1)
    path = tmp_path / "file"
    path.write_bytes(text.encode()[:place] + junk + text.encode()[place:])
    try:
        for result in read(path):
            assert isinstance(result, Record | Rejected)
    except InputError as error:
        assert str(path) in str(error)


def test_two_thousand_mutated_real_rows_give_a_record_or_a_reason(tmp_path, shared_data):
    random = Random(7)
    rows = json.loads((shared_data / "labelled/tau_bench/gpt-4o-airline.json").read_text("utf-8"))
    new = [None, 0, -1.5, True, "", "x", [], {}, [[]], {"role": 3}, "\ud83d", 10**400]
    mutations = []
    for _ in range(2000):
        row = random.choice(rows)
        for _ in range(random.randint(1, 4)):
            row = changed(row, random.choice(list(places(row))[1:]), random.choice(new), random.random() < 0.4)
        mutations.append(json.dumps(row))
    path = tmp_path / "mutated.jsonl"
    path.write_text("\n".join(mutations), "utf-8")
    results = list(read(path, "tau-bench"))
    assert [result.line for result in results] == list(range(1, 2001))
    assert sum(isinstance(result, Record) for result in results) > 500
