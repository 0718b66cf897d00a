"""`agenther price`."""

from pathlib import Path

import click

from core.cli.console import counted, say
from core.cli.options import db_option, settings_from


@click.command("price")
@db_option
def price_command(db: Path) -> None:
    """Give the calls that were made without a price those that agenther.toml has now; others keep theirs."""
    from core.prices import Usage, cost_of, dollars
    from core.store import open_store
    from core.store.calls import call_totals
    from core.store.pricing import price_calls

    prices = settings_from({}).prices

    def cost(model: str, usage: Usage, by_batch: bool) -> float | None:
        price = prices.get(model)
        return cost_of(price.in_batch if price and by_batch else price, usage)

    with open_store(db) as store:
        priced, amount = price_calls(store, cost)
        left = call_totals(store).unpriced_calls
    say(f"{counted(priced, 'call')} priced at {dollars(amount)} in all; {counted(left, 'call')} without a price left.")
