"""`agenther run`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.console import progress, say, table
from core.cli.options import FORMATS, database_for, pipeline_options, settings_from
from core.errors import UserError

if TYPE_CHECKING:
    from core.settings import Settings
    from core.store import Store

_SHOWN = 10  # failures named on the terminal


@click.command("run")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--db", type=click.Path(path_type=Path), metavar="FILE", help="Database; by default beside the output.")
@click.option("-f", "--format", "--output-format", "output_format", type=FORMATS, help="Export format [default: sft].")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="OUT", help="Training file or folder to write."
)
@click.option("--output-dir", type=click.Path(path_type=Path), metavar="DIR", help="Folder for unnamed output.")
@click.option("--force", is_flag=True, help="Replace the output if it is there.")
@click.option("-v", "--verbose", is_flag=True, help="Name every trajectory as it is done.")
@pipeline_options
@click.option("--input-format", "source", default="auto", metavar="NAME", help="Format of the files.")
def run_command(
    paths: tuple[Path, ...],
    db: Path | None,
    output: Path | None,
    force: bool,
    verbose: bool,
    source: str,
    **flags: Any,
) -> None:
    """Take trajectories through the four stages; goes on where it stopped.

    With PATHs, they are imported first. With -o or -f, what the pipeline itself accepts is exported
    as well; no human has seen it, and the command says so.
    """
    from core.export import ExportRequest, export
    from core.runs.running import run_pipeline
    from core.store import open_store

    if not paths and db is None:
        raise UserError("Nothing to run: name trajectory files, or a database with --db FILE.")
    settings = settings_from(flags)
    exports = output is not None or flags["output_format"] is not None or db is None
    if exports and output is None:
        folder = settings.pipeline.output_dir
        output = folder / f"augmented_{settings.pipeline.output_format}.jsonl"
    if output is not None and output.resolve() in {path.resolve() for path in (*paths, *((db,) if db else ()))}:
        raise UserError(f"{output} is an input or the database of this very command; name another file.")
    if output is not None and output.exists() and not force:
        raise UserError(f"{output} is there already; name another file or use --force to replace it.")
    if paths:
        _check(paths)
    where = database_for(db, output, settings.pipeline.output_dir)
    with open_store(where, create=bool(paths)) as store:
        keys, all_read = _import(store, paths, source) if paths else (None, True)
        with progress("Running") as show:
            done = run_pipeline(store, settings, keys=keys, on_progress=_verbose(show) if verbose else show)
        _report(store, settings, done.failed)
        if exports and output is not None:
            chosen = ExportRequest(
                settings.pipeline.output_format, include_auto=True, keys=None if keys is None else frozenset(keys)
            )
            report = export(store, settings.pipeline, chosen, output, force=force)
            say(f"Wrote {report.rows} rows to {output}.")
            if report.samples["auto_accepted"]:
                say(f"{report.samples['auto_accepted']} samples are the pipeline's own choice: no human has seen them.")
            for reason, n in report.reasons.most_common():
                say(f"  {n} left out: {reason}")
        say(f"Next: agenther review --db {where}")
    if done.failed or not all_read:
        sys.exit(1)


def _check(paths: tuple[Path, ...]) -> None:
    """A wrong path must not leave an empty database behind."""
    from core.sources import find_files

    find_files(paths)


def _import(store: "Store", paths: tuple[Path, ...], source: str) -> tuple[list[str], bool]:
    """Keys of the trajectories in the files, and whether every record could be read."""
    from core.runs.importing import import_files

    keys: list[str] = []
    errors: list[str] = []
    skipped = 0
    for report in import_files(store, paths, source=source):
        if report.error:
            errors.append(report.error)
            continue
        keys.extend(report.keys)
        skipped += len(report.issues)
        counts = f"{report.imported} imported, {report.duplicates} already there, {len(report.issues)} skipped."
        say(f"{report.path}: {counts}")
        for issue in report.issues[:_SHOWN]:
            say(f"  skipped {f'line {issue.line}: ' if issue.line else ''}{issue.reason}")
        if len(report.issues) > _SHOWN:
            say(f"  ... and {len(report.issues) - _SHOWN} more; the table import_issues keeps them.")
    if len(errors) == 1 and not keys and not skipped:
        raise UserError(errors[0])
    for error in errors:
        say(f"Error: {error}")
    if not keys:
        raise UserError("No trajectory could be read; see the reasons above.")
    return keys, not errors and not skipped


def _verbose(show: Any) -> Any:
    def both(now: Any) -> None:
        if now.last:
            say(f"  {now.last}")
        show(now)

    return both


def _report(store: "Store", settings: "Settings", failed: int) -> None:
    from core.review.thresholds import effect_of, policy_in_force
    from core.store.runs import failures, outcome_counts

    policy = policy_in_force(store, settings.pipeline)
    effect = effect_of(store, policy.theta, policy.delta)
    rows: list[tuple[object, object]] = [
        (_words(row["status"], row["reason"]), row["n"]) for row in outcome_counts(store)
    ]
    table(("Result", "Trajectories"), rows, numbers=("Trajectories",))
    split = f"{effect.auto_accepted} would enter without a human, {effect.queued} wait for one."
    say(f"At theta {policy.theta:.2f}: {split}")
    if failed:
        for row in failures(store)[:_SHOWN]:
            say(f"  failed {row['trajectory_id']}: {row['summary']}")
        say("Run the same command again to retry what failed.")


def _words(status: str, reason: str | None) -> str:
    return f"skipped: {reason.replace('_', ' ')}" if reason else str(status)
