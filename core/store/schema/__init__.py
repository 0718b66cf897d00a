"""The tables, as migrations: one function a step, never changed once released.

Read with any SQLite tool: every id that points elsewhere is a foreign key, every state a word.
Big JSON stands apart (`trajectory_bodies`, `results`, `attempts`) from the narrow rows that the
queue sorts and counts (`proposals`), so that these stay quick at 100,000 items.

One module a group of steps. They are applied in the order in which they are imported here.
"""

from core.store.schema.steps import migrations  # isort: skip
from core.store.schema import first, runs, team, browsing, options, measuring, calls, bulk, calibrating, ordering  # noqa: F401  # isort: skip

__all__ = ["migrations"]
