"""Words of a request that stand nowhere in the run: a condition that nobody met, in words without a number or name.

"Gluten-free kettles with free delivery" states no value, so no value is missing. But of a run that
satisfies a request, something says so: its words stand in a call or a result, or were there before it.
Words with which anything is asked for are no condition; they stand in `ordinary_words.txt`.

What it cannot see: a condition put into ordinary words or words of the run, and one in other languages.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from core.models import FailedTrajectory
from core.stages.grounding.index import stem, stems_of
from core.stages.grounding.values import FoundValue, fold

_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 3  # letters
_LEAST_ORDINARY = 0.2  # share of ordinary words below which a request is in no English, and nothing can be said
_ENDINGS = (("s", ""), ("es", ""), ("ies", "y"), ("d", ""), ("ed", ""), ("ied", "y"), ("ing", ""), ("ing", "e"))


def unseen_words(
    request: str, trajectory: FailedTrajectory, values: tuple[FoundValue, ...]
) -> Iterator[tuple[int, int]]:
    """(start, end) of each such word outside the values, which are checked by themselves."""
    taken = bytearray(len(request))
    for value in values:
        taken[value.start : value.end] = b"\1" * (value.end - value.start)
    words = [match for match in _WORD.finditer(request) if len(match.group()) >= _SHORTEST]
    strange = [match for match in words if not is_ordinary(fold(match.group()))]
    if len(words) - len(strange) < _LEAST_ORDINARY * len(words):
        return
    stems = stems_of(trajectory)
    for match in strange:
        if stem(fold(match.group())) not in stems and not any(taken[match.start() : match.end()]):
            yield match.span()


def is_ordinary(word: str) -> bool:
    """Whether a folded word is one with which anything is asked for."""
    return any(form in _ordinary_words() for form in _forms(word))


def _forms(word: str) -> Iterator[str]:
    yield word
    for ending, instead in _ENDINGS:
        if word.endswith(ending):
            base = word.removesuffix(ending) + instead
            yield base
            if base[-1:] == base[-2:-1]:  # planned, plan
                yield base[:-1]


@cache
def _ordinary_words() -> frozenset[str]:
    lines = Path(__file__).with_name("ordinary_words.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
