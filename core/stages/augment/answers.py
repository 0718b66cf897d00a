"""Whether a final answer can stand as a training target for a new goal.

Kept apart from `augment` because these are rules about language, and the only ones in stage 4: they
read text and say in one sentence why it cannot be trained on.
"""

import re

from core.models import Attempt, FailedTrajectory, is_placeholder, plain
from core.stages.grounding import find_values, only_old

_GIVE_UP = re.compile(
    r"\b(?:unable to|not able to|wasn't able|could(?:n't| not)|can(?:'t|not)|fail(?:ed|s) to|"
    r"did(?:n't| not) (?:find|manage|succeed|work)|no (?:results?|luck|match(?:es)?)|gave up|giv(?:e|ing) up|"
    r"ran out of|unfortunately|i(?:'m| am) sorry|apologi[sz]e|transferr(?:ed|ing) (?:you )?to a human)\b",
    re.IGNORECASE,
)


def words_pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """Pattern that finds any of `words` as whole words, or None if there are none."""
    parts = [re.escape(word.strip()) for word in words if word.strip()]
    if not parts:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE)


def why_unfit(attempt: Attempt) -> str | None:
    """Why the attempt's final answer is no answer at all, or None if it is one."""
    if not attempt.final_answer.strip():
        return "The final answer is empty: nothing says what the agent should answer to the new goal."
    if is_placeholder(attempt.final_answer):
        return f"The final answer is a placeholder ({_short(attempt.final_answer)})."
    return None


def why_stale(attempt: Attempt, trajectory: FailedTrajectory) -> str | None:
    """Why the attempt's final answer still serves the old goal, or None if it does not.

    An answer that was written for the new goal may honestly say what was not found; the original
    one may not, because it speaks of the goal that failed. Neither may speak of what only the old goal had.
    """
    answer = attempt.final_answer
    original = plain(answer) == plain(trajectory.final_answer)
    given_up = _GIVE_UP.search(answer.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")) if original else None
    if given_up:
        return f"Stale final answer: it is still the original one and gives up ({_short(given_up[0])})."
    span = {"first": attempt.first_step, "last": attempt.last_step}
    for word in attempt.grounding.stale_words:
        pattern = words_pattern((word,))
        stale = pattern.search(answer) if pattern else None
        if stale and (original or only_old(word, trajectory, **span)):
            return f"Stale final answer: it speaks of the old goal ({_short(stale[0])})."
    return None


def says_all_of(new: str, old: str) -> bool:
    """Whether every value of the answer `new` stands in `old` too, so that it may answer the new goal as well."""
    values = find_values(new)
    if not values:
        return False
    there = {key for value in find_values(old) for key in value.keys}
    return all(there.intersection(value.keys) for value in values)


def _short(text: str) -> str:
    return repr(text.strip()[:60])
