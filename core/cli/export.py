"""`agenther export`."""

import sys
from pathlib import Path
from typing import Any

import click

from core.cli.console import counted, say, table
from core.cli.options import ARGUMENTS, FORMATS, PAIRS, THOUGHTS, db_option, place, settings_from
from core.cli.selecting import selection_from, selection_options


@click.command("export")
@db_option
@click.option("-f", "--format", "output_format", type=FORMATS, required=True, help="Training format.")
@click.option("--dialect", metavar="NAME", help="Trainer's dialect [default: the format's usual one].")
@click.option(
    "-o",
    "--output",
    type=place,
    required=True,
    metavar="OUT",
    help="Folder, or a file NAME.jsonl.",
)
@click.option("--thoughts", type=THOUGHTS, help="Where thoughts stand [default: as the trainer reads them].")
@click.option("--arguments", type=ARGUMENTS, help="How call arguments stand [default: as the trainer reads them].")
@click.option("--pairs", type=PAIRS, help="What a preference (-f dpo) is about [default: answers].")
@click.option("--include-auto", is_flag=True, help="Add what the policy lets in without a human; marked as such.")
@selection_options
@click.option("--allow-stale", is_flag=True, help="Keep items whose final answer still serves the old goal; marked.")
@click.option("--force", is_flag=True, help="Replace an export that is there already.")
def export_command(
    db: Path,
    output_format: str,
    dialect: str | None,
    output: Path,
    include_auto: bool,
    allow_stale: bool,
    force: bool,
    thoughts: str | None,
    arguments: str | None,
    pairs: str | None,
    test_share: float,
    redact: bool,
    pseudonyms: bool,
    **chosen: Any,
) -> None:
    """Write what was approved as training data, with a manifest of what was left out and why."""
    from core.export import ExportRequest, check_output, export
    from core.models import OutputFormat
    from core.store import open_to_read

    settings = settings_from({})
    selection = selection_from(chosen)
    request = ExportRequest(
        OutputFormat(output_format),
        dialect,
        include_auto,
        selection=selection,
        test_share=test_share,
        redact=redact,
        pseudonyms=pseudonyms,
        thoughts=thoughts,
        arguments=arguments,
        pairs=pairs,
        allow_stale=allow_stale,
    )
    check_output(request, output, force=force, inputs=(db,))
    with open_to_read(db) as store:
        report = export(store, settings.pipeline, request, output, force=force)
    say(f"Wrote {counted(report.rows, 'row')} ({request.target.name}, for {request.target.trainer}) to {output}.")
    if test_share:
        say(f"  {report.rows - report.test_rows:,} to train on, {report.test_rows:,} to test on; no task is in both.")
    if not report.noted:
        say(f"{db} cannot be written now, so the export is not noted in it; the rows are whole.")
    rows: list[tuple[Any, ...]] = [(state.replace("_", " "), n) for state, n in sorted(report.samples.items())]
    if rows:
        table(("Approved", "Samples"), rows, numbers=("Samples",))
    for reason, n in report.reasons.most_common():
        say(f"  {n} left out: {reason}")
    for reason, n in report.not_selected.most_common():
        say(f"  {n} not selected: {reason}")
    for found in report.masks.in_words():
        say(f"  {found}: {'masked' if redact else 'left as it is; --redact masks it'}")
    for state, n in report.manifest["left_out"]["by_state"].items():
        say(f"  {n} {state.replace('_', ' ')}: not approved")
    if not report.rows:
        say("Nothing to train on: approve items in `agenther review`, or add --include-auto.")
        sys.exit(1)
    if selection.max_tokens or selection.tokenizer:
        tokens = report.manifest["tokens"]
        length = f"{tokens['median']:,} in the middle, {tokens['longest']:,} at most"
        say(f"Tokens a sample: {length} ({tokens['counted_by']}).")
    say(f"Load it: {request.target.loading}")
