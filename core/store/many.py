"""One act on many proposals: which it would leave as they are and why, and the act itself.

What is left out is one list of (reason, condition) for each act. The count before the act and the act itself
read the same list, so they cannot differ.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from core.models import ProposalState
from core.store.connection import Store
from core.store.filters import QueueFilter

_AT_ONCE = 500  # proposals of one transaction: whoever gives a verdict meanwhile waits no longer than that
_CHANGES = -1
_AMONG = " AND id IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True)
class Chosen:
    """What an act is for: all that a filter finds in a state (None = any), or of these only those in `ids`."""

    wanted: QueueFilter = field(default_factory=QueueFilter)
    state: ProposalState | None = None
    ids: tuple[int, ...] | None = None

    def where(self) -> tuple[str, list[Any]]:
        """(SQL condition, parameters)."""
        conditions, params = self.wanted.where()
        piled, given = ("", []) if self.state is None else (" AND state = ?", [self.state.value])
        named, ids = (
            ("", []) if self.ids is None else (" AND id IN (SELECT value FROM json_each(?))", [json.dumps(self.ids)])
        )
        return f"is_current = 1{piled}{named}{conditions}", [*given, *ids, *params]


@dataclass(frozen=True)
class Skip:
    """A reason to leave a proposal as it is, and the SQL condition for it. Reasons read well behind a number."""

    why: str
    condition: str
    params: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Act:
    """Of `skips` the first that holds is the reason. `run` changes what a condition finds, in a transaction."""

    skips: tuple[Skip, ...]
    run: Callable[[Store, str, list[Any]], None]

    def reason(self) -> tuple[str, list[Any]]:
        """An SQL expression, the number of the reason or -1 for what is changed; its parameters."""
        cases = " ".join(f"WHEN {skip.condition} THEN {n}" for n, skip in enumerate(self.skips))
        return f"CASE {cases} ELSE {_CHANGES} END", [value for skip in self.skips for value in skip.params]


@dataclass(frozen=True)
class Outlook:
    """How many proposals an act changes, and how many it leaves as they are, by reason."""

    changes: int = 0
    skipped: dict[str, int] = field(default_factory=dict)

    def __add__(self, other: "Outlook") -> "Outlook":
        reasons = {**self.skipped, **other.skipped}
        summed = {why: self.skipped.get(why, 0) + other.skipped.get(why, 0) for why in reasons}
        return Outlook(self.changes + other.changes, summed)


def outlook(store: Store, act: Act, chosen: Chosen) -> Outlook:
    """What the act would do now."""
    reason, given = act.reason()
    where, params = chosen.where()
    rows = store.rows(f"SELECT {reason} AS why, count(*) AS n FROM proposals WHERE {where} GROUP BY 1", *given, *params)
    found = {row["why"]: row["n"] for row in rows}
    changes = found.pop(_CHANGES, 0)
    return Outlook(changes, {act.skips[why].why: n for why, n in sorted(found.items())})


def carry_out(store: Store, act: Act, chosen: Chosen) -> Iterator[tuple[float, Outlook]]:
    """Do it, a part in each transaction; after each (share of the whole that is done, what was done so far).

    Whatever ends it early, the parts that were told are done, and the same act again does the rest.
    """
    where, params = chosen.where()
    ids = [row["id"] for row in store.rows(f"SELECT id FROM proposals WHERE {where} ORDER BY id", *params)]
    done = Outlook()
    reason, given = act.reason()
    for start in range(0, len(ids), _AT_ONCE):
        part = Chosen(ids=tuple(ids[start : start + _AT_ONCE]))
        where, params = part.where()
        with store.transaction():
            done += outlook(store, act, part)
            act.run(store, f"{where} AND {reason} = {_CHANGES}", [*params, *given])
        yield min(1.0, (start + _AT_ONCE) / len(ids)), done
