"""`agenther export`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.console import counted, print_json, say, table
from core.cli.options import ARGUMENTS, FORMATS, PAIRS, THOUGHTS, db_option, place, settings_from
from core.cli.selecting import selection_from, selection_options

if TYPE_CHECKING:
    from core.export import ExportReport

_ROWS_SHOWN = 5
_BARS, _BAR_WIDTH = 6, 40


@click.command("export")
@db_option
@click.option("-f", "--format", "output_format", type=FORMATS, required=True, help="Training format.")
@click.option("--dialect", metavar="NAME", help="Trainer's dialect [default: the format's usual one].")
@click.option("-o", "--output", type=place, metavar="OUT", help="Folder, or a file NAME.jsonl.")
@click.option("--preview", is_flag=True, help="Write nothing; the first rows as JSON lines on stdout.")
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
    output: Path | None,
    preview: bool,
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
    from core.export import preview as look
    from core.models import OutputFormat
    from core.store import open_to_read

    if bool(output) is preview:
        raise click.UsageError("Give -o OUT to write the rows, or --preview to look at them.")
    settings = settings_from({})
    request = ExportRequest(
        OutputFormat(output_format),
        dialect,
        include_auto,
        selection=selection_from(chosen),
        test_share=test_share,
        redact=redact,
        pseudonyms=pseudonyms,
        thoughts=thoughts,
        arguments=arguments,
        pairs=pairs,
        allow_stale=allow_stale,
    )
    if output:
        check_output(request, output, force=force, inputs=(db,))
    first: list[dict[str, Any]] = []
    with open_to_read(db) as store:
        if output:
            report = export(store, settings.pipeline, request, output, force=force)
        else:
            report, first = look(store, settings.pipeline, request, limit=_ROWS_SHOWN)
    if report.files:
        say(f"Wrote {counted(report.rows, 'row')} ({request.target.name}, for {request.target.trainer}) to {output}.")
        if not report.noted:
            say(f"{db} cannot be written now, so the export is not noted in it; the rows are whole.")
    else:
        say(f"{counted(report.rows, 'row')} ({request.target.name}, for {request.target.trainer}); nothing is written.")
    _tell(report, redact=redact)
    if not report.train_rows:
        say(_why_nothing(report))
        sys.exit(1)
    for row in first:
        print_json(row)
    if report.files:
        say(f"Load it: {request.target.loading}")


def _tell(report: "ExportReport", *, redact: bool) -> None:
    """What leaves and what does not, with the reasons and the lengths."""
    from core.export.lengths import bins, spread

    if report.test_rows:
        say(f"  {report.train_rows:,} to train on, {report.test_rows:,} to test on; no task is in both.")
    rows: list[tuple[Any, ...]] = [(state.replace("_", " "), n) for state, n in sorted(report.samples.items())]
    if rows:
        table(("Approved", "Samples"), rows, numbers=("Samples",))
    for reason, n in report.reasons.most_common():
        say(f"  {n} left out: {reason}")
    for reason, n in report.not_selected.most_common():
        say(f"  {n} not selected: {reason}")
    for found in report.masks.in_words():
        say(f"  {found}: {'masked' if redact else 'left as it is; --redact masks it'}")
    for state, n in report.not_approved.items():
        say(f"  {n} {state.replace('_', ' ')}: not approved")
    if report.tokens:
        lengths = bins(report.tokens, most=_BARS)
        most, said = max(n for *_, n in lengths), spread(report.tokens)
        say(f"Tokens a sample: {said['median']:,} in the middle, {said['longest']:,} at most ({report.tokens_by}).")
        bars = [(f"{low:,} to {high:,}", n, "█" * -(-n * _BAR_WIDTH // most)) for low, high, n in lengths]
        table(("Tokens", "Samples", ""), bars, numbers=("Tokens", "Samples"))


def _why_nothing(report: "ExportReport") -> str:
    if report.test_rows:
        return "Every row falls to the test side; a smaller --test-share leaves some to train on."
    if report.left_out or report.not_selected:
        return "Nothing to train on: each approved item is left out, with the reasons above."
    return "Nothing to train on: approve items in `agenther review`, or add --include-auto."
