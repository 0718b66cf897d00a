"""Two dimensions of every proposal, computed by code: how much of it is grounded, and how much of it was done.

After AdaRubrics (alphadl/AdaRubrics), which asks a model for all dimensions and keeps a least score for each instead of
one mean. Dimensions made for the goal come from the judge; here a string decides. A dimension with nothing to
look at applies with weight 0, so that it raises and lowers nothing.
"""

import re
from collections.abc import Iterator

from core.models import AgentStep, Attempt, FailedTrajectory, RubricScore, input_text
from core.stages.detect.rules import achieved_something
from core.stages.facts import count_of
from core.stages.grounding import check_answer
from core.stages.grounding.index import stem
from core.stages.grounding.unseen import is_ordinary
from core.stages.grounding.values import find_values, fold, number_key
from core.stages.relabel.shortfalls import shortfalls
from core.stages.tool_kind import name_words

GROUNDING, COMPLETION = "Grounding", "Completion"
_PART = re.compile(r"(?<=[.?!;])\s+|,? then |,? and (?=\w+ (?:me|them|it)\b)|, and ", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_READ = 50_000  # characters of one text of a step that words are taken from
_NAMED = 3  # parts or values that a reason names
_ENOUGH = 0.5  # share of a part's telling words that one call must show


def with_rubric(attempt: Attempt, trajectory: FailedTrajectory) -> Attempt:
    """The attempt with both dimensions at the head of its verdict's rubric; unchanged while it has no verdict."""
    if attempt.verdict is None:
        return attempt
    fixed = (_grounding(attempt, trajectory), _completion(attempt, trajectory))
    of_judge = tuple(score for score in attempt.verdict.rubric if score.name not in (GROUNDING, COMPLETION))
    verdict = attempt.verdict.model_copy(update={"rubric": (*fixed, *of_judge)})
    return attempt.model_copy(update={"verdict": verdict})


def _grounding(attempt: Attempt, trajectory: FailedTrajectory) -> RubricScore:
    """Share of the values in request and answer that a call or a result of its steps shows, or that count results."""
    answer = check_answer(attempt.final_answer, trajectory, first_step=attempt.first_step, last_step=attempt.last_step)
    values = [*attempt.grounding.values, *answer]
    counts = {number_key(str(n)) for n in (count_of(step) for step in _steps(attempt, trajectory)) if n is not None}
    lost = [
        value.text
        for value in values
        if (value.evidence is None or value.asked_only) and not any(counts & {*v.keys} for v in find_values(value.text))
    ]
    if not values:
        return RubricScore(name=GROUNDING, score=1.0, weight=0.0, reason="Neither request nor answer names a value.")
    found = len(values) - len(lost)
    reason = f"{found} of {len(values)} values of request and answer stand in the steps{_missing(lost)}."
    return RubricScore(name=GROUNDING, score=round(found / len(values), 3), reason=reason)


def _completion(attempt: Attempt, trajectory: FailedTrajectory) -> RubricScore:
    """Share of the request's parts whose telling words one working call shows; each shortfall is a part undone."""
    lacks = [*shortfalls(attempt.hindsight_prompt, attempt.final_answer, _told(attempt, trajectory))]
    calls = [
        _stems(" ".join((*name_words(step.action_name), input_text(step)[:_READ], step.observation[:_READ])))
        for step in _steps(attempt, trajectory)
    ]
    parts = [*_parts(attempt.hindsight_prompt)]
    lost = [part for part, telling in parts if not any(_share(telling, call) >= _ENOUGH for call in calls)]
    if not parts and not lacks:
        done = "a call worked" if calls else "no call worked"
        reason = f"No part of the request has words of its own to look for; {done}."
        return RubricScore(name=COMPLETION, score=float(bool(calls)), weight=0.0, reason=reason)
    done_parts = len(parts) - len(lost)
    reason = f"A working call answers {done_parts} of {len(parts)} parts of the request{_missing(lost)}."
    reason += "".join(f" But {lack}." for lack in lacks)
    return RubricScore(name=COMPLETION, score=round(done_parts / (len(parts) + len(lacks)), 3), reason=reason)


def _steps(attempt: Attempt, trajectory: FailedTrajectory) -> list[AgentStep]:
    """The working calls of its steps."""
    return [
        step
        for number, step in trajectory.actions
        if attempt.first_step <= number <= attempt.last_step and achieved_something(trajectory, number)
    ]


def _told(attempt: Attempt, trajectory: FailedTrajectory) -> list[AgentStep]:
    """The working calls that the answer cites; the last of its steps where it cites none."""
    steps = _steps(attempt, trajectory)
    cited = {span.step for span in attempt.answer_evidence}
    return [step for number, step in trajectory.actions if number in cited and step in steps] or steps[-1:]


def _parts(request: str) -> Iterator[tuple[str, frozenset[str]]]:
    """(part, its telling stems) of each thing that a request asks for; parts of ordinary words alone are none."""
    for part in _PART.split(request):
        telling = frozenset(stem(fold(word)) for word in _WORD.findall(part) if not is_ordinary(fold(word)))
        if telling:
            yield part.strip(), telling


def _stems(text: str) -> frozenset[str]:
    words = _WORD.findall(text)
    return frozenset(stem(fold(piece)) for word in words for piece in (word, *word.split("_")))


def _share(telling: frozenset[str], call: frozenset[str]) -> float:
    return len(telling & call) / len(telling)


def _missing(lost: list[str]) -> str:
    if not lost:
        return ""
    named = ", ".join(repr(text[:60]) for text in dict.fromkeys(lost[:_NAMED]))
    return f"; not {named}{' and more' if len(lost) > _NAMED else ''}"


__all__ = ["COMPLETION", "GROUNDING", "with_rubric"]
