"""How many and at what time of day: a request that says otherwise than every result of its calls is contradicted.

Only what is counted by the name of a tool is looked at ("five flights" of `search_flights`), and a part of the day
only where calls or results state times.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from core.models import AgentStep, Evidence, Field
from core.stages.facts import count_of
from core.stages.grounding.index import Origin, RunIndex, evidence_at
from core.stages.grounding.values import NUMBER_WORDS
from core.stages.tool_kind import name_words
from core.stages.wording import plural

_HOURS = {"morning": range(4, 12), "afternoon": range(12, 18), "evening": range(17, 24)}
_PART_OF_DAY = re.compile(r"(?<!good )\b(morning|afternoon|evening)s?\b", re.IGNORECASE)
_OF_CALLS = (Origin.INPUT, Origin.OBSERVATION)
_QUOTED = 80  # characters of a result that are shown against a count


def miscounted(
    prompt: str, calls: Sequence[tuple[int, AgentStep]], index: RunIndex
) -> Iterator[tuple[int, int, Evidence]]:
    """(start, end, a result) of each count of what was listed that no call lists, and that nobody gave."""
    listed: dict[str, dict[int, tuple[int, AgentStep]]] = defaultdict(dict)
    for number, step in calls:
        if (count := count_of(step)) is not None:
            for word in name_words(step.action_name)[1:]:
                listed[plural(word.removesuffix("s"))].setdefault(count, (number, step))
    for noun, counts in listed.items():
        said = re.compile(
            rf"\b(\d{{1,3}}|{'|'.join(NUMBER_WORDS)})\s+(?:[a-z-]+\s+)?{re.escape(noun)}\b", re.IGNORECASE
        )
        for match in said.finditer(prompt):
            word = match[1].lower()
            count = int(word) if word.isdigit() else NUMBER_WORDS[word]
            places = [place for key in (f"#{count}", word) for place, _, _ in index.find(key)]
            if count not in counts and all(place.origin is Origin.OBSERVATION for place in places):
                yield *match.span(1), _result(*next(iter(counts.values())))


def _result(number: int, step: AgentStep) -> Evidence:
    head = step.observation[:_QUOTED]
    return Evidence(step=number, field=Field.OBSERVATION, start=0, end=len(head), quote=head)


def at_another_time(prompt: str, index: RunIndex, *, first: int, last: int) -> Iterator[tuple[int, int, Evidence]]:
    """(start, end, a time) of each part of the day in which none of the times in calls and results lies."""
    for match in _PART_OF_DAY.finditer(prompt):
        word = match[1].lower()
        if any(place.origin is not Origin.USER for place, _, _ in index.find(word)):
            continue
        times = [
            (int(key[1:3]), index.places[number], span)
            for key, places in index.postings.items()
            if key.startswith("%")
            for number, span in places.items()
            if index.places[number].origin in (Origin.INPUT, Origin.OBSERVATION)
            and first <= index.places[number].step <= last
        ]
        if times and not any(hour in _HOURS[word] for hour, _, _ in times):
            _, place, span = times[0]
            yield *match.span(1), evidence_at(place, *span)
