"""What a tool result tells, as short facts, each tied to its span in the observation.

Results come as JSON, Python literals, text tables or plain text. A fact is one record of them in
words; the values in it are copied from the observation letter by letter.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from core.models import AgentStep, Evidence, Field
from core.stages.results import parse_data, read_result
from core.stages.wording import join, spoken_key

MOST_FACTS = 40  # of one result; a longer result says how many there are
_LONGEST_TEXT = 700  # characters of plain text that one fact may hold
_HEADS = (
    "title",
    "name",
    "full_name",
    "product",
    "company",
    "number",
    "flight_number",
    "id",
    "order",
    "booking",
    "key",
    "file",
    "path",
    "slug",
    "company_name",
)
_LIST_KEYS = (
    "results",
    "items",
    "data",
    "rows",
    "records",
    "bookings",
    "orders",
    "products",
    "hits",
    "matches",
    "entries",
    "documents",
    "files",
    "flights",
)
_RULE = re.compile(r"^[\s|+:=-]+$")


@dataclass(frozen=True)
class Fact:
    """One record of a result in words, and where it stands: `observation[start:end]`."""

    text: str
    start: int
    end: int
    keys: tuple[str, ...] = ()


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
        return tuple(_from_data(result.data, text, _Wanted(frozenset(fields), frozenset(known))))[:MOST_FACTS]
    if rows := table_rows(text):
        return tuple(_from_table(rows, text))[:MOST_FACTS]
    return tuple(_from_text(text))[:MOST_FACTS]


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
            start = self.text.find(form, self.at)
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
        spans.append(span)
        said = cursor.text[span[0] : span[1]] if not isinstance(value, str) else value
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
    lines = [line for line in text.splitlines() if "|" in line]
    if len(lines) < 2 or not any(_RULE.match(line) for line in text.splitlines()[:4]):
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
        cells = [f"{spoken_key(key)} {cell}" for key, cell in zip(header[1:], row[1:], strict=True) if cell]
        said = f"{row[0]}: {', '.join(cells)}" if cells else f"{spoken_key(header[0])} {row[0]}"
        yield Fact(said, first, first + len(line), tuple(header))


def _from_text(text: str) -> Iterator[Fact]:
    """Plain text: its lines if they are few and short, else its leading sentences as a whole."""
    if "\n" not in text.strip() and len(text.strip()) <= _LONGEST_TEXT:
        start = len(text) - len(text.lstrip())
        yield Fact(text.strip(), start, start + len(text.strip()))
        return
    lines = [m for m in re.finditer(r"[^\n]+", text) if m.group().strip()]
    if all(len(m.group()) <= 200 for m in lines):
        for match in lines:
            line = match.group().strip()
            start = match.start() + match.group().index(line[0]) if line else match.start()
            yield Fact(line, start, start + len(line))
        return
    size = start = len(text) - len(text.lstrip())
    for match in re.finditer(r".+?(?:[.!?](?=\s|$)|\n|$)", text[start:], re.DOTALL):
        if size > start and match.end() > _LONGEST_TEXT:
            break
        size = start + match.end()
        if match.end() > _LONGEST_TEXT:
            break
    yield Fact(text[start:size].strip(), start, start + len(text[start:size].strip()))


__all__ = ["MOST_FACTS", "Fact", "count_of", "evidence_of", "facts_of", "parse_data", "records_of", "table_rows"]
