"""Conversations in the chat shape that TRL, OpenAI-type services and others share, and its rules."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from core.formats.shape import Arguments, Shape, Thoughts
from core.formats.target import Row
from core.formats.text import clean, from_json, to_json
from core.models import Message, ToolCall

ECHO_LENGTH = 40  # characters from which a tool result inside the text before it is no accident


def as_chat(messages: Iterable[Message], shape: Shape) -> list[Row]:
    """`messages` as chat rows, thoughts and call arguments spelled as `shape` says."""
    return [_chat(message, shape) for message in messages]


def spoken(message: Message, shape: Shape) -> str:
    """What an assistant turn says as text: its thought too, where thoughts stand in `content`."""
    thought = message.thought if shape.thoughts is Thoughts.CONTENT else ""
    return "\n\n".join(part for part in (thought, message.content) if part.strip())


def conversation_rules(messages: Any, shape: Shape) -> Iterator[str]:
    """Say what is wrong with a whole conversation that ends in the assistant's answer."""
    yield from context_rules(messages, shape, ends=("assistant",))
    if not any(shape_rules(messages)):
        yield from answer_rules(messages[-1:], "The final answer")


def context_rules(messages: Any, shape: Shape, *, ends: tuple[str, ...] = ("user", "tool")) -> Iterator[str]:
    """Say what is wrong with a conversation whose last message must have a role in `ends`."""
    misshapen = next(shape_rules(messages), None)
    if misshapen:
        yield misshapen
        return
    yield from _role_rules([message["role"] for message in messages], ends)
    yield from _call_rules(messages, shape)
    yield from _echo_rules(messages)
    for number, message in enumerate(messages, 1):
        if message["role"] == "user" and not message["content"].strip():
            yield f"Message {number}: the user says nothing."
        if message["role"] == "assistant" and not message["content"].strip() and not message.get("tool_calls"):
            yield f"Message {number}: the assistant neither says nor calls anything."


def shape_rules(messages: Any) -> Iterator[str]:
    """Say where `messages` are not chat messages at all; the other rules rely on this shape."""
    if not isinstance(messages, list) or not messages:
        yield "There are no messages."
        return
    for number, message in enumerate(messages, 1):
        if not isinstance(message, dict) or message.get("role") not in ("system", "user", "assistant", "tool"):
            yield f"Message {number} has no role of system, user, assistant or tool."
        elif not isinstance(message.get("content"), str):
            yield f"Message {number} has no text content; write an empty string where there is none."
        elif not isinstance(message.get("reasoning_content", ""), str):
            yield f"Message {number}: `reasoning_content` is not text."
        elif "tool_calls" in message and (message["role"] != "assistant" or not _are_calls(message["tool_calls"])):
            yield f"Message {number}: `tool_calls` is not an assistant's list of calls with id, type and function."


def turn_rules(turn: Any, name: str, shape: Shape) -> Iterator[str]:
    """Say what is wrong with one side of a row that must be a single assistant turn, spoken or calling."""
    if any(shape_rules(turn)) or len(turn) != 1 or turn[0]["role"] != "assistant":
        yield f"{name} is not one assistant message."
        return
    calls = turn[0].get("tool_calls", [])
    if not calls and not turn[0]["content"].strip():
        yield f"{name} neither says nor calls anything."
    for call in calls:
        yield from _one_call_rules(call, set(), shape)


def answer_rules(answer: Any, name: str) -> Iterator[str]:
    """Say what is wrong with one side of a row that must be a single spoken assistant turn."""
    if any(shape_rules(answer)) or len(answer) != 1 or answer[0]["role"] != "assistant":
        yield f"{name} is not one assistant message."
    elif answer[0].get("tool_calls") or not answer[0]["content"].strip():
        yield f"{name} is not spoken text."


def _chat(message: Message, shape: Shape) -> Row:
    # Empty text is written out: templates and converters need the key beside `tool_calls`.
    row: Row = {"role": message.role, "content": spoken(message, shape)}
    if shape.thoughts is Thoughts.REASONING and message.thought.strip():
        row["reasoning_content"] = message.thought
    if message.role == "tool":
        row |= {"tool_call_id": message.tool_call_id, "name": message.name}
    if message.tool_calls:
        row["tool_calls"] = [_call(call, shape) for call in message.tool_calls]
    return row


def _call(call: ToolCall, shape: Shape) -> Row:
    arguments = call.arguments
    written = dict(arguments) if shape.arguments is Arguments.OBJECT else to_json(clean(arguments))
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": written}}


def _are_calls(calls: Any) -> bool:
    return isinstance(calls, list) and all(
        isinstance(call, dict)
        and isinstance(call.get("id"), str)
        and isinstance(call.get("function"), dict)
        and isinstance(call["function"].get("name"), str)
        and "arguments" in call["function"]
        for call in calls
    )


def _role_rules(roles: list[Any], ends: tuple[str, ...]) -> Iterator[str]:
    if "system" in roles[1:]:
        yield "A system message stands after the first message."
    spoken_roles = roles[1:] if roles[0] == "system" else roles
    if not spoken_roles or spoken_roles[0] != "user":
        yield "The conversation does not begin with the user."
    if roles[-1] not in ends:
        yield f"The last message is by {roles[-1]}, not by {' or '.join(ends)}."
    for before, after in pairwise(roles):
        if before == after and before != "tool":
            yield f"Two {before} messages follow each other."
        if before == "tool" and after == "user":
            yield "A user message stands between a tool result and the assistant's next turn."


def _call_rules(messages: list[Row], shape: Shape) -> Iterator[str]:
    seen: set[str] = set()
    unanswered: list[str] = []
    for number, message in enumerate(messages, 1):
        if message["role"] == "tool":
            if message.get("tool_call_id") in unanswered:
                unanswered.remove(message["tool_call_id"])
            else:
                yield f"Message {number}: the tool result answers no open call ({message.get('tool_call_id')!r})."
            continue
        if unanswered:
            yield f"The call {unanswered[0]!r} has no tool result."
        unanswered = []
        for call in message.get("tool_calls", []):
            yield from _one_call_rules(call, seen, shape)
            seen.add(call["id"])
            unanswered.append(call["id"])
    if unanswered:
        yield f"The call {unanswered[0]!r} has no tool result."


def _one_call_rules(call: Row, seen: set[str], shape: Shape) -> Iterator[str]:
    if not call["id"] or call["id"] in seen:
        yield f"The call id {call['id']!r} is empty or stands twice."
    if not call["function"]["name"]:
        yield f"The call {call['id']!r} names no tool."
    given = call["function"]["arguments"]
    as_object = shape.arguments is Arguments.OBJECT
    if not isinstance(given, dict if as_object else str):
        wanted = "an object" if as_object else "a string of JSON"
        yield f"The arguments of call {call['id']!r} are not {wanted}."
    elif isinstance(given, str) and not _holds_object(given):
        yield f"The arguments of call {call['id']!r} are not JSON text of an object."


def _holds_object(text: str) -> bool:
    try:
        return isinstance(from_json(text), dict)
    except ValueError:
        return False


def _echo_rules(messages: list[Row]) -> Iterator[str]:
    """Find turns that already hold what their own call gives back: results were pasted into their text."""
    turn = 0
    for index, message in enumerate(messages):
        content = message["content"]
        if message["role"] != "tool":
            turn = index
            continue
        if len(content) < ECHO_LENGTH or not _says(messages[turn], content):
            continue
        if not any(_says(before, content) for before in messages[:turn]):
            yield f"Message {index + 1}: the tool result also stands inside the assistant text before it."


def _says(message: Row, text: str) -> bool:
    return text in message["content"] or text in str(message.get("reasoning_content", ""))
