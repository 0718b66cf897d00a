"""Whether a number stands in the run with the unit that a text gives it: `3 kg` is not found where the run says `3 lb`.

The unit may stand before or behind the number or in the name of its field (`price_eur`, `-mtime`). Where the run
states no unit of that measure beside the number, it is enough that the unit stands anywhere in the run. A price is
often a bare number, so a currency need not.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from core.stages.grounding.values import fold

_READ = 200_000  # characters of one text that are searched
_SPELLINGS = {
    "money": "$ usd dollar dollars|€ eur euro euros|£ gbp sterling|¥ jpy yen cny yuan|chf franc francs|cents cent"
    " pence",
    "mass": "kg kilogram kilograms kilo kilos|g gram grams|lb lbs pound pounds|oz ounce ounces",
    "length": "km kilometer kilometers kilometre kilometres|mile miles mi|m meter meters metre metres|cm|mm"
    "|ft foot feet|inch inches",
    "time": "ms millisecond milliseconds|second seconds sec secs s|minute minutes min mins mmin amin"
    "|hour hours hr hrs h|day days mtime atime ctime|week weeks|month months|year years|night nights",
    "data": "kb|mb|gb|tb",
    "share": "% percent pct percentage",
    "heat": "°c celsius|°f fahrenheit",
    "speed": "mph|kmh",
    "rank": "star stars rating|point points score",
}
_UNITS = {
    spelling: (measure, same.split()[0], frozenset(same.split()))
    for measure, lines in _SPELLINGS.items()
    for same in lines.split("|")
    for spelling in same.split()
}
_SIGN = re.compile(r"[$€£¥]|%|°[CcFf]|[^\W\d_]+")
_QUOTE = r"\\?[\"']?"  # with the backslash of JSON within JSON
_BEFORE = re.compile(rf"([$€£¥]|[\w-]*[^\W\d]){_QUOTE}\s*[:=]?\s*{_QUOTE}[-+]?\s?$")
_CURRENCY = re.compile(r"currency\w{0,5}[\"'\s:=\\]{1,8}([a-z]{3}\b|[$€£¥])", re.IGNORECASE)
_BEHIND = re.compile(r"\s?-?(%|°[CcFf]|[€£$]|[^\W\d_]+)")


def unit_of(text: str) -> str | None:
    """The known unit of a number as it is written (`$3`, `3 kg`), in one spelling; None without one."""
    known = [_UNITS[fold(sign)][1] for sign in _SIGN.findall(text) if fold(sign) in _UNITS]
    return known[0] if known else None


def stands_with_unit(number: str, unit: str, beside: Sequence[str], anywhere: Iterable[str]) -> bool:
    """Whether `number` has `unit` in a text `beside` that holds it, or no other unit, and that one stands `anywhere`.

    `number` is a normal form such as `#1299`, `unit` one that `unit_of` gives.
    """
    measure, _, spellings = _UNITS[unit]
    stated = {known for text in beside for known in _units_beside(number, text[:_READ])}
    if unit in stated:
        return True
    if any(_UNITS[other][0] == measure for other in stated):
        return False
    if measure == "money":  # often a bare number, whose currency may stand in a field of its own
        named = {fold(sign) for text in beside for sign in _CURRENCY.findall(text[:_READ])}
        return not named or bool(named & spellings)
    return any(fold(sign) in spellings for text in anywhere for sign in _SIGN.findall(text[:_READ]))


def _units_beside(number: str, text: str) -> Iterator[str]:
    digits, _, rest = number.removeprefix("#").lstrip("-").partition(".")
    fraction = rf"\.{rest}0*" if rest else r"(?:\.0+)?"
    for match in re.finditer(rf"(?<![\d.]){',?'.join(digits)}{fraction}(?![\d]|\.\d)", text):
        before = _BEFORE.search(text[max(0, match.start() - 40) : match.start()])
        behind = _BEHIND.match(text[match.end() : match.end() + 20])
        words = [*re.split(r"[_-]", before[1]), *_SIGN.findall(before[1])] if before else []
        words += [behind[1]] if behind else []
        known = [_UNITS[fold(word)][1] for word in words if fold(word) in _UNITS]
        yield from ("cents",) if "cents" in known else known  # price_usd_cents
