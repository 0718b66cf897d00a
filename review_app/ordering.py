"""The queue is put in order beside the reviewers: nobody who opens Review waits for it."""

from contextlib import suppress
from threading import Lock, Thread

from core.errors import StoreError
from core.measures.order import is_order_due, keep_in_order
from core.review.thresholds import policy_in_force
from core.store import Store
from review_app.session import settings, store

_at_work = Lock()
_PATIENCE = 60.0  # seconds


def order_if_due(opened: Store) -> None:
    """Begin to put the queue in order anew where so much more is known that it pays, unless that is being done."""
    if is_order_due(opened) and _at_work.acquire(blocking=False):
        Thread(target=_order, name="order", daemon=True).start()


def _order() -> None:
    try:
        with suppress(StoreError), store(patience=_PATIENCE) as opened:  # whoever opens Review next begins again
            policy = policy_in_force(opened, settings().pipeline)
            keep_in_order(opened, theta=policy.theta, delta=policy.delta, random_share=settings().review.random_share)
    finally:
        _at_work.release()
