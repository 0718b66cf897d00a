"""Inspect's files cut into samples, one in memory at a time: `.eval` (a zip) and `.json` (one long object).

A sample takes with it what its log says of all of them, under `LOG`: the samples alone do not name
their task or model.
"""

import json
import lzma
import math
import re
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.models import visible
from core.sources.files.decoding import MAX_DEPTH, cleaned, json_fault
from core.sources.files.json_rows import LONGEST_ROW
from core.sources.files.window import NotJson, Window
from core.sources.record import Container, Rejected, Row

LOG = "eval_log"
NEEDED = "Inspect's logs are read with its own package: pip install 'agenther[inspect]'"
_KEPT = ("eval", "plan", "status", "error", "tags", "metadata")
_OPENING = re.compile(
    rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"version"\s*:\s*\d+\s*,\s*"status"\s*:\s*"\w+"\s*,\s*"eval"\s*:\s*\{'
)
_SAMPLE = re.compile(r"samples/[^/]+\.json")
_CHUNKED = re.compile(r"(samples/[^/]+/)sample\.json")
_HEADERS = ("header.json", "_journal/start.json")
_LONGEST_HEADER = 64 << 20  # bytes; the longest part of one is the list of the samples' ids
_UNPACKED = 4096  # packed bytes at a time, so that a damaged or hostile entry unpacks to little at once
# What unpacking raises: damage by each method, a method that is not known, a password.
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, MemoryError)
_SHOWN = 1000  # characters kept of a text that cannot be read on
_IN_CHUNKS = "stored in chunks, which Inspect's own package writes but does not read; import the log it was made from"
_LOCKED = 1  # the bit of an entry's flags
_ZSTD = 93  # the zip method that Python 3.11 does not know


def samples_of(log: dict[str, Any], line: int | None) -> Iterator[Row | Rejected]:
    """Give the samples of a log that is in memory as a whole, or the reason why it has none."""
    samples = log.get("samples")
    if not isinstance(samples, list) or not samples:
        yield Rejected(line, without_samples(log), json.dumps(log, ensure_ascii=False))
        return
    told = {LOG: _header(log)}
    for sample in samples:
        raw = json.dumps(sample, ensure_ascii=False)
        yield Row(sample | told, raw, line) if isinstance(sample, dict) else Rejected(line, _NO_OBJECT, raw)


_NO_OBJECT = "a sample of an Inspect log should be an object"


def without_samples(log: dict[str, Any]) -> str:
    """Say why a log holds no run."""
    error = log.get("error")
    said = error.get("message") if isinstance(error, dict) else None
    more = f", error: {said.strip().splitlines()[0][:200]}" if isinstance(said, str) and said.strip() else ""
    return f"an Inspect log without samples (status: {log.get('status', 'unknown')}{more}): there is no run in it"


def _header(log: dict[str, Any]) -> dict[str, Any]:
    """Take what the log says of all samples, without the list of their ids."""
    kept = {key: log[key] for key in _KEPT if log.get(key) not in (None, [], {})}
    spec = kept.get("eval")
    if isinstance(spec, dict) and isinstance(spec.get("dataset"), dict):
        dataset = {key: value for key, value in spec["dataset"].items() if key != "sample_ids"}
        kept["eval"] = spec | {"dataset": dataset}
    return kept


def _is_zip(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04")  # `_zipped` looks into its directory; a log may begin with any entry


def _opens(head: bytes) -> bool:
    return _is_zip(head) or _OPENING.match(head) is not None


def _rows(path: Path, stream: BufferedIOBase) -> Iterator[Row | Rejected]:
    head = stream.read(64)
    stream.seek(0)
    yield from _zipped(path, stream) if _is_zip(head) else _written(path, Window(stream))


def _written(path: Path, window: Window) -> Iterator[Row | Rejected]:
    """Give the samples of the logs in a JSON file, which are read up to the sample that is asked for."""
    count = 0
    try:
        while sign := window.peek():
            for row in _log(window) if sign == "{" else [_row(*window.value(LONGEST_ROW), window.line, {})]:
                count += 1
                yield row
    except NotJson as error:
        if count == 0:
            raise InputError(f"{path} is not JSON: {error}") from None
        yield Rejected(window.line, f"not JSON from here on, after {count} samples: {error}", window.rest(_SHOWN))
    except InputError as error:
        yield Rejected(window.line, f"{error}; nothing after it was read", window.rest(_SHOWN))


def _log(window: Window) -> Iterator[Row | Rejected]:
    line, log, count = window.line, {}, 0
    window.skip(1)
    while (key := window.key()) is not None:
        if key != "samples" or window.peek() != "[":
            log[key] = cleaned(finite(window.value(LONGEST_ROW)[0]))
            continue
        window.skip(1)
        told = {LOG: _header(log)}
        while (sign := window.peek()) != "]":
            if sign == ",":
                window.skip(1)
                continue
            begins = window.line
            count += 1
            yield _row(*window.value(LONGEST_ROW), begins, told)
        window.skip(1)
    window.skip(1)
    if count == 0:
        raw = json.dumps(log, ensure_ascii=False)
        is_log = isinstance(log.get("eval"), dict)
        yield Rejected(line, without_samples(log), visible(raw)) if is_log else Row(log, visible(raw), line)


def _zipped(path: Path, stream: BufferedIOBase) -> Iterator[Row | Rejected]:
    try:
        archive = zipfile.ZipFile(stream)
    except (*_BROKEN, ValueError) as error:
        raise InputError(f"{path} is a damaged Inspect log or another damaged zip archive: {error}.") from None
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        header = next((entry for name in _HEADERS for entry in entries[::-1] if entry.filename == name), None)
        samples = [entry for entry in entries if entry.filename.lower().startswith("samples/")]
        if not header and not samples:
            raise InputError(f"{path} is a zip archive; unpack it first.")
        if any(entry.compress_type == _ZSTD for entry in entries):
            _learn_zstd()
        log = _start(path, archive, header) if header else {}
        if not samples:
            yield Rejected(None, without_samples(log), visible(json.dumps(log, ensure_ascii=False)))
        told = {LOG: _header(log)}
        left = Counter(entry.filename for entry in samples)
        chunked = tuple(found[1] for name in left if (found := _CHUNKED.fullmatch(name)))
        for entry in samples:
            name = entry.filename
            left[name] -= 1
            if left[name]:
                yield Rejected(None, f"{name}: stands in the archive again further on; the last one is read", "")
            elif _SAMPLE.fullmatch(name):
                yield _entry(archive, entry, told)
            elif _CHUNKED.fullmatch(name):
                yield Rejected(None, f"{name}: {_IN_CHUNKS}", "")
            elif not name.startswith(chunked):  # else a part of one that is refused
                yield Rejected(None, f"{name}: not read; Inspect names a sample samples/NAME.json", "")


def _start(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> dict[str, Any]:
    """Read what stands before the samples, without which they have no task or model."""
    try:
        log = cleaned(finite(_loads(_unpacked(archive, entry, _LONGEST_HEADER))))
    except InputError as error:
        raise InputError(f"{path} is an Inspect log that cannot be read: {entry.filename}: {error}.") from None
    return log if isinstance(log, dict) else {}


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, told: dict[str, Any]) -> Row | Rejected:
    raw = ""
    try:
        raw = _unpacked(archive, entry, LONGEST_ROW)
        row = _row(_loads(raw), raw, None, told)
    except InputError as error:
        return Rejected(None, f"{entry.filename}: {error}", visible(raw[:200_000]))
    return row if isinstance(row, Row) else replace(row, reason=f"{entry.filename}: {row.reason}")


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, longest: int) -> str:
    if entry.file_size > longest:  # no more than this is read, whatever the entry would unpack to
        raise InputError(f"longer than {longest >> 20} MB")
    if entry.flag_bits & _LOCKED:
        raise InputError("locked with a password; save the log without one")
    try:
        with archive.open(entry) as stream:
            assert isinstance(stream, zipfile.ZipExtFile)
            whole = b"".join(iter(lambda: stream.read1(_UNPACKED), b""))
    except _faults() as error:
        raise InputError(f"cannot be unpacked: {error}") from None
    return whole.decode("utf-8-sig", "surrogateescape")


def _row(sample: Any, raw: str, line: int | None, told: dict[str, Any]) -> Row | Rejected:
    try:
        sample = cleaned(finite(sample))
    except InputError as error:
        return Rejected(line, str(error), visible(raw[:200_000]))
    if isinstance(sample, dict):
        return Row(sample | told, visible(raw), line)
    return Rejected(line, _NO_OBJECT, visible(raw))


def _faults() -> tuple[type[Exception], ...]:
    zstandard = sys.modules.get("zstandard")  # loaded by `_learn_zstd`, where it is needed
    return (*_BROKEN, zstandard.ZstdError) if zstandard else _BROKEN


def _loads(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON: {json_fault(error)}") from None
    except ValueError:
        raise InputError("holds a number of more digits than can be read") from None
    except RecursionError:
        raise InputError(f"nested deeper than {MAX_DEPTH} levels") from None


def finite(value: Any, depth: int = 0) -> Any:
    """Read a NaN or an infinity as text: Inspect writes them for scores that could not be given."""
    if depth > MAX_DEPTH:
        return value  # `cleaned` refuses it
    if isinstance(value, dict):
        return {key: finite(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item, depth + 1) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _learn_zstd() -> None:
    try:
        import zipfile_zstd  # noqa: F401, PLC0415 -- teaches `zipfile` the method
    except ImportError:
        raise InputError(f"This log is packed with zstd. {NEEDED}") from None


FILES = Container(opens=_opens, rows=_rows)
