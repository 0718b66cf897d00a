"""What a tool result tells, as short facts, each tied to its span in the observation.

Results come as JSON, Python literals, text tables or plain text. A fact is one record of them in
words; the values in it are copied from the observation letter by letter. A fact is of a length that a
person reads, and what speaks to the reader instead of telling something is left out (`core.stages.hostile`).
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from core.models import AgentStep, Evidence, Field
from core.stages.hostile import is_hostile, plain_text, speaks_to_reader
from core.stages.results import is_error_line, parse_data, read_result
from core.stages.wording import join, spoken_key

MOST_FACTS = 40  # of one result; a longer result says how many there are
_LONGEST_TEXT = 700  # characters that one fact may hold
_LONGEST_SPAN = 2_000  # characters of the span behind it
_AHEAD = 50_000  # characters in which the next value of a parsed result is looked for
CUT = " [...]"  # behind the words of a fact that go on in the result
_HEADS = (
    "title", "name", "full_name", "product", "company", "number", "flight_number", "id", "order", "booking", "key",
    "file", "path", "slug", "company_name",
)  # fmt: skip
_LIST_KEYS = (
    "results", "items", "data", "rows", "records", "bookings", "orders", "products", "hits", "matches", "entries",
    "documents", "files", "flights",
)  # fmt: skip
_RULE = re.compile(r"^[\s|+:=-]+$")


@dataclass(frozen=True)
class Fact:
    """One record of a result in words, and where it stands: `observation[start:end]`."""

    text: str
    start: int
    end: int
    keys: tuple[str, ...] = ()
    part: bool = False  # the words are cut, the result goes on


def facts_of(step: AgentStep, *, fields: Collection[str] = (), known: Collection[str] = ()) -> tuple[Fact, ...]:
    """The facts of one working call, at most `MOST_FACTS`.

    With `fields` a record is told by its name and those of its fields alone; values in `known` (the
    call's own inputs) are not repeated.
    """
    result = read_result(step)
    if not result.informative:
        return ()
    text = step.observation
    if result.data is not None:
        found = _from_data(result.data, text, _Wanted(frozenset(fields), frozenset(known)))
    elif rows := table_rows(text):
        found = _from_table(rows, text)
    else:
        found = _from_text(text)
    return tuple(_bounded(fact) for fact in islice(found, MOST_FACTS))


def _bounded(fact: Fact) -> Fact:
    end = min(fact.end, fact.start + _LONGEST_SPAN)
    if len(fact.text) <= _LONGEST_TEXT:
        return replace(fact, end=end)
    return replace(fact, text=_head(fact.text) + CUT, end=end, part=True)


def _head(text: str) -> str:
    """The first whole words of a text, up to the length of a fact."""
    head = text[:_LONGEST_TEXT]
    return head[: head.rfind(" ")].rstrip() if " " in head[_LONGEST_TEXT // 2 :] else head


def count_of(step: AgentStep) -> int | None:
    """How many records a result holds; None if it is no list of records."""
    data = read_result(step).data
    records = records_of(data)
    if records is not None:
        return len(records)
    if rows := table_rows(step.observation):
        return len(rows) - 1
    return None


def records_of(data: Any) -> list[Any] | None:
    """The list of records in parsed data, if there is one."""
    if isinstance(data, list | tuple) and not (data and all(isinstance(x, list | tuple) and not x for x in data)):
        return list(data)
    if isinstance(data, dict) and not any(
        re.search(r"(?:^|_)id$|^(?:order|booking|ticket)$", str(key)) for key in data
    ):
        lists = {k: v for k, v in data.items() if isinstance(v, list) and v and all(isinstance(x, dict) for x in v)}
        for key in _LIST_KEYS:
            if key in lists and sum(len(str(v)) for k, v in data.items() if k != key) < len(str(lists[key])):
                return lists[key]
    return None


def evidence_of(fact: Fact, step: AgentStep, number: int) -> Evidence:
    """The fact's span as evidence."""
    return Evidence(
        step=number,
        field=Field.OBSERVATION,
        start=fact.start,
        end=fact.end,
        quote=step.observation[fact.start : fact.end],
    )


class _Cursor:
    """Finds values in the text in the order in which they were parsed from it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def find(self, value: Any) -> tuple[int, int] | None:
        for form in _forms(value):
            start = self.text.find(form, self.at, self.at + len(form) + _AHEAD)
            if start < 0:
                continue
            self.at = start + len(form)
            return start, self.at
        return None


def _forms(value: Any) -> Iterator[str]:
    if isinstance(value, bool):
        yield from ("true", "True") if value else ("false", "False")
    elif isinstance(value, str):
        yield value
        yield json.dumps(value, ensure_ascii=False)[1:-1]
        yield json.dumps(value)[1:-1]
        yield repr(value)[1:-1]
        if "\u2400" in value:  # how a NUL is kept
            stood = value.replace("\u2400", "\0")
            yield from (json.dumps(stood)[1:-1], repr(stood)[1:-1])
    else:
        yield str(value)
        yield json.dumps(value, default=str)


@dataclass(frozen=True)
class _Wanted:
    """Which fields of a record are told: all without `fields`, and none whose value is `known`."""

    fields: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()

    def tells(self, key: str, value: Any) -> bool:
        if not isinstance(value, dict | list) and str(value) in self.known:
            return False
        return not self.fields or key in self.fields or key in _HEADS


def _from_data(data: Any, text: str, wanted: _Wanted) -> Iterator[Fact]:
    cursor = _Cursor(text)
    records = records_of(data)
    if records is None or all(not isinstance(r, dict | list | tuple) for r in records):
        yield from _one(data, cursor, wanted)
        return
    if isinstance(data, dict):
        for value in data.values():
            if value is records:
                break
            if not isinstance(value, dict | list):
                cursor.find(value)
    for record in records:
        yield from _one(record, cursor, wanted)


def _one(record: Any, cursor: _Cursor, wanted: _Wanted) -> Iterator[Fact]:
    spans: list[tuple[int, int]] = []
    said = _say(record, cursor, spans, wanted)
    if said and spans:
        keys = tuple(record) if isinstance(record, dict) else ()
        yield Fact(said, min(s for s, _ in spans), max(e for _, e in spans), tuple(str(k) for k in keys))


def _say(value: Any, cursor: _Cursor, spans: list[tuple[int, int]], wanted: _Wanted) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, dict):
        return _say_object(value, cursor, spans, wanted)
    if isinstance(value, list | tuple):
        parts = [_say(item, cursor, spans, wanted) for item in value]
        told = [part for part in parts if part]
        nested = any(isinstance(item, dict | list | tuple) for item in value)
        return "; ".join(told) if nested else join(told) if isinstance(value, list) else ", ".join(told)
    if span := cursor.find(value):
        said = plain_text(value) if isinstance(value, str) else cursor.text[span[0] : span[1]]
        if isinstance(value, str) and is_hostile(said):
            return ""
        spans.append(span)
        return said.replace("_", " ") if re.fullmatch(r"[a-z]+(?:_[a-z]+)+", said) else said
    return ""


def _say_object(record: dict[Any, Any], cursor: _Cursor, spans: list[tuple[int, int]], wanted: _Wanted) -> str:
    told: dict[str, str] = {}
    for key, value in record.items():
        found: list[tuple[int, int]] = []
        said = _say(value, cursor, found, _Wanted(known=wanted.known))  # read in order even if it is not told
        if said and wanted.tells(str(key), value):
            spans += found
            told[str(key)] = f"({said})" if isinstance(value, dict) and len(value) > 1 else said
    name = " ".join(told.pop(key) for key in ("first_name", "last_name") if key in told)
    head = name or next((told.pop(key) for key in _HEADS if key in told and not told[key].startswith("(")), "")
    rest = ", ".join(f"{field_words(key)} {said}" for key, said in told.items())
    return f"{head}: {rest}" if head and rest else head or rest


def field_words(key: str) -> str:
    """A field name before its value: `scheduled_departure_time_est` -> departs."""
    words = spoken_key(key)
    if re.search(r"\bdepart(?:ure|s)?\b.*\btime\b|^departs$|\bleaves\b", words):
        return "departs"
    if re.search(r"\barriv(?:al|es)?\b.*\btime\b|^arrives$", words):
        return "arrives"
    return {"dob": "born", "price usd": "USD", "price eur": "EUR"}.get(words, words)


def table_rows(text: str) -> list[list[str]]:
    """Rows of a text table with `|` between its columns, the header first; [] if it is none."""
    lines = [line for line in text.split("\n") if "|" in line]
    if len(lines) < 2 or not any(_RULE.match(line) for line in text.split("\n", 4)[:4]):
        return []
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines if not _RULE.match(line)]
    return rows if len(rows) > 1 and len({len(row) for row in rows}) == 1 else []


def _from_table(rows: list[list[str]], text: str) -> Iterator[Fact]:
    header = rows[0]
    at = text.find("\n")
    for row in rows[1:]:
        first = text.find(row[0], at) if row[0] else at
        end = text.find("\n", first)
        end = end if end >= 0 else len(text)
        at = end
        line = text[first:end].rstrip()
        if is_hostile(plain_text(line)):
            continue
        cells = [f"{spoken_key(key)} {plain_text(cell)}" for key, cell in zip(header[1:], row[1:], strict=True) if cell]
        said = f"{row[0]}: {', '.join(cells)}" if cells else f"{spoken_key(header[0])} {row[0]}"
        yield Fact(plain_text(said), first, first + len(line), tuple(header))


# What curl writes while it fetches: two lines of heads, then times and rates.
_PROGRESS = re.compile(
    r"^ *% Total +% Received.*|^ +Dload +Upload.*|^[ \r\d.:kMGT-]*--:--:--[ \r\d.:kMGT-]*$", re.MULTILINE
)
# What a shell writes before it waits for the next command, alone on its line: `user@host:/path $`.
_SHELL_PROMPT = re.compile(r"^[\w.-]{1,40}@[\w.-]{1,60}:\S{0,200} ?[$#]\s*$", re.MULTILINE)


def _from_text(text: str) -> Iterator[Fact]:
    """Plain text: its short lines, or its leading sentences as a whole. A prompt or a meter is no fact."""
    text = _PROGRESS.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text) if "% Total" in text else text
    text = _SHELL_PROMPT.sub(lambda found: " " * len(found[0]), text)
    start = len(text) - len(text.lstrip())
    whole = text.strip()
    if "\n" not in whole and len(whole) <= _LONGEST_TEXT:
        if not is_hostile(plain_text(whole)):
            yield Fact(plain_text(whole), start, start + len(whole))
        return
    lines = [m for m in re.finditer(r"[^\n]+", text) if m.group().strip()]
    if all(len(m.group()) <= 200 for m in lines):
        for match in lines:
            line = match.group().strip()
            told = plain_text(line)
            if speaks_to_reader(told):
                return  # whoever began to speak may go on in the next line
            if told and not is_hostile(told) and not is_error_line(told):
                at = match.start() + match.group().index(line[0])
                yield Fact(told, at, at + len(line))
        return
    head = text[start : start + _LONGEST_TEXT]
    ends = [m.end() for m in re.finditer(r"[.!?](?=\s)|\n", head)]
    said = head[: ends[-1]].strip() if ends and len(whole) > len(head) else _head(whole)
    if not is_hostile(said):
        part = len(said) < len(whole)
        yield Fact(said + (CUT if part else ""), start, start + len(said), part=part)


__all__ = ["MOST_FACTS", "Fact", "count_of", "evidence_of", "facts_of", "parse_data", "records_of", "table_rows"]
