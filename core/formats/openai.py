"""OpenAI-type fine-tuning JSON lines: arguments as strings, and 0 or 1 as the weight of each assistant turn.

The one format here in which the trainer itself keeps failing calls out of the loss. Services refuse
columns they do not know, so rows carry no provenance: the manifest of the export does. Of a preference
they train the one turn of each side (https://platform.openai.com/docs/guides/direct-preference-optimization).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from core.formats.chat import as_chat, context_rules, conversation_rules, shape_rules, turn_rules
from core.formats.pairs import Preference, preference_rows
from core.formats.shape import Arguments, Pairs, Shape
from core.formats.target import Row, Target
from core.models import AugmentedSample, Message, OutputFormat

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def _conversation(sample: AugmentedSample, shape: Shape) -> tuple[Row, ...]:
    chat = _chat(sample.messages, shape)
    for message, row in zip(sample.messages, chat, strict=True):
        if message.role == "assistant":
            row["weight"] = int(message.train)
    return ({"messages": chat, **_offered(sample.tools, sample.messages)},)


def _preference(_: AugmentedSample, pair: Preference, shape: Shape) -> Row:
    return {
        "input": {"messages": _chat(pair.context, shape), **_offered(pair.tools, pair.context)},
        "preferred_output": _chat([pair.chosen], shape),
        "non_preferred_output": _chat([pair.rejected], shape),
    }


def _chat(messages: Iterable[Message], shape: Shape) -> list[Row]:
    chat = as_chat(messages, shape)
    for row in chat:
        row.pop("name", None)
    return chat


def _offered(tools: tuple[dict[str, Any], ...], messages: tuple[Message, ...]) -> Row:
    parallel = any(len(message.tool_calls) > 1 for message in messages)
    return {"tools": list(tools), "parallel_tool_calls": parallel}


def _rules(row: Row, shape: Shape) -> Iterator[str]:
    messages = row["messages"]
    yield from conversation_rules(messages, shape)
    if any(shape_rules(messages)):
        return
    for number, message in enumerate(messages, 1):
        weight = message.get("weight")
        if (message["role"] == "assistant") != (weight is not None) or weight not in (None, 0, 1):
            yield f"Message {number}: assistant turns, and only they, weigh 0 or 1."
    if not any(message.get("weight") for message in messages):
        yield "No assistant turn is to be trained."
    yield from _name_rules(messages)
    yield from _tool_rules(row["tools"])


def _preference_rules(row: Row, shape: Shape) -> Iterator[str]:
    given = row["input"]
    if not isinstance(given, dict) or set(given) != {"messages", "tools", "parallel_tool_calls"}:
        yield "The input is not an object of messages, tools and parallel_tool_calls."
        return
    chosen, rejected = row["preferred_output"], row["non_preferred_output"]
    yield from context_rules(given["messages"], shape)
    yield from turn_rules(chosen, "The preferred output", shape)
    yield from turn_rules(rejected, "The other output", shape)
    if chosen == rejected:
        yield "The two outputs are the same."
    if not any(any(shape_rules(messages)) for messages in (given["messages"], chosen, rejected)):
        yield from _name_rules([*given["messages"], *chosen, *rejected])
    yield from _tool_rules(given["tools"])


def _name_rules(messages: list[Row]) -> Iterator[str]:
    for call in (call for message in messages for call in message.get("tool_calls", [])):
        if not _NAME.fullmatch(call["function"]["name"]):
            yield f"The tool name {call['function']['name']!r} is not one that the service takes."


def _tool_rules(tools: Any) -> Iterator[str]:
    if not isinstance(tools, list) or not tools:
        yield "There is no list of tools, or an empty one, which the service refuses."
        return
    for number, tool in enumerate(tools, 1):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function":
            yield f"Tool {number} is not of type function."
        elif not _NAME.fullmatch(str(function.get("name", ""))):
            yield f"The tool name {function.get('name')!r} is not one that the service takes."


_LOADING = 'client.files.create(file=open("FOLDER/train.jsonl", "rb"), purpose="fine-tune")'

SFT = Target(
    format=OutputFormat.OPENAI,
    dialect="openai",
    trainer="OpenAI-type fine-tuning services",
    description="Whole conversations; failing calls are in context with weight 0.",
    columns=(("messages", "list: json"), ("tools", "list: json"), ("parallel_tool_calls", "bool")),
    build=_conversation,
    rules=_rules,
    loading=_LOADING,
    arguments=(Arguments.STRING,),
)
DPO = Target(
    format=OutputFormat.DPO,
    dialect="openai",
    trainer="OpenAI-type fine-tuning services, method dpo",
    description="One input, two turns after it, of which the first is preferred.",
    columns=(("input", "json"), ("preferred_output", "list: json"), ("non_preferred_output", "list: json")),
    build=preference_rows(_preference),
    rules=_preference_rules,
    loading=_LOADING,
    arguments=(Arguments.STRING,),
    pairs=(Pairs.ANSWERS, Pairs.CALLS),
)
