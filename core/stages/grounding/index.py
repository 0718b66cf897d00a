"""Where in a run a value stands, whoever wrote it and however: built once per run, then looked up.

A live check while a reviewer types has to answer at once, also on a run of megabytes: so the run is
read through once, and the first place of each word, number, date and time per field is kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from core.models import Evidence, FailedTrajectory, Field, StepKind, input_text
from core.stages.grounding.values import CLOCK, DATE, date_keys, fold, number_key, phrase_key, time_key

_WORD = re.compile(r"\\[nrtbf\"\\/]|(\w+)")
_WORDS = re.compile(r"\w+")
_ESCAPE = re.compile(r"\\(?:[nrtbf\"\\/]|u(?:00[01][\da-f]|00a0|200[\da-f]|202[\da-f]|feff))", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(
    r"(?<![\w.])[-\u2212]?\d{1,3}(?:,\d{3}){1,8}(?:\.\d+)?(?![\w])|(?<![\w])\d+\.\d+(?!\.?\w)|(?<![\d.,])\d++(?:\.\d+)?"
)
# A figure that is a piece of something else is no quantity: `X-1`, `HAT069`, `5a3f`, the day of `2024-05-20`.
_PIECE_BEFORE = re.compile(r"(?:[^\W\d]|[^\W\d][\w-]*-|\b\d{4}-|\b\d{4}-\d\d-)$")
_PIECE_BEHIND = re.compile(r"_|[A-Z]+\b|[^\W\d_]+[\d_]|-[A-Z](?![a-z]{2})|-\w*[^\W\d_]\w*\d")
_UNIT_BEFORE = re.compile(r"(?:^|[^\w-])(?:usd|eur|gbp|chf|x)$|\\[nrtbf]$", re.IGNORECASE)
_UNIT_BEHIND = re.compile(r"(?:k?wh|k?hz|[kmgt]i?b|usd|eur|gbp|chf|[kmwvlght]|[ap]m|[ckm]m)\b", re.IGNORECASE)
_MOST_WORDS = 400  # words of a value that is looked for
_AROUND = 40  # characters looked at on each side of a figure
# A cheap look before the dear one: most observations hold no date.
_MONTHS = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_DATE_SIGN = re.compile(rf"\d[-/.]\d|{_MONTHS}[a-z]*\.?,?\s+\d|\d(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTHS}", re.IGNORECASE)
_HALF_DAY = re.compile(r"\d\s*[ap]\.?m\b", re.IGNORECASE)
_NAME_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")  # of search_products, searchProducts
_BETWEEN_LINES = re.compile(r"[^_]+")
_HUMPS = re.compile(r"[a-z][A-Z][a-z]")  # of runTimeoutSeconds, DestAirport
_LETTERS = re.compile(r"[^\W\d_]+")
_STEM = 5  # letters
_KEPT_TEXT = 20_000_000  # characters of one run that are indexed; the rest of a longer one is not


class Origin(IntEnum):
    """Who put a text into the run; what each supports differs."""

    INPUT = 0
    OBSERVATION = 1
    USER = 2
    SYSTEM = 3


@dataclass(frozen=True)
class Place:
    """One text of the run."""

    origin: Origin
    step: int
    field: Field
    text: str


@dataclass(frozen=True)
class RunIndex:
    """Texts of a run and, per key, the first place of it in each text: place -> (start, end)."""

    places: tuple[Place, ...]
    postings: dict[str, dict[int, tuple[int, int]]]

    def find(self, key: str) -> Iterator[tuple[Place, int, int]]:
        """Where a key stands, calls and results first, then the user's words and the system prompt."""
        hits = self.postings.get(key, {}) if " " not in key else dict(self._find_phrase(key))
        for number in sorted(hits, key=lambda number: self.places[number].origin):
            yield self.places[number], *hits[number]

    def _find_phrase(self, key: str) -> Iterator[tuple[int, tuple[int, int]]]:
        words = key.split()
        if len(words) > _MOST_WORDS:
            return  # a pattern of a hundred thousand words takes longer than any reader waits
        known = [self.postings.get(word, {}) for word in dict.fromkeys(words)]
        rarest = min(known, key=len)
        shared = [number for number in rarest if all(number in places for places in known)]
        if not shared:
            return
        # Escapes and underscores may stand between two words, other letters may not.
        between = r"(?:\W|_|\\[nrt]|\\u(?:0000|20[012][\da-f]|feff))+"
        pattern = re.compile(rf"(?<![^\W_]){between.join(map(re.escape, words))}(?![^\W_])", re.IGNORECASE)
        for number in sorted(shared):
            text = self.places[number].text
            if match := pattern.search(text):
                yield number, match.span()
            elif not text.isascii():  # "ß" and "ss" are one only once folded
                yield from ((number, span) for span in _folded_run(text, words))


def _folded_run(text: str, words: list[str]) -> Iterator[tuple[int, int]]:
    """Where the words stand one after the other once each is folded; the first place only."""
    tokens = _folded_tokens(text)
    for at in range(len(tokens) - len(words) + 1):
        if tokens[at][0] == words[0] and [token for token, _, _ in tokens[at : at + len(words)]] == words:
            yield tokens[at][1], tokens[at + len(words) - 1][2]
            return


@lru_cache(maxsize=8)
def _folded_tokens(text: str) -> list[tuple[str, int, int]]:
    return [(fold(m[1]), m.start(1), m.end(1)) for m in _WORD.finditer(text) if m[1]]


def index_of(trajectory: FailedTrajectory) -> RunIndex:
    """The index of a run; the last few runs stay indexed."""
    return _cached(ByKey(trajectory))


def stem(word: str) -> str:
    """What the forms of one folded word have in common, roughly: deliver, delivered and delivery are one."""
    return (word if word.endswith("ss") else word.removesuffix("s"))[:_STEM]


def stems_of(trajectory: FailedTrajectory) -> frozenset[str]:
    """Stems of every word in the texts and the tool names of a run; the last few runs stay known."""
    return _stems(ByKey(trajectory))


class ByKey:
    """A trajectory that is equal to another of the same content hash."""

    def __init__(self, trajectory: FailedTrajectory) -> None:
        self.trajectory = trajectory

    def __hash__(self) -> int:
        return hash(self.trajectory.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByKey) and other.trajectory.key == self.trajectory.key


@lru_cache(maxsize=16)
def _cached(wrapped: ByKey) -> RunIndex:
    places = tuple(_places(wrapped.trajectory))
    postings: dict[str, dict[int, tuple[int, int]]] = {}
    left = _KEPT_TEXT
    for number, place in enumerate(places):
        for key, start, end in _keys(place.text[:left]):
            postings.setdefault(key, {}).setdefault(number, (start, end))
        left = max(0, left - len(place.text))
    return RunIndex(places, postings)


@lru_cache(maxsize=16)
def _stems(wrapped: ByKey) -> frozenset[str]:
    names = " ".join({step.action_name for step in wrapped.trajectory.steps})
    parts = (fold(part) for part in _NAME_PART.findall(names))
    words = (part for key in _cached(wrapped).postings for part in _LETTERS.findall(key))
    return frozenset(stem(word) for word in (*parts, *words))


def _places(trajectory: FailedTrajectory) -> Iterator[Place]:
    yield Place(Origin.USER, 0, Field.PROMPT, trajectory.original_prompt)
    if trajectory.system_prompt:
        yield Place(Origin.SYSTEM, 0, Field.SYSTEM, trajectory.system_prompt)
    for number, step in enumerate(trajectory.steps, 1):
        if step.kind is StepKind.USER:
            yield Place(Origin.USER, number, Field.TEXT, step.text)
        elif step.kind is StepKind.ACTION:
            yield Place(Origin.INPUT, number, Field.ACTION_INPUT, input_text(step))
            yield Place(Origin.OBSERVATION, number, Field.OBSERVATION, step.observation)


def _keys(text: str) -> Iterator[tuple[str, int, int]]:
    for word, start in _first_places(text):
        yield fold(word), start, start + len(word)
        parts = _BETWEEN_LINES if "_" in word else _NAME_PART if _HUMPS.search(word) else None
        for part in parts.finditer(word) if parts else ():
            yield fold(part.group()), start + part.start(), start + part.end()
    met = set[str]()
    for match in _numbers(text):
        if (figure := match.group()) not in met and not _is_piece(text, match):
            met.add(figure)
            yield number_key(figure.lstrip("-\u2212")), match.start(), match.end()
    if _DATE_SIGN.search(text):
        for match in DATE.finditer(text):
            for key in date_keys(match):
                yield key, match.start(), match.end()
    if ":" in text or _HALF_DAY.search(text):
        for match in CLOCK.finditer(text):
            yield time_key(match), match.start(), match.end()


def _first_places(text: str) -> Iterator[tuple[str, int]]:
    """Each different word and where it stands first. Most words of a long text repeat, so each is looked for once."""
    plain = _ESCAPE.sub(lambda found: " " * len(found[0]), text) if "\\" in text else text
    at = 0
    for word in dict.fromkeys(_WORDS.findall(plain)):
        at = plain.find(word, at)
        while _goes_on(plain, at - 1) or _goes_on(plain, at + len(word)):  # a part of a longer word
            at = plain.find(word, at + 1)
        yield word, at


def _goes_on(text: str, at: int) -> bool:
    return 0 <= at < len(text) and (text[at].isalnum() or text[at] == "_")


def _numbers(text: str) -> Iterator[re.Match[str]]:
    """The numbers of a text; asked where digits begin alone, because the pattern is slow to find its start."""
    done = 0
    for digits in _DIGITS.finditer(text):
        start = digits.start()
        if start < done:
            continue
        signed = start > done and text[start - 1] in "-\u2212"
        match = (signed and _NUMBER.match(text, start - 1)) or _NUMBER.match(text, start)
        if match:
            yield match
            done = match.end()


def _is_piece(text: str, figure: re.Match[str]) -> bool:
    """Whether the figure belongs to an identifier or a date, so that it supports no bare number."""
    before = text[max(0, figure.start() - _AROUND) : figure.start()]
    behind = text[figure.end() : figure.end() + _AROUND]
    if _PIECE_BEFORE.search(before) and not _UNIT_BEFORE.search(before):
        return True
    return bool(_PIECE_BEHIND.match(behind)) and not _UNIT_BEHIND.match(behind)


def evidence_at(place: Place, start: int, end: int) -> Evidence:
    """The span as evidence."""
    return Evidence(step=place.step, field=place.field, start=start, end=end, quote=place.text[start:end])


__all__ = ["ByKey", "Origin", "Place", "RunIndex", "evidence_at", "index_of", "phrase_key", "stem", "stems_of"]
