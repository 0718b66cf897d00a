"""Rows as lines of JSON that every reader takes: clean text, one line each, same row = same bytes."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

# A lone surrogate cannot be encoded at all and NUL ends strings in C; both are replaced, never dropped.
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Legal inside JSON strings, yet `str.splitlines` and some loaders cut the line there.
_LINE_BREAKERS = {"\u2028": "\\u2028", "\u2029": "\\u2029", "\x85": "\\u0085"}


class UnwritableNumber(ValueError):
    """NaN or infinity, for which JSON has no word."""

    def __init__(self, number: object) -> None:
        super().__init__(f"A number is {number}, which JSON cannot hold.")


def clean(data: Any) -> Any:
    """Turn `data` into plain JSON types, with characters that no file can hold replaced by U+FFFD.

    What JSON has no type for (a date, a path) becomes its text. Raises `UnwritableNumber` for NaN
    and infinity.
    """
    match data:
        case str():
            # Nearly all texts are fit to be written, and to ask that is many times faster than to replace.
            return data if data.isascii() and "\0" not in data else _UNWRITABLE.sub(_REPLACEMENT, data)
        case float() if not math.isfinite(data):
            raise UnwritableNumber(data)
        case None | bool() | int() | float():
            return data
        case dict():  # asked before the abstract type, which is slow to recognise
            return _clean_object(data)
        case list() | tuple():
            return [clean(item) for item in data]
        case Mapping():
            return _clean_object(data)
        case _:
            return clean(str(data))


def to_json(data: Any) -> str:
    """JSON text of cleaned `data`, readable in any script, keys in their order."""
    return json.dumps(data, ensure_ascii=False)


def to_line(row: Mapping[str, Any]) -> str:
    """One JSON line with its newline; no character in it that a reader takes for another line's end."""
    line = to_json(row)
    if not line.isascii():
        for sign, escaped in _LINE_BREAKERS.items():
            line = line.replace(sign, escaped)
    return line + "\n"


def from_json(text: str) -> Any:
    """Parse JSON strictly. Raises `ValueError` for anything else, NaN and Infinity included."""
    return json.loads(text, parse_constant=_refuse)


def _clean_object(data: Mapping[Any, Any]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    for key, value in data.items():
        name = clean(str(key))
        while name in cleaned:  # two keys that differ only in what was replaced
            name += _REPLACEMENT
        cleaned[name] = clean(value)
    return cleaned


def _refuse(word: str) -> None:
    raise UnwritableNumber(word)
