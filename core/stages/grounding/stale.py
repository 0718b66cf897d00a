"""Words of the old goal that are left in kept thoughts or in the final answer.

A thought that still argues for a limit which the new goal dropped teaches the wrong thing
(the reference's first example keeps six mentions). A value that the run itself met with in a result is
a fact and may stay.
"""

import re
from itertools import islice

from core.models import FailedTrajectory, StepKind, input_text
from core.stages.grounding.values import ValueKind, find_values, fold

_LIMITS = re.compile(
    r"\b(?:under|below|at most|no more than|less than|over|above|at least|more than|within|up to|before|after|only)\s+"
    r"[$€£]?\d[\d.,]*\s?\w*",
    re.IGNORECASE,
)


_MOST_WORDS = 400  # different values of the old goal that are looked for; no request states more


def stale_words(
    prompt: str, trajectory: FailedTrajectory, *, first: int, last: int, final_answer: str
) -> tuple[str, ...]:
    """Values and limits of the old goal still spoken of, though neither new goal nor kept results hold them."""
    kept = trajectory.steps[first - 1 : last]
    spoken = "\n".join([*(step.thought for step in kept), final_answer])
    if not spoken.strip():
        return ()
    turns = (step.text for step in trajectory.steps if step.kind is StepKind.USER)
    old = "\n".join([trajectory.original_prompt, *turns])
    words = [found.text for found in find_values(old) if found.kind is not ValueKind.QUOTED or len(found.text) > 2]
    words += [match.group() for match in _LIMITS.finditer(old)]
    observations = [step.observation for step in kept if step.kind is StepKind.ACTION]
    new, said, seen = _folded(prompt), _folded(spoken), _folded("\n".join(observations))
    different = {fold(word): word for word in reversed(words) if not (word.isdigit() and len(word) < 2)}
    stale = [
        word
        for word in islice(reversed(different.values()), _MOST_WORDS)
        if _stands_in(word, said) and not _stands_in(word, new) and not _stands_in(word, seen)
    ]
    return tuple(stale)


def only_old(word: str, trajectory: FailedTrajectory, *, first: int, last: int) -> bool:
    """Whether a word of the old goal is a limit of it, or a value that the kept calls and their results never name.

    `basic_economy` in a result names "basic economy".
    """
    if _LIMITS.fullmatch(word):
        return True
    kept = (step for step in trajectory.steps[first - 1 : last] if step.kind is StepKind.ACTION)
    named = "\n".join(f"{input_text(step)}\n{step.observation}" for step in kept)
    return not _stands_in(word.replace("_", " "), _folded(named.replace("_", " ")))


def _folded(text: str) -> tuple[str, str]:
    return text, fold(text)


def _stands_in(word: str, texts: tuple[str, str]) -> bool:
    """Whether the word stands as a whole in a text, as it is or folded."""
    # The plain look is the fast one, and most words are not there.
    return any(
        form and form in text and bool(_whole(form).search(text))
        for form, text in zip(_folded(word), texts, strict=True)
    )


def _whole(form: str) -> re.Pattern[str]:
    before = r"(?<![^\W_])" if form[0].isalnum() else ""
    behind = r"(?![^\W_])" if form[-1].isalnum() else ""
    decimal = r"(?![.,]\d)" if form[-1].isdigit() else ""
    return re.compile(f"{before}{re.escape(form)}{behind}{decimal}")
