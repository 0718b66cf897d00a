"""The threshold in force, who set it, and how another one is put in its place."""

from dataclasses import dataclass

from core.errors import UserError
from core.measures.order import order_queue
from core.measures.shares import Share
from core.settings import PipelineConfig
from core.store import Store
from core.store.queue import current_policy, policies, set_policy


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


def policy_in_force(store: Store, settings: PipelineConfig) -> Policy:
    """The newest policy of the file, or the settings while none was set."""
    found = current_policy(store)
    return Policy(**found) if found else Policy(settings.min_confidence, settings.severity_threshold)


def policy_history(store: Store) -> list[Policy]:
    """Every policy that was ever set, the newest first."""
    return [Policy(**row) for row in policies(store)]


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
    if precision is None:
        return {}
    if not precision.enough:
        return {"precision_n": precision.n}
    return {
        "precision": precision.value,
        "precision_low": precision.low,
        "precision_high": precision.high,
        "precision_n": precision.n,
    }
