"""Whether two requests ask for the same: wording nominates, values decide.

Wording alone cannot tell "cheapest" from "most expensive": where numbers, names or superlatives differ, the
requests differ, however alike they read.
"""

from collections import defaultdict

from rapidfuzz import fuzz, process, utils

from core.stages.grounding.values import find_values, fold

ORIGINAL_AGAIN = 0.98  # similarity from which a prompt is the original one again
_COMPARED = 50_000  # characters of two prompts that are compared word by word; the rest only as equal or not
_SAME_WORDING = 0.9  # similarity from which prompts with the same values are the same request
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

    Only those with the very same values are compared word by word, so a hundred thousand of them stay quick.
    """

    def __init__(self) -> None:
        self._met: dict[frozenset[str], list[str]] = defaultdict(list)

    def has_like(self, prompt: str) -> bool:
        """Whether one that was added asks for the same as `prompt`."""
        met = self._met.get(_value_keys(prompt), [])
        mine = fold(prompt)[:_COMPARED]
        return process.extractOne(mine, met, scorer=fuzz.token_sort_ratio, score_cutoff=100 * _SAME_WORDING) is not None

    def add(self, prompt: str) -> None:
        """Keep `prompt` for the ones that come later."""
        self._met[_value_keys(prompt)].append(fold(prompt)[:_COMPARED])


def _without_values(text: str) -> str:
    kept, at = [], 0
    for value in find_values(text):
        kept.append(text[at : value.start])
        at = max(at, value.end)
    return utils.default_process(fold("".join([*kept, text[at:]]))[:_COMPARED])


def _value_keys(text: str) -> frozenset[str]:
    return frozenset(key for value in find_values(text) for key in value.keys)
