"""The final answer to the new goal: the agent's own words where the run bears them out, else copied facts.

Kept words must claim nothing undone, name no value that no result holds, not give up, cover everything
asked for and ask nothing back. Lines that argue (eligible, policy, because) or that no result
supports are left out. Whatever then fails is written anew from the results' own records.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.models import AgentStep, Evidence, FailedTrajectory, Field, StepKind
from core.stages.calls import in_words
from core.stages.claims import give_up, undone_claims, unfounded_values
from core.stages.extract.wording import done_words
from core.stages.facts import CUT, Fact, count_of, evidence_of, facts_of, records_of
from core.stages.grounding import check_answer
from core.stages.grounding.stale import stale_words
from core.stages.grounding.values import CLOCK as _CLOCK
from core.stages.grounding.values import find_values, number_key, time_key
from core.stages.hostile import is_hostile
from core.stages.relabel.asks import Ask
from core.stages.relabel.changed import new_fields
from core.stages.relabel.fields import found_fields, told_fields
from core.stages.relabel.page_words import page_of
from core.stages.relabel.requests import VAGUE
from core.stages.relabel.support import supported_text
from core.stages.results import read_result
from core.stages.tool_kind import ToolKind, reads_only
from core.stages.wording import capital, counted, sentence, spoken_date, spoken_key, spoken_value

_RAW = {ToolKind.SHELL, ToolKind.CODE, ToolKind.SQL, ToolKind.READ_FILE}  # output is told as it is
MOST_TOLD = 12  # records of one result in an answer; the count is told in any case
LONGEST_ANSWER = 4_000  # characters of an answer that a person still reads
_LONGEST_DEED = 400  # characters in which one change is told
_LONGEST_VALUE = 120
_MORE = "That is part of what came back."


@dataclass(frozen=True)
class Answer:
    """A final answer, the spans it rests on, and whether the words are the agent's own."""

    text: str
    evidence: tuple[Evidence, ...]
    own_words: bool
    complete: bool = True
    hostile: bool = False  # a result behind it holds text that no answer repeats


_FRAGMENT = re.compile(r"\s*(?:[-*+|\u2022]|\d+[.)]\s)")  # begins in the middle of a list or table: its head was cut


def answer_for(
    trajectory: FailedTrajectory, asks: Sequence[Ask], *, prompt: str, first: int, last: int, year: int | None
) -> Answer:
    """Answer the asks of steps `first`..`last`."""
    for text in _own_words(trajectory, asks, last):
        cleaned = supported_text(text, trajectory, prompt=prompt, first=first, last=last)
        if cleaned and (spans := _borne_out(cleaned, trajectory, asks, prompt=prompt, first=first, last=last)):
            return Answer(cleaned, spans, own_words=True, hostile=_on_hostile(trajectory, asks))
    return _written(trajectory, asks, last=last, year=year)


def _own_words(trajectory: FailedTrajectory, asks: Sequence[Ask], last: int) -> list[str]:
    """What the agent said after the last kept call, and the run's final answer if nothing else follows it."""
    texts = []
    end = max(n for ask in asks for n in ask.steps)
    for step in trajectory.steps[end:]:
        if step.kind is StepKind.USER or (step.kind is StepKind.ACTION and not reads_only(step)):
            break
        if step.kind is StepKind.MESSAGE:
            texts.append(step.text)
    if last >= max(n for n, _ in trajectory.actions):
        texts.append(trajectory.final_answer)
    return [text for text in dict.fromkeys(texts) if text.strip() and len(text) <= LONGEST_ANSWER]


def _borne_out(
    text: str, trajectory: FailedTrajectory, asks: Sequence[Ask], *, prompt: str, first: int, last: int
) -> tuple[Evidence, ...]:
    """The spans that support the text, or none if anything in it is not supported or left open."""
    if (
        _is_fragment(text)
        or "?" in text
        or give_up(text)
        or len(text) < 12
        or is_hostile(text)
        or re.search(r"^[^\w\n]*\d+[^\w\n]*$", text, re.MULTILINE)
    ):
        return ()
    steps = trajectory.steps[first - 1 : last]
    if next(undone_claims(text, steps), None) or unfounded_values(text, trajectory, first_step=first, last_step=last):
        return ()
    if stale_words(prompt, trajectory, first=first, last=last, final_answer=text):
        return ()
    checked = check_answer(text, trajectory, first_step=first, last_step=last)
    strict = ("number", "id", "date", "time")
    if any(v.evidence is None or v.asked_only for v in checked if v.kind in strict and not _is_ordinal(v.text)):
        return ()
    if not all(_covers(text, trajectory, ask, n, last) for ask in asks for n in ask.steps):
        return ()
    spans = [v.evidence for v in checked if v.evidence and v.evidence.field is Field.OBSERVATION]
    return tuple(dict.fromkeys(spans))


def _is_fragment(text: str) -> bool:
    return bool(_FRAGMENT.match(text)) or text.count("```") % 2 == 1


def _is_ordinal(text: str) -> bool:
    return text.isdigit() and len(text) == 1  # "1." before an item of a list


def _covers(text: str, trajectory: FailedTrajectory, ask: Ask, number: int, last: int) -> bool:
    """Whether the text tells what was asked for: each record of a short list, each field of a looked-up record."""
    step = trajectory.steps[number - 1]
    data = read_result(step).data
    if not reads_only(step):
        return True
    if ask.varied and not any(_stands(form, text) for form in _forms(ask.values[ask.steps.index(number)])):
        return False
    records = records_of(data)
    if records and len(records) <= MOST_TOLD:
        return all(_names(text, record) for record in records) and _tells_all(text, step, records)
    fields = told_fields(trajectory, ask, last)
    if fields and isinstance(data, dict):
        return all(
            any(_stands(leaf, text) for leaf in _leaves(data.get(f))) or not _leaves(data.get(f)) for f in fields
        )
    values = {leaf for leaf in _leaves(data if data is not None else step.observation) if len(leaf) >= 2}
    return any(_stands(value, text) for value in values)


def _forms(value: str) -> tuple[str, ...]:
    return value, spoken_value(value), spoken_date(value, year=int(value[:4])) if re.match(r"\d{4}-", value) else value


def _tells_all(text: str, step: AgentStep, records: Sequence[object]) -> bool:
    """Whether the text holds every price and as many times as the request asks for."""
    fields = set(found_fields(read_result(step).data))
    values = _value_keys(text)
    for record in records:
        for leg in record if isinstance(record, list) else [record]:
            told = {k: v for k, v in leg.items() if k in fields} if isinstance(leg, dict) else {}
            for value in told.values():
                numbers = [leaf for leaf in _leaves(value) if leaf.replace(".", "", 1).isdigit()]
                if any(number_key(leaf) not in values for leaf in numbers):
                    return False
                if isinstance(value, str) and (clock := _CLOCK.match(value)) and time_key(clock) not in values:
                    return False
    return True


def _value_keys(text: str) -> set[str]:
    """The normal forms of all numbers and times in a text."""
    return {key for value in find_values(text) for key in value.keys}


def _stands(value: str, text: str) -> bool:
    return value.lower() in text.lower() or value.replace("_", " ").lower() in text.lower()


def _names(text: str, record: object) -> bool:
    leaves = [leaf for leaf in _leaves(record) if len(leaf) >= 3]
    ids = [leaf for leaf in leaves if re.search(r"\d", leaf) and re.search(r"[A-Za-z]", leaf)] or leaves[:1]
    return any(leaf in text for leaf in ids[:1] + leaves[:2]) if ids else True


def _leaves(data: object) -> list[str]:
    if isinstance(data, dict):
        return [leaf for value in data.values() for leaf in _leaves(value)]
    if isinstance(data, list | tuple):
        return [leaf for value in data for leaf in _leaves(value)]
    if data is None or isinstance(data, bool):
        return []
    return [str(data)] if not isinstance(data, str) or len(data) < 60 else re.findall(r"\w[\w.-]{2,}", data)[:200]


def _written(trajectory: FailedTrajectory, asks: Sequence[Ask], *, last: int, year: int | None) -> Answer:
    paragraphs: dict[str, None] = {}
    spans: list[Evidence] = []
    complete = True
    left = LONGEST_ANSWER - len(_MORE)
    for ask in asks:
        fields = told_fields(trajectory, ask, last)
        for at, number in enumerate(ask.steps):
            step = trajectory.steps[number - 1]
            facts = _facts(ask, step, fields)
            told = _fitting(facts[:MOST_TOLD], left)
            complete = complete and len(told) == len(facts) and not any(fact.part for fact in told)
            new = new_fields(trajectory, number)
            paragraph = _paragraph(ask, at, step, told, new, year=year)
            if len(paragraph) > left:
                complete = False
                continue
            if paragraph and paragraph not in paragraphs:
                paragraphs[paragraph] = None
                left -= len(paragraph) + 1
            spans += [evidence_of(fact, step, number) for fact in told]
    shortened = not complete and bool(paragraphs) and not any("- and " in text for text in paragraphs)
    text = "\n".join([*paragraphs, *([_MORE] if shortened else [])])
    return Answer(
        text, tuple(dict.fromkeys(spans)), own_words=False, complete=complete, hostile=_on_hostile(trajectory, asks)
    )


def _on_hostile(trajectory: FailedTrajectory, asks: Sequence[Ask]) -> bool:
    return any(is_hostile(trajectory.steps[n - 1].observation) for ask in asks for n in ask.steps)


def _fitting(facts: Sequence[Fact], left: int) -> list[Fact]:
    """The first facts whose words fit into what is left of the answer, with room for what stands around them."""
    told: list[Fact] = []
    for fact in facts:
        left -= len(fact.text) + 4
        if told and left < 0:
            break
        told.append(fact)
    return told


def _facts(ask: Ask, step: AgentStep, fields: tuple[str, ...]) -> tuple[Fact, ...]:
    if ask.kind is ToolKind.SEARCH and (page := page_of(step)):
        return tuple(Fact(step.observation[start:end], start, end) for start, end in page.sentences)
    given = {str(value) for value in step.action_input.values() if isinstance(value, str | int)}
    wanted = fields or (found_fields(read_result(step).data) if ask.kind is ToolKind.SEARCH else ())
    return facts_of(step, fields=wanted, known=given) or facts_of(step)


def _paragraph(  # noqa: PLR0911 - one line a kind of answer
    ask: Ask, at: int, step: AgentStep, facts: Sequence[Fact], new: Mapping[str, object], *, year: int | None
) -> str:
    words = in_words(step, year=year)
    if not reads_only(step):
        return _done(ask, step, facts, new, year=year)
    about = re.sub(r"^(?:of|for) ", "", words.details)
    if ask.kind is ToolKind.SEARCH and page_of(step):
        return " ".join(fact.text for fact in facts)
    count = count_of(step)
    if count is None and len(facts) == 1 and " is " in facts[0].text and read_result(step).data is None:
        return sentence(facts[0].text)
    if count is None and len(facts) == 1 and ask.kind is ToolKind.LOOKUP and about:
        said = facts[0].text
        return sentence(said if about.lower() in said.lower() else f"{about}: {said}")
    if ask.kind in _RAW and len(facts) == 1:
        return facts[0].text
    if count is None and len(facts) == 1:
        return sentence(facts[0].text)
    if ask.kind is ToolKind.SEARCH and count is not None:
        noun = "result" if words.noun in VAGUE else words.noun
        topic = f" for {words.topic}" if words.topic else ""
        head = f"I found {counted(count, noun)}{topic}{' ' + words.details if words.details else ''}:"
    elif ask.varied:
        head = f"{capital(spoken_value(ask.values[at], year=year))}:"
    else:
        head = (
            f"{capital(spoken_key(words.noun))}{' ' + words.details if words.details else ''}:"
            if words.noun and ask.kind in (ToolKind.LOOKUP, ToolKind.SEARCH, ToolKind.OTHER)
            else ""
        )
    lines = [f"- {fact.text}" for fact in facts]
    more = (count or 0) - len(facts) if facts else 0
    return "\n".join([part for part in (head, *lines, f"- and {more} more" if more > 0 else "") if part])


def _done(ask: Ask, step: AgentStep, facts: Sequence[Fact], changed: Mapping[str, object], *, year: int | None) -> str:
    done = done_words(step, in_words(step, year=year))
    done = f"{done[:_LONGEST_DEED]}{CUT}" if len(done) > _LONGEST_DEED else done
    said = sentence(f"I {done[:1].lower()}{done[1:]}")
    if ask.kind is ToolKind.CHANGE and changed:
        given = set(_leaves(step.action_input))
        new = [
            (key, value)
            for key, value in changed.items()
            if isinstance(value, str | int | float)
            and not isinstance(value, bool)
            and str(value) not in given
            and value not in ("", 0)
            and len(str(value)) <= _LONGEST_VALUE
            and not is_hostile(str(value))
        ]
        told = [
            f"{spoken_key(str(key))} {value}" for key, value in new if not re.search(r"^user|created|_at$", str(key))
        ][:4]
        return f"{said} {capital(', '.join(told))}." if told else said
    if facts and ask.kind is ToolKind.SHELL:
        return "\n".join([said, *(f"- {fact.text}" for fact in facts if fact.text.strip())])
    return said
