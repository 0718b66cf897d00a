"""A file to rows, in flat memory: JSONL, a JSON array, one object, or a list inside an object.

Why not a streaming parser: the kept one (ijson 3.6, yajl) dies with a segmentation fault on a
number of 5,000 digits, loses every later row at a NaN or a lone surrogate, and gives no text to
keep beside the record. The standard decoder on a window that grows to the longest row does none
of this, and reads all shapes alike.
"""

import json
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.models import visible
from core.sources.files.decoding import cleaned_from, decode, json_fault
from core.sources.files.opening import BROKEN, opened
from core.sources.files.window import NotJson, TooLong, Window
from core.sources.record import Rejected, Row

WRAPPERS = ("trajectories", "data", "runs", "results", "items", "records", "rows", "episodes", "samples", "simulations")
HEAD = 1 << 20  # characters looked at to tell the shape
WHOLE = 4 << 20  # an object up to this long is looked at as a whole before a list inside it is taken for rows
LONGEST_ROW = 256 << 20  # bytes
RAW_KEPT = 200_000  # characters kept of a rejected row
_TOO_LONG = f"longer than {LONGEST_ROW >> 20} MB; split it before importing"
REST_SHOWN = 1000  # characters kept of a text that cannot be read on


def json_rows(path: Path, is_record: Callable[[Any], bool]) -> Iterator[Row | Rejected]:
    """Give every row of the file, in order, with what could not be decoded as `Rejected`.

    `is_record` says whether an object is a run by itself, so that a list inside it is left alone.
    Raises `InputError` if the file is missing, empty or not JSON at all.
    """
    with opened(path) as stream:
        in_lines = _is_jsonl(Window(stream), path)
    with opened(path) as stream:
        yield from _lines(stream, is_record) if in_lines else _document(Window(stream), path, is_record)


def _is_jsonl(window: Window, path: Path) -> bool:
    """Tell whether each line is a row of its own; else the file is one JSON document. Told from its head."""
    while (len(window.text) < HEAD or ("\n" not in window.text and len(window.text) < WHOLE)) and window.more():
        pass
    lines = [line for line in window.text.split("\n") if line.strip()]
    if not lines:
        raise InputError(f"{path} cannot be read: {window.broken}." if window.broken else f"{path} is empty.")
    if not window.ended:
        lines = lines[:-1] or lines  # the last one may be cut
    first, whole = lines[0].strip(), _is_row(lines[0])
    if whole:
        return len(lines) > 1 or not window.ended
    # A first line that stops in mid-air opens a document; one that is broken may still lead JSONL.
    if first[-1] not in "[{,:" and any(_is_row(line) for line in lines[1:100]):
        return True
    if first[0] not in "[{":
        line = window.text[: window.text.index(lines[0])].count("\n") + 1
        column = lines[0].index(first) + 1
        raise InputError(
            f"{path} is not JSON: line {line}, column {column} starts with {visible(first[:40])!r}. "
            "It should hold JSON objects, one a line (JSONL) or in one list, a table (CSV, Parquet) or a known log."
        )
    return False


def _is_row(line: str) -> bool:
    if line[0] not in "[{":
        return False
    try:
        return bool(decode(line))
    except InputError:
        return True
    except ValueError:
        return False


def _lines(stream: BufferedIOBase, is_record: Callable[[Any], bool]) -> Iterator[Row | Rejected]:
    number = 0
    while line := _next_line(stream):
        number += 1
        if isinstance(line, str):
            yield Rejected(number, line, "")
            return
        if len(line) >= LONGEST_ROW and not line.endswith(b"\n"):
            yield _rejected(number, _TOO_LONG, line[:REST_SHOWN].decode("utf-8", "surrogateescape"))
            _skip_line(stream)
            continue
        encoding = "utf-8-sig" if number == 1 else "utf-8"
        raw = line.rstrip(b"\r\n").decode(encoding, "surrogateescape")
        if not raw.strip():
            continue
        yield from _row_of_line(raw, number, is_record)


def _next_line(stream: BufferedIOBase) -> bytes | str:
    """Read the next line, or say why the file cannot be read on (a cut archive)."""
    try:
        return stream.readline(LONGEST_ROW)
    except BROKEN as error:
        return f"the file breaks off here ({error}); the rows before were read"


def _skip_line(stream: BufferedIOBase) -> None:
    """Read up to the next line, a chunk at a time."""
    while (part := _next_line(stream)) and isinstance(part, bytes) and not part.endswith(b"\n"):
        pass


def _document(window: Window, path: Path, is_record: Callable[[Any], bool]) -> Iterator[Row | Rejected]:
    """Give the rows of a file that is one JSON value, or several printed one after the other."""
    count = 0
    try:
        while sign := window.peek():
            begun = window.line
            for row in _elements(window) if sign == "[" else _object(window, is_record):
                count += 1
                if isinstance(row, Row):
                    yield from _unwrapped(row, is_record)
                else:
                    yield row
            # A value on a line of its own, with another behind it: JSONL whose first row was longer than its head.
            if sign == "{" and window.line == begun and window.peek() == "{" and window.line == begun + 1:
                yield from _lines_of(window, is_record)
    except NotJson as error:
        if count == 0:
            raise InputError(f"{path} is not JSON: {error}") from None
        rows = f"{count} row{'s'[: count != 1]}"
        yield Rejected(window.line, f"not JSON from here on, after {rows}: {error}", window.rest(REST_SHOWN))
    except InputError as error:
        yield Rejected(window.line, f"{error}; nothing after it was read", window.rest(REST_SHOWN))
    else:
        if count == 0:
            raise InputError(f"{path} holds an empty list: there is nothing to import.")


def _lines_of(window: Window, is_record: Callable[[Any], bool]) -> Iterator[Row | Rejected]:
    """Give the rest of a window as lines."""
    while window.peek():
        number = window.line
        yield from _row_of_line(window.take_line(), number, is_record)


def _row_of_line(raw: str, number: int, is_record: Callable[[Any], bool]) -> Iterator[Row | Rejected]:
    try:
        data = decode(raw)
    except json.JSONDecodeError as error:
        yield _rejected(number, f"not JSON: {json_fault(error)} at column {error.colno}", raw)
    except InputError as error:
        yield _rejected(number, str(error), raw)
    else:
        yield from _unwrapped(Row(data, visible(raw), number), is_record)


def _object(window: Window, is_record: Callable[[Any], bool]) -> Iterator[Row | Rejected]:
    """Give one value as one row; of an object too long to hold at once, the rows of the first list in it."""
    line = window.line
    try:
        yield _checked(*window.value(WHOLE), line)
    except TooLong:
        window.skip(1)
    else:
        return
    fields: dict[str, Any] = {}
    found = False
    while (key := window.key()) is not None:
        if key in WRAPPERS and window.peek() == "[" and not found and not is_record(fields):
            found = True
            yield from _elements(window)
            continue
        start = window.line
        value, raw = window.value(LONGEST_ROW)
        if not is_record(fields) and is_record(named := _named(key, value)):
            found = True
            yield _checked(named, raw, start)
        else:
            fields[key] = value
    window.skip(1)
    if not found:
        yield _checked(fields, json.dumps(fields, ensure_ascii=False), line)


def _elements(window: Window) -> Iterator[Row | Rejected]:
    """Give each value of a JSON list, with its exact text."""
    window.skip(1)
    while (sign := window.peek()) != "]":
        if sign == ",":
            window.skip(1)
            window.peek()
            continue
        line = window.line
        yield _checked(*window.value(LONGEST_ROW), line)
    window.skip(1)


def _checked(data: Any, raw: str, line: int) -> Row | Rejected:
    try:
        return Row(cleaned_from(data, raw), visible(raw), line)
    except InputError as error:
        return _rejected(line, str(error), raw)


def _unwrapped(row: Row, is_record: Callable[[Any], bool]) -> Iterator[Row]:
    """Give the rows inside a row that only wraps them, or the row itself.

    Wrappers are a list, `{"trajectories": [...]}` and `{"run-1": {...}, "run-2": {...}}`. Whatever
    stands among runs is a row too, so that it is refused in words and not passed over.
    """
    inner = [] if is_record(row.data) else _inner(row, is_record)
    if not inner:
        yield row
    for item in inner:
        yield Row(item, json.dumps(item, ensure_ascii=False), row.line)


def _inner(row: Row, is_record: Callable[[Any], bool]) -> list[Any]:
    data = row.data
    if isinstance(data, list):
        return data if any(isinstance(item, dict) for item in data) else []
    if not isinstance(data, dict):
        return []
    lists = [data[key] for key in WRAPPERS if isinstance(data.get(key), list) and data[key]]
    if known := [item for found in lists if any(map(is_record, found)) for item in found]:
        return known
    if any(is_record(_named(key, value)) for key, value in data.items()):
        return [_named(key, value) for key, value in _pairs(row) if isinstance(value, dict)]
    return next((found for found in lists if all(isinstance(item, dict) for item in found)), [])


def _pairs(row: Row) -> list[tuple[str, Any]]:
    """List the fields of an object, also those whose name stands twice, which a dict would lose."""
    found: list[tuple[str, Any]] = []

    def noted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found[:] = pairs  # the outermost object comes last
        return dict(pairs)

    try:
        json.JSONDecoder(strict=False, object_pairs_hook=noted).decode(row.raw)
        return [(key, cleaned_from(value, row.raw)) for key, value in found]
    except ValueError:  # digits without end, which only the careful decoder reads
        return list(row.data.items())


def _named(key: str, value: Any) -> Any:
    """Give a record that stands under its name in an object, with that name as its `id`."""
    return {"id": key, **value} if isinstance(value, dict) else value


def _rejected(line: int | None, reason: str, raw: str) -> Rejected:
    return Rejected(line, reason, visible(raw[:RAW_KEPT]))
