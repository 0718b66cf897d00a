"""Runs as a person compares them: in what their settings differ, and what that changed."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import UserError
from core.store import Store
from core.store.versions import Found, Pair, all_runs, found_by, pairs

SAME = "same"


@dataclass(frozen=True)
class Version:
    """One run. `settings` holds only those that differ between the runs of the file."""

    run: Mapping[str, Any]
    settings: Mapping[str, Any]


def versions(store: Store) -> list[Version]:
    """Every run of the file, oldest first."""
    runs = all_runs(store)
    settings = [json.loads(run["settings"]) for run in runs]
    names = sorted({name for one in settings for name in one})
    # A run by rules has no settings of a model: that is said by who ran it.
    differing = [name for name in names if len({json.dumps(one[name]) for one in settings if name in one}) > 1]
    return [
        Version(run, {name: one[name] for name in differing if name in one})
        for run, one in zip(runs, settings, strict=True)
    ]


def compare(store: Store, a: int, b: int) -> Iterator[tuple[str, Pair]]:
    """How each trajectory differs between two runs: `same`, or words such as `other goal`.

    Raises `UserError` where there is no such run.
    """
    _check(store, a, b)
    return ((difference(pair), pair) for pair in pairs(store, a, b))


def contents(store: Store, number: int) -> Iterator[dict[str, Any]]:
    """What one run, with those it went on from, says of each trajectory. Raises `UserError` as `compare` does."""
    _check(store, number)
    return found_by(store, number)


def _check(store: Store, *numbers: int) -> None:
    known = {run["id"] for run in all_runs(store)}
    for number in numbers:
        if number not in known:
            raise UserError(f"{store.path} has no run {number}; `agenther runs --db {store.path}` lists them.")


def difference(pair: Pair) -> str:
    """In what two versions of one trajectory differ."""
    a, b = pair.a, pair.b
    if a is None or b is None:
        return "only in the second" if a is None else "only in the first"
    if _kind(a) != _kind(b):
        return f"{_kind(a)} -> {_kind(b)}"
    if a.goal != b.goal:
        return "other goal"
    return SAME if a.score == b.score else "other score"


def counts(differences: Sequence[str]) -> dict[str, int]:
    """How often each difference occurs, the most frequent first."""
    return dict(Counter(differences).most_common())


def _kind(found: Found) -> str:
    if found.reason:
        return f"{found.status}: {found.reason.replace('_', ' ')}"
    return "accepted" if found.status == "proposed" else found.status
