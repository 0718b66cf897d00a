"""`agenther runs`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.console import counted, print_json, safe, table
from core.cli.options import db_option
from core.errors import UserError

if TYPE_CHECKING:
    from core.review.versions import Version
    from core.store import Store
    from core.store.versions import Found

_TWO = 2
_GOAL_SHOWN = 160  # characters


@click.command("runs")
@click.argument("numbers", nargs=-1, type=int, metavar="[A [B]]")
@db_option
@click.option("--json", "as_json", is_flag=True, help="On stdout, one JSON object per run, or per trajectory.")
def runs_command(numbers: tuple[int, ...], db: Path, as_json: bool) -> None:
    """List the runs of a database, say what run A found, or in what run A and run B differ.

    Nothing that a run found is ever overwritten: each is a version. One that went on where another with
    the same settings had stopped is compared together with it.
    """
    from core.store import open_to_read

    if len(numbers) > _TWO:
        raise UserError("Name one run to look at, two to compare, or none to list them: `agenther runs 1 2 --db FILE`.")
    with open_to_read(db) as store:
        if len(numbers) == 1:
            _show(store, numbers[0], as_json=as_json)
        elif numbers:
            _compare(store, *numbers, as_json=as_json)
        else:
            _list(store, as_json=as_json)


def _list(store: "Store", *, as_json: bool) -> None:
    from core.prices import total
    from core.review.versions import versions
    from core.review.waiting import jobs_in_words
    from core.store.batches import waiting_jobs

    found = versions(store)
    if as_json:
        for version in found:
            print_json(
                {**_figures(version), "settings": version.settings, "options": json.loads(version.run["options"])}
            )
        return
    if not found:
        click.echo("No run yet.")
        return
    rows = [
        (
            run["id"],
            run["started_at"][:16].replace("T", " "),
            run["state"],
            run["method"],
            *(f"{run[name]:,}" for name in ("done", "proposed", "skipped", "failed")),
            total(run["cost_usd"], run["unpriced_calls"]) if run["calls"] else "-",
            ", ".join(f"{name}={_short(value)}" for name, value in version.settings.items() if name != "model"),
        )
        for version in found
        for run in (version.run,)
    ]
    numbers = ("Run", "Done", "Proposed", "Skipped", "Failed", "Cost")
    heads = (
        "Run",
        "Begun (UTC)",
        "State",
        "By",
        "Done",
        "Proposed",
        "Skipped",
        "Failed",
        "Cost",
        "Settings that differ",
    )
    table(heads, rows, numbers=numbers, data=True)
    for version in found:
        if why := version.run["message"]:
            click.echo(safe(f"Run {version.run['id']} {version.run['state']}: {why}."))
    if jobs := jobs_in_words(waiting_jobs(store)):
        click.echo(safe(f"{jobs}."))


def _show(store: "Store", number: int, *, as_json: bool) -> None:
    from core.review.versions import contents

    for found in contents(store, number):
        if as_json:
            print_json(found)
            continue
        why = f": {found['reason'].replace('_', ' ')}" if found["reason"] else ""
        click.echo(safe(f"{found['trajectory_id']}: {found['status']}{why}"))
        if found["detail"]:
            click.echo(safe(f"  {_short(found['detail'].partition(chr(10))[0])}"))
        if found["goal"]:
            score = "unjudged" if found["score"] is None else f"{found['score']:.2f}"
            click.echo(safe(f"  goal, score {score}: {_short(found['goal'])}"))
            click.echo(safe(f"  answer: {_short(found['final_answer'])}"))
        if found["judge"]:
            click.echo(safe(f"  {found['judge']} says {found['judge_says']}: {_short(found['judge_reason'])}"))


def _figures(version: "Version") -> dict[str, Any]:
    """What a run counts, without what only its process needs."""
    hidden = ("settings", "options", "process", "beat_at", "stop_asked", "in_flight")
    return {name: value for name, value in version.run.items() if name not in hidden}


def _compare(store: "Store", a: int, b: int, *, as_json: bool) -> None:
    from core.review.versions import SAME, compare, counts

    found = list(compare(store, a, b))
    differing = [(words, pair) for words, pair in found if words != SAME]
    if as_json:
        for words, pair in differing:
            sides = {str(a): _side(pair.a), str(b): _side(pair.b)}
            print_json({"trajectory_id": pair.trajectory_id, "key": pair.trajectory_key, "difference": words, **sides})
        return
    of = counted(len(found), "trajectory", "trajectories")
    click.echo(f"Run {a} and run {b} differ in {len(differing):,} of {of}.")
    for words, n in counts([words for words, _ in differing]).items():
        click.echo(f"  {n:>6,}  {words}")
    for words, pair in differing:
        click.echo(safe(f"{pair.trajectory_id}: {words}"))
        for number, side in ((a, pair.a), (b, pair.b)):
            if side and side.goal:
                score = "unjudged" if side.score is None else f"{side.score:.2f}"
                click.echo(safe(f"  run {number}, score {score}: {_short(side.goal)}"))


def _side(found: "Found | None") -> dict[str, Any] | None:
    return None if found is None else dict(found.__dict__)


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= _GOAL_SHOWN else f"{text[:_GOAL_SHOWN]}…"
