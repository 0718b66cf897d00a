"""Training rows onto disk, whole or not at all.

Data goes to a temporary name beside its place and is moved there when it is complete, so a crash or a
full disk never leaves half an export, and never harms an older one.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO

from core.errors import UserError
from core.formats.card import dataset_card
from core.formats.target import DATA_FILE, Row, Target
from core.formats.text import to_line
from core.models import LeftOut, Value

INFO_FILE = "dataset_info.json"
CARD_FILE = "README.md"
# What an export folder may hold; a folder with anything else in it is never replaced.
_OWN_FILES = frozenset({DATA_FILE, "test.jsonl", CARD_FILE, INFO_FILE, "manifest.json"})


class Written(Value):
    """What was written: the files, the number of rows, the data file's bytes and SHA-256, and what was left out."""

    files: tuple[Path, ...]
    rows: int
    size: int
    sha256: str
    left_out: tuple[LeftOut, ...] = ()


def write_single(path: Path, rows: Iterable[Row | LeftOut], *, target: Target, force: bool = False) -> Written:
    """Write `rows` as JSON lines to `path`; LeftOut among them are counted, not written.

    For LLaMA-Factory an entry named after the file joins `dataset_info.json` beside it. Raises
    `UserError` if `path` is there already and `force` is not given.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a file in it.")
    if path.exists() and not force:
        raise UserError(f"{path} is there already; name another file or use --force to replace it.")
    info = _joined_info(path, target, force=force)
    _make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with temporary.open("xb") as file:
            written = _write_rows(file, rows, path)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if info is None:
        return written
    info_path = path.parent / INFO_FILE
    _replace_text(info_path, info)
    return written.model_copy(update={"files": (path, info_path)})


def write_folder(
    path: Path,
    rows: Iterable[Row | LeftOut],
    *,
    target: Target,
    force: bool = False,
    more_files: Callable[[Written], Mapping[str, str]] | None = None,
) -> Written:
    """Write `rows` as a folder that trainers load by its path: data file, dataset card, what the target adds.

    `more_files` is asked for further files (name -> text) once the rows are written; all appear at
    once. Raises `UserError` if `path` is there already and `force` is not given, or holds other things.
    """
    path = path.resolve()  # so that `.` and a link have a name and a folder around them
    _check_folder(path, force=force)
    _make_folder(path.parent)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        temporary.chmod(0o755)
        with (temporary / DATA_FILE).open("wb") as file:
            written = _write_rows(file, rows, path / DATA_FILE)
        texts = {CARD_FILE: dataset_card(target)}
        if target.dataset_info:
            texts[INFO_FILE] = _pretty({dataset_name(target): target.dataset_info(DATA_FILE)})
        texts |= more_files(written) if more_files else {}
        for name, text in texts.items():
            (temporary / name).write_text(text, "utf-8", newline="\n")
        _move_folder(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return written.model_copy(update={"files": (path / DATA_FILE, *(path / name for name in texts))})


def dataset_name(target: Target) -> str:
    """Name of an export folder's data in `dataset_info.json`, such as `agenther_sharegpt`."""
    return f"agenther_{target.format}"


def _write_rows(file: IO[bytes], rows: Iterable[Row | LeftOut], path: Path) -> Written:
    digest, size, count = hashlib.sha256(), 0, 0
    left_out: list[LeftOut] = []
    for row in rows:
        if isinstance(row, LeftOut):
            left_out.append(row)
            continue
        line = to_line(row).encode("utf-8")
        file.write(line)
        digest.update(line)
        size, count = size + len(line), count + 1
    file.flush()
    os.fsync(file.fileno())
    return Written(files=(path,), rows=count, size=size, sha256=digest.hexdigest(), left_out=tuple(left_out))


def _joined_info(path: Path, target: Target, *, force: bool) -> str | None:
    """Text of the `dataset_info.json` beside `path` with this file in it, or None if the target has none."""
    if target.dataset_info is None:
        return None
    info_path, name = path.parent / INFO_FILE, path.stem
    entries: dict[str, Row] = {}
    if info_path.exists():
        try:
            entries = json.loads(info_path.read_text("utf-8"))
        except ValueError:
            raise UserError(f"{info_path} is not valid JSON; mend it or write to another folder.") from None
        if not isinstance(entries, dict):
            raise UserError(f"{info_path} does not hold an object; mend it or write to another folder.")
    entry = target.dataset_info(path.name)
    if entries.get(name, entry) != entry and not force:
        raise UserError(f"{info_path} has another data set named {name!r}; name the file otherwise or use --force.")
    return _pretty(entries | {name: entry})


def _check_folder(path: Path, *, force: bool) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise UserError(f"{path} is a file; name a folder.")
    held = {entry.name for entry in path.iterdir()}
    if held - _OWN_FILES:
        raise UserError(f"{path} holds other files ({sorted(held - _OWN_FILES)[0]}); name a folder of its own.")
    if held and not force:
        raise UserError(f"{path} holds an export already; name another folder or use --force to replace it.")


def _move_folder(temporary: Path, path: Path) -> None:
    if not path.exists():
        temporary.rename(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
    path.rename(old / path.name)
    try:
        temporary.rename(path)
    except OSError:
        (old / path.name).rename(path)
        old.rmdir()
        raise
    shutil.rmtree(old)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}.") from None
    if not os.access(folder, os.W_OK):
        raise UserError(f"{folder} cannot be written to; name another folder.")


def _replace_text(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    temporary.write_text(text, "utf-8", newline="\n")
    temporary.replace(path)


def _pretty(data: Row) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
