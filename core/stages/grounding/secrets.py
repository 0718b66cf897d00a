"""Secrets that a run holds: keys, tokens, passwords. No request of the rules repeats one, and none enters unseen.

A password has no form of its own, so what the name of an argument calls one is looked for wherever it stands.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from core.models import FailedTrajectory, input_text
from core.personal import SECRET, find_personal, names_secret
from core.stages.grounding.index import ByKey

_READ = 1_000_000  # characters of one text that are searched
_MOST = 1_000  # different secrets of one run that are looked for


def is_secret(key: str, value: Any) -> bool:
    """Whether an argument is a secret, by its name or by its form."""
    return isinstance(value, str) and (names_secret(key, value) or any(_by_form(value)))


def without_secrets(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments without those that are secrets, at any depth of objects."""
    kept = {key: value for key, value in arguments.items() if not is_secret(key, value)}
    return {key: without_secrets(value) if isinstance(value, dict) else value for key, value in kept.items()}


def secrets_in(text: str, trajectory: FailedTrajectory) -> tuple[str, ...]:
    """Kinds of the secrets in `text`, out of `core.personal.SECRET`: told by their form, or one that the run holds."""
    kinds = {kind for _, kind in _by_form(text)}
    kinds |= {kind for secret, kind in _of_run(ByKey(trajectory)).items() if secret in text}
    return tuple(sorted(kinds))


@lru_cache(maxsize=16)
def _of_run(wrapped: ByKey) -> dict[str, str]:
    """The kind of each secret in the calls and results of a run."""
    found: dict[str, str] = {}
    for step in wrapped.trajectory.steps:
        found |= dict.fromkeys(_by_name(step.action_input), "password")
        for text in (input_text(step), step.observation):
            found |= dict(_by_form(text[:_READ]))
        if len(found) > _MOST:
            break
    return found


def _by_form(text: str) -> Iterator[tuple[str, str]]:
    return ((text[start:end], kind) for start, end, kind in find_personal(text) if kind in SECRET)


def _by_name(arguments: Any, key: str = "") -> Iterator[str]:
    if isinstance(arguments, str):
        yield from (arguments,) if names_secret(key, arguments) else ()
    elif isinstance(arguments, dict):
        for name, value in arguments.items():
            yield from _by_name(value, name)
    elif isinstance(arguments, list):
        for value in arguments:
            yield from _by_name(value, key)
