"""Whatever stage 4 may be handed, a target gives rows that its own rules accept, or says why not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.formats import FORMATS
from core.formats.text import to_line
from core.models import AugmentedSample, Correction, LeftOut, Message, ToolCall

# Every character there is, lone surrogates and NUL included, and the spellings that trip loaders.
texts = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.sampled_from(
        ["", " ", "\u2028", "\U0001f600\x85", "<think>", "</think>\n\n{", "<tool_call>{}</tool_call>", "2024-01-01"]
    ),
)
numbers = st.integers() | st.floats()
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
arguments = st.dictionaries(texts, values, max_size=3)
# Mostly what passes, so that rows are seen and not only reasons.
said = st.one_of(texts, *(texts.map(lambda text, word=word: word + text) for word in ("a", "é", "1")))
names = st.one_of(texts, st.just("search"), st.just("fetch_page"), st.just("a-b"))


@st.composite
def conversations(draw) -> tuple[Message, ...]:
    messages = [Message(role="system", content=draw(texts))] if draw(st.booleans()) else []
    messages.append(Message(role="user", content=draw(said)))
    for turn in range(draw(st.integers(0, 3))):
        calls = tuple(
            ToolCall(id=f"call_{turn}_{number}", name=draw(names), arguments=draw(arguments))
            for number in range(draw(st.integers(1, 3)))
        )
        spoken = {"thought": draw(texts), "content": draw(texts), "train": draw(st.booleans())}
        messages.append(Message(role="assistant", tool_calls=calls, **spoken))
        messages += [Message(role="tool", content=draw(texts), tool_call_id=c.id, name=c.name) for c in calls]
    messages.append(Message(role="assistant", content=draw(said), train=True))
    return tuple(messages)


disordered = st.lists(
    st.builds(
        Message,
        role=st.sampled_from(["system", "user", "assistant", "tool"]),
        content=texts,
        thought=texts,
        tool_call_id=st.sampled_from(["", "a", "b"]),
        tool_calls=st.lists(
            st.builds(ToolCall, id=st.sampled_from(["", "a", "b"]), name=texts, arguments=arguments), max_size=2
        ).map(tuple),
        train=st.booleans(),
    ),
    max_size=5,
).map(tuple)
search = {"type": "function", "function": {"name": "search", "parameters": {}}}
tools = st.one_of(st.just((search,)), st.just((search, search)), st.lists(arguments, max_size=2).map(tuple))
calls = st.builds(ToolCall, id=st.sampled_from(["", "a"]), name=names, arguments=arguments)
corrections = st.lists(st.builds(Correction, at=st.integers(0, 5), wrong=calls, right=calls), max_size=2).map(tuple)
samples = st.builds(
    AugmentedSample,
    trajectory_id=texts,
    trajectory_key=texts,
    hindsight_prompt=texts,
    messages=st.one_of(conversations(), conversations(), disordered),
    tools=tools,
    weight=st.floats(0, 1),
    original_prompt=said,
    original_answer=said,
    proposed_prompt=texts,
    corrections=corrections,
    metadata=arguments,
)


def shaped(draw, target):
    """`target` in any of its spellings."""
    choices = {"thoughts": target.thoughts, "arguments": target.arguments, "pairs": target.pairs}
    return target.shaped(**{name: draw(st.sampled_from(taken), label=name) for name, taken in choices.items() if taken})


@pytest.mark.parametrize("target", FORMATS.values(), ids=lambda target: target.name)
@settings(max_examples=50)
@given(given=st.lists(samples, min_size=1, max_size=3), data=st.data())
def test_any_sample_gives_rows_that_pass_or_a_reason(target, given, data):
    target = shaped(data.draw, target)
    made = list(target.rows(given))
    assert made
    for row in made:
        if isinstance(row, LeftOut):
            assert row.reason.strip().endswith(".")
            continue
        assert target.check(row) == []
        line = to_line(row)
        assert line.encode("utf-8").decode("utf-8").splitlines() == [line[:-1]]
        assert json.loads(line) == row


@pytest.mark.parametrize("target", FORMATS.values(), ids=lambda target: target.name)
@settings(max_examples=50)
@given(data=st.data())
def test_check_answers_in_sentences_whatever_a_file_holds(target, data):
    target = shaped(data.draw, target)
    row = {name: data.draw(values, label=name) for name, _ in target.columns}
    for column in ("messages", "prompt", "conversations", "completion", "chosen", "rejected_response"):
        if column in row and data.draw(st.booleans()):
            row[column] = data.draw(st.lists(arguments | _message_like, max_size=3))
    complaints = target.check(row)
    assert complaints
    assert all(complaint.endswith(".") for complaint in complaints)


_message_like = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["user", "assistant", "tool"]) | values,
        "content": values,
        "from": st.sampled_from(["human", "function_call", "observation", "gpt"]) | values,
        "value": values,
        "tool_calls": st.lists(st.fixed_dictionaries({}, optional={"id": values, "function": arguments}), max_size=2),
    },
)
