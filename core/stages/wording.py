"""How values, keys and lists are put into plain words; the same for requests, answers and claims."""

import datetime
import re
from collections.abc import Sequence
from typing import Any

_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_SPELLED = {
    "id": "ID",
    "ids": "IDs",
    "sql": "SQL",
    "url": "URL",
    "csv": "CSV",
    "json": "JSON",
    "pdf": "PDF",
    "sku": "SKU",
}
_NO_PLURAL = {"information", "status", "history", "weather", "stock", "data", "news", "baggage", "info", "email",
              "people", "staff", "equipment", "software"}  # fmt: skip


def join(parts: Sequence[str], *, last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def spoken_date(text: str, *, year: int | None = None) -> str:
    """An ISO date as a person writes it; the year is left out where it is `year`. Other text stays."""
    found = _ISO_DATE.fullmatch(text)
    if not found:
        return text
    try:
        day = datetime.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return text
    spoken = f"{_MONTHS[day.month - 1]} {day.day}"
    return spoken if day.year == year else f"{spoken}, {day.year}"


def spoken_key(key: str) -> str:
    """An argument or field name as words: `payment_methods` -> payment methods."""
    if key.isupper():
        return key.replace("_", " ")
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", key)
    words = " ".join(_SPELLED.get(part.lower(), part.lower()) for part in parts) or key
    return re.sub(r"(?<=\w) (cents|percent|minutes|seconds|hours|days)$", r" in \1", words) if len(parts) > 1 else words


def spoken_value(value: Any, *, year: int | None = None) -> str:
    """A scalar as words: dates as dates, `round_trip` as round trip, yes and no for booleans."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    if _ISO_DATE.fullmatch(text):
        return spoken_date(text, year=year)
    if re.fullmatch(r"[a-z]+(?:_[a-z]+)+", text):
        return text.replace("_", " ")
    return text


def plural(noun: str) -> str:
    """The plural of an English noun, by the regular rules."""
    if not noun or noun.rsplit(maxsplit=1)[-1] in _NO_PLURAL or (noun.endswith("s") and not noun.endswith("ss")):
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    return noun + "s"


def singular(noun: str) -> str:
    """The singular of an English noun, by the regular rules."""
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("ches", "shes", "xes", "sses")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) and noun not in _NO_PLURAL:
        return noun[:-1]
    return noun


def counted(count: int, noun: str) -> str:
    """`1 flight`, `3 flights`, `no flights`."""
    return f"{count or 'no'} {singular(noun) if count == 1 else plural(noun)}"


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text as one sentence: capital first, a full stop if nothing ends it."""
    text = capital(text.strip())
    return text if text.endswith((".", "?", "!")) else f"{text}."
