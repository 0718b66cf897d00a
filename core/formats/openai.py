"""OpenAI-type fine-tuning JSON lines: arguments as strings, and 0 or 1 as the weight of each assistant turn.

The one format here in which the trainer itself keeps failing calls out of the loss. Services refuse
columns they do not know, so rows carry no provenance: the manifest of the export does.
"""

import re
from collections.abc import Iterator

from core.formats.chat import as_chat, conversation_rules, shape_rules
from core.formats.target import Row, Target
from core.formats.text import clean, to_json
from core.models import AugmentedSample, OutputFormat

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def _conversation(sample: AugmentedSample) -> tuple[Row, ...]:
    chat = as_chat(sample.messages, arguments=lambda arguments: to_json(clean(arguments)))
    for message, row in zip(sample.messages, chat, strict=True):
        row.pop("name", None)
        if message.role == "assistant":
            row["weight"] = int(message.train)
    parallel = any(len(message.tool_calls) > 1 for message in sample.messages)
    return ({"messages": chat, "tools": list(sample.tools), "parallel_tool_calls": parallel},)


def _rules(row: Row) -> Iterator[str]:
    messages = row["messages"]
    yield from conversation_rules(messages, arguments=str)
    if any(shape_rules(messages)):
        return
    for number, message in enumerate(messages, 1):
        weight = message.get("weight")
        if (message["role"] == "assistant") != (weight is not None) or weight not in (None, 0, 1):
            yield f"Message {number}: assistant turns, and only they, weigh 0 or 1."
        for call in message.get("tool_calls", []):
            if not _NAME.fullmatch(call["function"]["name"]):
                yield f"The tool name {call['function']['name']!r} is not one that the service takes."
    if not any(message.get("weight") for message in messages):
        yield "No assistant turn is to be trained."
    yield from _tool_rules(row)


def _tool_rules(row: Row) -> Iterator[str]:
    if not isinstance(row["tools"], list) or not row["tools"]:
        yield "There is no list of tools, or an empty one, which the service refuses."
        return
    for number, tool in enumerate(row["tools"], 1):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function":
            yield f"Tool {number} is not of type function."
        elif not _NAME.fullmatch(str(function.get("name", ""))):
            yield f"The tool name {function.get('name')!r} is not one that the service takes."


SFT = Target(
    format=OutputFormat.OPENAI,
    dialect="openai",
    trainer="OpenAI-type fine-tuning services",
    description="Whole conversations; failing calls are in context with weight 0.",
    columns=(("messages", "list: json"), ("tools", "list: json"), ("parallel_tool_calls", "bool")),
    build=_conversation,
    rules=_rules,
    loading='client.files.create(file=open("FOLDER/train.jsonl", "rb"), purpose="fine-tune")',
    masks_turns=True,
)
