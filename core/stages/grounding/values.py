"""The values that a text states: numbers, money, dates, times, identifiers, quoted strings, names.

Each comes with its offsets and with *keys*: normal forms in which the same value is found again
however it is written (`1,299` and `1299.00`, `May 27` and `2024-05-27`, full-width digits).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum


class ValueKind(StrEnum):
    """What sort of value it is; how strictly it is checked depends on it."""

    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    ID = "id"
    QUOTED = "quoted"
    NAME = "name"
    SUPERLATIVE = "superlative"


@dataclass(frozen=True)
class FoundValue:
    """A value in a text: `text[start:end]`, and the keys by which the run index knows it."""

    kind: ValueKind
    text: str
    start: int
    end: int
    keys: tuple[str, ...]
    unit: bool = False  # a number with a unit or currency, so not one that stands anywhere by chance


MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ), 1,
    )
    for name in names.split()
}  # fmt: skip
NUMBER_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100, "thousand": 1000,
}  # fmt: skip
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
DATE = re.compile(
    rf"""\b(?P<y1>\d{{4}})[-/.](?P<m1>\d{{1,2}})[-/.](?P<d1>\d{{1,2}})(?!\d)
    | \b(?P<mon2>{_MONTH})\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|[:.]\d)(?:,?\s+(?P<y2>\d{{4}})(?!\d))?
    | \b(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<mon3>{_MONTH})\b\.?(?:,?\s+(?P<y3>\d{{4}})(?!\d))?
    | \b(?P<m4>\d{{1,2}})/(?P<d4>\d{{1,2}})/(?P<y4>\d{{4}})(?!\d)""",
    re.IGNORECASE | re.VERBOSE,
)
CLOCK = re.compile(
    r"(?<![\w:.])(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?::[0-5]\d)?(?:\s*(?P<ap>[ap])\.?m\b\.?)?|"
    r"(?<![\w:.$])(?P<h2>1[0-2]|0?[1-9])\s*(?P<ap2>[ap])\.?m\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[-\u2212+](?=\d))?(?P<cur>[$€£¥])?\s?(?P<num>\d{1,3}(?:,\d{3}){1,8}(?:\.\d+)?|"
    r"\d+(?:\.\d+)?)(?P<mag>[kKmM]\b)?"
    r"(?P<unit>\s?(?:%|°[CF]?|(?:kg|km|cm|mm|lb|lbs|mph|gb|mb|kb|tb|ms|usd|eur|gbp|dollars?|euros?|percent|"
    r"hours?|minutes?|days?|"
    r"weeks?|months?|years?|nights?|miles?|stars?|points?)\b))?(?![\w])",
    re.IGNORECASE,
)
# A prompt may be one unbroken word of a megabyte. Every pattern below starts at the head of a word only (the
# look-behind) and repeats a counted number of times, so that its time grows with the text and no faster.
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_URL = re.compile(r"https?://[^\s<>\"')\]]{1,2000}")
_PATH = re.compile(
    r"(?<![\w/])(?:~|\.{1,2})?/(?:[\w.@+-]{1,128}/){0,32}[\w.@+-]{0,128}\w/?|"
    r"(?<![\w/-])(?:[\w-]{1,128}/){1,32}[\w-]{1,128}\.\w+"
)
_FILE = re.compile(r"(?<![\w/-])[\w-]{1,128}(?:\.[\w-]{1,64}+){0,8}\.[A-Za-z]\w{0,5}\b(?!\.\w)")
# A file pattern: `*.txt`, `*report*.csv`; `*hello*` only where one is spoken of, as it may be a word set off by stars.
_GLOB = re.compile(r"(?<![\w*?/.~-])(?=[\d*?/.~_-]{0,128}[^\W\d_])[\w./~-]{0,128}\*[\w*?./~-]{0,128}(?<=[\w*])")
_GLOB_INSIDE = re.compile(r"[\w./]\*[\w.]|\*[./_-]|[/_-]\*")
_PATTERN_BEFORE = re.compile(r"\b(?:named?|names|called|match(?:es|ing)?|like|patterns?|files?|folders?|or)\s+[\"'`]?$")

_ID = re.compile(
    r"\b[A-Z]{1,6}\d*-[A-Z]?\d[\w-]*\b|"
    r"#?\b(?=\w*\d)(?=\w*[^\W\d])\w+(?:-\w+)*\b|#\d+\b|\b[^\W_]+(?:_[^\W_]+)+\b|\b\d++(?:-++\d++)++\b"
)
_QUOTED = re.compile(
    r"\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”|`([^`\n]{1,200})`|(?<!\w)'([^'\n]{1,120})'(?!\w)|«([^»\n]{1,200})»"
)
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)\b", re.IGNORECASE)
_CAPITALS = re.compile(r"(?<![\w'\u2019])[^\W\d_][\w'\u2019&.-]*[\w]|(?<![\w'\u2019])[^\W\d_]")
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(NUMBER_WORDS)})\b", re.IGNORECASE)
_SUPERLATIVE = re.compile(
    r"\b(?:(?:most|least|fewest)(?=\s+(?P<counted>\w+(?<!ou)(?<!s)s)\b)|(?:most|least)\s+(?!of\b|likely\b|recent\b)\w+|"
    r"cheapest|lowest|highest|fastest|quickest|shortest|longest|earliest|latest|"
    r"largest|biggest|smallest|oldest|newest|youngest|best|worst|nearest|closest|heaviest|lightest|strongest|"
    r"top)\b",
    re.IGNORECASE,
)
# What a query says for it: MAX(...), ORDER BY ... DESC.
_QUERY_WORDS = {
    "highest": ("max", "maximum", "desc"),
    "lowest": ("min", "minimum", "asc", "limit"),
    "most": ("max", "desc"),  # of things that are counted; the word behind it is looked for by itself
    "least": ("min", "asc", "limit"),
    "fewest": ("min", "asc", "limit"),
    "latest": ("max", "desc"),
    "newest": ("max", "desc"),
    "earliest": ("min", "asc", "limit", "order"),  # a plain ORDER BY begins with it
    "oldest": ("min", "asc", "limit", "order"),
}
_LONGEST_NUMBER = 25  # characters; a longer run of digits is compared as it stands, not as a quantity
_LONGEST_NAME = 12  # words of one name; a longer run of capitals is several
# Written with a capital without naming anything in the run.
_NO_NAMES = {
    "i", "i'm", "i'd", "i've", "i'll", "id", "ids", "ok", "am", "pm", "usd", "eur", "est", "utc", "hi", "hello",
    "please", "thanks", "thank",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mr", "mrs", "ms",
    "dr", "it", "tv", "faq", "url", "api", "pc", "asap", "eta", "etc", *MONTHS,
}  # fmt: skip


def fold(text: str) -> str:
    """Case and unicode width do not count."""
    folded = text.casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFKC", folded).casefold()


def number_key(digits: str, *, scale: str = "") -> str:
    """The normal form of a number: `1,299.00` -> `#1299`."""
    if len(digits) > _LONGEST_NUMBER:
        return f"#{digits}"
    try:
        value = Decimal(unicodedata.normalize("NFKC", digits).replace(",", ""))
    except InvalidOperation:
        return f"#{digits}"
    value *= {"k": 1000, "m": 1_000_000}.get(scale.lower(), 1)
    text = format(value.normalize(), "f")
    return f"#{text}"


def find_values(text: str) -> tuple[FoundValue, ...]:
    """Every value that the text states, in order; of two that overlap, the more telling one."""
    taken = bytearray(len(text))
    found: list[FoundValue] = []
    finders = (
        _links, _globs, _quoted, _dates, _times, _identifiers, _numbers, _number_words, _superlatives, _names,
    )  # fmt: skip
    for finder in finders:
        for value in finder(text):
            if value.end > value.start and 1 not in taken[value.start : value.end]:
                taken[value.start : value.end] = b"\1" * (value.end - value.start)
                found.append(value)
    return tuple(sorted(found, key=lambda value: value.start))


def _literal(kind: ValueKind, text: str, start: int, end: int) -> FoundValue:
    return FoundValue(kind, text[start:end], start, end, (phrase_key(text[start:end]),))


def phrase_key(text: str) -> str:
    """The normal form of a run of words, found again whatever stands between the words."""
    return " ".join(re.findall(r"\w+", fold(text)))


def _links(text: str) -> Iterator[FoundValue]:
    for pattern in (_URL, _EMAIL, _PATH, _FILE):
        for match in pattern.finditer(text):
            end = match.end() - (len(match.group()) - len(match.group().rstrip(".,;:!?")))
            if phrase_key(text[match.start() : end]) and not re.fullmatch(
                r"(?:e\.g|i\.e|a\.m|p\.m|U\.S|vs|etc)\.?", match.group()
            ):
                yield _literal(ValueKind.ID, text, match.start(), end)


def _globs(text: str) -> Iterator[FoundValue]:
    for match in _GLOB.finditer(text):
        spoken_of = _PATTERN_BEFORE.search(text[max(0, match.start() - 20) : match.start()])
        if spoken_of or _GLOB_INSIDE.search(match.group()):
            yield _literal(ValueKind.ID, text, match.start(), match.end())


def _quoted(text: str) -> Iterator[FoundValue]:
    for match in _QUOTED.finditer(text):
        inner = next(group for group in range(1, 6) if match[group] is not None)
        if phrase_key(match[inner]):
            yield _literal(ValueKind.QUOTED, text, match.start(inner), match.end(inner))


def date_keys(match: re.Match[str]) -> tuple[str, ...]:
    """Keys of a date match: with its year, if it has one, and by month and day."""
    for y, m, d in (("y1", "m1", "d1"), ("y2", "mon2", "d2"), ("y3", "mon3", "d3"), ("y4", "m4", "d4")):
        if match[d] is not None:
            month = MONTHS.get(match[m].lower()) or int(match[m])
            day, year = int(match[d]), match[y]
            if not (1 <= month <= 12 and 1 <= day <= 31):
                return ()
            return ((f"@{year}-{month:02}-{day:02}",) if year else ()) + (f"@{month:02}-{day:02}",)
    return ()


def _dates(text: str) -> Iterator[FoundValue]:
    for match in DATE.finditer(text):
        if keys := date_keys(match):
            # A date with its year is found by that year alone: another year is another day.
            yield FoundValue(ValueKind.DATE, match.group(), match.start(), match.end(), keys[:1])


def time_key(match: re.Match[str]) -> str:
    """The normal form of a time of day: `4 PM` -> `%16:00`."""
    hour = int(match["h"] or match["h2"])
    half = (match["ap"] or match["ap2"] or "").lower()
    hour = hour % 12 + 12 if half == "p" else hour % 12 if half == "a" else hour
    return f"%{hour:02}:{match['m'] or '00'}"


def _times(text: str) -> Iterator[FoundValue]:
    for match in CLOCK.finditer(text):
        yield FoundValue(ValueKind.TIME, match.group(), match.start(), match.end(), (time_key(match),))


def _identifiers(text: str) -> Iterator[FoundValue]:
    for match in _ID.finditer(text):
        bare = match.group().lstrip("#")
        if _ORDINAL.fullmatch(bare) or re.fullmatch(
            r"\d+(?:kg|km|cm|mm|gb|mb|kb|tb|ms|lbs?|[kKmM])", bare, re.IGNORECASE
        ):
            continue
        if bare.isdigit():
            yield FoundValue(
                ValueKind.NUMBER, match.group(), match.start(), match.end(), (number_key(bare),), unit=True
            )
        elif phrase_key(bare):
            yield _literal(ValueKind.ID, text, match.start() + len(match.group()) - len(bare), match.end())


def _numbers(text: str) -> Iterator[FoundValue]:
    for match in _NUMBER.finditer(text):
        start = match.start("cur") if match["cur"] else match.start("num")
        key = number_key(match["num"], scale=match["mag"] or "")
        telling = bool(match["cur"] or match["unit"] or match["mag"])
        keys = (key, fold(match["num"] + match["mag"])) if match["mag"] else (key,)
        yield FoundValue(ValueKind.NUMBER, text[start : match.end()], start, match.end(), keys, unit=telling)


def _number_words(text: str) -> Iterator[FoundValue]:
    for match in _NUMBER_WORD.finditer(text):
        word = match.group().lower()
        yield FoundValue(ValueKind.NUMBER, match.group(), match.start(), match.end(), (f"#{NUMBER_WORDS[word]}", word))


def _superlatives(text: str) -> Iterator[FoundValue]:
    for match in _SUPERLATIVE.finditer(text):
        key = phrase_key(match.group())
        keys = (key, *_QUERY_WORDS.get(key, ()))
        if match["counted"]:  # the most of one thing is not the most of another
            keys = (f"{key} {phrase_key(match['counted'])}", *keys)
        yield FoundValue(ValueKind.SUPERLATIVE, match.group(), match.start(), match.end(), keys)


def _names(text: str) -> Iterator[FoundValue]:
    """Words with a capital in mid-sentence, and runs of them; a lone first word of a sentence is no name."""
    run: list[re.Match[str]] = []
    words = [*_CAPITALS.finditer(text)]
    for index, match in enumerate(words):
        between = text[words[index - 1].end() : match.start()] if index else ""
        capital = match.group()[0].isupper() and _core(match.group()) not in _NO_NAMES
        if run and (len(run) == _LONGEST_NAME or not (capital and between in (" ", "-", " & "))):
            yield from _as_name(text, run)
            run = []
        if capital:
            run.append(match)
    yield from _as_name(text, run)


def _core(word: str) -> str:
    return re.sub(r"['\u2019]s$", "", fold(word))


def _as_name(text: str, run: list[re.Match[str]]) -> Iterator[FoundValue]:
    if not run:
        return
    at = run[0].start()
    while at and text[at - 1] in " *_\"'“([":
        at -= 1
    opens = not at or text[at - 1] in ".!?:;\n-•"
    if opens and not (run[0].group().isupper() and len(run[0].group()) > 1):
        run = run[1:]  # the first word of a sentence has its capital anyway
    if run:
        end = run[-1].end() - (2 if re.search(r"['\u2019]s$", run[-1].group()) else 0)
        yield _literal(ValueKind.NAME, text, run[0].start(), end)
