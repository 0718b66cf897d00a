"""What the model calls of a file have cost, and what that makes for each proposal that was of use."""

from dataclasses import dataclass

from core.prices import total
from core.review.effects import Effect, effect_of
from core.review.thresholds import policy_in_force
from core.settings import PipelineConfig
from core.store import Store
from core.store.calls import call_totals, costs_by_group


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
    def per_let_in(self) -> float | None:
        """Dollars for each proposal that an export may hold, without unpriced calls; None = nothing to tell."""
        return _share(self._told, self.human_accepted + self.auto_accepted)

    @property
    def _told(self) -> float | None:
        """Dollars, at least; None where no call has a price."""
        return self.cost_usd or self.known

    @property
    def in_words(self) -> str:
        """`$1.20`, or what is known of it."""
        return total(self.cost_usd, self.unpriced_calls)


def costs_of(store: Store, settings: PipelineConfig) -> Costs:
    """What the file has cost so far, for what the policy in force lets in."""
    policy = policy_in_force(store, settings)
    return costs_at(store, effect_of(store, policy.theta, policy.delta))


def costs_at(store: Store, effect: Effect) -> Costs:
    """The same, for what a policy of this effect lets in."""
    sums = call_totals(store)
    return Costs(sums.cost_usd, sums.unpriced_calls, sums.calls, effect.human_accepted, effect.unseen)


@dataclass(frozen=True)
class Spent:
    """Dollars of a part of the file; `unpriced_calls` are not in them."""

    cost_usd: float
    unpriced_calls: int

    @property
    def in_words(self) -> str:
        """`$1.20`, or what is known of it."""
        return total(self.cost_usd, self.unpriced_calls)

    def for_each(self, number: int) -> float | None:
        """Dollars for each of `number`; None where nothing can be told."""
        return self.cost_usd / number if number and not self.unpriced_calls else None


def spent_by_group(store: Store) -> dict[tuple[str | None, str], Spent]:
    """By (failure type or '', source); None in place of the failure type: runs that have no proposal."""
    return {(failure, source): Spent(cost, unpriced) for failure, source, cost, unpriced in costs_by_group(store)}


def _share(amount: float | None, number: int) -> float | None:
    return amount / number if amount is not None and number else None
