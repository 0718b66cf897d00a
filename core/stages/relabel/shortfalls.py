"""What an answer lacks though the run holds all its values: a figure that was asked for, line breaks, a clean result.

Each shortfall is a reason in words. It refuses nothing, since a string shows only that something is odd.
"""

import re
from collections.abc import Iterator, Sequence

from core.models import AgentStep
from core.stages.results import is_error_line
from core.stages.tool_kind import ToolKind, command_text, kind_of

_READ = 50_000  # characters of one result that are read
_ASKS_FIGURE = re.compile(
    r"\b(?:how (?:many|much|old|long|large|big|heavy|tall|high|far)|sizes?|number of|counts? of|average|total|sum of|"
    r"prices?|costs?|ages?|percentages?|populations?)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"(?<![\w./])[$€£]?\d[\d,.:]*(?:[KMGT]i?B?|%)?(?![\w/])|\b(?:no|none|zero|one|two|three|four|five)\b", re.IGNORECASE
)
_BREAKS = re.compile(r"printf?\b.*?\\n", re.DOTALL)  # a format of the command's own, with a break in it
_OWN_COMMAND = re.compile(r"^I ran the command ", re.MULTILINE)


def shortfalls(request: str, answer: str, steps: Sequence[AgentStep]) -> Iterator[str]:
    """What the answer to `request`, given by the working calls `steps`, is short of."""
    if _ASKS_FIGURE.search(request) and answer.strip() and not _FIGURE.search(answer):
        yield "the request asks for a figure and the answer gives none"
    commands = [step for step in steps if kind_of(step) in (ToolKind.SHELL, ToolKind.CODE)]
    if any(_ran_together(step) for step in commands):
        yield "a result came without the line breaks that its command asks for"
    if any(is_error_line(line) for step in commands for line in step.observation[:_READ].splitlines()):
        yield "a result holds an error beside what it tells"
    if _OWN_COMMAND.search(answer):
        yield "what was done is told as a command only"


def _ran_together(step: AgentStep) -> bool:
    """Whether the breaks of a format were eaten on the way: `a.txtnb.txtn` for lines of `a.txt` and `b.txt`."""
    told = step.observation
    return told.endswith("n") and "\n" not in told and bool(_BREAKS.search(command_text(step)[:_READ]))
