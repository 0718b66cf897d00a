"""The final answer to the new goal: the agent's own words where the run bears them out, else copied facts.

A kept answer must claim nothing undone, name no value that no result holds, not give up, cover everything
asked for and ask nothing back. Whatever fails that is written anew from the results' own records.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.models import AgentStep, Evidence, FailedTrajectory, Field, StepKind
from core.stages.calls import in_words
from core.stages.claims import give_up, undone_claims, unfounded_values
from core.stages.extract.wording import done_words
from core.stages.facts import Fact, count_of, evidence_of, facts_of, records_of
from core.stages.grounding import check_answer
from core.stages.grounding.stale import stale_words
from core.stages.relabel.asks import Ask
from core.stages.results import read_result
from core.stages.tool_kind import ToolKind, reads_only
from core.stages.wording import counted, sentence, spoken_key, spoken_value

_MOST_TOLD = 12  # records of one result in an answer; the count is told in any case
_CLOSING = re.compile(
    r"(?:^|(?<=[.!?\n]))\s*(?:(?:if|should|in case)\s+you\b|(?:please\s+)?(?:let|tell)\s+me\b|please\s+(?:confirm|provide|let|specify|choose|select)|"
    r"would\s+you\b|do\s+you\b|shall\s+i\b|can\s+i\b|may\s+i\b|could\s+you\b|is\s+there\b|what\s+(?:else|would)|how\s+(?:would|can|may)\b|which\s+(?:one|option|of)\b|"
    r"feel\s+free|have\s+a\s|thank|you're\s+welcome|enjoy|happy\s+to|anything\s+else|once\s+you|to\s+proceed|great\s+news|safe\s+travels)[^\n]*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Answer:
    """A final answer, the spans it rests on, and whether the words are the agent's own."""

    text: str
    evidence: tuple[Evidence, ...]
    own_words: bool
    complete: bool = True


def answer_for(
    trajectory: FailedTrajectory, asks: Sequence[Ask], *, prompt: str, first: int, last: int, year: int | None
) -> Answer:
    """The answer to the asks of steps `first`..`last`."""
    for text in _own_words(trajectory, asks, last):
        cleaned = _without_closing(text)
        if cleaned and (spans := _borne_out(cleaned, trajectory, asks, prompt=prompt, first=first, last=last)):
            return Answer(cleaned, spans, own_words=True)
    return _written(trajectory, asks, year=year)


def _own_words(trajectory: FailedTrajectory, asks: Sequence[Ask], last: int) -> list[str]:
    """What the agent said after the last kept call, and the run's final answer if nothing else follows it."""
    texts = []
    end = max(n for ask in asks for n in ask.steps)
    for step in trajectory.steps[end:]:
        if step.kind is StepKind.USER:
            break
        if step.kind is StepKind.MESSAGE:
            texts.append(step.text)
        elif step.kind is StepKind.ACTION and not reads_only(step):
            break
    if end >= last and last >= max(n for n, _ in trajectory.actions):
        texts.append(trajectory.final_answer)
    return [text for text in dict.fromkeys(texts) if text.strip()]


def _without_closing(text: str) -> str:
    cut = _CLOSING.sub("", text).strip()
    return re.sub(r"\n{3,}", "\n\n", cut)


def _borne_out(
    text: str, trajectory: FailedTrajectory, asks: Sequence[Ask], *, prompt: str, first: int, last: int
) -> tuple[Evidence, ...]:
    """The spans that support the text, or none if anything in it is not supported or left open."""
    if "?" in text or give_up(text) or len(text) < 15:
        return ()
    steps = trajectory.steps[first - 1 : last]
    if next(undone_claims(text, steps), None) or unfounded_values(text, trajectory, first_step=first, last_step=last):
        return ()
    if stale_words(prompt, trajectory, first=first, last=last, final_answer=text):
        return ()
    checked = check_answer(text, trajectory, first_step=first, last_step=last)
    strict = ("number", "id", "date", "time")
    if any(v.evidence is None or v.asked_only for v in checked if v.kind in strict and not _counts(v.text)):
        return ()
    if not all(_covers(text, trajectory.steps[n - 1]) for ask in asks for n in ask.steps):
        return ()
    spans = [v.evidence for v in checked if v.evidence and v.evidence.field is Field.OBSERVATION]
    return tuple(dict.fromkeys(spans))


def _counts(text: str) -> bool:
    return text.isdigit() and len(text) == 1


def _covers(text: str, step: AgentStep) -> bool:
    """Whether the text tells what the call returned: each record of a short list, something of any other result."""
    records = records_of(read_result(step).data)
    if records and reads_only(step) and 1 <= len(records) <= _MOST_TOLD:
        return all(_names(text, record) for record in records)
    values = {
        fold
        for fold in _leaves(read_result(step).data if read_result(step).data is not None else step.observation)
        if len(fold) >= 2
    }
    return any(value in text or value.replace("_", " ") in text for value in values) or not reads_only(step)


def _names(text: str, record: object) -> bool:
    leaves = [leaf for leaf in _leaves(record) if len(leaf) >= 3]
    ids = [leaf for leaf in leaves if re.search(r"\d", leaf) and re.search(r"[A-Za-z]", leaf)] or leaves[:1]
    return any(leaf in text for leaf in ids[:1]) if ids else True


def _leaves(data: object) -> list[str]:
    if isinstance(data, dict):
        return [leaf for value in data.values() for leaf in _leaves(value)]
    if isinstance(data, list | tuple):
        return [leaf for value in data for leaf in _leaves(value)]
    if data is None or isinstance(data, bool):
        return []
    return [str(data)] if not isinstance(data, str) or len(data) < 60 else re.findall(r"\w[\w.-]{2,}", data)[:200]


def _written(trajectory: FailedTrajectory, asks: Sequence[Ask], *, year: int | None) -> Answer:
    paragraphs, spans, complete = [], [], True
    for ask in asks:
        for at, number in enumerate(ask.steps):
            step = trajectory.steps[number - 1]
            facts = facts_of(step)
            complete = complete and len(facts) <= _MOST_TOLD
            paragraphs.append(_paragraph(ask, at, step, facts[:_MOST_TOLD], year=year))
            spans += [evidence_of(fact, step, number) for fact in facts[:_MOST_TOLD]]
    return Answer(
        "\n\n".join(dict.fromkeys(paragraphs)), tuple(dict.fromkeys(spans)), own_words=False, complete=complete
    )


def _paragraph(ask: Ask, at: int, step: AgentStep, facts: Sequence[Fact], *, year: int | None) -> str:
    words = in_words(step, year=year)
    if not reads_only(step):
        done = sentence(f"I {_lower(done_words(step, words))}")
        ids = "; ".join(fact.text for fact in facts[:1])
        return f"{done} The result: {ids}." if ids and len(ids) < 600 and ask.kind is ToolKind.CHANGE else done
    if len(facts) == 1 and count_of(step) is None:
        return sentence(facts[0].text)
    count = count_of(step)
    about = f" for {spoken_value(ask.values[at], year=year)}" if ask.varied else ""
    if ask.kind is ToolKind.SEARCH and count is not None:
        noun = words.noun if words.noun and words.noun not in ("web", "help") else "result"
        head = f"I found {counted(count, noun)}{about or (' ' + words.details if words.details else '')}:"
    else:
        head = (
            f"This is what I found{about}:"
            if not words.noun
            else f"{_head(words.noun)}{about or (' ' + words.details if words.details else '')}:"
        )
    lines = [f"- {fact.text}" for fact in facts]
    more = (count or 0) - len(facts)
    if more > 0:
        lines.append(f"- and {more} more")
    return "\n".join([head, *lines])


def _head(noun: str) -> str:
    return spoken_key(noun)[:1].upper() + noun[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
