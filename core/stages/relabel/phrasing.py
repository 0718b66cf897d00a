"""The clauses of a request put together as one message that a person would send."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.models import AgentStep, FailedTrajectory, StepKind
from core.stages.calls import identity_of
from core.stages.relabel.asks import Ask, identifies
from core.stages.relabel.fields import told_fields
from core.stages.relabel.requests import request_for
from core.stages.results import read_result
from core.stages.tool_kind import reads_only
from core.stages.wording import capital, join, plural, sentence, spoken_key

_CONFIRM = re.compile(r"\bconfirm(?:ation|s)?\b", re.IGNORECASE)
_DAY = re.compile(r" on [A-Z][a-z]+ \d{1,2}(?:, \d{4})?$")
_WHO = re.compile(r"(?:who|what|when|where)\b(?:(?!, and )[^?]){1,120}\?")  # a question of one part
_REASON = re.compile(
    r"(?:\b(?:because|due to|reason is|reason:)|\boption \d+[:,]?|\b\d\.)\s*(?:of )?([^.!?\n]+)", re.IGNORECASE
)
_SHORT_REASON = 8  # words
_WHICH = re.compile(r"(which [\w -]+? go )(from .+?)(, (?:and )?(?:when|what|which|how) .*)?\?")


@dataclass(frozen=True)
class Phrase:
    """A request, the asks that it says, and how many could not be put into words."""

    prompt: str
    asks: tuple[Ask, ...]
    untold: int


def phrase(
    trajectory: FailedTrajectory, asks: Sequence[Ask], *, first: int, last: int, year: int | None
) -> Phrase | None:
    """The request for the asks in order, with who the user is and, where a rule wants it, their go-ahead."""
    clauses: list[str] = []
    told: list[Ask] = []
    for ask in asks:
        clause = request_for(ask, year=year, tell=told_fields(trajectory, ask, last))
        if clause is None and not reads_only(ask.call):
            return None  # a change that cannot be told must not go unsaid
        if clause:
            told.append(ask)
            if clause not in clauses:
                clauses.append(clause)
    if not clauses:
        return None
    sentences = _who(trajectory, first, last)
    asked = False
    for clause in _joined_questions(_joined_deeds(clauses)):
        question = clause.endswith("?")
        lead = "" if question else "then " if asked else "please "
        asked = asked or not question
        sentences.append(sentence(capital(f"{lead}{clause}")))
    changed = any(not reads_only(ask.call) for ask in told)
    sentences += _reasons(trajectory, told)
    if changed and _CONFIRM.search(trajectory.system_prompt) and any(s.kind is StepKind.USER for s in trajectory.steps):
        sentences.append("You have my confirmation, so please go ahead.")
    return Phrase(" ".join(sentences), tuple(told), len(asks) - len(told))


def _reasons(trajectory: FailedTrajectory, asks: Sequence[Ask]) -> list[str]:
    """`The reason: a change of plan.`, in the user's words, where the agent asked for it before a change."""
    said: dict[str, None] = {}
    changes = [n for ask in asks if not reads_only(ask.call) for n in ask.steps]
    for number, step in enumerate(trajectory.steps[: max(changes, default=0)], 1):
        before = trajectory.steps[number - 2] if number > 1 else None
        if (
            step.kind is StepKind.USER
            and before
            and before.kind is StepKind.MESSAGE
            and "reason" in before.text.lower()
        ):
            found = _REASON.search(step.text)
            if found or len(step.text.split()) <= _SHORT_REASON:
                reason = (found[1] if found else step.text).strip(" .!'\"")
                own = reason if re.match(r"I\b", reason) else f"{reason[:1].lower()}{reason[1:]}"
                said.setdefault(f"The reason: {own}.")
    return list(said)[:1]


def _joined_questions(clauses: Sequence[str]) -> list[str]:
    """Neighbouring questions of one kind as one: from A to B on Monday and from B to A on Friday."""
    joined: list[str] = []
    for clause in clauses:
        here, before = _WHICH.fullmatch(clause), _WHICH.fullmatch(joined[-1]) if joined else None
        if here and before and here[1] == before[1] and here[3] == before[3]:
            day = _DAY.search(here[2])
            first = before[2].removesuffix(day[0]) if day else before[2]
            joined[-1] = f"{here[1]}{first} and {here[2]}{here[3] or ''}?"
        elif joined and _WHO.fullmatch(clause) and _WHO.fullmatch(joined[-1]):
            known = "what is known about "
            both = clause.startswith(known) and joined[-1].startswith(known)
            joined[-1] = (
                f"{joined[-1][:-1]} and {clause.removeprefix(known)}" if both else f"{joined[-1][:-1]}, and {clause}"
            )
        else:
            joined.append(clause)
    return joined


_DEEDS = {
    "book", "add", "cancel", "order", "delete", "remove", "send", "create", "return", "refund", "move", "apply",
}  # fmt: skip
_TAILS = {"for", "with", "paid", "in", "on", "to", "from"}


def _joined_deeds(clauses: Sequence[str]) -> list[str]:
    """Deeds of one kind as one: `book trains ICE 77 on August 2 and IC 1069 on August 3 for Greta Olsen`."""
    groups: dict[str, list[str]] = {}
    for clause in clauses:
        words = _bare_words(clause)
        alike = words[0] in _DEEDS and len(words) > 2 and not clause.endswith("?") and ", and " not in clause
        groups.setdefault(" ".join(words[:2]) if alike else clause, []).append(clause)
    joined = []
    for same in groups.values():
        if len(same) == 1:
            joined += same
            continue
        members = [_bare_words(clause) for clause in same]
        shortest = min(len(words) for words in members)
        tail = next((n for n in range(shortest - 2) if len({words[-n - 1] for words in members}) > 1), shortest - 3)
        while tail > 0 and members[0][len(members[0]) - tail] not in _TAILS:
            tail -= 1
        middles = [" ".join(words[2 : len(words) - tail]).strip(", ") for words in members]
        closing = members[0][len(members[0]) - tail :] if tail > 0 else []
        separate = (
            "; ".join(middles) if any("," in middle for middle in middles) else join(list(dict.fromkeys(middles)))
        )
        joined.append(" ".join([members[0][0], plural(members[0][1]), separate, *closing]))
    return joined


def _bare_words(clause: str) -> list[str]:
    return [word for at, word in enumerate(clause.split(" ")) if not (at == 1 and word in ("a", "an"))]


def _who(trajectory: FailedTrajectory, first: int, last: int) -> list[str]:
    """`My user ID is X.`, from arguments by which the agent was told who is speaking."""
    said: dict[str, str] = {}
    before: list[AgentStep] = []
    for number, step in trajectory.actions:
        if first <= number <= last and not read_result(step).failed:
            for key, value in identity_of(step):
                if value in said or value in trajectory.system_prompt or any(value in s.observation for s in before):
                    continue
                said[value] = key
            before.append(step)
            if identifies(step) and isinstance(name := step.action_input.get("name"), str):
                said.setdefault(name, "name")
    return [f"My {spoken_key(key)} is {value}." for value, key in said.items()]
