"""What `agenther run --dry-run` says: the calls, tokens and dollars of a run that does not take place."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.console import counted, say, table

if TYPE_CHECKING:
    from core.runs.estimating import Course, Estimate
    from core.settings import Settings
    from core.store import Store

_COURSES: dict["Course", str] = {
    "least": "nothing of use is found in any run",
    "middle": "every second attempt is accepted",
    "most": "all {attempts} are made and turned down, and every answer is {longest:,} tokens long",
}


def say_estimate(db: Path, settings: "Settings", read_in: Callable[["Store"], object] | None) -> None:
    """Print the estimate of a run on `db` to stdout; nothing is asked, and nothing written.

    `read_in` puts files into a store that is thrown away; without it, `db` must exist.
    """
    from core.runs.estimating import estimate
    from core.runs.running import settings_identity
    from core.store import open_store, open_to_read
    from core.store.sampling import leave_out_finished

    with ExitStack() as open_ones:
        known = open_ones.enter_context(open_to_read(db)) if read_in is None or db.exists() else None
        if read_in is None:
            assert known is not None
            store = known
        else:
            folder = open_ones.enter_context(tempfile.TemporaryDirectory())
            store = open_ones.enter_context(open_store(Path(folder) / "dry_run.db", create=True))
            read_in(store)
            if known:
                leave_out_finished(store, known, settings_identity(settings.pipeline)[1])
        _show(estimate(store, settings, known=known), settings)


def _show(found: "Estimate", settings: "Settings") -> None:
    pending = counted(found.pending, "trajectory is", "trajectories are")
    if not settings.pipeline.uses_model:
        click.echo(f"{pending} pending; the rules ask no model, so there are no calls and no cost.")
        return
    looked_at = "all" if found.sampled == found.pending else f"a sample of {found.sampled:,}"
    click.echo(f"{pending} pending; estimated from {looked_at}, of which {found.without_calls:.0%} need no call.")
    if not found.pending:
        return
    table(
        ("Course", "Calls", "Input tokens", "Output tokens", "Cost", "If"),
        [_row(found, name, words, settings) for name, words in _COURSES.items()],
        numbers=("Calls", "Input tokens", "Output tokens", "Cost"),
        data=True,
    )
    click.echo("The run lies between least and most; the middle is no forecast.")
    click.echo("A token is taken for four bytes of text; thoughts of a reasoning model are not foreseen.")
    for model in found.unpriced:
        words = f'[prices."{model}"] with input = ... and output = ..., in dollars per million tokens'
        click.echo(f"The price of {model} is unknown; agenther.toml takes it: {words}.")
    if line := _limit(found, settings.pipeline.max_cost):
        click.echo(line)
    say("Nothing was asked, and nothing written.")


def _limit(found: "Estimate", limit: float | None) -> str:
    """Whether `--max-cost` is enough; empty without one."""
    from core.prices import dollars

    if limit is None:
        return ""
    if found.unpriced:
        return "--max-cost needs the price of every model: this run will be refused."
    enough = [name for name, load in found.loads.items() if (load.cost_usd or 0.0) <= limit]
    words = {0: "not even the least course", 1: "the least", 2: "the middle, not the most", 3: "the most"}[len(enough)]
    return f"--max-cost {dollars(limit)} covers {words}."


def _row(found: "Estimate", name: "Course", words: str, settings: "Settings") -> tuple[str, ...]:
    from core.prices import dollars

    config, load = settings.pipeline, found.loads[name]
    attempts = counted(config.relabel_max_attempts, "attempt")
    margin = f" ± {round(found.margins[name]):,}" if round(found.margins[name]) else ""
    shown = [f"{round(number):,}" for number in (load.calls, load.input_tokens, load.output_tokens)]
    shown[0] += margin
    return (name, *shown, dollars(load.cost_usd), words.format(attempts=attempts, longest=config.max_tokens))
