"""A mask for each secret and each piece of personal data; the same text gets the same mask in all of an export.

Masks are numbered as they come and are no digest: a phone number could be guessed from its digest.
"""

import re
from collections import Counter
from typing import Any

from core.export.personal import find_personal, names_secret
from core.models import AugmentedSample, Value

# Fields that the program itself writes, and names that calls and results refer to.
_KEPT = frozenset({"trajectory_key", "id", "tool_call_id", "role", "name"})


class Masks:
    """What was found so far, with its masks.

    `found` counts finds by kind (of what leaves and of what refers to it), `samples` the samples with one.
    """

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self.samples = 0
        self._masks: dict[tuple[str, str], str] = {}
        self._numbers: Counter[str] = Counter()

    def sample(self, sample: AugmentedSample) -> AugmentedSample:
        """`sample` with a mask for each find in any of its texts: requests, messages, arguments, tools, provenance."""
        before = self.found.total()
        masked = self._masked(sample)
        self.samples += self.found.total() > before
        assert isinstance(masked, AugmentedSample)
        return masked

    def text(self, text: str) -> str:
        """`text` with a mask for each find in it."""
        done, at = [], 0
        for start, end, kind in find_personal(text):
            done += [text[at:start], self._mask(kind, text[start:end])]
            at = end
        return "".join([*done, text[at:]]) if done else text

    def report(self) -> dict[str, dict[str, int]]:
        """By kind: how many finds, and how many different ones."""
        return {kind: {"found": n, "different": self._numbers[kind]} for kind, n in sorted(self.found.items())}

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
            return value.model_copy(
                update={
                    name: self._masked(getattr(value, name)) for name in type(value).model_fields if name not in _KEPT
                }
            )
        return value

    def _mask(self, kind: str, text: str) -> str:
        self.found[kind] += 1
        same = re.sub(r"[ ().-]", "", text) if kind in ("card", "iban", "phone") else text
        known = (kind, same.casefold() if kind == "email" else same)
        if known not in self._masks:
            self._numbers[kind] += 1
            self._masks[known] = f"[{kind.upper()}_{self._numbers[kind]}]"
        return self._masks[known]
