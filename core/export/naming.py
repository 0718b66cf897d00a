"""What people are called in an export: by name, or by a pseudonym that stays the same when verdicts are added."""

from collections.abc import Callable

from core.store import Store
from core.store.people import reviewers

Names = Callable[[str | None], str | None]
_NOBODY = ("default", "", None)  # who set a threshold that nobody set


def names(store: Store, *, pseudonyms: bool) -> Names:
    """What to call a person; with `pseudonyms`, `reviewer-3` is the third who ever gave a verdict."""
    if not pseudonyms:
        return lambda name: name
    known = {name: f"reviewer-{number}" for number, name in enumerate(reviewers(store), 1)}
    return lambda name: name if name in _NOBODY else known.get(name or "", "not a reviewer")
