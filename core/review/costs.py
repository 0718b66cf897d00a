"""What the model calls of a file have cost, and what that makes for each proposal that was of use."""

from dataclasses import dataclass

from core.prices import total
from core.review.thresholds import effect_of, policy_in_force
from core.settings import PipelineConfig
from core.store import Store
from core.store.calls import call_totals


@dataclass(frozen=True)
class Costs:
    """Dollars over the whole file, all its runs included; `unpriced_calls` are not in them."""

    cost_usd: float
    unpriced_calls: int
    calls: int
    human_accepted: int  # accepted or edited
    auto_accepted: int

    @property
    def known(self) -> float | None:
        """Dollars; None where the price of some call is unknown."""
        return None if self.unpriced_calls else self.cost_usd

    @property
    def per_human_accepted(self) -> float | None:
        """Dollars for each proposal that a human accepted or edited, without unpriced calls; None = nothing to tell."""
        return _share(self._told, self.human_accepted)

    @property
    def per_auto_accepted(self) -> float | None:
        """Dollars for each proposal that the policy lets in alone, without unpriced calls; None = nothing to tell."""
        return _share(self._told, self.auto_accepted)

    @property
    def _told(self) -> float | None:
        """Dollars, at least; None where no call has a price."""
        return self.cost_usd or self.known

    @property
    def in_words(self) -> str:
        """`$1.20`, or what is known of it."""
        return total(self.cost_usd, self.unpriced_calls)


def costs_of(store: Store, settings: PipelineConfig) -> Costs:
    """What the file has cost so far."""
    sums = call_totals(store)
    policy = policy_in_force(store, settings)
    effect = effect_of(store, policy.theta, policy.delta)
    return Costs(sums.cost_usd, sums.unpriced_calls, sums.calls, effect.human_accepted, effect.unseen)


def _share(amount: float | None, number: int) -> float | None:
    return amount / number if amount is not None and number else None
