"""The original request with the limits left out that no call enforced: the smallest rewrite that is true.

Idea of select-then-rewrite (HiR, PMLR v306): list the constraints, keep the met ones, drop the others. A
limit counts as met only if it was an argument of a working call, so that the tool itself enforced it.
"""

import re
from dataclasses import dataclass

from core.models import FailedTrajectory, StepKind
from core.stages.grounding import check_prompt
from core.stages.results import read_result
from core.stages.wording import join

_NUMBER = r"[$€£]?\s?\d[\d,]*(?:\.\d+)?\s?(?:%|[$€£]|[a-z]{1,4}\b)?(?:\s?(?:per|/|a)\s?(?:kilogram|kg|night|person|month|year|day|week|unit|piece|item|hour|seat|\w{2,10})\b)?"
_WAY = r"(?:under|below|less than|at most|no more than|up to|not more than|cheaper than|within|over|above|at least|more than|max(?:imum)?(?: of)?)"
_WITH = re.compile(
    rf"\s*,?\s*\b(?:with|having|that have|whose)\s+(?:an?\s+|the\s+|their\s+)?(?P<thing>[a-z][a-z ]{{2,40}}?)\s+{_WAY}\s+{_NUMBER}"
    rf"(?:\s*,?\s*(?:and|,)\s+(?:an?\s+|the\s+)?(?P<other>[a-z][a-z ]{{2,40}}?)\s+{_WAY}\s+{_NUMBER})?",
    re.IGNORECASE,
)
_BARE = re.compile(rf"\s*,?\s*\b(?:for\s+|that costs?\s+|costing\s+|priced\s+)?{_WAY}\s+{_NUMBER}", re.IGNORECASE)
_SUPERLATIVE = re.compile(
    r"\bthe\s+(?:cheapest|fastest|quickest|best(?:[ -]rated)?|lowest[ -]priced|shortest|earliest|latest|nearest|closest|newest)\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Rewrite:
    """The shorter request and the words of the original that went."""

    prompt: str
    dropped: tuple[str, ...]


def without_unmet_limits(trajectory: FailedTrajectory) -> Rewrite | None:
    """The original request without unmet limits; None if none can be taken out or nothing sensible is left."""
    prompt, dropped, things = trajectory.original_prompt, [], []
    arguments = _structured_arguments(trajectory)
    for pattern in (_WITH, _BARE, _SUPERLATIVE):
        for match in [*pattern.finditer(prompt)][::-1]:
            if _enforced(match.group(), arguments):
                continue
            dropped.append(match.group().strip(" ,"))
            if pattern is _WITH:
                things += [thing.strip() for thing in (match["thing"], match["other"]) if thing]
            filler = "the " if pattern is _SUPERLATIVE else ""
            prompt = (
                prompt[: match.start()] + (filler and prompt[match.start() : match.start() + 4]) + prompt[match.end() :]
            )
    prompt, swapped = _with_real_files(prompt, trajectory)
    dropped += swapped
    if not dropped:
        return None
    prompt = re.sub(r"\s+([.,;!?])", r"\1", re.sub(r"[ \t]{2,}", " ", prompt)).strip()
    if things:
        stem = prompt.rstrip(".!? ")
        prompt = f"{stem}, and give their {join(list(dict.fromkeys(things)))}."
    if len(prompt.split()) < 4:
        return None
    if check_prompt(prompt, trajectory).unmet:
        return None
    return Rewrite(prompt, tuple(dropped))


def _structured_arguments(trajectory: FailedTrajectory) -> set[str]:
    return {
        str(value)
        for _, step in trajectory.actions
        if not read_result(step).failed
        for value in step.action_input.values()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _enforced(words: str, arguments: set[str]) -> bool:
    numbers = [number.replace(",", "") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", words)]
    return bool(numbers) and all(number in arguments for number in numbers)


_KINDS = {
    "csv": "CSV",
    "xlsx": "Excel",
    "xls": "Excel",
    "json": "JSON",
    "txt": "text",
    "md": "Markdown",
    "pdf": "PDF",
    "html": "HTML",
    "xml": "XML",
    "yaml": "YAML",
    "png": "PNG",
    "parquet": "Parquet",
}


def _with_real_files(prompt: str, trajectory: FailedTrajectory) -> tuple[str, list[str]]:
    """A file that was asked for in one format and written in another, under the name it really got."""
    written = " ".join(
        part
        for _, step in trajectory.actions
        if not read_result(step).failed
        for part in (str(step.action_input), step.observation[:20_000])
    )
    swapped = []
    for match in re.finditer(r"\b([\w-]+)\.(\w{2,7})\b", trajectory.original_prompt):
        stem, ending = match.groups()
        if ending not in _KINDS or match.group() in written:
            continue
        real = re.search(rf"\b{re.escape(stem)}\.(\w{{2,7}})\b", written)
        if real is None or real[1] not in _KINDS:
            continue
        at = prompt.rfind(match.group())
        before = prompt[:at]
        kind = re.search(rf"\b{_KINDS[ending]}(?=\s+file[^.]*$)", before)
        if kind:
            before = before[: kind.start()] + _KINDS[real[1]] + before[kind.end() :]
        article = re.sub(
            r"\ba (?=(?:new )?Excel)", lambda m: m.group() if "new" in before[m.end() : m.end() + 4] else "an ", before
        )
        prompt = article + real.group() + prompt[at + len(match.group()) :]
        swapped.append(match.group())
    return prompt, swapped


def is_dialogue(trajectory: FailedTrajectory) -> bool:
    """Whether the user spoke again in mid-run."""
    return any(step.kind is StepKind.USER for step in trajectory.steps)
