"""The rule-based way of stage 3: several drafts of a new goal, each built from what the run did.

Strategies, as in hindsight replay (Andrychowicz 2017: final, future, episode): the whole run up to its last
useful call, the stretch before the first change, the part up to each change, the best single look-up, and
the original request without the limits that were not met. Every draft goes through the grounding check;
its confidence is honest and lower than a model's.
"""

import re
from collections.abc import Iterator, Sequence

from core.models import Attempt, FailedTrajectory, FailureAnalysis, FailureType, StepKind, input_text
from core.stages.calls import current_year
from core.stages.detect.rules import achieved_something
from core.stages.grounding import check_prompt
from core.stages.grounding.inputs import missing_inputs
from core.stages.grounding.secrets import secrets_in
from core.stages.relabel.answer import Answer, answer_for
from core.stages.relabel.asks import MOST_CALLS, Ask, asks_in, with_support
from core.stages.relabel.check import judge_by_rules
from core.stages.relabel.page_words import page_of
from core.stages.relabel.phrasing import Phrase, phrase
from core.stages.relabel.rewrite import rewrites
from core.stages.relabel.rubric import with_rubric
from core.stages.results import read_result
from core.stages.tool_kind import ToolKind, kind_of, reads_only

_MOST_ATTEMPTS = 5
_MOST_CHANGES = 12  # changes up to which a stretch is tried; later ones only make the request longer
_LONGEST_REQUEST = 6_000  # characters; nobody types more
_MOST_ENDS = 20  # calls back from the last at which a stretch may end
_FEW = 8  # calls that the end of a very long run may be cut to
_NO_GOAL = re.compile(  # only looking around, or to write something that is not said
    r"(?:(?:Please|Then) (?:list the (?:files|tables|databases)|find the files named|show me what is in|"
    r"tell me which columns|write \S+(?=\.\s|\.$))[^.]*(?:\.\w[^.]*)*\.\s*)+"
)


def relabel_with_rules(trajectory: FailedTrajectory, analysis: FailureAnalysis) -> tuple[Attempt, ...]:
    """Attempts with grounding and verdict filled in, numbered, the most telling strategy first."""
    attempts: dict[str, Attempt] = {}
    for first, last in _stretches(trajectory):
        attempt = _attempt(trajectory, first, last)
        if attempt and attempt.hindsight_prompt not in attempts:
            attempts[attempt.hindsight_prompt] = attempt
    if not attempts:
        attempts = _told_before(trajectory)
    for rewritten in _rewritten(trajectory, analysis):
        attempts.setdefault(rewritten.hindsight_prompt, rewritten)
    # Looking around is the start of a job, not the job. A secret is nobody's to repeat.
    told = (
        attempt
        for prompt, attempt in attempts.items()
        if not _NO_GOAL.fullmatch(prompt) and not secrets_in(prompt, trajectory)
    )
    # Of those that the judge is equally sure of, the one whose wording is surer.
    kept = sorted(
        told,
        key=lambda a: (
            -min(a.confidence, a.verdict.confidence if a.verdict and a.verdict.confidence else 0),
            -a.confidence,
        ),
    )
    return tuple(a.model_copy(update={"number": n}) for n, a in enumerate(kept[:_MOST_ATTEMPTS], 1))


def _told_before(trajectory: FailedTrajectory) -> dict[str, Attempt]:
    """The longest stretch up to a look-up that can be put into words, where the last call cannot."""
    useful = [n for n, _ in trajectory.actions if achieved_something(trajectory, n)]
    for end in reversed(useful[-_MOST_ENDS:]):
        step = trajectory.steps[end - 1]
        if reads_only(step) and (attempt := _attempt(trajectory, 1, end)):
            return {attempt.hindsight_prompt: attempt}
    return {}


def _stretches(trajectory: FailedTrajectory) -> Iterator[tuple[int, int]]:
    """Step ranges worth a goal of their own, each once."""
    useful = _news(trajectory)
    if not useful:
        return
    changes = [n for n in useful if not reads_only(trajectory.steps[n - 1])]
    ends = [useful[-1], *changes[:-1][:_MOST_CHANGES]]
    if changes:
        ends += [n for n in useful if n < changes[0]][-1:]
    searches = [n for n in useful if kind_of(trajectory.steps[n - 1]) is ToolKind.SEARCH]
    ends += searches[-1:]
    pages = [n for n in searches if page_of(trajectory.steps[n - 1])]
    begin = useful[0] if pages else 1  # what was searched for in vain before the first page is no part of the goal
    seen: set[tuple[int, int]] = set()
    for end in ends:
        # A change rests on the state that earlier calls left; only look-ups may lose what came before them.
        starts = (begin, _needed_start(trajectory, end)) if reads_only(trajectory.steps[end - 1]) else (1,)
        starts = (*starts, *(n for n in pages[-2:] if n <= end))  # a question or two, as one person asks at a time
        if len(useful) > MOST_CALLS:  # too much for one request as a whole: the last few calls may be one
            starts = (*starts, useful[max(0, useful.index(end) + 1 - _FEW)])
        for start in starts:
            if (start, end) not in seen:
                seen.add((start, end))
                yield start, end


def _news(trajectory: FailedTrajectory) -> list[int]:
    """The calls that achieved something which no call before them had: asked again, a query tells nothing new."""
    first: dict[tuple[str, str, str], int] = {}
    for number, step in trajectory.actions:
        if achieved_something(trajectory, number):
            first.setdefault((step.action_name, input_text(step), step.observation), number)
    return list(first.values())


def _needed_start(trajectory: FailedTrajectory, end: int) -> int:
    """Where the last run of calls of one kind begins: the shortest stretch that is a request of its own."""
    kind = kind_of(trajectory.steps[end - 1])
    start = end
    for number in range(end - 1, 0, -1):
        step = trajectory.steps[number - 1]
        if step.kind is not StepKind.ACTION:
            continue
        if kind_of(step) is not kind or read_result(step).failed:
            break
        start = number
    return start


def _attempt(trajectory: FailedTrajectory, first: int, last: int) -> Attempt | None:
    year = current_year(trajectory)
    asks = asks_in(trajectory, first, last)
    said = phrase(trajectory, asks, first=first, last=last, year=year) if asks else None
    if said is None or len(said.prompt) > _LONGEST_REQUEST:
        return None
    missing = missing_inputs(said.prompt, trajectory, first=first, last=last)
    if missing:
        asks = with_support(trajectory, asks, missing, first=first, last=last)
        said = phrase(trajectory, asks, first=first, last=last, year=year) or said
    first = _tight(trajectory, said, first, last)
    why = _why(trajectory, said.asks, first, last)
    penalty = _triviality(trajectory, said) + min(0.2, 0.1 * said.untold)
    return _judged(trajectory, said.asks, said.prompt, first, last, penalty=penalty, why=why)


def _tight(trajectory: FailedTrajectory, said: Phrase, first: int, last: int) -> int:
    """Where a request for commands or queries alone may begin, if it needs nothing that came before.

    A command begins with itself, a query with the looks at the tables since the last call that failed.
    """
    kinds = {ask.kind for ask in said.asks}
    begins = min(n for ask in said.asks for n in ask.steps)
    before = [(n, step) for n, step in trajectory.actions if first <= n < begins]
    if kinds not in ({ToolKind.SHELL}, {ToolKind.SQL}) or not all(
        reads_only(step) or read_result(step).failed for _, step in before
    ):
        return first
    while kinds == {ToolKind.SQL} and before and not read_result(before[-1][1]).failed:
        begins = before.pop()[0]
    return first if missing_inputs(said.prompt, trajectory, first=begins, last=last) else begins


def _judged(
    trajectory: FailedTrajectory, asks: Sequence[Ask], prompt: str, first: int, last: int, *, penalty: float, why: str
) -> Attempt:
    answer = answer_for(trajectory, asks, prompt=prompt, first=first, last=last, year=current_year(trajectory))
    grounding = check_prompt(prompt, trajectory, first_step=first, last_step=last, final_answer=answer.text)
    attempt = Attempt(
        hindsight_prompt=prompt,
        confidence=_confidence(trajectory, asks, prompt, answer, first=first, last=last, penalty=penalty),
        rationale=why,
        first_step=first,
        last_step=last,
        final_answer=answer.text,
        answer_evidence=answer.evidence,
        grounding=grounding,
        verdict=judge_by_rules(prompt, trajectory, asks, grounding=grounding, answer=answer),
    )
    return with_rubric(attempt, trajectory)


def _rewritten(trajectory: FailedTrajectory, analysis: FailureAnalysis) -> Iterator[Attempt]:
    """The original request without what no call met, for a run of one request."""
    useful = [n for n, _ in trajectory.actions if achieved_something(trajectory, n)]
    if not useful or any(step.kind is StepKind.USER for step in trajectory.steps):
        return
    explains = analysis.failure_type is FailureType.CONSTRAINT_VIOLATION
    asks = asks_in(trajectory, 1, useful[-1])
    if not asks:
        return
    for found in rewrites(trajectory):
        dropped = ", ".join(repr(text) for text in found.dropped)
        why = f"The original request without what the run did not meet: {dropped}."
        # What is left was asked in words that code cannot check; only a swapped or lifted limit is sure to be all.
        sure = explains and not found.cut_clauses and not found.swapped
        yield _judged(trajectory, asks, found.prompt, 1, useful[-1], penalty=0.0 if sure else 0.2, why=why)


def _why(trajectory: FailedTrajectory, asks: Sequence[Ask], first: int, last: int) -> str:
    steps = sorted({n for ask in asks for n in ask.steps})
    calls = [n for n, _ in trajectory.actions if first <= n <= last]
    worked = [n for n in calls if achieved_something(trajectory, n)]
    listed = ", ".join(map(str, steps))
    return f"Asks for what step {listed} did; {len(worked)} of {len(calls)} calls in steps {first}-{last} worked."


def _confidence(
    trajectory: FailedTrajectory,
    asks: Sequence[Ask],
    prompt: str,
    answer: Answer,
    *,
    first: int,
    last: int,
    penalty: float,
) -> float:
    """Give c in 0.2..0.75: share of working calls, share of the run's work that is kept, wording and answer."""
    calls = [n for n, step in trajectory.actions if first <= n <= last and kind_of(step) is not ToolKind.NOISE]
    worked = [n for n in calls if achieved_something(trajectory, n)]
    everything = [n for n, _ in trajectory.actions if achieved_something(trajectory, n)]
    score = 0.35 + 0.15 * len(worked) / max(1, len(calls)) + 0.2 * len(worked) / max(1, len(everything))
    score += 0.05 if answer.own_words else 0.0
    score -= min(0.15, 0.05 * max(0, len(asks) - 3))  # a list of errands reads less like one request
    score -= 0.1 if len(prompt) > 600 else 0.0
    score -= 0.1 if any(ask.kind is ToolKind.OTHER for ask in asks) else 0.0
    return round(min(0.75, max(0.2, score - penalty)), 2)


def _triviality(trajectory: FailedTrajectory, said: Phrase) -> float:
    """What c loses where the request asks less than the run was about, or reads as no person would write."""
    everything = [n for n, _ in trajectory.actions if achieved_something(trajectory, n)]
    calls = [trajectory.steps[n - 1] for ask in said.asks for n in ask.steps]
    kinds = {ask.kind for ask in said.asks}
    lost = 0.0
    if not any(call.action_input for call in calls):
        lost += 0.3  # a list of everything there is, for no purpose
    elif ToolKind.WRITE_FILE in kinds:
        lost += 0.25  # what was written cannot be told from a path
    elif len(calls) == 1 and reads_only(calls[0]):
        lost += (
            0.25 if kinds == {ToolKind.LOOKUP} else 0.2 if kinds != {ToolKind.SEARCH} and len(everything) > 2 else 0.1
        )
    if "tell me what you find" in said.prompt:
        lost += 0.25  # search terms, not a person's words
    if ToolKind.SHELL in kinds:
        lost += 0.05 * said.prompt.count(", then ") + 0.05 * said.prompt.count(", only ")
    if ToolKind.SQL in kinds:
        lost += 0.1  # columns and conditions read back from a query, not a person's question
    return lost
