"""The original request without what the run did not meet: the smallest rewrite that is true.

Idea of select-then-rewrite (HiR, PMLR v306): list the constraints, keep the met ones, drop the others.
A limit counts as met only if it was an argument of a working call, so that the tool itself enforced it; a
clause is dropped if it names a value that no working call took up or that the source names as the reason.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.models import FailedTrajectory
from core.stages.grounding import check_prompt
from core.stages.grounding.values import find_values
from core.stages.results import read_result
from core.stages.tool_kind import ToolKind, command_text, kind_of, reads_only
from core.stages.wording import join, sentence

_UNIT = r"(?!(?:per|and|or|for|in|at|on|with|to|by|from|that|near|a|an)\b)[a-z]{1,4}\b"
_EVERY = r"(?:\s?(?:per|/)\s?\w{2,10}\b|\s?a\s?(?:night|person|month|year|day|week|unit|piece|item|hour|seat)\b)"
_NUMBER = rf"[$€£]?\s?\d[\d,]*(?:\.\d+)?\s?(?:%|[$€£]|{_UNIT})?{_EVERY}?"
_WAY = (
    r"(?:under|below|less than|at most|no more than|up to|not more than|cheaper than|within|over|above|at least|"
    r"more than|max(?:imum)?(?: of)?)"
)
_WITH = re.compile(
    rf"(?<!\s)(?:\s*+,)?\s*+\b(?:with|having|that have|whose)\s+(?:an?\s+|the\s+|"
    rf"their\s+)?(?P<thing>[a-z][a-z ]{{2,40}}?)\s+{_WAY}\s+{_NUMBER}"
    rf"(?:\s*,?\s*(?:and|,)\s+(?:an?\s+|the\s+)?(?P<other>[a-z][a-z ]{{2,40}}?)\s+{_WAY}\s+{_NUMBER})?",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"(?<!\s)(?:\s*+,)?\s*+\b(?:for\s+|that costs?\s+|costing\s+|priced\s+)?{_WAY}\s+{_NUMBER}", re.IGNORECASE
)
_SUPERLATIVE = re.compile(
    r"\bthe\s+(?:cheapest|fastest|quickest|best[ -]rated|lowest[ -]priced)\s+(?=(?:[a-z-]+\s+){0,2}(?:flight|"
    r"train|hotel|product|"
    r"one|option|ticket|room|route|item|model)\b)",
    re.IGNORECASE,
)
_JOINT = re.compile(r"\s*(?:$|[.,;!?\n]|(?:and|in|for|on|from|with|to|that|near|at|or)\b(?!\())", re.IGNORECASE)
_CLAUSE = re.compile(r"(?<=[.!?])\s+|\n+|(?<!\s),?\s++(?:and|then)\s+(?=[a-z])|,\s+(?=[a-z])")
_KINDS = {
    "csv": "CSV", "xlsx": "Excel", "xls": "Excel", "json": "JSON", "txt": "text", "md": "Markdown", "pdf": "PDF",
    "html": "HTML", "xml": "XML", "yaml": "YAML", "png": "PNG", "parquet": "Parquet",
}  # fmt: skip


_MOST_WORDS = 4  # of a thing that a limit is about
_LONGEST = 4_000  # characters of a request that is rewritten; a longer one is a document
_WRITTEN = 200_000  # characters of calls and results that are searched for the real name of a file


@dataclass(frozen=True)
class Rewrite:
    """The shorter request and the words of the original that went."""

    prompt: str
    dropped: tuple[str, ...]
    swapped: bool = False
    cut_clauses: bool = False


def rewrites(trajectory: FailedTrajectory) -> Iterator[Rewrite]:
    """The original request without unmet clauses, and without unmet limits; nothing where neither applies."""
    if len(trajectory.original_prompt) > _LONGEST:
        return
    # Of a run that only looked, nobody can say by its words which clauses it has met.
    changed = any(not reads_only(step) and not read_result(step).failed for _, step in trajectory.actions)
    for way in (_without_limits, _without_clauses) if changed else (_without_limits,):
        found = way(trajectory)
        if found and len(found.prompt.split()) >= 4:
            yield found
            if found.swapped:
                return  # the value that was not met stands in the request under its real name


def _without_clauses(trajectory: FailedTrajectory) -> Rewrite | None:
    """Drop the clauses that name something no working call took up; the rest stays word for word."""
    original = trajectory.original_prompt.strip()
    unmet = [
        (v.start, v.end)
        for v in check_prompt(original, trajectory).values
        if _is_unmet(v.asked_only, v.evidence is None, v.kind)
    ]
    named = {
        key
        for v in find_values(f"{trajectory.failure_reason} {trajectory.label.reason}")
        for key in v.keys
        if v.unit or v.kind != "number"
    }
    unmet += [
        (v.start, v.end)
        for v in find_values(original)
        if v.kind.value in ("number", "id", "date", "time") and named & set(v.keys)
    ]
    pieces = _pieces(original)
    bad = [(start, end) for start, end in pieces if any(start <= at < end for at, _ in unmet)]
    # One stretch of clauses can go without breaking the sentences around it; several cannot.
    numbers = [number for number, piece in enumerate(pieces) if piece in bad]
    if not bad or len(bad) == len(pieces) or numbers[-1] - numbers[0] >= len(bad):
        return None
    if numbers[0] == 0:
        return None  # the request itself is gone; what is left only qualifies it
    bad = [(bad[0][0], bad[-1][1])]
    dropped = [original[start:end].strip(" ,") for start, end in bad]
    text = original
    for start, end in reversed(bad):
        lead = text[:start]
        opens = not lead.strip() or lead.rstrip()[-1] in ".!?\n"
        ends = re.search(r"[.!?]\s*$", text[start:end])
        if opens and not ends:  # what follows now opens the sentence
            rest = re.sub(r"^\W*(?:and|then)?\s*", "", text[end:])
            text = lead + rest[:1].upper() + rest[1:]
        else:
            lead = lead if opens else re.sub(r"(?<![\s,])[\s,]*+(?:\b(?:and|then))?\s*$", "", lead)
            if not opens and (
                ends or not text[end:].strip()
            ):  # the last of a list is gone: the one before takes its "and"
                at = max(lead.rfind(mark) for mark in ".!?\n") + 1
                if " and " not in lead[at:] and (comma := lead.rfind(", ", at)) >= 0:
                    lead = f"{lead[:comma]} and {lead[comma + 2 :]}"
            text = lead + ("" if opens else ends.group().strip() if ends else "") + (" " if opens else "") + text[end:]
    text = sentence(re.sub(r"(?<!\s)\s++([.,;!?])", r"\1", re.sub(r"[ \t]{2,}", " ", text)).strip(" ,"))
    return Rewrite(text, tuple(dropped), cut_clauses=True) if text != original else None


def _is_unmet(asked_only: bool, nowhere: bool, kind: str) -> bool:
    return (asked_only or nowhere) and kind in ("number", "id", "date", "time")


def _pieces(text: str) -> list[tuple[int, int]]:
    bounds = [0, *(match.end() for match in _CLAUSE.finditer(text))]
    spans = []
    for start, end in zip(bounds, [*bounds[1:], len(text)], strict=True):
        piece = text[start:end]
        separator = _CLAUSE.search(piece)
        spans.append(
            (start, start + (separator.start() if separator and separator.end() == len(piece) else len(piece)))
        )
    return spans


def _without_limits(trajectory: FailedTrajectory) -> Rewrite | None:
    """Take limits out of their clauses: `suppliers with prices under $5` -> `suppliers, and give their prices`."""
    prompt, dropped, things = trajectory.original_prompt, list[str](), list[str]()
    arguments = _structured_arguments(trajectory)
    for pattern in (_WITH, _BARE, _SUPERLATIVE):
        for match in [*pattern.finditer(prompt)][::-1]:
            if _enforced(match.group(), arguments):
                continue
            if pattern is not _SUPERLATIVE and not _JOINT.match(prompt[match.end() :]):
                return None  # the limit is woven into its sentence
            dropped.append(match.group().strip(" ,"))
            if pattern is _WITH:
                things += [thing.strip() for thing in (match["thing"], match["other"]) if thing]
            keep = "a " if pattern is _SUPERLATIVE else ""
            prompt = prompt[: match.start()] + keep + prompt[match.end() :]
    prompt, swapped = _with_real_files(prompt, trajectory)
    dropped += swapped
    if not dropped:
        return None
    prompt = re.sub(r"(?<!\s)\s++([.,;!?])", r"\1", re.sub(r"[ \t]{2,}", " ", prompt)).strip()
    things = [thing for thing in dict.fromkeys(things) if thing.lower() not in prompt.lower()]
    if any(len(thing.split()) > _MOST_WORDS for thing in things):
        return None  # more than a column: the words of another clause are in it
    if things:
        prompt = f"{prompt.rstrip('.!? ')}, and give their {join(things)}."
    return Rewrite(prompt, tuple(dropped), swapped=bool(swapped))


def _structured_arguments(trajectory: FailedTrajectory) -> set[str]:
    """Numbers that a tool itself was given as such: arguments of their own, and those of a query."""
    worked = [step for _, step in trajectory.actions if not read_result(step).failed]
    own = {
        str(value)
        for step in worked
        for value in step.action_input.values()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    queries = (command_text(step) for step in worked if kind_of(step) is ToolKind.SQL)
    return own | {number for query in queries for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", query)}


def _enforced(words: str, arguments: set[str]) -> bool:
    numbers = [number.replace(",", "") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", words)]
    return bool(numbers) and all(number in arguments for number in numbers)


def _with_real_files(prompt: str, trajectory: FailedTrajectory) -> tuple[str, list[str]]:
    """Name a file that was asked for in one format and written in another as it really came out."""
    written = " ".join(
        part
        for _, step in trajectory.actions
        if not read_result(step).failed
        for part in (str(step.action_input)[:20_000], step.observation[:20_000])
    )[:_WRITTEN]
    swapped = []
    for match in re.finditer(r"\b([\w-]+)\.(\w{2,7})\b", trajectory.original_prompt):
        stem, ending = match.groups()
        if stem not in written:
            continue
        real = re.search(rf"\b{re.escape(stem)}\.(\w{{2,7}})\b", written)
        if ending not in _KINDS or match.group() in written or real is None or real[1] not in _KINDS:
            continue
        if real.group() in trajectory.original_prompt:
            continue  # what it was to be made from
        at = prompt.rfind(match.group())
        before = prompt[:at]
        if kinds := [*re.finditer(rf"\b{_KINDS[ending]}(?=\s+file\b)", before)]:
            before = before[: kinds[-1].start()] + _KINDS[real[1]] + before[kinds[-1].end() :]
        before = re.sub(r"\ba (?=Excel)", "an ", before)
        prompt = before + real.group() + prompt[at + len(match.group()) :]
        swapped.append(match.group())
        prompt, left = _without_reasons_for(_KINDS[ending], prompt)
        swapped += left
    return prompt, swapped


def _without_reasons_for(kind: str, prompt: str) -> tuple[str, list[str]]:
    """Leave out later sentences that still argue for the format that was not met."""
    first, *others = re.split(r"(?<=[.!?])\s+", prompt)
    left = [one for one in others if re.search(rf"\b{kind}\b", one, re.IGNORECASE)]
    return " ".join([first, *(one for one in others if one not in left)]), left
