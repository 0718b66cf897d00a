"""How many proposals each choice of a filter would leave."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.store.connection import Store
from core.store.filters import ACCEPTED, COLUMNS, LENGTHS, QueueFilter
from core.store.queue import OF_OTHERS, piles_of


def facets(store: Store, wanted: QueueFilter, state: str | None, annotator: str) -> dict[str, dict[Any, int]]:
    """How many proposals each choice would leave, under all that is chosen elsewhere.

    Those of one pile that wait for `annotator`, as `waiting` counts them; of everybody's in any state where `state`
    is None. By name of the filter: failure_type, source, queue_reason, judge, steps (bands of `LENGTHS`), tag.
    """
    piles = (
        [("", list[Any]())] if state is None else [(f" AND {sql}", given) for sql, given in piles_of(state, annotator)]
    )
    if state is not None and store.value("SELECT 1 FROM assignments LIMIT 1"):
        piles = [(f"{sql} AND NOT EXISTS ({OF_OTHERS})", [*given, annotator]) for sql, given in piles]
    conditions, params = wanted.uncounted()
    columns = ", ".join(COLUMNS.values())
    cells = [
        cell
        for pile, given in piles
        for cell in store.rows(  # one pass over an index; the few thousand cells are summed here
            f"SELECT {columns}, count(*) AS n FROM proposals WHERE is_current = 1{pile}{conditions} GROUP BY {columns}",
            *given,
            *params,
        )
    ]
    found = {name: _counted(cells, name, wanted) for name in COLUMNS}
    return {**found, "tag": _tag_counts(store, replace(wanted, tag=None), piles)}


def _tag_counts(store: Store, wanted: QueueFilter, piles: Sequence[tuple[str, list[Any]]]) -> dict[str, int]:
    if not store.value("SELECT 1 FROM tags LIMIT 1"):
        return {}
    conditions, params = wanted.where()
    counts: Counter[str] = Counter()
    for pile, given in piles:
        rows = store.rows(
            "SELECT tag, count(*) AS n FROM proposals JOIN tags USING (trajectory_key)"
            f" WHERE is_current = 1{pile}{conditions} GROUP BY tag ORDER BY tag",
            *given,
            *params,
        )
        counts.update({row["tag"]: row["n"] for row in rows})
    return dict(counts.most_common())


def _counted(cells: Sequence[Mapping[str, Any]], name: str, wanted: QueueFilter) -> dict[Any, int]:
    """The choices of one filter with their counts, where all the others narrow the cells."""
    others = {other: getattr(wanted, other) for other in COLUMNS if other != name}
    chosen = {other: value for other, value in others.items() if value is not None}
    counts: Counter[Any] = Counter()
    for cell in cells:
        if all(_value(cell, other) == value for other, value in chosen.items()):
            counts[_value(cell, name)] += cell["n"]
    counts.pop(None, None)
    return dict(sorted(counts.items())) if name == "steps" else dict(counts.most_common())


def _value(cell: Mapping[str, Any], name: str) -> Any:
    value = cell[COLUMNS[name]]
    if name == "queue_reason":
        return value or ACCEPTED
    if name == "steps":
        return next((band for band in LENGTHS if band[1] is None or value <= band[1]), None)
    return value
