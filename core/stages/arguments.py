"""The arguments of a call in words: routes, days, places, people, ids, and a label for the rest.

A few pairs (from and to, start and end) read better together; an id is told with what it identifies
("of reservation H9ZU1C"); who the user is (`IDENTITY`) is said elsewhere.
"""

import re
from dataclasses import dataclass
from typing import Any

from core.stages.wording import join, plural, singular, spoken_key, spoken_value

IDENTITY = re.compile(
    r"^(?:user|customer|client|member|account|patient|employee)_?(?:id|name|number)$|^username$|^e?mail(?:_address)?$",
    re.IGNORECASE,
)
_FROM = (
    "origin", "from", "source", "departure", "from_city", "from_airport", "origin_city", "departure_city", "src",
    "from_station", "start_location",
)  # fmt: skip
_TO = (
    "destination", "to", "target", "arrival", "to_city", "to_airport", "destination_city", "arrival_city", "dst",
    "to_station", "end_location",
)  # fmt: skip
_START = (
    "start", "start_date", "from_date", "check_in", "checkin", "check_in_date", "start_time", "begin", "date_from",
    "since",
)  # fmt: skip
_END = ("end", "end_date", "to_date", "check_out", "checkout", "check_out_date", "end_time", "until", "date_to")
_DAY = ("date", "day", "on", "departure_date", "travel_date", "when", "delivery_date", "new_date")
_IN = (
    "city", "location", "place", "country", "region", "cabin", "color", "colour", "size", "currency", "state",
    "area", "warehouse", "folder", "directory", "dir",
)  # fmt: skip
_FOR = ("passengers", "travellers", "travelers", "guests", "guest", "attendees", "recipients", "recipient", "patient")


@dataclass(frozen=True)
class Alternatives:
    """One argument that stands for the values of several merged calls."""

    values: tuple[str, ...]


def is_nothing(value: Any) -> bool:
    """Whether an argument says nothing."""
    return value is None or value in ("", [], {})


def spoken(value: Any, year: int | None) -> str:
    """Any argument value in words; the year is left out of dates in `year`."""
    if isinstance(value, Alternatives):
        return join([spoken_value(v, year=year) for v in value.values])
    if isinstance(value, list):
        return _listed(value, year)
    if isinstance(value, dict):
        return _item(value, year)
    return spoken_value(value, year=year)


def _listed(items: list[Any], year: int | None) -> str:
    """The entries of a list argument; a day that all share is said once."""
    if len(items) > 1 and all(isinstance(item, dict) for item in items):
        for key in _DAY:
            days = {str(item.get(key)) for item in items}
            if len(days) == 1 and "None" not in days:
                bare = [_item({k: v for k, v in item.items() if k != key}, year) for item in items]
                return f"{join(bare)} on {spoken_value(days.pop(), year=year)}"
    return join([spoken(item, year) for item in items])


def _item(item: dict[str, Any], year: int | None) -> str:
    """One entry of a list argument: `HAT069 on May 20`, `Mia Kim (born June 9, 1965)`."""
    left = {k: v for k, v in item.items() if not is_nothing(v)}
    head: list[str] = []
    if "first_name" in left:
        head.append(" ".join(str(left.pop(k)) for k in ("first_name", "last_name") if k in left))
    named = [key for key in left if re.search(r"(?:^|_)(?:id|ids|number|name|sku|code|title)$", key)]
    head.extend(spoken_value(left.pop(key), year=year) for key in named)
    tail = []
    for key, value in left.items():
        if key == "dob":
            tail.append(f"born {spoken_value(value)}")
        elif key in _DAY:
            tail.append(f"on {spoken_value(value, year=year)}")
        elif key in ("quantity", "qty", "count"):
            head.insert(0, f"{value} x")
        elif key == "amount":
            head.insert(0, f"{value} from")
        else:
            tail.append(f"{spoken_key(key)} {spoken(value, year)}")
    if not head:
        return join(tail)
    born = [part for part in tail if part.startswith("born ")]
    rest = [part for part in tail if not part.startswith("born ")]
    return " ".join([*head, *(f"({part})" for part in born), *rest])


def details_of(arguments: dict[str, Any], noun: str, year: int | None, *, changing: bool) -> tuple[str, str]:
    """What is left of the noun, and the arguments in words behind it."""
    left = dict(arguments)
    close: list[str] = []  # said right after the noun
    for key in list(left):
        if IDENTITY.match(key):
            left.pop(key)
        elif (found := re.fullmatch(r"(.*?)_?(?:id|ids|number|no)", key)) and "payment" not in key:
            entity = spoken_key(found[1]) if found[1] else ""
            value = left.pop(key)
            noun, told = _with_id(noun, entity, spoken(value, year), several=isinstance(value, list | Alternatives))
            close += [told] if told else []
    for key in list(left):
        if changing and isinstance(left[key], list) and spoken_key(key) in noun and close:
            close.append(f"to {spoken(left.pop(key), year)}")
    close += _pair(left, _FROM, _TO, "from", "to", year)
    close += _pair(left, _START, _END, "from", "to", year)
    for keys, word in ((_DAY, "on"), (_IN, "in"), (_FOR, "for")):
        for key in keys:
            if key in left and not isinstance(left[key], dict):
                close.append(f"{word} {spoken(left.pop(key), year)}")
    paying = [k for k in left if re.match(r"pay", k)]
    rest = [_labelled(key, left[key], year) for key in left if key not in paying]
    rest = [told for told in rest if told]
    loose = [*rest, *(f"paid with {spoken(left[key], year)}" for key in paying)]
    if not close and loose:
        joined = ", ".join(loose)
        return noun, joined if not noun or joined.startswith(("sorted", "paid")) else f"with {joined}"
    return noun, ", ".join([" ".join(close), *loose])


def _with_id(noun: str, entity: str, value: str, *, several: bool) -> tuple[str, str]:
    """`reservation details` + reservation H9 -> `details`, `of reservation H9`."""
    if not entity:
        return noun, value
    name = plural(entity) if several and " and " in value else entity
    words = noun.split()
    if entity in words or singular(noun) == entity or plural(entity) in words:
        rest = [word for word in words if word not in (entity, plural(entity))]
        return " ".join(rest), f"of {name} {value}" if rest else f"{name} {value}"
    return noun, f"for {name} {value}"


def _pair(
    left: dict[str, Any],
    ones: tuple[str, ...],
    others: tuple[str, ...],
    one_word: str,
    other_word: str,
    year: int | None,
) -> list[str]:
    one = next((k for k in ones if k in left and not isinstance(left[k], list | dict)), None)
    other = next((k for k in others if k in left and not isinstance(left[k], list | dict)), None)
    told = [f"{word} {spoken(left[key], year)}" for word, key in ((one_word, one), (other_word, other)) if key]
    for key in (one, other):
        if key:
            left.pop(key)
    return told


def _labelled(key: str, value: Any, year: int | None) -> str:  # noqa: PLR0911 - one line a kind of argument
    words = spoken_key(key)
    if key in ("file_name", "filename") and isinstance(value, str):
        return value
    if isinstance(value, list) and len(value) == 1:
        words = singular(words)
    said = spoken(value, year)
    if isinstance(value, bool):
        return words if value else f"no {words}"
    if key in ("sort", "sort_by", "order_by"):
        return f"sorted by {said}"
    if found := re.fullmatch(r"(\w+?)_(usd|eur|gbp)", key):
        return f"{spoken_key(found[1])} {said} {found[2].upper()}"
    if key in ("quantity", "qty", "count") and said.isdigit():
        return "" if said == "1" else f"{said} x"
    if key in ("option", "options", "color", "colour", "size", "variant"):
        return said
    if found := re.fullmatch(r"(max|min)(?:imum)?_(\w+)", key):
        return f"{spoken_key(found[2])} {'up to' if found[1] == 'max' else 'from'} {said}"
    if re.fullmatch(r"(?:total_|num_|number_of_)(\w+)", key) and str(value).isdigit():
        thing = spoken_key(re.sub(r"^(?:total_|num_|number_of_)", "", key))
        return f"{said if int(value) else 'no'} {thing if int(value) != 1 else singular(thing)}"
    if said in ("yes", "no"):
        return f"{'with' if said == 'yes' else 'no'} {words}"
    if said.isdigit() and re.fullmatch(r"(?:total_|num_|number_of_)?[a-z]+s", key):
        return f"{'no' if said == '0' else said} {singular(words) if said == '1' else words}"
    return f"{words} {said}"
