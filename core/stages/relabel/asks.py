"""Which calls of a stretch a user would have asked for, and which only served another.

A profile looked up on the way to a booking is no request of its own; a search whose result the agent
reported is. Calls of one tool that differ in one argument are one request ("to SFO, LAX or SEA").
"""

import re
from collections.abc import Collection, Sequence

from core.models import AgentStep, FailedTrajectory, StepKind, input_text
from core.stages.calls import identity_of
from core.stages.detect.rules import achieved_something
from core.stages.grounding.inputs import needed_values
from core.stages.relabel.merging import Ask, merged
from core.stages.relabel.page_words import IN_PAGE
from core.stages.tool_kind import ToolKind, command_text, kind_of, name_words, reads_only

MOST_CALLS = 150  # of one stretch; nobody asks for more in one request, and comparing them in pairs stays quick
_SEARCHED = 200_000  # characters of a result in which a later call's values are looked for
_TELLING = 20  # characters from which a result that stands in another is no chance
_SPOKEN = 20_000  # characters of what the agent said after a call that are searched for its result


def asks_in(trajectory: FailedTrajectory, first: int, last: int) -> tuple[Ask, ...]:
    """What the working calls of steps `first`..`last` amount to, in order; nothing if they are too many."""
    calls = [n for n, _ in trajectory.actions if first <= n <= last]
    if len(calls) > MOST_CALLS:
        return ()
    worked = [n for n in calls if achieved_something(trajectory, n) and not _tidies_up(trajectory, n)]
    worked = _last_of_repeats(trajectory, worked)
    changes = [n for n in worked if not reads_only(trajectory.steps[n - 1])]
    reads = [n for n in worked if reads_only(trajectory.steps[n - 1]) and not identifies(trajectory.steps[n - 1])]
    reads = [n for n in reads if not _repeats_another(trajectory, n, reads)]
    last_read = [n for n in reads[-1:] if _is_silent(trajectory) and command_text(trajectory.steps[n - 1])]
    if changes:
        kept = changes + [n for n in reads if _is_asked(trajectory, n, changes, last)]
    elif last_read:
        kept = last_read  # whoever only runs commands hands in what the last of them shows
    else:
        kept = _with_siblings(trajectory, [n for n in reads if _is_reported(trajectory, n, last)], reads) or reads
        kept = [n for n in kept if not _only_serves(trajectory, n, kept)] or kept
    if not kept:  # who the user is was asked by nobody
        kept = [n for n in worked if not identifies(trajectory.steps[n - 1])]
    return merged(trajectory, sorted(kept), first)


def with_support(
    trajectory: FailedTrajectory, asks: Sequence[Ask], missing: Collection[str], *, first: int, last: int
) -> tuple[Ask, ...]:
    """The asks and the calls whose inputs stand nowhere else: asked for themselves, their inputs are given."""
    kept = {n for ask in asks for n in ask.steps}
    for number, step in trajectory.actions:
        if not first <= number <= last or number in kept or identifies(step):
            continue
        if achieved_something(trajectory, number) and set(needed_values(step.action_input)) & set(missing):
            kept.add(number)
    return merged(trajectory, sorted(kept), first)


def _is_silent(trajectory: FailedTrajectory) -> bool:
    """Whether the agent never says anything, so that only results can answer."""
    return not trajectory.final_answer.strip() and not any(s.kind is StepKind.MESSAGE for s in trajectory.steps)


def _tidies_up(trajectory: FailedTrajectory, number: int) -> bool:
    """Whether a command deletes what the user never spoke of: files of the agent's own making."""
    command = re.match(r"\s*(?:rm|rmdir)\s+(.+)", command_text(trajectory.steps[number - 1]))
    said = [trajectory.original_prompt, *(s.text for s in trajectory.steps if s.kind is StepKind.USER)]
    if command is None:
        return False
    return not any(path in text for path in command[1].split() if not path.startswith("-") for text in said)


def _repeats_another(trajectory: FailedTrajectory, number: int, reads: Sequence[int]) -> bool:
    """Whether all that the call told stands in an earlier result: a word looked up in a page that was read."""
    told = IN_PAGE.sub("", trajectory.steps[number - 1].observation).strip()
    return len(told) > _TELLING and any(n < number and told in trajectory.steps[n - 1].observation for n in reads)


def _with_siblings(trajectory: FailedTrajectory, reported: Sequence[int], reads: Sequence[int]) -> list[int]:
    """The reported calls and those of the same tool: looking for one among many, the agent told of the one."""
    names = {trajectory.steps[n - 1].action_name for n in reported}
    return [
        n
        for n in reads
        if n in reported or (trajectory.steps[n - 1].action_name in names and not command_text(trajectory.steps[n - 1]))
    ]


def identifies(step: AgentStep) -> bool:
    """Whether the call only finds out who the user is."""
    words = set(name_words(step.action_name))
    who = {"user", "customer", "client", "member", "account", "profile"}
    return (
        kind_of(step) in (ToolKind.LOOKUP, ToolKind.SEARCH)
        and bool(words & who)
        and (bool([*identity_of(step)]) or "name" in step.action_input or "first_name" in step.action_input)
    )


def _last_of_repeats(trajectory: FailedTrajectory, numbers: Sequence[int]) -> list[int]:
    """Of calls with the same tool and arguments, the last."""
    numbers = [n for n in numbers if not _widened_later(trajectory, n, numbers)]
    latest = {(trajectory.steps[n - 1].action_name, input_text(trajectory.steps[n - 1])): n for n in numbers}
    return sorted(latest.values())


def _widened_later(trajectory: FailedTrajectory, number: int, numbers: Sequence[int]) -> bool:
    """Whether a later search asked the same with fewer limits, so that its result holds this one's."""
    step = trajectory.steps[number - 1]
    if kind_of(step) is not ToolKind.SEARCH:
        return False
    mine = (
        set(step.action_input.items())
        if all(isinstance(v, str | int | float) for v in step.action_input.values())
        else None
    )
    for later in (trajectory.steps[n - 1] for n in numbers if n > number):
        if mine and later.action_name == step.action_name and later.action_input:
            theirs = {(k, v) for k, v in later.action_input.items() if isinstance(v, str | int | float)}
            if theirs < mine:
                return True
    return False


def _is_asked(trajectory: FailedTrajectory, number: int, changes: Sequence[int], last: int) -> bool:
    """Whether a look-up beside changes was a request of its own: reported, and not used by a later change."""
    step = trajectory.steps[number - 1]
    if kind_of(step) not in (ToolKind.SEARCH, ToolKind.SQL, ToolKind.SHELL):
        return False
    served = any(n > number and _uses(trajectory.steps[n - 1], step) for n in changes)
    return not served and _is_reported(trajectory, number, last)


def _uses(change: AgentStep, source: AgentStep) -> bool:
    """Whether a call takes a telling value from the result of another, or the same value as it."""
    for value in needed_values(change.action_input):
        if len(value) >= 4 and (value in source.observation[:_SEARCHED] or value in input_text(source)[:_SEARCHED]):
            return True
    return False


def _is_reported(trajectory: FailedTrajectory, number: int, last: int) -> bool:
    """Whether the agent told the user what this call returned."""
    step = trajectory.steps[number - 1]
    spoken = said_after(trajectory, number, last)
    tokens = {word for word in step.observation[:20_000].replace('"', " ").replace(",", " ").split() if len(word) >= 4}
    return any(
        any(ch.isdigit() or ch.isupper() for ch in token) and token.strip("[]{}():.") in spoken for token in tokens
    )


def said_after(trajectory: FailedTrajectory, number: int, last: int) -> str:
    """What the agent told the user between a call and the end of the stretch, up to a length."""
    told = [s.text for s in trajectory.steps[number : last + 1] if s.kind is StepKind.MESSAGE]
    if last >= trajectory.actions[-1][0]:
        told.append(trajectory.final_answer)
    return " ".join(told)[:_SPOKEN]


def _only_serves(trajectory: FailedTrajectory, number: int, kept: Sequence[int]) -> bool:
    """Whether a call only found the way for a later one: a schema for a query, a list for a look-up."""
    step = trajectory.steps[number - 1]
    later = [trajectory.steps[n - 1] for n in kept if n > number]
    kind = kind_of(step)
    if kind is ToolKind.SQL and _is_schema_query(command_text(step)):
        return any(kind_of(s) is ToolKind.SQL and not _is_schema_query(command_text(s)) for s in later)
    words = set(name_words(step.action_name))
    if words & {"tables", "table", "schema", "columns"} and any(kind_of(s) is ToolKind.SQL for s in later):
        return True
    if kind is ToolKind.LOOKUP and (words & {"list", "all"}) and not step.action_input:
        return bool(later)
    return kind is ToolKind.LOOKUP and "list" in words and any(_uses(s, step) for s in later)


def _is_schema_query(command: str) -> bool:
    lower = command.lower().lstrip()
    catalogue = "sqlite_master" in lower or "information_schema" in lower
    return catalogue or lower.startswith(("show", "desc", "pragma", "use ", "explain", "."))


__all__ = ["MOST_CALLS", "Ask", "asks_in", "identifies", "said_after", "with_support"]
