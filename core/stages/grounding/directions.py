"""Which end of an order the calls of a run take: a query that sorts the other way does not support "the lowest".

Read are `ORDER BY` and MIN or MAX of queries, `sort` before `head` or `tail` of commands, and arguments that say
ascending or descending. Where none of them says anything, nothing is held against a superlative.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from core.models import AgentStep, Evidence, Field, input_text
from core.stages.grounding.values import FoundValue, phrase_key
from core.stages.tool_kind import name_words

MOST, LEAST = 1, -1
_ENDS = {
    **dict.fromkeys(("highest", "largest", "biggest", "longest", "heaviest", "most", "latest"), MOST),
    **dict.fromkeys(("lowest", "cheapest", "smallest", "shortest", "lightest", "least", "fewest", "earliest"), LEAST),
}
# Which end it is hangs on what is sorted: the oldest person has the highest age and the lowest year of birth.
_DATES = r"date|year|birth|born|dob|time|created|founded|since|posted"
_BY_COLUMN = {
    "oldest": ((r"age", MOST), (_DATES, LEAST)),
    "newest": ((r"age", LEAST), (_DATES, MOST)),
    "youngest": ((r"age", LEAST), (_DATES, MOST)),
    "nearest": ((r"dist(?:ance)?", LEAST),),
    "closest": ((r"dist(?:ance)?", LEAST),),
    "fastest": ((r"speed|velocity", MOST), (r"time|duration|seconds|minutes|milliseconds", LEAST)),
    "quickest": ((r"speed|velocity", MOST), (r"time|duration|seconds|minutes|milliseconds", LEAST)),
    "best": ((r"rank(?:ing)?|position", LEAST), (r"rating|score|points|stars", MOST)),
    "worst": ((r"rank(?:ing)?|position", MOST), (r"rating|score|points|stars", LEAST)),
}
_EITHER = re.compile(
    r"(?:^|[\W_])(?:rank(?:ing)?|position|priority)(?:[\W_]|$)", re.IGNORECASE
)  # rank 1 is the highest
_TURNED = {"most affordable", "most economical", "most inexpensive"}
_ORDER_BY = re.compile(
    r"\border\s+by\s+((?:[^,()]|\((?:[^()]|\([^()]{0,100}\)){0,200}+\)){1,200}?)\s*(\bdesc\b|\basc\b|[,;)]|\blimit\b|\Z)",
    re.IGNORECASE,
)
_EXTREME = re.compile(r"\b(min|max)\s*\(\s*([^()]{1,100})\)", re.IGNORECASE)
_QUERY = re.compile(r"\bselect\b.*\bfrom\b", re.IGNORECASE | re.DOTALL)
_SORTED = re.compile(r"(?:^|[|;&(\s])(sort|ls)\b([^|;&]*)\|(?:[^|;&]*\|){0,3}?\s*(head|tail)\b")
_REVERSED = re.compile(r"\s-[a-zA-Z]*r|\s-k\s?[\d.,]+[a-zA-Z]*r|--reverse")
_LISTED = re.compile(r"\s-\w*(S|t)")
_SORTS = {"sort", "sorting", "sorted", "order", "ordering", "direction"}
_WORDS = {"asc": LEAST, "ascending": LEAST, "desc": MOST, "descending": MOST}
_LONGEST = 20_000  # characters of one argument that are read

Sign = tuple[int, str, Evidence]  # the end, what is sorted, and where it says so


def opposite(value: FoundValue, calls: Sequence[tuple[int, AgentStep]]) -> Evidence | None:
    """Where the calls take the other end than a superlative names; None where one takes that end, or none says."""
    against = None
    for end, column, place in (sign for number, step in calls for sign in _signs(number, step)):
        wanted = _end_of(phrase_key(value.text), column)
        if wanted == end:
            return None
        if wanted is not None:
            against = against or place
    return against


def _end_of(superlative: str, column: str) -> int | None:
    """Which end of `column` a superlative names; None if that cannot be told."""
    if superlative in _TURNED:
        return LEAST
    word = superlative.split(maxsplit=1)[0]
    if word in _ENDS:
        return None if _EITHER.search(column) else _ENDS[word]
    names = "|".join(name_words(column))
    return next((end for pattern, end in _BY_COLUMN.get(word, ()) if re.search(rf"\b(?:{pattern})\b", names)), None)


def _signs(number: int, step: AgentStep) -> Iterator[Sign]:
    text = input_text(step)
    for value in _strings(step.action_input):
        told = _in_query if _QUERY.search(value[:_LONGEST]) else _in_command
        for end, column, quote in told(value[:_LONGEST]):
            yield end, column, _place(number, text, quote)
    for key, value in step.action_input.items():
        if isinstance(value, str) and set(name_words(key)) & _SORTS:
            words = name_words(value)
            for end in {_WORDS[word] for word in words if word in _WORDS}:
                yield end, value, _place(number, text, value)


def _in_query(query: str) -> Iterator[tuple[int, str, str]]:
    for match in _ORDER_BY.finditer(query):
        yield MOST if match[2].lower() == "desc" else LEAST, match[1], match[0]
    for match in _EXTREME.finditer(query):
        yield MOST if match[1].lower() == "max" else LEAST, match[2], match[0]


def _in_command(command: str) -> Iterator[tuple[int, str, str]]:
    for match in _SORTED.finditer(command):
        tool, options, cut = match.groups()
        listed = _LISTED.search(options)
        if tool != "sort" and not listed:
            continue  # `ls | head`: by name
        falls = bool(_REVERSED.search(options)) != (tool != "sort")  # ls -S and ls -t begin with the most
        column = "date" if listed and tool != "sort" and listed[1] == "t" else "size" if tool != "sort" else ""
        yield MOST if falls == (cut == "head") else LEAST, column, match[0]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def _place(number: int, text: str, quote: str) -> Evidence:
    """The quote among the arguments; all of them where it is written there with escapes."""
    at = text.find(quote)
    start, end = (at, at + len(quote)) if at >= 0 else (0, len(text))
    return Evidence(step=number, field=Field.ACTION_INPUT, start=start, end=end, quote=text[start:end])
