"""The order of review: what a verdict is likeliest to change comes first.

A verdict changes what leaves where it overturns the threshold: something that was to get in is edited or rejected, or
something that was not is approved. How often that happens is learnt from every verdict on items of the same kind. That
is good enough for an order; precision is measured on the random share alone, which keeps its places.
"""

from collections import Counter

from core.measures.shares import ENOUGH
from core.store import Store
from core.store.order import Kind, KindCount, Way, begin_order, decided, kind_counts, last_order, rank

_PRIOR = 10.0  # verdicts that what is known of the wider kind counts for
_GROWTH = 1.5  # verdicts since the last order, as a factor, after which a new one pays


def order_queue(store: Store, *, theta: float, delta: float, random_share: float) -> None:
    """Give every waiting proposal its place; while verdicts are few, the nearest to theta come first."""
    known = decided(store)
    worths = worth(kind_counts(store, theta, delta)) if known >= ENOUGH else {}
    rank(store, begin_order(store, verdicts=known), theta=theta, delta=delta, random_share=random_share, worths=worths)


def keep_in_order(store: Store, *, theta: float, delta: float, random_share: float) -> bool:
    """Order the queue anew if much more is known than at the last order; whether it was done."""
    due = is_order_due(store)
    if due:
        order_queue(store, theta=theta, delta=delta, random_share=random_share)
    return due


def is_order_due(store: Store) -> bool:
    """Whether so much more is known than at the last order that a new one pays; cheap."""
    return decided(store) >= max(ENOUGH, _GROWTH * last_order(store))


def worth(counts: list[KindCount]) -> dict[Kind, float]:
    """The chance that a verdict on an item of each kind overturns the threshold, 0..1.

    It begins with what the score itself says. Kinds are nested (what the threshold does with it and tenth of the score,
    then source, then failure type), and the share of each is drawn towards that of the kind around it, as if `_PRIOR`
    verdicts of that share stood beside its own.
    """
    overturned: Counter[tuple[object, ...]] = Counter()
    verdicts: Counter[tuple[object, ...]] = Counter()
    for one in counts:
        for around in _nested(one.kind):
            overturned[around] += one.overturned
            verdicts[around] += one.verdicts
    found = {}
    for one in counts:
        share = _said(one.kind)
        for around in _nested(one.kind):
            share = (overturned[around] + _PRIOR * share) / (verdicts[around] + _PRIOR)
        found[one.kind] = share
    return found


def _nested(kind: Kind) -> list[tuple[object, ...]]:
    return [kind[:depth] for depth in range(2, len(kind) + 1)]


def _said(kind: Kind) -> float:
    """The same by the score alone; of what no threshold lets in, the score says nothing."""
    way, tenth = kind[:2]
    score = (tenth + 0.5) / 10
    if way == Way.LET_IN:
        return 1 - score
    return score if way == Way.TOO_LOW else 0.5
