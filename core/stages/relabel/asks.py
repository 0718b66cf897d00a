"""Which calls of a stretch a user would have asked for, and which only served another.

A profile looked up on the way to a booking is no request of its own; a search whose result the agent
reported is. Calls of one tool that differ in one argument are one request ("to SFO, LAX or SEA").
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.models import AgentStep, FailedTrajectory, StepKind, input_text
from core.stages.calls import identity_of
from core.stages.detect.rules import achieved_something
from core.stages.grounding.inputs import needed_values
from core.stages.results import read_result
from core.stages.tool_kind import ToolKind, command_text, kind_of, name_words, reads_only


@dataclass(frozen=True)
class Ask:
    """One thing asked for: a call, or several that differ only in the argument `varied`."""

    steps: tuple[int, ...]
    call: AgentStep
    kind: ToolKind
    varied: str = ""
    values: tuple[str, ...] = ()
    each: bool = False  # the varied values came from an earlier result: "each of them"


def asks_in(trajectory: FailedTrajectory, first: int, last: int) -> tuple[Ask, ...]:
    """What the working calls of steps `first`..`last` amount to, in order."""
    worked = [n for n, _ in trajectory.actions if first <= n <= last and achieved_something(trajectory, n)]
    worked = _last_of_repeats(trajectory, worked)
    changes = [n for n in worked if not reads_only(trajectory.steps[n - 1])]
    reads = [n for n in worked if n not in changes and not _identifies(trajectory.steps[n - 1])]
    if changes:
        kept = changes + [n for n in reads if _is_asked(trajectory, n, changes, last)]
    else:
        kept = [n for n in reads if _is_reported(trajectory, n, last)] or reads
        kept = [n for n in kept if not _only_serves(trajectory, n, kept)] or kept
    if not kept:
        kept = worked
    return _merged(trajectory, sorted(kept), first)


def _identifies(step: AgentStep) -> bool:
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
    latest = {(trajectory.steps[n - 1].action_name, input_text(trajectory.steps[n - 1])): n for n in numbers}
    return sorted(latest.values())


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
        if len(value) >= 4 and (value in source.observation or value in input_text(source)):
            return True
    return False


def _is_reported(trajectory: FailedTrajectory, number: int, last: int) -> bool:
    """Whether the agent told the user what this call returned."""
    step = trajectory.steps[number - 1]
    told = [s.text for s in trajectory.steps[number : last + 1] if s.kind is StepKind.MESSAGE]
    if last >= trajectory.actions[-1][0]:
        told.append(trajectory.final_answer)
    spoken = " ".join(told)
    tokens = {word for word in step.observation[:20_000].replace('"', " ").replace(",", " ").split() if len(word) >= 4}
    return any(
        any(ch.isdigit() or ch.isupper() for ch in token) and token.strip("[]{}():.") in spoken for token in tokens
    )


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
    return kind is ToolKind.LOOKUP and "list" in words and any(_uses(s, step) for s in later)


def _is_schema_query(command: str) -> bool:
    return command.lower().lstrip().startswith(("show", "desc", "pragma", "use ", "explain", "."))


def _merged(trajectory: FailedTrajectory, numbers: Sequence[int], first: int) -> tuple[Ask, ...]:
    asks: list[Ask] = []
    for number in numbers:
        step = trajectory.steps[number - 1]
        for at, ask in enumerate(asks):
            if joined := _join(trajectory, ask, step, number, first):
                asks[at] = joined
                break
        else:
            asks.append(Ask((number,), step, kind_of(step)))
    return tuple(asks)


def _join(trajectory: FailedTrajectory, ask: Ask, step: AgentStep, number: int, first: int) -> Ask | None:
    """The ask with one more call, if that call differs from it in the one varied argument only."""
    if step.action_name != ask.call.action_name or command_text(step) or not reads_only(step):
        return None
    one, other = ask.call.action_input, step.action_input
    if set(one) != set(other):
        return None
    differing = [key for key in one if one[key] != other[key]]
    if len(differing) != 1 or (ask.varied and differing[0] != ask.varied):
        return None
    key = differing[0]
    if not isinstance(one[key], str | int) or not isinstance(other[key], str | int) or isinstance(one[key], bool):
        return None
    values = (*(ask.values or (str(one[key]),)), str(other[key]))
    earlier = [s.observation for n, s in trajectory.actions if first <= n < ask.steps[0] and not read_result(s).failed]
    said = " ".join([trajectory.original_prompt, *(s.text for s in trajectory.steps if s.kind is StepKind.USER)])
    each = all(any(value in text for text in earlier) and value not in said for value in values)
    return Ask((*ask.steps, number), ask.call, ask.kind, key, values, each)
