"""Errors planted into good prompts over real runs: what the gate refuses though every judge says yes, by kind.

A changed value is taken to be one that stands nowhere in the run, so that a string can show the error. No string
shows a negation; what is caught of those is only counted.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.labelled import runs_by_source
from benchmarks.report import show
from core.models import Attempt, FailedTrajectory, SecondJudgeVerdict, StepKind, input_text
from core.settings import PipelineConfig
from core.stages.detect import detect_with_rules
from core.stages.facts import count_of
from core.stages.grounding import check_prompt, find_values
from core.stages.relabel import relabel_with_rules, why_not
from core.stages.tool_kind import ToolKind, kind_of, name_words, reads_only
from core.stages.wording import plural

SOURCES = ("tau_bench", "intercode sql", "intercode bash", "intercode ctf", "hotpotqa_react", "swe_agent", "other")
BLIND = ("negation", "other way of a return trip")  # no string shows it
_SETTINGS = PipelineConfig()


@dataclass(frozen=True)
class Case:
    """A run with a prompt that a credulous judge would let pass."""

    source: str
    run: FailedTrajectory
    attempt: Attempt


@dataclass(frozen=True)
class Planted:
    """A case with an error in its prompt."""

    kind: str
    case: Case
    prompt: str


def main() -> None:
    """Print how many errors of each kind are caught."""
    planted: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for one in plant(cases()):
        planted[one.kind] += 1
        caught[one.kind] += refused(one.prompt, one.case)
    rows = [(kind, planted[kind], caught[kind], "no" if kind in BLIND else "yes") for kind in planted]
    shown = [kind for kind in planted if kind not in BLIND]
    rows.append(("all that a string shows", sum(planted[k] for k in shown), sum(caught[k] for k in shown), "yes"))
    show(("Planted error", "n", "caught", "a string shows it"), rows)


def cases(most: int = 24) -> list[Case]:
    """Up to `most` failed runs of each source whose prompt holds as it is."""
    found = []
    for source in SOURCES:
        of_source: list[Case] = []
        for _, run in runs_by_source().get(source, ()):
            whole = run.without_grader_text()
            analysis = detect_with_rules(whole)
            if analysis.is_failure is False or not analysis.recoverable:
                continue
            of_source += [Case(source, whole, a) for a in relabel_with_rules(whole, analysis) if _holds(a, whole)][:1]
            if len(of_source) == most:
                break
        found += of_source
    return found


def refused(prompt: str, case: Case) -> bool:
    """Whether the gate stops `prompt` for the steps of the case, though author and judge are sure of it."""
    first, last = case.attempt.first_step, case.attempt.last_step
    return why_not(_believed(prompt, case.run, first=first, last=last), _SETTINGS) is not None


def _holds(attempt: Attempt, run: FailedTrajectory) -> bool:
    believed = _believed(attempt.hindsight_prompt, run, first=attempt.first_step, last=attempt.last_step)
    return why_not(believed, _SETTINGS) is None


def _believed(prompt: str, run: FailedTrajectory, *, first: int, last: int) -> Attempt:
    return Attempt(
        hindsight_prompt=prompt,
        confidence=1.0,
        first_step=first,
        last_step=last,
        grounding=check_prompt(prompt, run, first_step=first, last_step=last),
        verdict=SecondJudgeVerdict(is_valid=True, confidence=1.0, judge="credulous"),
    )


def plant(found: list[Case]) -> Iterator[Planted]:
    """Every error that can be planted into the prompts of the cases."""
    for case, other in zip(found, [*found[1:], *found[:1]], strict=True):
        prompt = case.attempt.hindsight_prompt
        for kind, change in _CHANGES.items():
            if (changed := change(prompt)) and changed != prompt:
                yield Planted(kind, case, changed)
        texts = _texts(case.run).casefold()
        theirs = [v.text.casefold() for v in find_values(other.attempt.hindsight_prompt) if v.kind.value != "number"]
        if any(text not in texts for text in theirs):
            yield Planted("other run's goal", case, other.attempt.hindsight_prompt)
        yield Planted("original goal", case, case.run.original_prompt)
        if (turned := _WAY.sub(r"from \2 to \1", prompt, count=1)) != prompt:
            yield Planted("other way of a return trip" if _goes_both_ways(case) else "other way", case, turned)
        if count := _count(case):
            yield Planted("count", case, count)
        if deed := _deed(case):
            yield Planted("deed", case, deed)
        if leak := _only_seen(case):
            yield Planted("leaked answer", case, f"{prompt} I think it is {leak}.")


def _swapped(prompt: str, kinds: tuple[str, ...], change: Callable[[str], str]) -> str | None:
    """The prompt with its first value of the kinds changed."""
    for value in find_values(prompt):
        if value.kind.value in kinds:
            return prompt[: value.start] + change(value.text) + prompt[value.end :]
    return None


_ENDS = {
    "highest": "lowest", "largest": "smallest", "most": "fewest", "biggest": "smallest", "longest": "shortest",
    "oldest": "youngest", "newest": "oldest", "latest": "earliest",
}  # fmt: skip
_OTHER_END = {**_ENDS, **{least: most for most, least in _ENDS.items()}}
_END = re.compile(rf"\b(?:{'|'.join(_OTHER_END)})\b", re.IGNORECASE)
_WAY = re.compile(r"\bfrom ([A-Z]{3}|[\w./-]*[\d/.]\w*) to ([A-Z]{3}|[\w./-]*[\d/.]\w*)(?!\w)")


def _goes_both_ways(case: Case) -> bool:
    """Whether a call goes from where the request goes to."""
    found = _WAY.search(case.attempt.hindsight_prompt)
    kept = case.run.steps[case.attempt.first_step - 1 : case.attempt.last_step]
    return found is not None and any(f'"origin": "{found[2]}"' in input_text(step) for step in kept)


def _count(case: Case) -> str | None:
    """A count of what a call listed that is another than the list's."""
    for step in case.run.steps[case.attempt.first_step - 1 : case.attempt.last_step]:
        words = name_words(step.action_name)
        if step.kind is StepKind.ACTION and len(words) > 1 and count_of(step) is not None:
            return f"{case.attempt.hindsight_prompt} I expect 97 {plural(words[-1].removesuffix('s'))}."
    return None


def _deed(case: Case) -> str | None:
    """A deed asked for beside what was only looked up."""
    kept = case.run.steps[case.attempt.first_step - 1 : case.attempt.last_step]
    calls = [step for step in kept if step.kind is StepKind.ACTION]
    looked_up = {ToolKind.SEARCH, ToolKind.LOOKUP, ToolKind.SQL, ToolKind.READ_FILE, ToolKind.NOISE}
    if all(kind_of(step) in looked_up and reads_only(step) for step in calls):
        return f"{case.attempt.hindsight_prompt} Then please cancel it for me."
    return None


_CHANGES: dict[str, Callable[[str], str | None]] = {
    "number": lambda p: _swapped(p, ("number",), lambda _: "7919"),
    "identifier": lambda p: _swapped(p, ("id",), lambda text: re.sub(r"\d", "9", text) + "Q7"),
    "entity": lambda p: _swapped(p, ("name", "quoted"), lambda _: "Zanzibar"),
    "date": lambda p: _swapped(p, ("date",), lambda _: "February 11"),
    "year": lambda p: _swapped(p, ("date",), lambda text: f"{text.split(',')[0]}, 2031"),
    "unit": lambda p: _swapped(p, ("number",), lambda text: re.sub(r"[^\d.,]*([\d.,]+).*", r"\1 miles", text)),
    "other end": lambda p: _END.sub(lambda found: _OTHER_END[found[0].lower()], p, count=1),
    "negation": lambda p: re.sub(r"^(.*?)\bplease ", r"\1please do not ", p, count=1, flags=re.IGNORECASE),
    "added price": lambda p: f"{p} It must not cost more than $4,913.",
    "added time": lambda p: f"{p} Not before 3:47 am.",
    "added superlative": lambda p: f"{p} Only the most expensive one, please.",
    "added quoted words": lambda p: f'{p} It has to say "rhubarb crumble".',
    "added path": lambda p: f"{p} Save it to /srv/none/such.csv.",
    "added condition in words": lambda p: f"{p} Only gluten-free ones.",
}


def _values(text: str) -> set[str]:
    return {key for value in find_values(text) if value.kind.value != "number" or value.unit for key in value.keys}


def _texts(run: FailedTrajectory) -> str:
    steps = (part for step in run.steps for part in (step.text, input_text(step), step.observation))
    return "\n".join([run.original_prompt, run.system_prompt, *steps])


def _only_seen(case: Case) -> str | None:
    """An identifier or a telling number that stands in kept results alone."""
    given = [case.run.original_prompt, case.run.system_prompt]
    given += [step.text if step.kind is StepKind.USER else input_text(step) for step in case.run.steps]
    known = _values("\n".join(given))
    kept = case.run.steps[case.attempt.first_step - 1 : case.attempt.last_step]
    for step in kept:
        for value in find_values(step.observation[:4_000]):
            figure = value.kind.value == "number" and len(value.keys[0]) > 3
            telling = (figure or value.kind.value == "id") and value.text.isalnum()
            if telling and not set(value.keys) & known and value.text not in "\n".join(given):
                return value.text
    return None
