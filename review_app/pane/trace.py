"""The left column as data: one failed run, step by step, with its marks in place."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.models import AgentStep, FailedTrajectory, Field
from review_app.pane.pointers import Pointer
from review_app.pane.shown import BUDGET, HEAD, TAIL, Mark, block, fair_share, line

MAX_ROWS = 80  # argument rows drawn of one call
MAX_TOOLS = 100


class RunTexts:
    """The texts of one run as the screen has them: `pointers` and a grader's words are marks, long ones are cut."""

    def __init__(self, trajectory: FailedTrajectory, pointers: Sequence[Pointer], *, head: int, tail: int) -> None:
        self.trajectory, self.head, self.tail = trajectory, head, tail
        self.placed: dict[tuple[int, Field], list[Pointer]] = {}
        for pointer in pointers:
            self.placed.setdefault((pointer[2].step, pointer[2].field), []).append(pointer)
        seen = trajectory.without_grader_text().steps
        self.hidden = [
            _grader_marks(step.observation, other.observation, number)
            for number, (step, other) in enumerate(zip(trajectory.steps, seen, strict=True), 1)
        ]

    def block(self, step: int, field: Field) -> dict[str, Any] | None:
        """One text, None where it is blank; step 0 is the run itself."""
        text = str(getattr(self.trajectory.steps[step - 1] if step else self.trajectory, field.value))
        marks = marks_in(text, self.placed.get((step, field), ()))
        if field is Field.OBSERVATION:
            marks += self.hidden[step - 1]
        return block(text, marks, head=self.head, tail=self.tail) if text.strip() else None


def trace_view(
    trajectory: FailedTrajectory,
    *,
    pointers: Sequence[Pointer],
    error_steps: Iterable[int],
    budget: int = BUDGET,
    most: int = HEAD + TAIL,
) -> dict[str, Any]:
    """Everything that the left column draws; `pointers` become marks where their spans stand.

    Long texts are cut to their share of `budget` characters, none longer than `most`.
    """
    marked: dict[int, list[str]] = {}
    for name, _, span in pointers:
        marked.setdefault(span.step, []).append(name)
    errors = frozenset(error_steps)
    head, tail = fair_share(len(trajectory.steps), budget, most)
    texts = RunTexts(trajectory, pointers, head=head, tail=tail)
    kinds = {kind for _, kind, _ in pointers}
    return {
        "marks": {
            "failed": "fail" in kinds,
            "shown": bool(kinds - {"fail", "stale"}),
            "stale": "stale" in kinds,
            "grader": any(texts.hidden),
        },
        "prompt": texts.block(0, Field.PROMPT),
        "system": texts.block(0, Field.SYSTEM),
        "final": texts.block(0, Field.FINAL_ANSWER),
        "tools": [_tool(tool) for tool in trajectory.tools[:MAX_TOOLS]],
        "tools_total": len(trajectory.tools),
        "steps": [
            {
                "n": number,
                "kind": step.kind.value,
                "turn": step.turn,
                "tool": line(step.action_name, 120),
                "thought": texts.block(number, Field.THOUGHT),
                "text": texts.block(number, Field.TEXT),
                "args": _arguments(step, texts.placed.get((number, Field.ACTION_INPUT), ())),
                "observation": texts.block(number, Field.OBSERVATION),
                "error": _error(step, listed=number in errors),
                "marked": marked.get(number, []),
            }
            for number, step in enumerate(trajectory.steps, 1)
        ],
    }


def marks_in(text: str, pointers: Iterable[Pointer]) -> list[Mark]:
    """Make marks for spans of `text`; a span that has moved is looked up by its quote."""
    marks = []
    for name, kind, span in pointers:
        start, end = span.start, span.end
        if text[start:end] != span.quote:
            start = text.find(span.quote) if span.quote else -1
            end = start + len(span.quote)
        if start >= 0 and end > start:
            marks.append(Mark(start, end, name, kind))
    return marks


def _grader_marks(text: str, seen: str, step: int) -> list[Mark]:
    """Mark what a grader wrote into a result: where the run as the stages see it has blanks instead."""
    if text == seen:
        return []
    gone = "".join(
        "x" if one != other else " " if one.isspace() else "." for one, other in zip(text, seen, strict=True)
    )
    spans = re.finditer(r"x(?: *x)*", gone)
    return [Mark(*span.span(), f"grader{step}.{n}", "grader") for n, span in enumerate(spans, 1)]


def _error(step: AgentStep, *, listed: bool) -> str | None:
    if step.is_error:
        return "Error, reported by the tool"
    return "Error in the result" if listed and step.is_error is None else None


def _arguments(step: AgentStep, pointers: Sequence[Pointer]) -> list[dict[str, Any]]:
    """Arguments as indented rows `{"depth", "key", "value"}`; a mark goes to the row it quotes."""
    rows = list(_rows(step.action_input, 0))
    left = list(pointers)
    drawn = []
    for depth, key, value in rows[:MAX_ROWS]:
        marks = []
        for pointer in [p for p in left if value]:
            found = _find(value, pointer[2].quote)
            if found:
                marks.append(Mark(*found, pointer[0], pointer[1]))
                left.remove(pointer)
        drawn.append({"depth": depth, "key": line(key, 80), "value": block(value, marks) if value else None})
    if len(rows) > MAX_ROWS:
        drawn.append({"depth": 0, "key": f"{len(rows) - MAX_ROWS} more", "value": block("in the raw record")})
    return drawn


def argument_text(step: AgentStep, row: int) -> str:
    """The whole value in a row of the arguments, counted from 0 as drawn; empty where there is none."""
    rows = list(_rows(step.action_input, 0))[:MAX_ROWS]
    return rows[row][2] if 0 <= row < len(rows) else ""


def _find(value: str, quote: str) -> tuple[int, int] | None:
    """Where a row's value holds the quote, or the quote (JSON text with its key) holds the value."""
    for wanted in (quote, quote.replace('"', "")):
        start = value.find(wanted) if wanted else -1
        if start >= 0:
            return start, start + len(wanted)
    return (0, len(value)) if len(value) > 1 and value in quote else None


def _rows(value: Any, depth: int) -> Iterator[tuple[int, str, str]]:
    pairs: Iterable[tuple[str, Any]] = (
        value.items() if isinstance(value, Mapping) else ((str(n), item) for n, item in enumerate(value, 1))
    )
    for key, item in pairs:
        nested = item if isinstance(item, Mapping) else _nested_parts(item)
        short = _on_one_line(item) if depth else None
        if short:
            yield depth, str(key), short
        elif nested and depth < 4:
            yield depth, str(key), ""
            yield from _rows(item, depth + 1)
        elif isinstance(item, list) and item and all(isinstance(part, str) for part in item):
            yield depth, str(key), ", ".join(item)
        else:
            yield depth, str(key), item if isinstance(item, str) and item else json.dumps(item, ensure_ascii=False)


def _on_one_line(item: Any) -> str | None:
    """Write a small flat object as `key: value, key: value`; None where that would not read well."""
    if not isinstance(item, Mapping) or any(isinstance(part, Mapping | list) for part in item.values()):
        return None
    text = ", ".join(f"{key}: {part if isinstance(part, str) else json.dumps(part)}" for key, part in item.items())
    return text if len(text) <= 100 else None


def _nested_parts(item: Any) -> list[Any]:
    return [part for part in item if isinstance(part, Mapping | list)] if isinstance(item, list) else []


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    inner = tool.get("function")
    function: Mapping[str, Any] = inner if isinstance(inner, Mapping) else tool
    schema = function.get("parameters")
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    names = list(properties)[:30] if isinstance(properties, Mapping) else []
    return {
        "name": line(str(function.get("name", "unnamed")), 120),
        "description": line(str(function.get("description", "")), 600),
        "parameters": [line(str(name), 60) for name in names],
    }
