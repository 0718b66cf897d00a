"""Everything SQLite. No other package writes SQL."""

from core.store.connection import Store, open_store

__all__ = ["Store", "open_store"]
