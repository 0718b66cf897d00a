"""Where rows may be written, told before any work is done: no run of hours ends in a refusal.

Nothing is made here but a file of no bytes that is removed at once: only trying tells whether a
place can be written (a full list of reasons: rights, a read-only disk, a name that is too long).
"""

import json
import os
from pathlib import Path

from core.errors import UserError
from core.formats.card import CARD_FILE
from core.formats.target import DATA_FILE, TEST_FILE, Row, Target

INFO_FILE = "dataset_info.json"
MANIFEST_FILE = "manifest.json"
_FILE_ENDINGS = (".jsonl", ".ndjson", ".json")
_ARCHIVES = (".gz", ".zst", ".bz2", ".xz", ".zip", ".tar")
_TABLES = (".csv", ".tsv", ".parquet", ".arrow", ".xlsx", ".db", ".sqlite", ".sqlite3")
_TEXTS = (".txt", ".md", ".yaml", ".yml", ".toml", ".xml", ".html", ".log", ".py")
# What an export folder may hold; a folder with anything else in it is never replaced.
OWN_FILES = frozenset({DATA_FILE, TEST_FILE, CARD_FILE, INFO_FILE, MANIFEST_FILE})


def is_file_name(path: Path) -> bool:
    """Whether rows for `path` go into one file; else it names a folder.

    Raises `UserError` for names that are neither: `-`, and endings of other kinds of files.
    """
    if path == Path("-"):
        raise UserError("An export has a manifest beside it, so it cannot go to stdout; name a file NAME.jsonl.")
    ending = path.suffix.lower()
    if ending in (*_ARCHIVES, *_TABLES, *_TEXTS) and not path.is_dir():
        raise UserError(f"{path} ends in {ending}: rows are written as JSON lines; name a file NAME.jsonl or a folder.")
    return ending in _FILE_ENDINGS


def manifest_beside(path: Path) -> Path:
    """The manifest of a single file, under its full name: `a.json` and `a.jsonl` have one each."""
    return path.with_name(f"{path.name}.{MANIFEST_FILE}")


def check_file(path: Path, *, target: Target, force: bool) -> None:
    """Raise `UserError` unless one file of `target`'s rows can be written to `path`, and what stands beside it."""
    _try(path)
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a file in it.")
    for there in (path, manifest_beside(path)):
        if there.exists() and not force:
            raise UserError(f"{there} is there already; name another file or use --force to replace it.")
    joined_info(path, target, force=force)


def check_folder(path: Path, *, force: bool) -> None:
    """Raise `UserError` unless an export folder can be made at `path`, or replaced, with `force`."""
    _try(path)
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file; name a folder.")
    held = sorted(entry.name for entry in path.iterdir()) if path.exists() else []
    foreign = [name for name in held if name not in OWN_FILES]
    if foreign or (held and not is_export(path)):
        raise UserError(f"{path} holds other files ({(foreign or held)[0]}); name a folder of its own.")
    if held and not force:
        raise UserError(f"{path} holds an export already; name another folder or use --force to replace it.")


def joined_info(path: Path, target: Target, *, force: bool) -> Row | None:
    """The `dataset_info.json` beside `path` with this file in it, or None if the target has none.

    Raises `UserError` where it cannot be read or, unless `force`, has another data set of that name.
    """
    if target.dataset_info is None:
        return None
    info_path, name = path.parent / INFO_FILE, path.stem
    entries: Row = {}
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
    return entries | {name: entry}


def temporary(path: Path) -> Path:
    """The name beside `path` under which it is written before it is moved there."""
    return path.with_name(f".{path.name}.{os.getpid()}.new")


def is_export(folder: Path) -> bool:
    """Whether this program wrote the manifest in `folder`, and so the folder; anybody's data set has a README."""
    try:
        said = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and str(said.get("program", "")).startswith("agenther ")


def _try(path: Path) -> None:
    """Make a file with the longest name that will be needed, as near to its place as there is a folder yet."""
    if not path.name:
        raise UserError(f"{path} is no place for an export; name a file or a folder in it.")
    try:
        path.name.encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(f"{path} is not a name in UTF-8, which trainers need; name it otherwise.") from None
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise UserError(f"{path.parent} cannot be made: {folder} is a file.")
    trial = temporary(folder / manifest_beside(path).name)
    try:
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise UserError(f"{path} cannot be written: {folder}: {(error.strerror or str(error)).lower()}.") from None
