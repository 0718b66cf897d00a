"""A mask for each secret and each piece of personal data; the same text gets the same mask in all of an export.

Masks are numbered as they come and are no digest: a phone number could be guessed from its digest.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

from core.formats import Row
from core.formats.text import to_json
from core.models import AugmentedSample, Value
from core.personal import find_personal, names_secret

_MASK = re.compile(r"\[[A-Z_]+_\d+\]")
_LISTS_KNOWN = 200  # lists of tools in which nothing was found; a few megabytes at most
# Fields that the program itself writes, and names that calls and results refer to.
_KEPT = frozenset({"trajectory_key", "id", "tool_call_id", "role", "name"})


@cache
def _read(kind: type[Value]) -> tuple[str, ...]:
    """The fields of a value that hold words of somebody else."""
    return tuple(name for name in kind.model_fields if name not in _KEPT)


class Masks:
    """Masks given so far, and what of them stands in rows that leave.

    `found` counts finds in these rows by kind, `samples` the samples whose rows hold one.
    """

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self.samples = 0
        self._masks: dict[str, str] = {}  # by what is masked
        self._kinds: dict[str, str] = {}  # kind by mask
        self._numbers: Counter[str] = Counter()  # the last number of each kind
        self._left: set[str] = set()  # masks that stand in a row that leaves
        self._finds = 0
        self._plain_tools: set[str] = set()

    def sample(self, sample: AugmentedSample) -> AugmentedSample:
        """`sample` with a mask for each find in any of its texts; the very same object where there is none."""
        masked = self._masked(sample)
        assert isinstance(masked, AugmentedSample)
        return masked

    def count(self, rows: Iterable[Row]) -> None:
        """Take note of the masks in the rows of one masked sample: not all that a sample holds goes into a row."""
        kinds = [(mask, self._kinds[mask]) for mask in _MASK.findall(to_json(list(rows))) if mask in self._kinds]
        self.found.update(kind for _, kind in kinds)
        self._left.update(mask for mask, _ in kinds)
        self.samples += bool(kinds)

    def text(self, text: str) -> str:
        """`text` with a mask for each find in it."""
        done, at = [], 0
        for start, end, kind in find_personal(text):
            done += [text[at:start], self._mask(kind, text[start:end])]
            at = end
        return "".join([*done, text[at:]]) if done else text

    def report(self) -> dict[str, dict[str, int]]:
        """By kind: how many finds in the rows, and how many different ones."""
        different = Counter(self._kinds[mask] for mask in self._left)
        return {kind: {"found": n, "different": different[kind]} for kind, n in sorted(self.found.items())}

    def in_words(self) -> list[str]:
        """A line for each kind, such as "4 emails (3 different)"."""
        return [
            f"{found['found']:,} {kind.replace('_', ' ')}{'' if found['found'] == 1 else 's'} "
            f"({found['different']:,} different)"
            for kind, found in self.report().items()
        ]

    def _masked(self, value: Any, key: str = "") -> Any:
        if isinstance(value, str):
            return self._mask("password", value) if names_secret(key, value) else self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self._masked(part, name) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._masked(part, key) for part in value)
        if isinstance(value, Value):
            held = {name: getattr(value, name) for name in _read(type(value))}
            masked = {name: self._tools(part) if name == "tools" else self._masked(part) for name, part in held.items()}
            return value if masked == held else value.model_copy(update=masked)
        return value

    def _tools(self, tools: Any) -> Any:
        """The tools of a sample. Runs of one agent share them, and to write them down is faster than to look again."""
        written = to_json(tools)
        if written in self._plain_tools:
            return tools
        before = self._finds
        masked = self._masked(tools)
        if self._finds == before and len(self._plain_tools) < _LISTS_KNOWN:
            self._plain_tools.add(written)
        return masked

    def _mask(self, kind: str, text: str) -> str:
        same = re.sub(r"[ ().-]", "", text) if kind in ("card", "iban", "phone") else text
        known = same.casefold() if kind == "email" else same
        if known not in self._masks:  # whatever rule finds it again, as by the name that it stands under in a call
            self._numbers[kind] += 1
            mask = f"[{kind.upper()}_{self._numbers[kind]}]"
            self._masks[known], self._kinds[mask] = mask, kind
        self._finds += 1
        return self._masks[known]
