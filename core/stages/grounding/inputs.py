"""Inputs of the kept calls that nobody gave the agent: a goal that lacks them cannot be carried out.

The user turns of the middle of a run are folded into the new prompt, so whatever a call needed and
neither the system prompt nor an earlier result supplied must stand in the prompt itself.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from math import inf
from typing import Any

from core.models import FailedTrajectory, StepKind
from core.stages.grounding.index import Origin, RunIndex, index_of
from core.stages.grounding.secrets import is_secret
from core.stages.grounding.values import find_values, fold, number_key, phrase_key
from core.stages.results import read_result
from core.stages.tool_kind import ToolKind, command_text, kind_of, reads_only

# What the agent makes up itself or sets by habit: nobody has to give it.
_OWN_KEYS = {
    "limit", "page", "page_size", "per_page", "offset", "sort", "sort_by", "order", "order_by", "top_k", "k", "n",
    "max_results", "num_results", "language", "lang", "timeout", "format", "verbose", "recursive", "encoding", "mode",
    "thought", "summary", "reason", "explanation", "description", "note", "notes", "comment", "content", "code", "body",
    "message", "text", "findings", "expression", "title", "subject", "query", "q", "keywords", "nonfree_baggages",
    "depth", "units", "step", "cwd", "new_str", "old_str", "file_text", "args", "old", "new", "old_string",
    "new_string", "patch", "diff", "insert_text", "contents", "data", "rationale",
    "target", "line", "start_line", "end_line",
}  # fmt: skip
_PATH_KEYS = {"path", "file", "file_path", "filename"}
_OWN_VALUES = {"", "true", "false", "yes", "no", "none", "null", "0", "1", "all", "asc", "desc", "default", "auto"}
_QUALIFIED = re.compile(r"([^()]+?) \(([^()]+)\)")
_LONGEST = 80  # characters; longer texts are composed, not given


def missing_inputs(prompt: str, trajectory: FailedTrajectory, *, first: int, last: int) -> tuple[str, ...]:
    """Values of working calls in `first`..`last` that stand in no prompt and no earlier result."""
    index = index_of(trajectory)
    known = _Known(prompt)
    missing: dict[str, None] = {}
    shown: dict[str, float] = {}
    wrote = False  # a file that the agent itself wrote has a name of the agent's own choice
    for number, step in enumerate(trajectory.steps[:last], 1):
        if number < first or step.kind is not StepKind.ACTION or read_result(step).failed:
            continue
        if read_result(step).empty and reads_only(step):
            continue  # what was looked for in vain served nothing
        kind = kind_of(step)
        wrote = wrote or kind is ToolKind.WRITE_FILE
        if kind in (ToolKind.NOISE, ToolKind.CALCULATE) or command_text(step):
            continue
        arguments = {k: v for k, v in step.action_input.items() if not (wrote and k in _PATH_KEYS)}
        for value in needed_values(arguments):
            if value in missing or known.has(value):
                continue
            if value not in shown:
                shown[value] = _first_shown(value, index, first)
            if shown[value] >= number:
                missing.setdefault(value)
    return tuple(missing)


def needed_values(arguments: dict[str, Any]) -> Iterator[str]:
    """The scalars among the arguments that somebody must have supplied; a secret is set up, not asked for."""
    for key, value in arguments.items():
        if key.lower() not in _OWN_KEYS and not is_secret(key, value):
            yield from _scalars(value)


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from needed_values(value)
    elif isinstance(value, list):
        for item in value:
            yield from _scalars(item)
    elif value is not None and not isinstance(value, bool):
        text = str(value).strip()
        if fold(text) not in _OWN_VALUES and len(text) <= _LONGEST and "\n" not in text:
            yield text


class _Known:
    """What a prompt itself supplies."""

    def __init__(self, prompt: str) -> None:
        self.phrase = f" {phrase_key(prompt).replace('_', ' ')} "
        self.keys = {key for value in find_values(prompt) for key in value.keys}

    def has(self, value: str) -> bool:
        if found := _QUALIFIED.fullmatch(value):  # `Ian Hunter (singer)`: said as the singer Ian Hunter
            return self.has(found[1]) and self.has(found[2])
        phrase = phrase_key(value).replace("_", " ")
        return (bool(phrase) and f" {phrase} " in self.phrase) or any(key in self.keys for key in value_keys(value))


@lru_cache(maxsize=16_384)
def value_keys(value: str) -> frozenset[str]:
    """The normal forms under which a scalar argument is found again."""
    found = [one for one in find_values(value) if one.text == value]
    keys = {key for one in found for key in one.keys}
    keys |= {f"@{one.keys[0][-5:]}" for one in found if one.keys and one.keys[0].startswith("@")}
    if value.replace(".", "", 1).isdigit():
        keys.add(number_key(value))
    keys.add(phrase_key(value))
    return frozenset(keys - {""})


def _first_shown(value: str, index: RunIndex, first: int) -> float:
    """The first step from `first` on whose result shows the value: 0 = the system prompt does, inf = none."""
    earliest = inf
    for key in value_keys(value):
        for place, _, _ in index.find(key):
            if place.origin is Origin.SYSTEM:
                return 0
            if place.origin is Origin.OBSERVATION and place.step >= first:
                earliest = min(earliest, place.step)
    return earliest
