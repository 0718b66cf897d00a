"""`agenther run`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.closing import Remembered, report, what_next
from core.cli.console import counted, progress, say
from core.cli.estimate import say_estimate
from core.cli.importing import anything_to_read, import_all
from core.cli.options import FORMATS, database_for, database_place, pipeline_options, place, settings_from
from core.errors import UserError

if TYPE_CHECKING:
    from core.events import Progress
    from core.settings import Settings
    from core.store import Store

_SHOWN = 10  # failures named on the terminal


@click.command("run", cls=Remembered)
@click.argument("paths", nargs=-1, type=place, metavar="[PATH]...")
@click.option("--db", type=place, metavar="FILE", help="Database; by default beside the output.")
@click.option("-f", "--format", "--output-format", "output_format", type=FORMATS, help="Export format [default: sft].")
@click.option("-o", "--output", type=place, metavar="OUT", help="Training file or folder to write.")
@click.option("--output-dir", type=place, metavar="DIR", help="Folder for unnamed output.")
@click.option("--force", is_flag=True, help="Replace the output if it is there.")
@click.option("--dry-run", is_flag=True, help="Say what the run would ask and cost; ask and write nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Name every trajectory as it is done.")
@click.option("--batch", is_flag=True, help="Ask the model by batch jobs: half the price, up to a day for each round.")
@click.option("--leave-batch", is_flag=True, help="Ask now, at full price, what batch jobs have not answered yet.")
@pipeline_options
@click.option("--input-format", "source", default="auto", metavar="NAME", help="Format of the files.")
def run_command(
    paths: tuple[Path, ...],
    db: Path | None,
    output: Path | None,
    force: bool,
    dry_run: bool,
    verbose: bool,
    batch: bool,
    leave_batch: bool,
    source: str,
    **flags: Any,
) -> None:
    """Take trajectories through the four stages; goes on where it stopped.

    With PATHs, they are imported first. With -o or -f, what the pipeline itself accepts is exported
    as well; no human has seen it, and the command says so.
    """
    from core.export import ExportRequest, check_output
    from core.runs.running import run_pipeline
    from core.runs.stopping import INTERRUPTED
    from core.sources import find_files
    from core.store import open_store
    from core.store.trajectories import label_counts

    if not paths and db is None:
        raise UserError("Nothing to run: name trajectory files, or a database with --db FILE.")
    settings = settings_from(flags)
    config = settings.pipeline
    if output is None and (flags["output_format"] is not None or db is None):
        output = config.output_dir / f"augmented_{config.output_format}.jsonl"
    files = find_files(paths)
    if output is not None:
        inputs = (*files, *((db,) if db else ()))
        check_output(ExportRequest(config.output_format), output, force=force, inputs=inputs)
    if dry_run:
        there = database_place(db, output, config.output_dir)
        if batch:
            prices = {model: price.in_batch for model, price in settings.prices.items()}
            settings = settings.model_copy(update={"prices": prices})
        say_estimate(there, settings, (lambda store: _import(store, files, source, there)) if files else None)
        return
    where = database_for(db, output, config.output_dir)
    if files and not where.exists() and not anything_to_read(files, source):
        _import(None, files, source, where)
    with open_store(where, create=bool(files)) as store:
        imports, all_read = _import(store, files, source, where) if files else (None, True)
        if not label_counts(store)["all"]:
            raise UserError(f"{where} holds no trajectories; `agenther import FILE --db {where}` reads some in.")
        if config.uses_model and not batch:
            _look_for_jobs(store, settings, leave=leave_batch)
        with progress("Running") as show:
            tell = _verbose(show) if verbose else show
            done = run_pipeline(store, settings, imports=imports, on_progress=tell, batch=batch)
        report(store, settings, done)
        if output is not None:
            _write(store, settings, output, imports, force=force, done=done)
        say(what_next(store, where, done))
    if done.failed or done.stopped or not all_read:
        sys.exit(130 if done.stopped == INTERRUPTED else 1)


def _look_for_jobs(store: "Store", settings: "Settings", *, leave: bool) -> None:
    """Refuse to pay twice for what waits in batch jobs of these settings, unless that is wanted."""
    from core.review.waiting import jobs_in_words
    from core.runs.running import settings_identity
    from core.store.batches import waiting_jobs

    identity = settings_identity(settings.pipeline)[1]
    jobs = waiting_jobs(store)
    mine = [job for job in jobs if job.settings_hash == identity]
    if mine and not leave:
        ways = "--batch reads them; --leave-batch asks all of it anew, now and at full price."
        raise UserError(f"{jobs_in_words(mine)}. {ways}")
    if jobs:
        say(f"{jobs_in_words(jobs)}. This run does not read them.")


def _write(
    store: "Store",
    settings: "Settings",
    output: Path,
    imports: frozenset[int] | None,
    *,
    force: bool,
    done: "Progress",
) -> None:
    """Export what the pipeline itself accepts, once the run is done: half of it would be in the way of the whole."""
    from core.export import ExportRequest, export

    if done.stopped:
        say(f"{output} is written once the run is done.")
        return
    config = settings.pipeline
    chosen = ExportRequest(config.output_format, include_auto=True, imports=imports)
    wrote = export(store, config, chosen, output, force=force)
    if wrote.files:
        say(f"Wrote {counted(wrote.rows, 'row')} to {output}.")
    else:
        say(f"No item was accepted that gives a row, so {output} is not written.")
    if auto := wrote.samples["auto_accepted"]:
        own = "sample is" if auto == 1 else "samples are"
        say(f"{auto:,} {own} the pipeline's own choice: no human has seen them.")
    for reason, n in wrote.reasons.most_common():
        say(f"  {n} left out: {reason}")


def _import(store: "Store | None", files: list[Path], source: str, where: Path) -> tuple[frozenset[int], bool]:
    """Ids of the imports, and whether every record could be read; without a store, only look at the files."""
    from core.runs.importing import place_of, validate_files

    reads = list(import_all(store, files, source) if store else validate_files(files, source=source))
    for read in reads:
        if read.error:
            continue
        counts = f"{read.imported:,} imported, {read.duplicates:,} already there, {read.rejected:,} skipped."
        say(f"{read.path}: {counts}")
        for issue in read.issues[:_SHOWN]:
            say(f"  skipped {place_of(issue)}: {issue.reason}")
        if read.rejected > min(_SHOWN, len(read.issues)):
            say(f"  {counted(read.rejected, 'record')} in all; agenther rejected --db {where} lists them.")
    errors = [read.error for read in reads if read.error]
    taken = any(read.imported + read.duplicates for read in reads)
    skipped = any(read.rejected for read in reads)
    if len(errors) == 1 and not taken and not skipped:
        raise UserError(errors[0])
    for error in errors:
        say(f"Error: {error}")
    if not taken:
        raise UserError("No trajectory could be read; see the reasons above.")
    return frozenset(read.import_id for read in reads), not errors and not skipped


def _verbose(show: Any) -> Any:
    def both(now: Any) -> None:
        if now.last:
            say(f"  {now.last}")
        show(now)

    return both
