"""Calls that the agent got wrong by their own arguments and then put right: a pair to learn calling from.

Everything here errs on the side of no pair. An outage is nobody's mistake; a value that came up only
after the bad call could not have been known at it; and a call that is quite different corrects nothing.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rapidfuzz import fuzz

from core.models import AgentStep, Correction, Message, ToolCall
from core.stages.results import read_result
from core.stages.spans import input_text
from core.stages.tool_kind import command_text, reads_only

_ALIKE = 60  # of 100, rapidfuzz's ratio of the two calls' arguments; 100 = the same letters
_OWN_MISTAKE = re.compile(
    r"\b(?:invalid|missing|required|unknown|unexpected|unrecogni[sz]ed|unsupported|malformed|not allowed|out of range|"
    r"must (?:be|have|not)|should be|expected|not found|not valid|does not exist|doesn't exist|no such|no match(?:es)?|"
    r"no \w+ (?:named|called|with)|"
    r"validation|syntax error|parse error|bad request|type ?error|value ?error|key ?error|40[04]|422|-32602)\b",
    re.IGNORECASE,
)
_ENVIRONMENT = re.compile(
    r"\b(?:time[ds]? ?out|timeout|unavailable|connection|refused|50[0234]|429|rate[ _-]?limit\w*|quota|network|gateway|"
    r"internal server|dns|overloaded|try again|permission denied|forbidden|unauthori[sz]ed|40[13])\b",
    re.IGNORECASE,
)
_WORDS = re.compile(r"\w+")


def corrections_of(
    turns: Sequence[tuple[int, Sequence[tuple[int, AgentStep]]]], messages: Sequence[Message], tools: Sequence[Any]
) -> tuple[Correction, ...]:
    """Each bad call with the next call of its tool, where that is the same call put right.

    `turns` are (place of the assistant's message in `messages`, numbered steps of that turn), in order;
    `tools` those that the run itself was offered.
    """
    times = Counter(step.action_name for _, steps in turns for _, step in steps)
    if not any(times[step.action_name] > 1 and _is_own_mistake(step) for _, steps in turns for _, step in steps):
        return ()  # so in nearly every run; what follows reads all that was said
    offered = _words(str(list(tools)))
    found = []
    for index, (at, steps) in enumerate(turns):
        if len(steps) != 1 or not _is_own_mistake(steps[0][1]):
            continue
        bad = steps[0][1]
        for later_at, later in turns[index + 1 :]:
            if any(step.action_name == bad.action_name for _, step in later):
                if len(later) == 1 and _puts_right(later[0][1], bad, offered | _known(messages[:at])):
                    wrong, right = messages[at].tool_calls[0], messages[later_at].tool_calls[0]
                    found.append(Correction(at=at, wrong=wrong, right=_in_place_of(wrong, right)))
                break
            if any(not reads_only(step) and not read_result(step).failed for _, step in later):
                break  # something was changed meanwhile, so the later call met with another world
    return tuple(found)


def _is_own_mistake(step: AgentStep) -> bool:
    result = read_result(step)
    said = step.observation[result.start : result.end] or step.observation[:300]
    return result.failed and bool(_OWN_MISTAKE.search(said)) and not _ENVIRONMENT.search(said)


def _puts_right(later: AgentStep, bad: AgentStep, known: set[str]) -> bool:
    old, new = input_text(bad), input_text(later)
    if read_result(later).failed or old == new or not _same_deed(bad, later):
        return False
    return _words(new) <= _words(old) | known


def _same_deed(bad: AgentStep, later: AgentStep) -> bool:
    """Whether both ask for the same thing, once wrongly.

    A shell or a database takes everything in one text: there it is the same program with arguments that are much
    alike, and nothing that changes the world in place of a look at it.
    """
    old, new = command_text(bad), command_text(later)
    if not (old and new):
        return fuzz.ratio(input_text(bad), input_text(later)) >= _ALIKE
    (program, *rest), (other, *other_rest) = old.split(maxsplit=1), new.split(maxsplit=1)
    if program.casefold() != other.casefold() or (reads_only(bad) and not reads_only(later)):
        return False
    return fuzz.ratio("".join(rest), "".join(other_rest)) >= _ALIKE


def _known(messages: Sequence[Message]) -> set[str]:
    """Every word that the agent has met with: what was said, called and given back before."""
    known: set[str] = set()
    for message in messages:
        known |= _words(message.content)
        for call in message.tool_calls:
            known |= _words(str(call.arguments))
    return known


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORDS.findall(text)}


def _in_place_of(wrong: ToolCall, right: ToolCall) -> ToolCall:
    """The better call under the other's id, so that the arguments are all that differs."""
    return right.model_copy(update={"id": wrong.id})
