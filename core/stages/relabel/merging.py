"""Working calls put together as the things that were asked for: one call, or several that differ in one argument.

An ask also knows where a change was looked for (route or place), and what of it really became different.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.models import AgentStep, FailedTrajectory, StepKind
from core.stages.grounding.inputs import needed_values
from core.stages.relabel.changed import changed_arguments
from core.stages.relabel.page_words import page_of
from core.stages.results import read_result
from core.stages.tool_kind import ToolKind, command_text, kind_of, reads_only


@dataclass(frozen=True)
class Ask:
    """One thing asked for: a call, or several that differ only in the argument `varied`."""

    steps: tuple[int, ...]
    call: AgentStep
    kind: ToolKind
    varied: str = ""
    values: tuple[str, ...] = ()
    context: tuple[tuple[str, str], ...] = ()  # route or place of the search that found what is changed
    only: str = ""  # the one argument in which a change differs from the record as it was
    each: bool = False  # the varied values came from an earlier result: "each of them"


@dataclass
class _Group:
    """An ask in the making: its calls so far, and the argument in which they differ."""

    steps: list[int]
    call: AgentStep
    kind: ToolKind
    context: tuple[tuple[str, str], ...]
    varied: str = ""

    def takes(self, step: AgentStep, number: int) -> str:
        """The one argument in which a call of the same tool differs; empty if it is no call of this group."""
        if step.action_name != self.call.action_name or command_text(step) or self.kind is ToolKind.WRITE_FILE:
            return ""
        if self.kind is ToolKind.SEARCH and (page_of(step) or page_of(self.call)):
            return ""  # each page is a question of its own
        if (number != self.steps[-1] + 1 or self.context) and not reads_only(step):
            return ""
        one, other = self.call.action_input, step.action_input
        if set(one) != set(other):
            return ""
        differing = [key for key in one if one[key] != other[key]]
        if len(differing) != 1 or (self.varied and differing[0] != self.varied):
            return ""
        told = (one[differing[0]], other[differing[0]])
        plain = all(isinstance(value, str | int) and not isinstance(value, bool) for value in told)
        return differing[0] if plain else ""


def merged(trajectory: FailedTrajectory, numbers: Sequence[int], first: int) -> tuple[Ask, ...]:
    """The asks of the calls at 1-based steps `numbers`, in order; `first` is the first step of the stretch."""
    groups: list[_Group] = []
    for number in numbers:
        step = trajectory.steps[number - 1]
        for group in groups:
            if key := group.takes(step, number):
                group.varied = key
                group.steps.append(number)
                break
        else:
            groups.append(_Group([number], step, kind_of(step), _context(trajectory, number, numbers, first)))
    lists = _lists_of(trajectory, first, numbers[-1]) if any(group.varied for group in groups) else {}
    said = " ".join([trajectory.original_prompt, *(s.text for s in trajectory.steps if s.kind is StepKind.USER)])
    return tuple(_ask(trajectory, group, lists, said) for group in groups)


def _ask(trajectory: FailedTrajectory, group: _Group, lists: dict[frozenset[str], int], said: str) -> Ask:
    if not group.varied:
        call, only = _changed(trajectory, group)
        return Ask(tuple(group.steps), call, group.kind, context=group.context, only=only)
    values = tuple(str(trajectory.steps[n - 1].action_input[group.varied]) for n in group.steps)
    # "Each of my orders" is true only of a list that holds just these.
    listed = lists.get(frozenset(values), group.steps[0]) < group.steps[0]
    each = listed and not any(value in said for value in values)
    return Ask(tuple(group.steps), group.call, group.kind, group.varied, values, each=each)


_MONEY_OR_NAME = re.compile(r"(?:^|_)ids?$|^pay")


def _changed(trajectory: FailedTrajectory, group: _Group) -> tuple[AgentStep, str]:
    """The call with what it changed alone, and the name of that argument if it is only one."""
    if group.kind is not ToolKind.CHANGE:
        return group.call, ""
    changed = changed_arguments(trajectory, group.steps[0])
    if len(changed) == len(group.call.action_input):
        return group.call, ""
    telling = [key for key in changed if not _MONEY_OR_NAME.search(key)]
    return group.call.model_copy(update={"action_input": changed}), telling[0] if len(telling) == 1 else ""


def _lists_of(trajectory: FailedTrajectory, first: int, last: int) -> dict[frozenset[str], int]:
    """Every list of different scalars in the results of `first`..`last`, with the first step that shows it."""
    shown: dict[frozenset[str], int] = {}
    for number, step in trajectory.actions:
        result = read_result(step)
        if first <= number <= last and not result.failed:
            for found in _lists(result.data):
                if len(set(found)) == len(found):
                    shown.setdefault(frozenset(found), number)
    return shown


_PLACE = re.compile(r"origin|destination|^from|^to(?:_|$)|departure|arrival|city|location|place|^max_|^min_")


def _context(
    trajectory: FailedTrajectory, number: int, asked: Sequence[int], first: int
) -> tuple[tuple[str, str], ...]:
    """Where-arguments of the latest earlier search that the change took its choice from and that is no ask itself."""
    step = trajectory.steps[number - 1]
    if kind_of(step) is not ToolKind.CHANGE:
        return ()
    chosen = [
        value
        for value in needed_values(step.action_input)
        if re.search(r"\d", value) and not re.match(r"\d{4}-\d\d", value)
    ]
    if any(isinstance(value, list) and len(value) > 1 for value in step.action_input.values()):
        return ()  # a trip of several parts: the search of one part says nothing of the whole
    for n, call in reversed(trajectory.actions):
        if not first <= n < number or n in asked or kind_of(call) is not ToolKind.SEARCH or read_result(call).failed:
            continue
        if any(len(value) >= 3 and value in call.observation for value in chosen):
            given = {k: v for k, v in call.action_input.items() if _PLACE.search(k) and k not in step.action_input}
            return tuple((k, str(v)) for k, v in given.items())
    return ()


def _lists(data: Any) -> Iterator[list[str]]:
    """Every list of scalars in parsed data."""
    if isinstance(data, dict):
        for value in data.values():
            yield from _lists(value)
    elif isinstance(data, list):
        if data and all(isinstance(item, str | int) for item in data):
            yield [str(item) for item in data]
        for item in data:
            yield from _lists(item)
