"""`agenther import` and `agenther validate`."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.console import say, table
from core.cli.options import db_option, format_option

if TYPE_CHECKING:
    from core.runs.importing import FileReport

_SHOWN = 20  # rejected records named on the terminal; all are in the database and in --json

_paths = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per file on stdout.")


@click.command("import")
@_paths
@db_option
@format_option
@click.option("--strict", is_flag=True, help="Stop at the first record that cannot be read.")
@_json
def import_command(paths: tuple[Path, ...], db: Path, source: str, strict: bool, as_json: bool) -> None:
    """Read trajectories from files, folders or globs into a database.

    Good records go in, bad ones are counted and reported with line and reason. Importing twice adds
    nothing.
    """
    from core.runs.importing import import_files
    from core.sources import find_files
    from core.store import open_store

    find_files(paths)  # a wrong path must not leave an empty database behind
    with open_store(db, create=True) as store:
        reports = list(_shown(import_files(store, paths, source=source, strict=strict), as_json=as_json))
    _finish(reports, f"Next: agenther run --db {db}")


@click.command("validate")
@_paths
@format_option
@_json
def validate_command(paths: tuple[Path, ...], source: str, as_json: bool) -> None:
    """Say what an import would take and what not, and change nothing."""
    from core.runs.importing import validate_files

    _finish(list(_shown(validate_files(paths, source=source), as_json=as_json)), "")


def _shown(reports: Iterable["FileReport"], *, as_json: bool) -> Iterator["FileReport"]:
    for report in reports:
        if as_json:
            click.echo(json.dumps(_as_data(report), ensure_ascii=False))
        yield report


def _finish(reports: list["FileReport"], next_step: str) -> None:
    """Print the summary; exit 2 where nothing at all could be read, 1 where something could not."""
    table(
        ("File", "Format", "Imported", "Already there", "Skipped", "Labels"),
        [
            (r.path, r.format or "-", r.imported, r.duplicates, "all" if r.error else len(r.issues), _labels(r))
            for r in reports
        ],
        numbers=("Imported", "Already there", "Skipped"),
    )
    problems = [(r.path, issue) for r in reports for issue in r.issues]
    for path, issue in problems[:_SHOWN]:
        where = f"{path}:{issue.line}" if issue.line else str(path)
        say(f"  skipped {where}: {issue.reason}")
    if len(problems) > _SHOWN:
        say(f"  ... and {len(problems) - _SHOWN} more; --json lists all, and the table import_issues keeps them.")
    for report in reports:
        if report.error:
            say(f"Error: {report.error}")
    taken = sum(r.imported + r.duplicates for r in reports)
    if taken and next_step:
        say(next_step)
    if problems or any(r.error for r in reports):
        sys.exit(1 if taken else 2)


def _labels(report: "FileReport") -> str:
    return ", ".join(f"{n} {outcome}" for outcome, n in sorted(report.labels.items())) or "-"


def _as_data(report: "FileReport") -> dict[str, object]:
    return {
        "file": str(report.path),
        "format": report.format,
        "imported": report.imported,
        "already_there": report.duplicates,
        "skipped": [{"line": i.line, "reason": i.reason, "raw": i.raw} for i in report.issues],
        "labels": {outcome.value: n for outcome, n in report.labels.items()},
        "error": report.error,
    }
