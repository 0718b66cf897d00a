"""Preference data that is true: two turns after the same messages, or one answer under two goals.

The derivation of DPO holds for two answers to the same prompt (arXiv 2305.18290), so no pair here has two
prompts. Where a run holds no true pair of the wanted kind, it gives none, and the reason is said.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from core.formats.shape import Pairs, Shape
from core.formats.target import Build, Row
from core.formats.text import clean, to_json
from core.models import AugmentedSample, LeftOut, Message, plain
from core.prompts import render

Messages = tuple[Message, ...]
CONTRASTED = "The same answer, true under the new goal and false under the original one."
_APART = 1000  # pairs between twins: many times the largest batch, and a few megabytes


@dataclass(frozen=True, slots=True)
class Preference:
    """`chosen` is the better turn after `context`, `rejected` the worse; `tools` are those on offer."""

    context: Messages
    chosen: Message
    rejected: Message
    tools: tuple[dict[str, Any], ...]


def preferences(sample: AugmentedSample, kind: Pairs) -> tuple[Preference, ...] | LeftOut:
    """Every true pair of `kind` in `sample`, or why there is none."""
    make = {Pairs.ANSWERS: _answers, Pairs.CALLS: _calls, Pairs.PROMPTS: _prompts}[kind]
    made = make(sample)
    return LeftOut(trajectory_id=sample.trajectory_id, reason=f"No pair: {made}") if isinstance(made, str) else made


def contrast(sample: AugmentedSample) -> tuple[tuple[Messages, bool], ...] | LeftOut:
    """The conversation under the new goal (True) and, with the same answer, under the original one (False)."""
    old, new = plain(sample.original_prompt), plain(sample.hindsight_prompt)
    reason = None
    if not old:
        reason = "the run has no original prompt."
    elif old == new:
        reason = "the hindsight prompt is the original one."
    elif sample.original_alike:
        reason = "the hindsight prompt reads like the original one or like a part of it, so the answer may serve both."
    if reason:
        return LeftOut(trajectory_id=sample.trajectory_id, reason=f"No goal contrast: {reason}")
    return ((sample.messages, True), (_with_goal(sample.messages, sample.original_prompt), False))


def preference_rows(row: Callable[[AugmentedSample, Preference, Shape], Row]) -> Build:
    """How a target builds the rows of a sample, given how it writes one pair."""

    def build(sample: AugmentedSample, shape: Shape) -> tuple[Row, ...] | LeftOut:
        pairs = preferences(sample, shape.pairs)
        return pairs if isinstance(pairs, LeftOut) else tuple(row(sample, pair, shape) for pair in pairs)

    return build


def contrast_rows(row: Callable[[AugmentedSample, Messages, bool, Shape], Row]) -> Build:
    """How a target builds the two rows of a sample, given how it writes a conversation that is wanted or not."""

    def build(sample: AugmentedSample, shape: Shape) -> tuple[Row, ...] | LeftOut:
        twins = contrast(sample)
        return twins if isinstance(twins, LeftOut) else tuple(row(sample, *twin, shape) for twin in twins)

    return build


def twins_apart(pairs: Iterable[tuple[Row, ...]], *, apart: int = _APART) -> Iterator[Row]:
    """Wanted and unwanted rows in turn, each `apart` pairs away from its twin, or half a file if that is less.

    KTO estimates its KL term by swapping the answers inside a batch; twins share their answer, so
    in one batch the swap changes nothing and the term is worthless. No more than 2 * `apart` pairs are held.
    """
    coming = iter(pairs)
    head = list(islice(coming, 2 * apart))
    distance = len(head) // 2
    every = chain(head, coming)
    first = list(islice(every, distance))
    waiting = deque(wanted for wanted, _ in first)
    for wanted, unwanted in every:
        waiting.append(wanted)
        yield waiting.popleft()
        yield unwanted
    for wanted, (_, unwanted) in zip(waiting, first, strict=True):
        yield wanted
        yield unwanted


def _answers(sample: AugmentedSample) -> tuple[Preference, ...] | str:
    """The new final answer over the one that the run itself gave."""
    new = sample.messages[-1].content if sample.messages else ""
    chosen, rejected = plain(new), plain(sample.original_answer)
    if not chosen:
        return "the new final answer is empty."
    if not rejected:
        return "the original run ended without a final answer."
    if chosen == rejected:
        return "the original final answer is the new one, so it answers the new goal too."
    if f" {chosen} " in f" {rejected} ":
        return "the original final answer says all that the new one says, so it answers the new goal too."
    if sample.original_serves:
        return "the original final answer holds every value of the new one, so it may answer the new goal too."
    return (Preference(sample.messages[:-1], _said(new), _said(sample.original_answer), sample.tools),)


def _calls(sample: AugmentedSample) -> tuple[Preference, ...] | str:
    """The corrected call over the bad one; no thought on either side, since the better one knows the error."""
    if not sample.corrections:
        return "no call of the run failed by its own arguments and was put right with what was known before it."
    return tuple(
        Preference(
            sample.messages[: correction.at],
            Message(role="assistant", tool_calls=(correction.right,)),
            Message(role="assistant", tool_calls=(correction.wrong,)),
            sample.tools,
        )
        for correction in sample.corrections
    )


def _prompts(sample: AugmentedSample) -> tuple[Preference, ...] | str:
    """What a person made of the relabeller's request over that request: how to write requests."""
    written, proposed = sample.hindsight_prompt, sample.proposed_prompt
    if not plain(proposed):
        return "no person has rewritten the request for the steps that it was proposed for."
    if plain(written) == plain(proposed):
        return "the request is still the one that was proposed."
    asked = render(
        "request",
        original_prompt=sample.original_prompt,
        steps=_steps(sample.messages[:-1]),
    )
    context = (Message(role="system", content=asked.system), Message(role="user", content=asked.user))
    return (Preference(context, _said(written), _said(proposed), ()),)


def _steps(messages: Messages) -> list[Row]:
    """Calls and results as the relabeller is shown them: one entry an assistant turn, without its thoughts."""
    steps: list[Row] = []
    for message in messages:
        if message.role == "assistant":
            steps.append({"number": len(steps) + 1, "parts": []})
            if message.content.strip():
                steps[-1]["parts"].append({"label": "agent said", "text": message.content})
            for call in message.tool_calls:
                steps[-1]["parts"].append({"label": f"call {call.name}", "text": to_json(clean(call.arguments))})
        elif message.role == "tool" and steps:
            steps[-1]["parts"].append({"label": f"result of {message.name}", "text": message.content})
    return steps


def _said(text: str) -> Message:
    return Message(role="assistant", content=text)


def _with_goal(messages: Messages, goal: str) -> Messages:
    first = next((index for index, message in enumerate(messages) if message.role == "user"), None)
    return tuple(
        message.model_copy(update={"content": goal}) if index == first else message
        for index, message in enumerate(messages)
    )
