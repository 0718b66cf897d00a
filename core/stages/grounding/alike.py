"""Whether two requests ask for the same: wording, and meaning where a model for it is at hand, nominate; values decide.

Neither can tell "cheapest" from "most expensive": where numbers, names or superlatives differ, the
requests differ, however alike they read.
"""

from collections import defaultdict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process, utils

from core.stages.grounding.values import find_values, fold

Vector = NDArray[np.float32]
Meaning = Callable[[str], Vector]
ORIGINAL_AGAIN = 0.98  # similarity from which a prompt is the original one again
_COMPARED = 50_000  # characters of two prompts that are compared word by word; the rest only as equal or not
_SAME_WORDING = 0.9  # similarity from which prompts with the same values are the same request
_SAME_MEANING = 0.8  # cosine from which prompts with the same values are the same request
_NEAR_WORDING = 0.65  # likeness of the words beside the values, from which two requests may be the same


def likeness(prompt: str, other: str) -> float:
    """0..1: how much of `other` the prompt repeats; 1 only if no value differs."""
    mine, theirs = fold(prompt), fold(other)
    score = 1.0 if mine == theirs else fuzz.token_sort_ratio(mine[:_COMPARED], theirs[:_COMPARED]) / 100
    if score > ORIGINAL_AGAIN - 0.1:
        same = _value_keys(prompt) == _value_keys(other)
        score = 1.0 if same and score > _SAME_WORDING else min(score, ORIGINAL_AGAIN - 0.01)
    return score


def may_serve(prompt: str, other: str) -> bool:
    """Whether what answers `prompt` may answer `other` too: the same values, and other words for the same or a part.

    By wording nobody can tell whether what a part leaves out is of weight; a value that it leaves out is.
    """
    if _value_keys(prompt) != _value_keys(other):
        return False
    mine, theirs = _without_values(prompt), _without_values(other)
    return mine == theirs or fuzz.token_set_ratio(mine, theirs) >= 100 * _NEAR_WORDING


class Requests:
    """Requests that were met, to find one that asks for the same.

    Only those with the very same values are compared, so a hundred thousand of them stay quick. `meaning` gives the
    vector of a text, of length 1: then those in other words are found too.
    """

    def __init__(self, meaning: Meaning | None = None) -> None:
        self._met: dict[frozenset[str], list[str]] = defaultdict(list)
        self._meaning = meaning
        self._vectors: dict[frozenset[str], list[Vector]] = defaultdict(list)

    def has_like(self, prompt: str) -> bool:
        """Whether one that was added asks for the same as `prompt`."""
        values = _value_keys(prompt)
        met = self._met.get(values, [])
        mine = fold(prompt)[:_COMPARED]
        if process.extractOne(mine, met, scorer=fuzz.token_sort_ratio, score_cutoff=100 * _SAME_WORDING) is not None:
            return True
        if not (self._meaning and met):
            return False
        vector = self._meaning(prompt)
        return any(float(vector @ other) >= _SAME_MEANING for other in self._vectors[values])

    def add(self, prompt: str) -> None:
        """Keep `prompt` for the ones that come later."""
        values = _value_keys(prompt)
        self._met[values].append(fold(prompt)[:_COMPARED])
        if self._meaning:
            self._vectors[values].append(self._meaning(prompt))


def _without_values(text: str) -> str:
    kept, at = [], 0
    for value in find_values(text):
        kept.append(text[at : value.start])
        at = max(at, value.end)
    return utils.default_process(fold("".join([*kept, text[at:]]))[:_COMPARED])


def _value_keys(text: str) -> frozenset[str]:
    return frozenset(key for value in find_values(text) for key in value.keys)
