"""The team's own rules for verdicts, in versions that are only added."""

from dataclasses import dataclass

from core.store.clock import utc_now
from core.store.connection import Store


@dataclass(frozen=True)
class Guidelines:
    """One version; `text` is markdown."""

    version: int
    text: str
    author: str
    created_at: str


def current_guidelines(store: Store) -> Guidelines | None:
    """The version in force, or None while nobody wrote any."""
    return next(iter(guideline_versions(store, limit=1)), None)


def guideline_versions(store: Store, *, limit: int) -> list[Guidelines]:
    """The newest versions, newest first."""
    rows = store.rows("SELECT version, text, author, created_at FROM guidelines ORDER BY version DESC LIMIT ?", limit)
    return [Guidelines(**row) for row in rows]


def add_guidelines(store: Store, text: str, *, author: str) -> None:
    """Put a new version in force. Call inside a transaction."""
    store.insert("guidelines", {"text": text, "author": author, "created_at": utc_now()})
