"""The part of an agent's message that the run's results bear out, line by line.

A line stays if its words stand in the kept calls and results. What goes: closing offers, questions back,
promises, and lines that argue from rules ("since you have insurance, you are eligible"),
because no string can show that an argument is right.
"""

import re

from core.models import FailedTrajectory
from core.stages.grounding.index import Origin, RunIndex, index_of
from core.stages.grounding.values import fold

_CLOSING = re.compile(
    r"(?:if|should|in case|when(?:ever)?) you\b|(?:please )?(?:let|tell) me\b|please\b|would you\b|do you\b|"
    r"shall i\b|can i\b|may i\b|"
    r"could you\b|is there\b|feel free|have a (?:great|nice|good|safe)|thank|you're welcome|enjoy|happy to|"
    r"anything else|"
    r"once you|to proceed|safe travels|great news|good news|i hope|i'm (?:glad|happy)|here(?:'s| is| are) what|"
    r"let's\b|now,? i\b",
    re.IGNORECASE,
)
_ARGUES = re.compile(
    r"\b(?:eligible|eligibility|polic(?:y|ies)|because|since|therefore|entitled|qualif(?:y|ies)|allowed|"
    r"permitted|guarantee\w*|"
    r"i will|i'll|i can|i am going to|would be|should be|you can|you will|you may|you could|recommend|suggest|"
    r"unfortunately|however|"
    r"within \d+ (?:hours|days)|business days|not (?:possible|available|able)|cannot|can't|unable|ahead of|"
    r"total(?:s|ing)? of|in total|"
    r"difference|cheapest|best|fastest|quickest|lowest|highest|largest|instead)\b",
    re.IGNORECASE,
)
_LABELS = {
    "a", "all", "also", "am", "an", "and", "any", "are", "arrival", "arriving", "as", "at", "available", "be", "been",
    "below", "booked", "both", "by", "cabin", "changed", "class", "cost", "costs", "date", "dates", "departing",
    "departure", "detail", "details", "each", "est", "eur", "first", "flight", "flights", "following", "for", "found",
    "from", "had", "has", "have", "here", "i'm", "i've", "id", "ids", "in", "include", "includes", "including",
    "information", "is", "it", "its", "leg", "list", "me", "my", "name", "new", "no", "none", "number", "of", "on",
    "one", "only", "option", "options", "or", "other", "our", "outbound", "per", "pm", "price", "prices",
    "reservation", "result", "results", "return", "second", "segment", "status", "successfully", "that", "the",
    "there", "these", "third", "this", "those", "three", "time", "to", "total", "trip", "two", "type", "updated",
    "us", "usd", "was", "we", "were", "which", "who", "will", "with", "yes", "you", "your",
}  # fmt: skip


def supported_text(text: str, trajectory: FailedTrajectory, *, prompt: str, first: int, last: int) -> str:
    """Leave of a message only the lines that stand on results of steps `first`..`last`; "" if little is left."""
    index = index_of(trajectory)
    kept: list[str] = []
    dropped = 0
    for line in text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split("\n"):
        bare = re.sub(r"^[\s\-*•#>\d.)]+", "", line).strip("* ")
        if not bare:
            kept.append(line.rstrip())
            continue
        sentences = (
            re.split(r"(?<=[.!?])\s+(?=[A-Z*])", line) if not line.lstrip().startswith(("-", "*", "•", "|")) else [line]
        )
        good = [part for part in sentences if _stays(part, index, prompt, first=first, last=last)]
        dropped += len(sentences) - len(good)
        if good:
            kept.append(" ".join(good))
    cleaned = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
    cleaned = re.sub(r"(?:\n|^)[^\n]*:\**\s*$", "", cleaned).strip()  # a heading whose lines are gone
    lines = [line for line in cleaned.splitlines() if line.strip()]
    return cleaned if len(lines) > dropped / 2 else ""


def _stays(sentence: str, index: RunIndex, prompt: str, *, first: int, last: int) -> bool:
    bare = re.sub(r"[*_#`]+", "", re.sub(r"^[\s\-*•#>\d.)]+", "", sentence)).strip()
    if not bare:
        return True
    if "?" in bare or _CLOSING.match(bare) or _ARGUES.search(bare):
        return False
    words = [word for word in re.findall(r"[^\W\d_]{3,}", fold(bare)) if word not in _LABELS]
    asked = fold(prompt)
    found = sum(word in asked or _seen(word, index, first=first, last=last) for word in words)
    return not words or found >= 0.6 * len(words)


def _seen(word: str, index: RunIndex, *, first: int, last: int) -> bool:
    for form in (word, word.rstrip("s"), word + "s", re.sub(r"(?:ed|ing|led)$", "", word)):
        for number in index.postings.get(form, ()):
            place = index.places[number]
            if place.origin in (Origin.INPUT, Origin.OBSERVATION) and first <= place.step <= last:
                return True
    return False
