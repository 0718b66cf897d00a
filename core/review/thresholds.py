"""The threshold in force, and what another one would do, before anybody applies it."""

from dataclasses import dataclass

from core.errors import UserError
from core.settings import PipelineConfig
from core.store import Store
from core.store.proposals import rank_queue
from core.store.queue import current_policy, score_histogram, set_policy, threshold_counts


@dataclass(frozen=True)
class Policy:
    """theta: least score, delta: least weight, of what enters without a human."""

    theta: float
    delta: float
    set_by: str = "default"
    why: str = ""
    created_at: str = ""


@dataclass(frozen=True)
class Effect:
    """What a policy does to the proposals of the file, as counts."""

    auto_accepted: int  # let in without a human
    queued: int  # open to a human
    too_severe: int  # weight below delta: left out
    human_accepted: int  # accepted or edited; no policy changes it
    human_rejected: int
    rejected_above: int  # rejected by a human, though the policy would let them in
    accepted_below: int  # accepted by a human, though the policy would not

    @property
    def let_in(self) -> int:
        """All that an export with the policy's share holds."""
        return self.human_accepted + self.auto_accepted

    @property
    def left_out(self) -> int:
        """All that no export holds."""
        return self.human_rejected + self.too_severe


def policy_in_force(store: Store, settings: PipelineConfig) -> Policy:
    """The newest policy of the file, or the settings while none was set."""
    found = current_policy(store)
    return Policy(**found) if found else Policy(settings.min_confidence, settings.severity_threshold)


def effect_of(store: Store, theta: float, delta: float) -> Effect:
    """What the policy (theta, delta) would do; nothing is changed."""
    return Effect(**threshold_counts(store, theta, delta))


def apply_policy(store: Store, theta: float, delta: float, *, set_by: str, why: str, random_share: float) -> None:
    """Put a policy in force and order the queue by it.

    Raises `UserError` where a threshold is outside 0..1.
    """
    for name, value in (("theta", theta), ("delta", delta)):
        if not 0 <= value <= 1:
            raise UserError(f"{name} = {value} is outside 0..1.")
    with store.transaction():
        set_policy(store, theta, delta, set_by=set_by, why=why)
    rank_queue(store, theta=theta, random_share=random_share)


def histogram(store: Store, *, bins: int = 20) -> list[dict[str, object]]:
    """Rows (bin, state, n) of current proposals by score; bin None = unjudged."""
    return score_histogram(store, bins=bins)
