"""`agenther status` and `agenther config`."""

import json
from pathlib import Path
from typing import Any

import click

from core.cli.console import table
from core.cli.options import db_option, pipeline_options, settings_from


@click.command("status")
@db_option
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object on stdout.")
def status_command(db: Path, as_json: bool) -> None:
    """Say what is in a database and how far it is."""
    from core.review.status import status_of
    from core.store import open_to_read

    with open_to_read(db) as store:
        status = status_of(store, settings_from({}).pipeline)
    if as_json:
        click.echo(json.dumps(status, ensure_ascii=False, indent=2))
        return
    for title, rows in status.items():
        if isinstance(rows, dict):
            click.echo(title.replace("_", " ").capitalize())
            for name, value in rows.items():
                if value == "":  # nothing to say
                    continue
                shown = _amount(name, value, rows) if "usd" in name else _in_words(value)
                click.echo(f"  {name.replace('_', ' '):<28} {shown}")


def _in_words(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return ", ".join(f"{name.replace('_', ' ')} {'-' if one is None else one}" for name, one in value.items())


def _amount(name: str, value: float | None, costs: dict[str, Any]) -> str:
    from core.prices import dollars, total

    unpriced = costs["unpriced_calls"]
    if name == "usd":
        return total(costs["usd_without_unpriced_calls"], unpriced)
    if value is None:
        return "unknown" if unpriced else "-"
    return f"at least {dollars(value)}" if unpriced and "_per_" in name else dollars(value)


@click.command("config")
@pipeline_options
@click.option("--json", "as_json", is_flag=True, help="As one JSON object on stdout.")
def config_command(as_json: bool, **flags: Any) -> None:
    """Print the settings in force and where each came from: flag, environment, file or default."""
    settings = settings_from(flags)
    data = settings.model_dump(mode="json")
    rows = [
        (f"{section}.{name}", value, settings.origins[f"{section}.{name}"], field.description or "")
        for section in ("pipeline", "review")
        for name, value in data[section].items()
        if (field := type(getattr(settings, section)).model_fields[name])
    ]
    rows += [
        (
            f"prices.{model}.{name}",
            value,
            settings.origins["prices"],
            f"{field.description} Dollars per million tokens.",
        )
        for model, price in settings.prices.items()
        for name, field in type(price).model_fields.items()
        if (value := getattr(price, name)) is not None
    ]
    if as_json:
        click.echo(json.dumps({name: {"value": value, "from": origin} for name, value, origin, _ in rows}, indent=2))
        return
    table(
        ("Setting", "Value", "From", "Meaning"),
        [(name, "-" if value is None else value, origin, words) for name, value, origin, words in rows],
        data=True,
    )
