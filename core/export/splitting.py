"""Train and test by original task: all samples of one task are on one side, whatever is added later.

A hash of the task decides and nothing else. So a task stays where it was when data is added, and a greater share
only moves tasks from train to test.
"""

import hashlib
from typing import Any

from core.models import AugmentedSample
from core.stages.grounding.values import fold

_TELLING = 80  # characters from which a tool result that stands on both sides tells something


def task_id(original_prompt: str) -> bytes:
    """32 bytes that are the same for the same original task; case, width and spacing do not count."""
    return _digest(" ".join(fold(original_prompt).split()))


def is_test(original_prompt: str, share: float) -> bool:
    """Whether a task belongs to the test side, which holds about `share` (0..1) of all tasks."""
    return int.from_bytes(task_id(original_prompt)[:8], "big") < share * 2**64


class Leakage:
    """What test and train share: tasks (none, by the way they are split), requests, long tool results.

    The test side comes first: it is the smaller one, and the only one that is kept.
    """

    def __init__(self) -> None:
        self._test: dict[str, set[bytes]] = {"tasks": set(), "requests": set(), "tool_results": set()}
        self._shared: dict[str, set[bytes]] = {name: set() for name in self._test}

    def add_test(self, sample: AugmentedSample) -> None:
        """Keep what a sample of the test side holds."""
        for name, found in _contents(sample).items():
            self._test[name] |= found

    def add_train(self, sample: AugmentedSample) -> None:
        """Note what of the test side a sample of the train side holds too."""
        for name, found in _contents(sample).items():
            self._shared[name] |= found & self._test[name]

    def report(self) -> dict[str, Any]:
        """How many different ones the test side has, and how many of them the train side has too."""
        return {
            name: {"in_test": len(found), "also_in_train": len(self._shared[name])}
            for name, found in self._test.items()
        }


def _contents(sample: AugmentedSample) -> dict[str, set[bytes]]:
    results = [message.content for message in sample.messages if message.role == "tool"]
    return {
        "tasks": {task_id(sample.original_prompt)},
        "requests": {task_id(sample.hindsight_prompt)},
        "tool_results": {_digest(text) for text in results if len(text) >= _TELLING},
    }


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
