"""Whether a rubric means what it says: each dimension on what people accepted as it stood, and on the rest."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean
from typing import Any

from core.models import RubricScore

_FIXED = ("Grounding", "Completion")
_OF_JUDGE = "made by the judge"


def against_reviewers(decided: Iterable[tuple[bool, tuple[RubricScore, ...]]]) -> dict[str, dict[str, Any]]:
    """By dimension: the mean of the accepted and of the edited or rejected with their numbers, and the AUC.

    AUC: how likely an accepted item lies above another, ties halved; None without both. Dimensions that the judge
    made for one request are taken together, as their mean weighted by how far each applies.
    """
    scores: dict[str, dict[bool, list[float]]] = defaultdict(lambda: {True: [], False: []})
    for accepted, rubric in decided:
        made = [score for score in rubric if score.name not in _FIXED and score.weight]
        for score in rubric:
            if score.name in _FIXED and score.weight:
                scores[score.name][accepted].append(score.score)
        if made:
            scores[_OF_JUDGE][accepted].append(fmean((s.score for s in made), weights=[s.weight for s in made]))
    return {name: _figures(found[True], found[False]) for name, found in sorted(scores.items(), reverse=True)}


def _figures(good: list[float], bad: list[float]) -> dict[str, Any]:
    return {
        "accepted": round(fmean(good), 3) if good else None,
        "n_accepted": len(good),
        "edited_or_rejected": round(fmean(bad), 3) if bad else None,
        "n_edited_or_rejected": len(bad),
        "auc": round(_auc(good, bad), 3) if good and bad else None,
    }


def _auc(good: list[float], bad: list[float]) -> float:
    ranked = sorted(bad)
    wins = sum((bisect_left(ranked, score) + bisect_right(ranked, score)) / 2 for score in good)
    return wins / (len(good) * len(bad))
