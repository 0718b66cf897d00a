"""`agenther review` and `agenther demo`: hand over to the app's own process."""

import os
import sys
from pathlib import Path

import click

from core.cli.console import counted, progress, say
from core.cli.options import db_option, place, settings_from
from core.errors import UserError

_host = click.option("--host", metavar="ADDRESS", help="Address to listen on [default: 127.0.0.1].")
_port = click.option("--port", type=int, metavar="N", help="Port to listen on, 0 = a free one [default: 8501].")
_browser = click.option("--browser/--no-browser", default=True, help="Open the browser.")


@click.command("review")
@db_option
@_host
@_port
@_browser
@click.option("--as", "reviewer", default="", metavar="NAME", help="Who reviews; without it the app asks.")
def review_command(db: Path, host: str | None, port: int | None, browser: bool, reviewer: str) -> None:
    """Open the review app on a database."""
    from core.review.typed import reviewer_name
    from core.store import open_store

    reviewer = reviewer and reviewer_name(reviewer)

    settings = settings_from({"host": host, "port": port}).review
    open_store(db).close()  # a database that cannot be used is said here, not in the browser
    _start_app(db, settings.host, settings.port, browser=browser, reviewer=reviewer)


@click.command("demo")
@click.option(
    "--db",
    type=place,
    default=Path("agenther-demo.db"),
    show_default=True,
    metavar="FILE",
    help="Where the demo keeps its data; your verdicts stay in it.",
)
@_host
@_port
@_browser
def demo_command(db: Path, host: str | None, port: int | None, browser: bool) -> None:
    """Sample data through the four stages and into the review app. No key, no network."""
    from core.review.address import free_port
    from core.review.typed import account_name
    from core.runs.importing import import_files
    from core.runs.running import run_pipeline
    from core.settings import Settings
    from core.store import open_store
    from core.store.trajectories import label_counts

    listen = settings_from({"host": host, "port": port}).review
    free_port(listen.host, listen.port)  # said now, not after the work
    with open_store(db, create=True) as store:
        if label_counts(store)["all"]:
            say(f"{db} has the sample runs already.")
        else:
            added = sum(report.imported for report in import_files(store, [_sample_data()]))
            say(f"{counted(added, 'sample run')} imported into {db}.")
        with progress("Relabelling by rules") as show:
            done = run_pipeline(store, Settings(review=listen), on_progress=show)
        if done.stopped:
            raise KeyboardInterrupt
        if done.total:
            waiting = "proposal waits" if done.proposed == 1 else "proposals wait"
            say(f"{done.proposed} {waiting} for you; {counted(done.skipped, 'run')} gave none.")
    _start_app(db, listen.host, listen.port, browser=browser, reviewer=account_name())


def _sample_data() -> Path:
    """The sample files: in the checkout beside `core`, or inside the installed package."""
    package = Path(__file__).parent.parent
    for folder in (package / "sample_data", package.parent / "sample_data"):
        if folder.is_dir():
            return folder
    raise UserError("The sample data is missing from this installation; install the package again.")


def _start_app(db: Path, host: str, port: int, *, browser: bool, reviewer: str) -> None:
    """Become the app's process, so that Ctrl-C and signals reach it and nothing is left behind."""
    # -P: a folder `core` where the command is called must not stand in for ours.
    command = [sys.executable, "-P", "-m", "review_app", "--db", str(db.resolve()), "--host", host, "--port", str(port)]
    command += ["--as", reviewer] if reviewer else []
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, command if browser else [*command, "--no-browser"])  # noqa: S606
