"""Training rows onto disk, whole or not at all.

Data goes to a temporary name beside its place and is moved there when it is complete, so a crash or a
full disk never leaves half an export, and never harms an older one. Nor does an export without a row to
train on: it has a manifest, which says why, and no file.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from pydantic import Field

from core.formats.card import CARD_FILE, dataset_card
from core.formats.place import (
    INFO_FILE,
    MANIFEST_FILE,
    check_file,
    check_folder,
    joined_info,
    manifest_beside,
    temporary,
)
from core.formats.target import DATA_FILE, TEST_FILE, Row, Target
from core.formats.text import to_line
from core.models import LeftOut, Value


class DataFile(Value):
    """One file of rows: its bytes and their SHA-256; `rows_sha256` is that of the rows' own digests, line after line.

    `row_sha256`, hex digests of the lines without their line ends, is there for up to `ROWS_NAMED` rows.
    """

    name: str
    rows: int
    size: int
    sha256: str
    rows_sha256: str
    row_sha256: tuple[str, ...] = ()


class Written(Value):
    """What was written: all files, those of rows among them, and what was left out."""

    files: tuple[Path, ...]
    data: tuple[DataFile, ...]
    left_out: tuple[LeftOut, ...] = ()
    manifest: dict[str, Any] = Field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(file.rows for file in self.data)


ROWS_NAMED = 1000  # rows up to which the manifest names each by its digest
Manifest = Callable[[Written], Row]


def write_single(
    path: Path,
    rows: Iterable[Row | LeftOut],
    *,
    target: Target,
    force: bool = False,
    manifest: Manifest | None = None,
) -> Written:
    """Write `rows` as JSON lines to `path`; LeftOut among them are counted, not written.

    `manifest` is asked once the rows are written; it comes last, as `NAME.manifest.json`, so that one
    never speaks of other rows than those beside it. For LLaMA-Factory an entry named after the file
    joins `dataset_info.json`. Without a row nothing is written. Raises `UserError` if something is there already,
    unless `force`.
    """
    check_file(path, target=target, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    info_path, manifest_path = path.parent / INFO_FILE, manifest_beside(path)
    try:
        with temporary(path).open("wb") as file:
            only, left_out = _write_rows(file, rows, path.name)
        written = Written(files=(path,), data=(only,), left_out=tuple(left_out))
        if not only.rows:
            temporary(path).unlink()
            return _unwritten(written, manifest)
        texts: dict[Path, Row] = {}
        if info := joined_info(path, target, force=force):
            texts[info_path] = info
        if manifest:
            texts[manifest_path] = _signed(manifest(written))
        for place, data in texts.items():
            temporary(place).write_text(_pretty(data), "utf-8", newline="\n")
        manifest_path.unlink(missing_ok=True)
        for place in (path, *texts):
            temporary(place).replace(place)
    except BaseException:
        for place in (path, info_path, manifest_path):
            temporary(place).unlink(missing_ok=True)
        raise
    return written.model_copy(update={"files": (path, *texts), "manifest": texts.get(manifest_path, {})})


def write_folder(
    path: Path,
    rows: Iterable[Row | LeftOut],
    *,
    target: Target,
    force: bool = False,
    manifest: Manifest | None = None,
    test_rows: Iterable[Row | LeftOut] = (),
) -> Written:
    """Write `rows` as a folder that trainers load by its path: data file, dataset card, what the target adds.

    `test_rows` come first, into a file of their own, which is there only if it has rows. `manifest` is asked
    once the rows are written; all files appear at once, and none without a row to train on. Raises `UserError` if
    `path` is there already and `force` is not given, or holds other things than an export with its manifest.
    """
    path = path.resolve()  # so that `.` and a link have a name and a folder around them
    check_folder(path, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        scratch.chmod(0o755)
        data, left_out = _write_data(scratch, {TEST_FILE: test_rows, DATA_FILE: rows})
        names = [file.name for file in data]
        written = Written(files=(), data=data, left_out=left_out)
        if not data[0].rows:
            shutil.rmtree(scratch)
            return _unwritten(written, manifest)
        texts = {CARD_FILE: dataset_card(target, names)}
        if target.dataset_info:
            texts[INFO_FILE] = _pretty({dataset_name(target, name): target.dataset_info(name) for name in names})
        said = _signed(manifest(written)) if manifest else {}
        if said:
            texts[MANIFEST_FILE] = _pretty(said)
        for name, text in texts.items():
            (scratch / name).write_text(text, "utf-8", newline="\n")
        _move_folder(scratch, path)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    files = tuple(path / name for name in (*names, *texts))
    return written.model_copy(update={"files": files, "manifest": said})


def dataset_name(target: Target, file: str = DATA_FILE) -> str:
    """Name of an export folder's file in `dataset_info.json`, such as `agenther_sharegpt`."""
    return f"agenther_{target.format}" + ("_test" if file == TEST_FILE else "")


def _write_data(
    folder: Path, parts: Mapping[str, Iterable[Row | LeftOut]]
) -> tuple[tuple[DataFile, ...], tuple[LeftOut, ...]]:
    """Each part into its file; the train file first, and a test file without a row not at all."""
    files: list[DataFile] = []
    left_out: list[LeftOut] = []
    for name, rows in parts.items():
        with (folder / name).open("wb") as file:
            data, out = _write_rows(file, rows, name)
        left_out += out
        if data.rows or name == DATA_FILE:
            files.insert(0, data)
        else:
            (folder / name).unlink()
    return tuple(files), tuple(left_out)


def _write_rows(file: IO[bytes], rows: Iterable[Row | LeftOut], name: str) -> tuple[DataFile, list[LeftOut]]:
    digest, digest_of_rows, size, count = hashlib.sha256(), hashlib.sha256(), 0, 0
    left_out: list[LeftOut] = []
    named: list[str] = []
    for row in rows:
        if isinstance(row, LeftOut):
            left_out.append(row)
            continue
        line = to_line(row).encode("utf-8")
        file.write(line)
        digest.update(line)
        own = hashlib.sha256(line.rstrip(b"\n"))
        digest_of_rows.update(own.digest())
        size, count = size + len(line), count + 1
        if count <= ROWS_NAMED:
            named.append(own.hexdigest())
    file.flush()
    os.fsync(file.fileno())
    data = DataFile(
        name=name,
        rows=count,
        size=size,
        sha256=digest.hexdigest(),
        rows_sha256=digest_of_rows.hexdigest(),
        row_sha256=tuple(named) if count <= ROWS_NAMED else (),
    )
    return data, left_out


def _unwritten(written: Written, manifest: Manifest | None) -> Written:
    return written.model_copy(update={"files": (), "manifest": _signed(manifest(written)) if manifest else {}})


def _signed(manifest: Row) -> Row:
    """The manifest with the mark by which a folder is known as this program's."""
    return {"program": f"agenther {version('agenther')}", **manifest}


def _move_folder(scratch: Path, path: Path) -> None:
    if not path.exists():
        scratch.rename(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
    path.rename(old / path.name)
    try:
        scratch.rename(path)
    except OSError:
        (old / path.name).rename(path)
        old.rmdir()
        raise
    shutil.rmtree(old)


def _pretty(data: Row) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
