"""The second judge of the rule-based way: a check in code that can say no.

It stands in for a judge model and signs as `rules`. Yes means: nothing unsupported, no leak, not the
original again, all inputs given, and an answer that rests on spans. Its confidence is what code could see:
it stays low where a policy, a change or an unfinished answer leaves room for doubt.
"""

import re
from collections.abc import Sequence

from core.models import FailedTrajectory, Grounding, SecondJudgeVerdict, StepKind
from core.stages.detect.rules import RULES
from core.stages.grounding import ORIGINAL_AGAIN
from core.stages.relabel.answer import Answer
from core.stages.relabel.asks import Ask
from core.stages.relabel.requests import names_nothing
from core.stages.relabel.shortfalls import shortfalls
from core.stages.tool_kind import reads_only

_FORBIDS = re.compile(r"\b(?:do\s?n[o']?t|don\u2019t|do not|never|without|must not)\s+\w+", re.IGNORECASE)
HIGHEST = 0.7  # rules see strings, not meaning


def judge_by_rules(
    prompt: str, trajectory: FailedTrajectory, asks: Sequence[Ask], *, grounding: Grounding, answer: Answer
) -> SecondJudgeVerdict:
    """Yes or no with the reason in words; c2 from what code could check."""
    no = _objection(grounding, answer)
    if no:
        return SecondJudgeVerdict(is_valid=False, confidence=0.0, reason=no)
    score, doubts = HIGHEST, []
    if any(not reads_only(trajectory.steps[n - 1]) for ask in asks for n in ask.steps) and RULES.search(
        trajectory.system_prompt
    ):
        score -= 0.25
        doubts.append("a change was made under rules of the system prompt that code cannot check")
    turns = " ".join([trajectory.original_prompt, *(s.text for s in trajectory.steps if s.kind is StepKind.USER)])
    if any(not reads_only(ask.call) for ask in asks) and _FORBIDS.search(turns):
        score -= 0.25
        doubts.append("the user told the agent not to do something, and something was changed")
    if not answer.complete:
        score -= 0.25
        doubts.append("the answer tells only the first records of a long result")
    if answer.hostile:
        score -= 0.25
        doubts.append("a result holds markup or text that speaks to its reader, which the answer leaves out")
    if nameless := [ask for ask in asks if names_nothing(ask)]:
        score -= 0.25
        doubts.append(f"the request names no real object for {', '.join(ask.call.action_name for ask in nameless[:3])}")
    if not answer.evidence:
        score -= 0.25
        doubts.append("no result says more than that the calls worked")
    if lacks := [*shortfalls(prompt, answer.text, [trajectory.steps[n - 1] for ask in asks for n in ask.steps])]:
        score -= 0.25
        doubts += lacks
    if grounding.stale_words:
        score -= 0.25
        doubts.append(f"words of the old goal are left: {', '.join(grounding.stale_words)}")
    checked = (
        "The request names no value"
        if not grounding.values
        else "The one value of the request stands in the run"
        if len(grounding.values) == 1
        else f"All {len(grounding.values)} values of the request stand in the run"
    )
    reason = f"{checked}, none gives the answer away, and every input is given."
    if doubts:
        reason += f" But {'; '.join(doubts)}."
    return SecondJudgeVerdict(is_valid=True, confidence=round(max(0.0, score), 2), reason=reason)


def _objection(grounding: Grounding, answer: Answer) -> str:  # noqa: PLR0911 - one line a fault
    if grounding.contradicted:
        return f"The run shows otherwise: {', '.join(grounding.contradicted)}."
    if grounding.unsupported:
        return f"Not found in the run: {', '.join(grounding.unsupported)}."
    if grounding.unmet:
        return f"Asked for but taken up by no working call: {', '.join(grounding.unmet)}."
    if grounding.leaks:
        return f"Gives the answer away: {', '.join(grounding.leaks)}."
    if grounding.similarity >= ORIGINAL_AGAIN:
        return "This is the original request again."
    if grounding.missing_inputs:
        return f"The request lacks inputs that the calls need: {', '.join(grounding.missing_inputs)}."
    if not answer.text.strip():
        return "There is no final answer."
    return ""
