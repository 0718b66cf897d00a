"""What a model call costs, in US dollars, at the prices that a person has set.

No price is built in: a provider's list changes, differs by contract and region, and a stale figure
looks as sure as a right one. A model without a price costs *unknown*, never nothing.
"""

import math
from dataclasses import dataclass

from pydantic import Field

from core.models import Value

_MILLION = 1_000_000
_CENTS_FROM = 1.0  # dollars from which cents are exact enough
_LEAST = 0.0001  # dollars under which nobody cares how many


@dataclass(frozen=True)
class Usage:
    """Tokens of one call as the server counted them (0 where it did not). `cached_tokens` are part of the input."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
        )


class Price(Value):
    """Price of one model, in US dollars per million tokens; a server of one's own has 0 and 0."""

    input: float = Field(ge=0, strict=True, description="Input tokens.")
    output: float = Field(ge=0, strict=True, description="Output tokens, thoughts of the model included.")
    cached_input: float | None = Field(
        None, ge=0, strict=True, description="Input that the server had read before; none = `input`."
    )

    batch: float = Field(0.5, ge=0, le=1, strict=True, description="Share of all this that batch jobs cost.")

    @property
    def in_batch(self) -> "Price":
        """Price of the same tokens in a batch job."""
        cached = None if self.cached_input is None else self.cached_input * self.batch
        return Price(input=self.input * self.batch, output=self.output * self.batch, cached_input=cached, batch=1.0)

    def cost(self, usage: Usage) -> float | None:
        """Dollars for `usage`; None where the server counted no tokens and they are not free."""
        if not (usage.input_tokens or usage.output_tokens) and (self.input or self.output):
            return None
        cached = min(usage.cached_tokens, usage.input_tokens)
        cached_at = self.input if self.cached_input is None else self.cached_input
        read = (usage.input_tokens - cached) * self.input + cached * cached_at
        return (read + usage.output_tokens * self.output) / _MILLION


def cost_of(price: Price | None, usage: Usage) -> float | None:
    """Dollars for `usage` at `price`; None = unknown."""
    return price.cost(usage) if price else None


def dollars(amount: float | None) -> str:
    """An amount as people read it: `$12.30`, `$0.0042`, `unknown`."""
    if amount is None:
        return "unknown"
    if amount == 0 or amount >= _CENTS_FROM:
        return f"${amount:,.2f}"
    if amount < _LEAST:
        return f"under ${_LEAST}"
    digits = max(2, 1 - math.floor(math.log10(amount)))  # two that count
    whole, _, part = f"{amount:.{digits}f}".partition(".")
    return f"${whole}.{part.rstrip('0').ljust(2, '0')}"


def total(known: float, unpriced_calls: int) -> str:
    """A sum of which some calls may have no known price: `$1.20`, `unknown`, `$1.20 and 3 calls of unknown price`."""
    if not unpriced_calls:
        return dollars(known)
    calls = f"{unpriced_calls:,} call{'' if unpriced_calls == 1 else 's'} of unknown price"
    return f"{dollars(known)} and {calls}" if known else f"unknown ({calls})"
