"""The team's own rules for verdicts: a text in markdown, of which every change is a new version."""

from core.errors import UserError
from core.review.typed import can_be_seen
from core.store import Store
from core.store.guidelines import Guidelines, add_guidelines, current_guidelines

LONGEST = 20_000  # characters


def save_guidelines(store: Store, text: str, *, author: str, over: int) -> Guidelines:
    """Put a new version in force; the same text again is none. `over`: the version it was written from, 0 for none.

    Raises `UserError` for a text that is empty or longer than `LONGEST`, and where another version than `over` is in
    force: nobody replaces words that they have not seen.
    """
    whole = text.replace("\r\n", "\n").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").strip()
    if not can_be_seen(whole):
        raise UserError("Guidelines need some text.")
    if len(whole) > LONGEST:
        raise UserError(f"Guidelines have at most {LONGEST:,} characters; these have {len(whole):,}.")
    with store.transaction():
        before = current_guidelines(store)
        if before and before.version != over and before.text != whole:
            raise UserError(f"{before.author} has saved version {before.version} while you wrote.")
        if before is None or before.text != whole:
            add_guidelines(store, whole, author=author)
    found = current_guidelines(store)
    assert found is not None
    return found
