"""The threshold in force, and what another one would do, before anybody applies it."""

from bisect import bisect_left
from dataclasses import dataclass, fields
from itertools import accumulate

from core.errors import UserError
from core.measures.order import order_queue
from core.measures.shares import Share
from core.settings import PipelineConfig
from core.store import Store
from core.store.queue import current_policy, policies, set_policy
from core.store.tallies import differing, open_by_score, passing_by_score, score_histogram, threshold_counts


@dataclass(frozen=True)
class Policy:
    """theta: least score, delta: least weight, of what enters without a human."""

    theta: float
    delta: float
    set_by: str = "default"
    why: str = ""
    created_at: str = ""
    id: int | None = None  # None: nobody has set one
    precision: float | None = None  # share that is right above theta, as known when it was set
    precision_low: float | None = None  # its 95 % interval
    precision_high: float | None = None
    precision_n: int | None = None  # random reviews that say so


@dataclass(frozen=True)
class Effect:
    """What a policy does to the proposals of the file, as counts."""

    auto_accepted: int  # let in by the policy, without a human
    bulk_accepted: int  # let in by a bulk act that is in force
    bulk_rejected: int
    queued: int  # open to a human
    too_severe: int  # weight below delta: left out
    too_low: int  # score below the line under which nothing is to be looked at
    human_accepted: int  # accepted or edited; no policy changes it
    human_rejected: int
    rejected_above: int  # rejected by a human, though the policy would let them in
    accepted_below: int  # accepted by a human, though the policy would not

    @property
    def let_in(self) -> int:
        """All that an export with the policy's share holds."""
        return self.human_accepted + self.unseen

    @property
    def unseen(self) -> int:
        """What gets in and no human has seen, by the policy or by a bulk act."""
        return self.auto_accepted + self.bulk_accepted

    @property
    def left_out(self) -> int:
        """All that no export holds."""
        return self.human_rejected + self.bulk_rejected + self.too_severe + self.too_low


def policy_in_force(store: Store, settings: PipelineConfig) -> Policy:
    """The newest policy of the file, or the settings while none was set."""
    found = current_policy(store)
    return Policy(**found) if found else Policy(settings.min_confidence, settings.severity_threshold)


def policy_history(store: Store) -> list[Policy]:
    """Every policy that was ever set, the newest first."""
    return [Policy(**row) for row in policies(store)]


@dataclass(frozen=True)
class Group:
    """Proposals of one kind of failure and one source; failure type '' = none was named."""

    failure_type: str
    source: str
    effect: Effect


def groups_of(store: Store, theta: float, delta: float, *, reject_below: float = 0.0) -> list[Group]:
    """What the policy (theta, delta) would do to each group, the largest first; nothing is changed.

    `reject_below`: waiting items whose score is lower count as left out, as too low.
    """
    found = threshold_counts(store, theta, delta, reject_below)
    return [Group(row.pop("failure_type"), row.pop("source"), Effect(**row)) for row in found]


def together(groups: list[Group]) -> Effect:
    """The sum of all groups."""
    return Effect(*(sum(getattr(one.effect, field.name) for one in groups) for field in fields(Effect)))


def effect_of(store: Store, theta: float, delta: float, *, reject_below: float = 0.0) -> Effect:
    """What the policy (theta, delta) would do to all proposals; nothing is changed."""
    return together(groups_of(store, theta, delta, reject_below=reject_below))


def apply_policy(
    store: Store,
    theta: float,
    delta: float,
    *,
    set_by: str,
    why: str,
    random_share: float,
    precision: Share | None = None,
) -> None:
    """Put a policy in force and order the queue by it; `precision` is what is known of it now.

    Raises `UserError` where a threshold is outside 0..1, or nobody says why.
    """
    for name, value in (("theta", theta), ("delta", delta)):
        if not 0 <= value <= 1:
            raise UserError(f"{name} = {value} is outside 0..1.")
    if not why.strip():
        raise UserError("Say why: whoever reads the history later has only this.")
    with store.transaction():
        set_policy(store, theta, delta, set_by=set_by, why=why.strip(), **_known(precision))
    order_queue(store, theta=theta, delta=delta, random_share=random_share)


def _known(precision: Share | None) -> dict[str, float | None]:
    if precision is None or not precision.enough:
        return {}
    return {
        "precision": precision.value,
        "precision_low": precision.low,
        "precision_high": precision.high,
        "precision_n": precision.n,
    }


def histogram(store: Store, *, bins: int = 20) -> list[dict[str, object]]:
    """Rows (bin, state, n) of current proposals by score; bin None = unjudged."""
    return score_histogram(store, bins=bins)


def let_in_at_each(store: Store, delta: float) -> list[int]:
    """How many theta = 0.00, 0.01 .. 1.00 lets in without a human."""
    below = _below_each(passing_by_score(store, delta))
    return [below[-1] - n for n in below[:-1]]


def too_low_at_each(store: Store, delta: float) -> list[int]:
    """How many open items have a score below 0.00, 0.01 .. 1.00."""
    return _below_each(open_by_score(store, delta))[:-1]


def _below_each(values: list[tuple[float, int]]) -> list[int]:
    """How many are below 0.00, 0.01 .. 1.00, and last all of them. `values`: (value, n), ascending."""
    sums = [0, *accumulate(n for _, n in values)]
    edges = [value for value, _ in values]
    return [*(sums[bisect_left(edges, step / 100)] for step in range(101)), sums[-1]]


@dataclass(frozen=True)
class Differing:
    """One item on which a human and a policy differ."""

    trajectory_key: str
    name: str
    state: str
    score: float | None
    weight: float
    queue_reason: str | None


def differences(store: Store, theta: float, delta: float, *, rejected: bool, limit: int = 20) -> list[Differing]:
    """What a human rejected and the policy would let in; or else approved, and it would not. Highest score first."""
    return [Differing(**row) for row in differing(store, theta, delta, rejected=rejected, limit=limit)]
