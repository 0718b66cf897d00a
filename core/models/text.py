"""Questions about a text that several layers ask, each answered in this one place.

What it says once case, width and punctuation do not count; whether it only stands where a text should be;
what of it a file or a database can hold; and where a grader speaks in it. A grader's sentence is the
environment's verdict on the run: no judge may see it, and it tells nothing about the task.
"""

import re
import unicodedata
from typing import Any

# A bare score is a grader's only beside a grader's sentence, or where it is 0/1 and all that its line holds: a
# look-up may tell the rating of a film.
_VERDICT = (
    r"(?:score|reward|result|grade|status) ?[:=] ?"
    r"(?:-?\d+(?:\.\d+)?(?: ?/ ?\d+(?:\.\d+)?|%)?|pass(?:ed)?|fail(?:ed|ure)?)"
)
GRADER_WORDS = re.compile(
    r"(?:\b(?:(?:your|the|this) )?(?:final )?answer is (?:not )?(?:(?:in)?correct|wrong)\b[.!]*"
    r"|\byour (?:final )?(?:answer|submission|solution) (?:is|was) (?:not )?(?:(?:in)?correct|wrong)\b[.!]*"
    r"|\b(?:your )?(?:final|episode|task) (?:reward|score) ?(?:is|was|[:=]) ?-?\d+(?:\.\d+)?(?: ?/ ?\d+(?:\.\d+)?)?"
    r"|\b(?:task|episode) (?:marked|graded) (?:as )?(?:failed|passed|success(?:ful)?)\b\.?"
    r"|^[ \t]*(?:your )?(?:score ?[:=] ?[01](?:\.\d+)? ?/ ?1(?:\.0+)?|reward ?[:=] ?-?[01](?:\.\d+)?)[ \t]*\.?[ \t]*$)"
    rf"(?:[\s,;(|-]{{0,4}}\b{_VERDICT}(?![\w/])\)?[.!]?)*",
    re.IGNORECASE | re.MULTILINE,
)

# Each of its sentences holds one of these; to look for them is a hundred times faster.
_GRADERS = ("correct", "wrong", "score", "reward", "marked", "graded")


def may_hold_grader_words(text: str) -> bool:
    """Whether `GRADER_WORDS` can find anything in `text`: False is certain."""
    folded = text.casefold()
    return any(word in folded for word in _GRADERS)


_GONE = r"(?:cleared|omitted|removed|redacted|elided|hidden|truncated|stripped|trimmed|not recorded)"
_WHY = r"(?:for|to save|due to|because|from (?:the )?(?:context|history|log|memory|transcript)|by the)\b[^\n]{0,60}"
_OF_IT = (
    r"(?:(?:old|previous|earlier|large|long|full|stale|the|this|tool|function|environment|command|call) ){0,4}"
    r"(?:result|output|observation|response|content)s?(?: content)?[ :]*(?:[(,]?(?:of )?\d+ \w+\)?[, ]*)?"
    r"(?:(?:was|were|is|are|has been|have been) )?"
)
_PLACEHOLDER = re.compile(
    r"\.{2,}|…+|n/a\W*|tbd\W*|todo\W*|lorem ipsum.*|#*\s*(?:final )?answer\W*|"
    # A whole text in brackets that says so; one with digits, quotes or colons may be data.
    r"(?:\[|<|\(|\{\{)[^\n\[\]<>{}\"'=:\d]{0,60}"
    r"\b(?:placeholder|insert|omitted|elided|redacted|truncated|not recorded|"
    r"(?:your|final) (?:final )?answer|answer here)\b"
    r"[^\n\[\]<>{}\"'=:\d]{0,60}(?:\]|>|\)|\}\})\W*|"
    # What loggers and context managers leave where a result stood.
    rf"[\[<(][\s.…]*(?:{_OF_IT}{_GONE}[^\n\[\]<>{{}}]{{0,80}}|{_GONE} {_WHY}|"
    rf"\d[\d,]* \w+ (?:were )?{_GONE}[\s.…]*)[\]>)]\W*|"
    rf"(?:{_OF_IT}{_GONE}|omitted|redacted|elided|placeholder)(?:[ ,;:-]+{_WHY})?[.!…\s]*",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_PLACEHOLDER = 300  # characters
_SURROGATE = re.compile("[\ud800-\udfff]")


def is_placeholder(text: str) -> bool:
    """Whether non-empty `text` only stands where real text should be, such as `...` or `[output omitted]`."""
    stripped = text[: 2 * _LONGEST_PLACEHOLDER].strip()
    return 0 < len(stripped) <= _LONGEST_PLACEHOLDER and _PLACEHOLDER.fullmatch(stripped) is not None


def plain(text: str) -> str:
    """`text` folded for comparison: case, width, punctuation and white space do not count."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded)) or folded.strip()


def visible(text: str) -> str:
    """Write `text` with lone surrogates as U+FFFD and NUL as the visible sign U+2400."""
    if _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\u2400")


def all_visible(value: Any) -> Any:
    """Write a value out of JSON or a Python literal with every text in it as a database can hold it (`visible`)."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {all_visible(key): all_visible(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return type(value)(all_visible(item) for item in value)
    return value
