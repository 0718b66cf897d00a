"""One act on many items: what a person asks for, with the names that they typed made plain."""

from core.models import ProposalState
from core.review.typed import reviewer_name, tag_name
from core.store import Store, acts
from core.store.many import Act, Chosen, Outlook, carry_out, outlook


def tag(name: str, by: str) -> Act:
    """Put a tag on runs. Raises `UserError` for what cannot be a tag."""
    return acts.tag(tag_name(name), by=by)


def untag(name: str, by: str) -> Act:  # noqa: ARG001  who took a tag off is not kept
    """Take a tag off runs. Raises `UserError` for what cannot be a tag."""
    return acts.untag(tag_name(name))


def assign(name: str, by: str) -> Act:
    """Give runs to one person, whoever had them. Raises `UserError` for what cannot be a name."""
    return acts.assign(reviewer_name(name), by=by)


def take_back(by: str) -> Act:  # noqa: ARG001
    """Give runs to everybody again."""
    return acts.take_back()


def defer(by: str) -> Act:
    """Put off what waits, and nothing that a human has spoken of or has open."""
    return acts.defer(by=reviewer_name(by))


def return_deferred(by: str) -> Act:
    """Put deferred items back, whoever deferred them."""
    return acts.return_deferred(by=reviewer_name(by))


def my_deferred(store: Store, me: str) -> int:
    """How many items `return_mine` would put back."""
    return outlook(store, acts.return_deferred(by=me, only_of=me), _DEFERRED).changes


def return_mine(store: Store, me: str) -> int:
    """Put everything that one person deferred back into the queue; how many."""
    return in_one_go(store, acts.return_deferred(by=me, only_of=me), _DEFERRED).changes


def in_one_go(store: Store, act: Act, chosen: Chosen) -> Outlook:
    """Do it without a look at how far it is; what was done."""
    done = Outlook()
    for _, done in carry_out(store, act, chosen):  # noqa: B007  the last one counts
        pass
    return done


def said(done: Outlook) -> str:
    """What an act changes or changed, and what it leaves as it is, in words."""
    left = "; ".join(f"{n:,} {why}" for why, n in done.skipped.items())
    return f"{done.changes:,} changed" + (f". Left as they are: {left}" if left else "") + "."


_DEFERRED = Chosen(state=ProposalState.DEFERRED)
