"""CSV and Parquet: every row of the table is a row, a column is a field of it."""

import csv
import datetime
import decimal
import json
import math
import re
from collections.abc import Iterator
from io import BufferedIOBase, BufferedReader, RawIOBase, TextIOWrapper
from pathlib import Path
from typing import Any, cast

from core.errors import InputError
from core.models import visible
from core.sources.files.decoding import cleaned
from core.sources.files.json_rows import LONGEST_ROW
from core.sources.files.opening import HEAD_BYTES, head_of
from core.sources.record import Container, Rejected, Row

_NAME = re.compile(r"[^\W\d][^\n\"{}\[\]]{0,79}")
_DELIMITERS = ",\t;|"
_COMPARED = 200  # columns among which names are told apart; no table of runs has more
_SHOWN = 1000  # characters of a broken line kept for its report
_AT_ONCE = 64  # rows of a Parquet file held at a time; one may be megabytes long

csv.field_size_limit(LONGEST_ROW)


def _is_csv(head: bytes) -> bool:
    return _delimiter(head) is not None


def _delimiter(head: bytes) -> str | None:
    """Find what separates the columns: the first line must read as names, and the second must not be prose."""
    lines = head.decode("utf-8-sig", "replace").lstrip("\r\n").splitlines()
    if not lines or lines[0].lstrip()[:1] in ("", "[", "{"):
        return None
    for delimiter in _DELIMITERS:
        try:
            names = next(csv.reader(lines[:1], delimiter=delimiter, strict=True))
        except csv.Error:
            continue
        if len(lines) == 1 and len(head) >= HEAD_BYTES:  # a header longer than what is looked at
            names = names[:-1]
        alone = len(names) == 1 and len(lines) > 1 and lines[1][:2] in ('"[', '"{')
        # pandas leaves the name of its index empty.
        if (len(names) > 1 or alone) and all(_NAME.fullmatch(name.strip()) for name in names[not names[0] :]):
            return delimiter
    return None


def _columns(header: list[str]) -> list[str]:
    """Name the columns: one without a name is `index`, one whose name was there before gets its number behind it."""
    names: list[str] = []
    for number, given in enumerate(header, 1):
        name = given.strip() or ("index" if number == 1 else f"column {number}")
        names.append(name if name not in names[:_COMPARED] else f"{name}.{number}")
    return names


def _csv_rows(path: Path, stream: BufferedIOBase) -> Iterator[Row | Rejected]:
    reading = stream if isinstance(stream, BufferedReader) else BufferedReader(cast("RawIOBase", stream))
    delimiter = _delimiter(head_of(path)) or ","
    text = TextIOWrapper(reading, "utf-8-sig", "surrogateescape", newline="")
    read: list[str] = []  # the lines of the record at hand, as they stand in the file
    count = 0
    try:
        reader = csv.reader(_kept(text, read), delimiter=delimiter, strict=True)
        names = _columns(next(cells for cells in reader if cells))
        while True:
            line = reader.line_num + 1
            read.clear()
            try:
                cells = next(reader, None)
            except csv.Error as error:
                count += 1
                through = f"; lines {line} to {reader.line_num} were taken for one record" if len(read) > 1 else ""
                yield Rejected(line, f"not CSV: {error}{through}", visible("".join(read)[:_SHOWN]))
                continue
            if cells is None:
                break
            count += bool(cells)
            if len(cells) == len(names):
                data = {name: cell for name, cell in zip(names, cells, strict=True) if cell != ""}
                yield _row(data, visible("".join(read).rstrip("\r\n")), line)
            elif cells:
                reason = f"{_cells(len(cells))}, but the header names {len(names)}"
                yield Rejected(line, reason, visible("".join(read)[:_SHOWN]))
    finally:
        text.detach()  # the stream is its opener's to close
    if not count:
        raise InputError(f"{path} has a header and no row: there is nothing to import.")


def _kept(text: TextIOWrapper, read: list[str]) -> Iterator[str]:
    for line in text:
        read.append(line)
        yield line


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _parquet_rows(path: Path, _stream: BufferedIOBase) -> Iterator[Row | Rejected]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_AT_ONCE):
                for place in range(batch.num_rows):
                    number += 1
                    yield _parquet_row(batch.slice(place, 1), number)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read as Parquet: {visible(str(error))}") from None
    if not number:
        raise InputError(f"{path} is a table without a row: there is nothing to import.")


def _parquet_row(batch: Any, number: int) -> Row | Rejected:
    try:
        (data,) = batch.to_pylist()
    except (ValueError, OverflowError) as error:  # a time or a text that Python cannot hold
        return Rejected(number, f"a value cannot be read: {visible(str(error))}", "")
    return _row(_plain(data), "", number)


def _row(data: dict[str, Any], raw: str, line: int) -> Row | Rejected:
    try:
        kept = cleaned(data)
    except InputError as error:
        return Rejected(line, str(error), raw or visible(repr(data)[:_SHOWN]))
    return Row(kept, raw or json.dumps(kept, ensure_ascii=False), line)


def _plain(value: Any) -> Any:
    """Write an Arrow value as JSON has it. A null inside a record means that this row has no such field."""
    if isinstance(value, dict):
        return {key: plain for key, item in value.items() if (plain := _plain(item)) is not None}
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):  # a map column
            return {str(key): _plain(item) for key, item in value}
        return [_plain(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):  # how pandas writes "nothing"
        return None
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


CSV = Container(_is_csv, _csv_rows)
PARQUET = Container(lambda head: head.startswith(b"PAR1"), _parquet_rows)
TABLES = (PARQUET, CSV)
