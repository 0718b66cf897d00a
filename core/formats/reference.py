"""Rows with the keys of the reference implementation's output, for programs that were written for it.

No trainer reads them right (docs/exports.md says what each does), so these targets carry a warning
wherever they are named. Its preference rows hold two prompts and one answer; they are not made here at all.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from core.formats.shape import Shape, Thoughts
from core.formats.target import Row, Target
from core.formats.text import clean, to_json
from core.models import AugmentedSample, Message, OutputFormat, ToolCall

_WARNING = (
    "WARNING: no trainer reads these rows right. {what} Made only for programs that read the files of the "
    "reference implementation."
)
_COLUMNS = (
    ("source_trajectory_id", "string"),
    ("format", "string"),
    ("hindsight_prompt", "string"),
    ("weight", "float64"),
    ("chosen", "list: json"),
    ("rejected", "list: json"),
    ("metadata", "json"),
)


def _text(sample: AugmentedSample, shape: Shape) -> tuple[Row, ...]:
    steps = [
        f"Step {number}: {_thought(turn, shape)}\nAction: {call.name}({_arguments(call)})\nResult: {result}"
        for number, (turn, call, result) in enumerate(_calls(sample), 1)
    ]
    text = "\n\n".join([*steps, f"Final Answer: {_answer(sample)}"])
    return (_row(sample, OutputFormat.SFT, [_said("assistant", text)]),)


def _turns(sample: AugmentedSample, shape: Shape) -> tuple[Row, ...]:
    chat: list[Row] = []
    for turn, call, result in _calls(sample):
        thought = f"**Thought:** {_thought(turn, shape)}\n"
        chat.append(_said("assistant", f"{thought}**Action:** {call.name}\n**Input:** {_arguments(call)}"))
        chat.append(_said("observation", result))
    return (_row(sample, OutputFormat.SHAREGPT, [*chat, _said("assistant", _answer(sample))]),)


def _row(sample: AugmentedSample, name: OutputFormat, answer: list[Row]) -> Row:
    return {
        "source_trajectory_id": sample.trajectory_id,
        "format": str(name),
        "hindsight_prompt": sample.hindsight_prompt,
        "weight": float(sample.weight),
        "chosen": [_said("user", sample.hindsight_prompt), *answer],
        "rejected": [],
        "metadata": dict(sample.metadata),
    }


def _calls(sample: AugmentedSample) -> Iterator[tuple[Message, ToolCall, str]]:
    results = {message.tool_call_id: message.content for message in sample.messages if message.role == "tool"}
    for message in sample.messages:
        for call in message.tool_calls:
            yield message, call, results.get(call.id, "")


def _thought(turn: Message, shape: Shape) -> str:
    return turn.thought if shape.thoughts is Thoughts.CONTENT else ""


def _arguments(call: ToolCall) -> str:
    return to_json(clean(call.arguments))


def _answer(sample: AugmentedSample) -> str:
    return sample.messages[-1].content if sample.messages else ""


def _said(role: str, content: str) -> Row:
    return {"role": role, "content": content}


def _rules(row: Row, _: Shape) -> Iterator[str]:
    chosen: Any = row["chosen"]
    if not isinstance(chosen, list) or len(chosen) < 2 or not all(_is_turn(turn) for turn in chosen):
        yield "The chosen side is not a list of turns with role and content."
    elif chosen[0]["role"] != "user" or not chosen[0]["content"].strip():
        yield "The chosen side does not begin with the request."
    elif chosen[-1]["role"] != "assistant" or not chosen[-1]["content"].strip():
        yield "The chosen side does not end with the assistant's answer."
    if row["rejected"] != []:
        yield "The rejected side is not empty: two prompts make no pair."


def _is_turn(turn: Any) -> bool:
    return isinstance(turn, dict) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)


TEXT = Target(
    format=OutputFormat.SFT,
    dialect="reference",
    trainer="no trainer",
    description=_WARNING.format(what="Tool results stand inside the assistant's text, which teaches to invent them."),
    columns=_COLUMNS,
    build=_text,
    rules=_rules,
    loading="no trainer loads these rows as they are; use another dialect to train",
)
TURNS = replace(
    TEXT,
    format=OutputFormat.SHAREGPT,
    description=_WARNING.format(what="They look like ShareGPT and are not: calls are text, and results get lost."),
    build=_turns,
)
