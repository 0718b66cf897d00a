"""ms-swift: each call and each result is a message of its own, and each assistant message has its weight in the loss.

Shapes after "Custom dataset" and "Agent support" of its documentation (https://swift.readthedocs.io), as its
`template_inputs.py` reads them. The one trainer here that takes a weight per row: it stands on every trained
message. In a preference everything behind the last user turn is the answer, so both sides hold all steps.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from core.formats.chat import ECHO_LENGTH, spoken
from core.formats.pairs import CONTRASTED, Messages, Preference, contrast_rows, preference_rows, twins_apart
from core.formats.shape import Pairs, Shape
from core.formats.target import LINEAGE_COLUMNS, Row, Target, lineage
from core.formats.text import clean, from_json, to_json
from core.models import AugmentedSample, Message, OutputFormat

_ROLES = {"system", "user", "assistant", "tool_call", "tool_response"}
_SHARED_COLUMNS = (("tools", "string"), *LINEAGE_COLUMNS)


def _shared(sample: AugmentedSample, tools: tuple[dict[str, Any], ...]) -> Row:
    # An empty text would be read as one tool, and stop the trainer.
    return {"tools": to_json(clean(tools)), **lineage(sample)}


def _conversation(sample: AugmentedSample, shape: Shape) -> tuple[Row, ...]:
    messages: list[Row] = []
    for message in sample.messages:
        weight = sample.weight if message.train else 0.0
        for row in _written(message, shape):
            weighs = row["role"] in ("assistant", "tool_call")
            messages.append({**row, "loss_scale": float(weight)} if weighs else row)
    return ({"messages": messages, **_shared(sample, sample.tools)},)


def _preference(sample: AugmentedSample, pair: Preference, shape: Shape) -> Row:
    return {
        "messages": _all_written([*pair.context, pair.chosen], shape),
        "rejected_response": _all_written([*_after_user(pair.context), pair.rejected], shape),
        **_shared(sample, pair.tools),
    }


def _contrast(sample: AugmentedSample, turns: Messages, wanted: bool, shape: Shape) -> Row:
    return {"messages": _all_written(turns, shape), "label": wanted, **_shared(sample, sample.tools)}


def _after_user(messages: Sequence[Message]) -> Sequence[Message]:
    last = max((index for index, message in enumerate(messages) if message.role == "user"), default=-1)
    return messages[last + 1 :]


def _all_written(messages: Sequence[Message], shape: Shape) -> list[Row]:
    return [row for message in messages for row in _written(message, shape)]


def _written(message: Message, shape: Shape) -> Iterator[Row]:
    """One message as ms-swift's: the thought of a calling turn, then each of its calls."""
    if message.role == "tool":
        yield {"role": "tool_response", "content": message.content}
        return
    said = spoken(message, shape)
    if not message.tool_calls:
        yield {"role": message.role, "content": said}
    elif said.strip():
        yield {"role": "assistant", "content": f"<think>\n{said}\n</think>\n"}
    for call in message.tool_calls:
        yield {"role": "tool_call", "content": to_json(clean({"name": call.name, "arguments": call.arguments}))}


def _conversation_rules(row: Row, _: Shape) -> Iterator[str]:
    messages = row["messages"]
    yield from _message_rules(messages)
    if any(_misshapen(messages)):
        return
    for number, message in enumerate(messages, 1):
        weighs = message["role"] in ("assistant", "tool_call")
        if weighs != isinstance(message.get("loss_scale"), float):
            yield f"Message {number}: assistant messages and calls, and only they, have a loss_scale."
    if not any(message.get("loss_scale") for message in messages):
        yield "No assistant turn is to be trained."
    yield from _tools_rules(row)


def _preference_rules(row: Row, _: Shape) -> Iterator[str]:
    yield from _message_rules(row["messages"])
    yield from _message_rules(row["rejected_response"], from_the_start=False)
    if any(_misshapen(row["messages"])) or any(_misshapen(row["rejected_response"])):
        return
    last = max((i for i, message in enumerate(row["messages"]) if message["role"] == "user"), default=-1)
    if row["messages"][last + 1 :] == row["rejected_response"]:
        yield "The chosen and the rejected turn are the same."
    elif row["messages"][last + 1 : -1] != row["rejected_response"][:-1]:
        yield "The two sides differ in more than their last turn."
    yield from _tools_rules(row)


def _contrast_rules(row: Row, _: Shape) -> Iterator[str]:
    yield from _message_rules(row["messages"])
    yield from _tools_rules(row)


def _misshapen(messages: Any) -> Iterator[str]:
    if not isinstance(messages, list) or not messages:
        yield "There are no messages."
        return
    for number, message in enumerate(messages, 1):
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            yield f"Message {number} has no role that ms-swift knows."
        elif not isinstance(message.get("content"), str):
            yield f"Message {number} has no text content."


def _message_rules(messages: Any, *, from_the_start: bool = True) -> Iterator[str]:
    if misshapen := next(_misshapen(messages), None):
        yield misshapen
        return
    roles = [message["role"] for message in messages]
    if "system" in roles[1:]:
        yield "A system message stands after the first message."
    if from_the_start and (roles[1:] if roles[0] == "system" else roles)[:1] != ["user"]:
        yield "The conversation does not begin with the user."
    if roles[-1] not in ("assistant", "tool_call"):
        yield "The last message is not by the assistant."
    for before, after in pairwise(roles):
        if after == "tool_response" and before not in ("tool_call", "tool_response"):
            yield "A tool result follows no call."
        if before == "tool_call" and after not in ("tool_call", "tool_response"):
            yield "A call has no tool result."
        if (before, after) in (("user", "user"), ("assistant", "assistant"), ("tool_response", "user")):
            yield f"A {before} message is followed by one of {after}."
    for number, (message, result) in enumerate(zip(messages, [*messages[1:], {}], strict=True), 1):
        yield from _one_message_rules(number, message, result)


def _one_message_rules(number: int, message: Row, following: Row) -> Iterator[str]:
    if message["role"] in ("user", "assistant") and not message["content"].strip():
        yield f"Message {number} ({message['role']}) says nothing."
    if message["role"] == "tool_call":
        try:
            call = from_json(message["content"])
        except ValueError:
            call = None
        if not isinstance(call, dict) or not call.get("name") or not isinstance(call.get("arguments"), dict):
            yield f"Message {number}: a call needs a name and an object of arguments."
    said = following.get("content", "")
    if following.get("role") == "tool_response" and len(said) >= ECHO_LENGTH and said in message["content"]:
        yield f"Message {number}: the tool result also stands inside the message before it."


def _tools_rules(row: Row) -> Iterator[str]:
    try:
        tools = from_json(row["tools"])
    except ValueError:
        tools = None
    if not isinstance(tools, list) or any(not isinstance(tool, dict) for tool in tools):
        yield "The tools are not a JSON string of a list."


SFT = Target(
    format=OutputFormat.SFT,
    dialect="ms-swift",
    trainer="ms-swift, swift sft",
    description="Whole conversations; the weight is in the loss of each trained turn, failing calls weigh 0.",
    columns=(("messages", "list: json"), *_SHARED_COLUMNS),
    build=_conversation,
    rules=_conversation_rules,
    loading="swift sft --dataset FOLDER/train.jsonl --is_binary_loss_scale false --strict true",
)
DPO = Target(
    format=OutputFormat.DPO,
    dialect="ms-swift",
    trainer="ms-swift, swift rlhf --rlhf_type dpo",
    description="One conversation, and its last turn once more, rejected, with all steps before it.",
    columns=(("messages", "list: json"), ("rejected_response", "list: json"), *_SHARED_COLUMNS),
    build=preference_rows(_preference),
    rules=_preference_rules,
    loading="swift rlhf --rlhf_type dpo --dataset FOLDER/train.jsonl --strict true",
    pairs=tuple(Pairs),
)
KTO = Target(
    format=OutputFormat.KTO,
    dialect="ms-swift",
    trainer="ms-swift, swift rlhf --rlhf_type kto",
    description=CONTRASTED,
    columns=(("messages", "list: json"), ("label", "bool"), *_SHARED_COLUMNS),
    build=contrast_rows(_contrast),
    rules=_contrast_rules,
    loading="swift rlhf --rlhf_type kto --gradient_accumulation_steps 8 --dataset FOLDER/train.jsonl --strict true",
    order=twins_apart,
)
