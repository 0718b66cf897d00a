"""Words of the old goal that are left in kept thoughts or in the final answer.

A thought that still argues for a limit which the new goal dropped teaches the wrong thing
(the reference's first example keeps six mentions). A value that the run itself met with in a result is
a fact and may stay.
"""

import re

from core.models import FailedTrajectory, StepKind
from core.stages.grounding.values import ValueKind, find_values, fold

_LIMITS = re.compile(
    r"\b(?:under|below|at most|no more than|less than|over|above|at least|more than|within|up to|before|after|only)\s+"
    r"[$€£]?\d[\d.,]*\s?\w*",
    re.IGNORECASE,
)


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
    stale: dict[str, None] = {}
    for word in words:
        if fold(word) in {fold(known) for known in stale} or _stands_in(word, prompt) or not _stands_in(word, spoken):
            continue
        if word.isdigit() and len(word) < 2:
            continue
        if not any(_stands_in(word, text) for text in observations):
            stale[word] = None
    return tuple(stale)


def _stands_in(word: str, text: str) -> bool:
    """Whether the word stands in the text as a whole, by plain search: observations are long."""
    for form, hay in ((word, text), (fold(word), fold(text) if len(text) < 50_000 else text)):
        start = hay.find(form)
        while start >= 0:
            end = start + len(form)
            before = hay[start - 1] if start else " "
            after = hay[end : end + 2]
            inside = (before.isalnum() and form[0].isalnum()) or (after[:1].isalnum() and form[-1].isalnum())
            decimal = form[-1].isdigit() and len(after) == 2 and after[0] in ".," and after[1].isdigit()
            if not inside and not decimal:
                return True
            start = hay.find(form, start + 1)
    return False
