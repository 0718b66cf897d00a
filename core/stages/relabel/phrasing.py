"""The clauses of a request put together as one message that a person would send."""

import re
from collections.abc import Sequence

from core.models import AgentStep, FailedTrajectory, StepKind
from core.stages.calls import identity_of
from core.stages.relabel.asks import Ask
from core.stages.relabel.requests import request_for
from core.stages.results import read_result
from core.stages.tool_kind import ToolKind, reads_only
from core.stages.wording import capital, sentence, spoken_key

_CONFIRM = re.compile(r"\bconfirm(?:ation|s)?\b", re.IGNORECASE)
_MOST_FIELDS = 5


def phrase(trajectory: FailedTrajectory, asks: Sequence[Ask], *, first: int, last: int, year: int | None) -> str | None:
    """The request for all asks in order, with who the user is and, where a rule wants it, their go-ahead."""
    clauses = []
    for ask in asks:
        clause = request_for(ask, year=year, tell=_told_fields(trajectory, ask, last))
        if clause is None:
            return None
        if clause not in clauses:
            clauses.append(clause)
    sentences = _who(trajectory, first, last)
    polite = True
    for clause in clauses:
        question = clause.endswith("?")
        text = clause if question or not polite else f"please {clause}"
        if not question and len(sentences) and not polite:
            text = f"then {clause}" if not clause.startswith("then") else clause
        polite = polite and question
        sentences.append(sentence(capital(text)))
    changed = any(not reads_only(ask.call) for ask in asks)
    if changed and _CONFIRM.search(trajectory.system_prompt) and any(s.kind is StepKind.USER for s in trajectory.steps):
        sentences.append("You have my confirmation, so please go ahead.")
    return " ".join(sentences)


def _who(trajectory: FailedTrajectory, first: int, last: int) -> list[str]:
    """`My user ID is X.`, from arguments by which the agent was told who is speaking."""
    said: dict[str, str] = {}
    before: list[AgentStep] = []
    for number, step in trajectory.actions:
        if first <= number <= last and not read_result(step).failed:
            for key, value in identity_of(step):
                known = any(value in s.observation for s in before)
                if value not in trajectory.system_prompt and value not in said and not known:
                    said[value] = key
            before.append(step)
    return [f"My {spoken_key(key)} is {value}." for value, key in said.items()]


def _told_fields(trajectory: FailedTrajectory, ask: Ask, last: int) -> tuple[str, ...]:
    """Names of the fields of a looked-up record that the agent passed on to the user."""
    if ask.kind is not ToolKind.LOOKUP:
        return ()
    told = [s.text for s in trajectory.steps[ask.steps[-1] : last + 1] if s.kind is StepKind.MESSAGE]
    if last >= trajectory.actions[-1][0]:
        told.append(trajectory.final_answer)
    spoken = " ".join(told)
    data = read_result(trajectory.steps[ask.steps[0] - 1]).data
    if not isinstance(data, dict) or not spoken:
        return ()
    given = {str(value) for value in ask.call.action_input.values()} | set(ask.values)
    fields = [key for key, value in data.items() if str(value) not in given and _is_told(key, value, spoken)]
    return tuple(str(key) for key in fields[:_MOST_FIELDS])


def _is_told(key: object, value: object, spoken: str) -> bool:
    if isinstance(value, list):
        return any(_is_told(key, item, spoken) for item in value)
    if isinstance(value, dict):
        return any(_is_told(inner, item, spoken) for inner, item in value.items())
    text = str(value)
    plain = text.replace("_", " ")
    if len(text) < 3 or isinstance(value, bool):
        return spoken_key(str(key)) in spoken.lower()
    return bool(re.search(rf"(?<!\w){re.escape(text)}(?!\w)|(?<!\w){re.escape(plain)}(?!\w)", spoken, re.IGNORECASE))
