"""One call in words: what it acts on and with which details, whichever tool it is.

The words come from the tool's own name and arguments, so that a tool nobody has met before is still put
into a sentence; a few pairs of arguments (from and to, start and end) read better together.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.models import AgentStep, FailedTrajectory
from core.stages.tool_kind import name_words
from core.stages.wording import join, plural, singular, spoken_key, spoken_value

_VERBS = {
    "get", "fetch", "lookup", "look", "show", "describe", "view", "check", "list", "read", "inspect", "retrieve", "track",
    "search", "find", "query", "google", "run", "execute", "call", "do", "load", "calculate", "compute", "verify",
    "book", "create", "add", "update", "modify", "change", "set", "edit", "cancel", "delete", "remove", "send", "pay",
    "refund", "return", "exchange", "place", "order", "move", "rename", "upload", "schedule", "reschedule", "assign",
    "close", "open", "issue", "apply", "buy", "purchase", "reserve", "register", "approve", "reject", "post", "insert",
    "upgrade", "downgrade", "browse", "visit", "write", "save", "put", "replace", "reset", "enable", "disable",
}  # fmt: skip
_HABIT = {
    "limit", "page", "page_size", "per_page", "offset", "top_k", "k", "n", "max_results", "num_results", "timeout",
    "format", "verbose", "encoding", "thought", "summary", "lang", "nonfree_baggages", "units",
}  # fmt: skip
_IDENTITY = re.compile(
    r"^(?:user|customer|client|member|account|patient|employee)_?(?:id|name|number)$|^username$|^e?mail(?:_address)?$",
    re.IGNORECASE,
)
_FROM = (
    "origin",
    "from",
    "source",
    "departure",
    "from_city",
    "from_airport",
    "origin_city",
    "departure_city",
    "src",
    "from_station",
    "start_location",
)
_TO = (
    "destination",
    "to",
    "target",
    "arrival",
    "to_city",
    "to_airport",
    "destination_city",
    "arrival_city",
    "dst",
    "to_station",
    "end_location",
)
_START = (
    "start",
    "start_date",
    "from_date",
    "check_in",
    "checkin",
    "check_in_date",
    "start_time",
    "begin",
    "date_from",
    "since",
)
_END = ("end", "end_date", "to_date", "check_out", "checkout", "check_out_date", "end_time", "until", "date_to")
_DAY = ("date", "day", "on", "departure_date", "travel_date", "when", "delivery_date", "new_date")
_IN = (
    "city",
    "location",
    "place",
    "country",
    "region",
    "cabin",
    "color",
    "colour",
    "size",
    "currency",
    "state",
    "area",
    "warehouse",
    "folder",
    "directory",
)
_TOPIC = (
    "query",
    "q",
    "keyword",
    "keywords",
    "term",
    "search_term",
    "topic",
    "text",
    "entity",
    "search_query",
    "input",
    "question",
    "pattern",
    "symbol",
    "ticker",
)
_NOUNS = {"onestop": "one-stop", "nonstop": "non-stop", "id": "ID", "ids": "IDs", "info": "information", "sku": "SKU"}


@dataclass(frozen=True)
class CallWords:
    """A call in words: `verb` and `noun` from the tool's name, `details` from its arguments."""

    verb: str
    noun: str
    details: str
    topic: str = ""


def identity_of(step: AgentStep) -> Iterator[tuple[str, str]]:
    """(key, value) of the arguments by which a person says who they are."""
    for key, value in step.action_input.items():
        if _IDENTITY.match(key) and isinstance(value, str | int) and str(value).strip():
            yield key, str(value)


def current_year(trajectory: FailedTrajectory) -> int | None:
    """The year the run plays in, if its system prompt says so."""
    found = re.search(r"\b(20\d\d)-\d\d-\d\d\b", trajectory.system_prompt)
    return int(found[1]) if found else None


def in_words(step: AgentStep, *, year: int | None = None, varied: str = "", values: tuple[str, ...] = ()) -> CallWords:
    """A call in words. `varied` is an argument told by `values` instead (several calls merged into one)."""
    words = list(name_words(step.action_name))
    if len(words) > 1 and words[0] not in _VERBS and words[-1] in _VERBS:
        words = [words[-1], *words[:-1]]  # `web_search` is a search of the web
    verb = words[0] if words and words[0] in _VERBS else ""
    rest = words[1:] if verb else words
    if "by" in rest:
        rest = rest[: rest.index("by")]
    noun = " ".join(_NOUNS.get(word, word) for word in rest)
    arguments = {k: v for k, v in step.action_input.items() if not _is_nothing(v) and k.lower() not in _HABIT}
    if varied:
        arguments[varied] = _Alternatives(values)
    topic = ""
    for key in _TOPIC:
        if isinstance(arguments.get(key), str | _Alternatives):
            topic = str(_spoken(arguments.pop(key), year))
            break
    noun, details = _details(arguments, noun, year)
    return CallWords(verb=verb, noun=noun.strip(), details=" ".join(details), topic=topic)


@dataclass(frozen=True)
class _Alternatives:
    values: tuple[str, ...]


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _spoken(value: Any, year: int | None) -> str:
    if isinstance(value, _Alternatives):
        return join([spoken_value(v, year=year) for v in value.values])
    if isinstance(value, list):
        return join([_spoken(item, year) for item in value])
    if isinstance(value, dict):
        return _item(value, year)
    return spoken_value(value, year=year)


def _item(item: dict[str, Any], year: int | None) -> str:
    """One entry of a list argument: `HAT069 on May 20`, `Mia Kim (born June 9, 1965)`."""
    left = {k: v for k, v in item.items() if not _is_nothing(v)}
    head: list[str] = []
    if "first_name" in left:
        head.append(" ".join(str(left.pop(k)) for k in ("first_name", "last_name") if k in left))
    for key in [k for k in left if re.search(r"(?:^|_)(?:id|ids|number|name|sku|code|title)$", k)]:
        head.append(spoken_value(left.pop(key), year=year))
    tail = []
    for key, value in left.items():
        if key == "dob":
            tail.append(f"born {spoken_value(value)}")
        elif key in _DAY:
            tail.append(f"on {spoken_value(value, year=year)}")
        elif key in ("quantity", "qty", "count"):
            head.insert(0, f"{value} x")
        elif key == "amount":
            tail.append(f"for {value}")
        else:
            tail.append(f"{spoken_key(key)} {_spoken(value, year)}")
    if not head:
        return join(tail)
    born = [part for part in tail if part.startswith("born ")]
    rest = [part for part in tail if not part.startswith("born ")]
    return " ".join([*head, *(f"({part})" for part in born), *rest])


def _details(arguments: dict[str, Any], noun: str, year: int | None) -> tuple[str, list[str]]:
    left = dict(arguments)
    parts: list[str] = []
    ids: list[str] = []
    for key in list(left):
        if _IDENTITY.match(key):
            left.pop(key)
        elif found := re.fullmatch(r"(.*?)_?(?:id|ids|number|no)", key):
            entity = spoken_key(found[1]) if found[1] else ""
            if "payment" in key:
                continue
            value = left.pop(key)
            noun, told = _with_id(noun, entity, _spoken(value, year), several=isinstance(value, list | _Alternatives))
            ids += [told] if told else []
    parts += ids
    parts += _pair(left, _FROM, _TO, "from", "to", year)
    parts += _pair(left, _START, _END, "from", "to", year)
    for keys, word in ((_IN, "in"), (_DAY, "on")):
        for key in keys:
            if key in left and not isinstance(left[key], list | dict):
                parts.append(f"{word} {_spoken(left.pop(key), year)}")
    paying = [k for k in left if "payment" in k]
    rest = [_labelled(key, left[key], year) for key in left if key not in paying]
    parts += [", ".join(rest)] if rest and not parts else [f"({', '.join(rest)})"] if rest else []
    parts += [f"paid with {_spoken(left[key], year)}" for key in paying]
    return noun, parts


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
    told = [f"{word} {_spoken(left[key], year)}" for word, key in ((one_word, one), (other_word, other)) if key]
    for key in (one, other):
        if key:
            left.pop(key)
    return told


def _labelled(key: str, value: Any, year: int | None) -> str:
    words = spoken_key(key)
    spoken = _spoken(value, year)
    if isinstance(value, bool):
        return words if value else f"no {words}"
    if found := re.fullmatch(r"(max|min)(?:imum)?_(\w+)", key):
        return f"{spoken_key(found[2])} {'up to' if found[1] == 'max' else 'from'} {spoken}"
    if re.fullmatch(r"(?:total_|num_|number_of_)(\w+)", key) and str(value).isdigit():
        thing = spoken_key(re.sub(r"^(?:total_|num_|number_of_)", "", key))
        return f"{spoken} {thing}" if int(value) != 1 else f"{spoken} {singular(thing)}"
    if spoken in ("yes", "no"):
        return f"{'with' if spoken == 'yes' else 'no'} {words}"
    if isinstance(value, str) and key in ("flight_type", "trip_type", "type", "kind"):
        return spoken
    return f"{words} {spoken}"
