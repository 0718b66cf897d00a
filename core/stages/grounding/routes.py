"""From where to where: arguments say it by their names, so a request that has both swapped shows."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from core.models import AgentStep, Evidence, Field, input_text
from core.stages.grounding.index import Origin, Place, evidence_at
from core.stages.grounding.values import phrase_key
from core.stages.tool_kind import command_text, name_words

FROM, TO = "from", "to"
_ROLES = {
    **dict.fromkeys(("from", "origin", "source", "src", "departure", "start", "old", "base"), FROM),
    **dict.fromkeys(("to", "destination", "dest", "dst", "target", "arrival", "end", "new"), TO),
}
_SAID = {
    **dict.fromkeys(("from", "leaving", "departing"), FROM),
    **dict.fromkeys(("to", "into", "towards", "toward"), TO),
}
_COPIES = re.compile(r"(?:^|[;&|]\s*)(?:sudo\s+)?(?:cp|mv|scp|rsync)\s+((?:[^\s;&|<>]+\s+)+)([^\s;&|<>]+)")
_LONGEST = 80  # characters of a place or name
_MOST = 400  # different places of one run


def swapped(prompt: str, calls: Sequence[tuple[int, AgentStep]]) -> Iterator[tuple[int, int, Evidence]]:
    """(start, end, where a call says otherwise) of each "from" or "to" that stands before the other end only."""
    roles: dict[str, set[str]] = defaultdict(set)
    places: dict[str, Evidence] = {}
    for number, step in calls:
        for role, value in _ends(step):
            if (key := phrase_key(value)) and len(value) <= _LONGEST and len(roles) < _MOST:
                roles[key].add(role)
                places.setdefault(key, _place(number, step, value))
    for key, known in roles.items():
        if len(known) > 1:
            continue
        words = r"[\W_]+".join(map(re.escape, key.split()))
        said = re.compile(rf"\b({'|'.join(_SAID)})\s+(?:the\s+)?[\"'`]?({words})(?!\w)", re.IGNORECASE)
        for match in said.finditer(prompt):
            if {_SAID[match[1].lower()]} != known:
                yield *match.span(2), places[key]


def _ends(step: AgentStep) -> Iterator[tuple[str, str]]:
    yield from _in_arguments(step.action_input)
    for match in _COPIES.finditer(command_text(step)):
        for path in match[1].split():
            if not path.startswith("-"):
                yield FROM, path
        yield TO, match[2]


def _in_arguments(value: Any) -> Iterator[tuple[str, str]]:
    """The ends that an object states, where it states both, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from _in_arguments(item)
    if isinstance(value, dict):
        ends = [
            (role, str(part))
            for key, part in value.items()
            if isinstance(part, str | int) and (role := _role(key)) is not None
        ]
        if {role for role, _ in ends} == {FROM, TO}:
            yield from ends
        for part in value.values():
            yield from _in_arguments(part)


def _role(key: str) -> str | None:
    words = name_words(key)
    return next((_ROLES[word] for word in words[:1] if word in _ROLES), None)


def _place(number: int, step: AgentStep, value: str) -> Evidence:
    text = input_text(step)
    at = text.find(value)
    start, end = (at, at + len(value)) if at >= 0 else (0, len(text))
    return evidence_at(Place(Origin.INPUT, number, Field.ACTION_INPUT, text), start, end)
