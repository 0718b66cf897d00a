"""One call in words: what it acts on and with which details, whichever tool it is.

The words come from the tool's own name and arguments, so that a tool nobody has met before is still put
into a sentence; a few pairs of arguments (from and to, start and end) read better together.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.models import AgentStep, FailedTrajectory
from core.stages.arguments import IDENTITY, Alternatives, details_of, is_nothing, spoken
from core.stages.grounding.secrets import without_secrets
from core.stages.tool_kind import name_words

_VERBS = {
    "get", "fetch", "lookup", "look", "show", "describe", "view", "check", "list", "read", "inspect", "retrieve",
    "track",
    "search", "find", "query", "google", "run", "execute", "call", "do", "load", "calculate", "compute", "verify",
    "book", "create", "add", "update", "modify", "change", "set", "edit", "cancel", "delete", "remove", "send", "pay",
    "refund", "return", "exchange", "place", "order", "move", "rename", "upload", "schedule", "reschedule", "assign",
    "close", "open", "issue", "apply", "buy", "purchase", "reserve", "register", "approve", "reject", "post", "insert",
    "upgrade", "downgrade", "browse", "grant", "redeem", "invite", "activate", "restart", "deploy",
    "start", "visit", "write", "save", "put", "replace", "reset", "enable", "disable",
}  # fmt: skip
_PLAIN_VERBS = {"get", "fetch", "search", "find", "create", "update", "delete", "list"}
_HABIT = {
    "limit", "page", "page_size", "per_page", "offset", "top_k", "k", "n", "max_results", "num_results", "timeout",
    "format", "verbose", "encoding", "thought", "summary", "lang", "nonfree_baggages", "units",
}  # fmt: skip
_TOPIC = (
    "query", "q", "keyword", "keywords", "term", "search_term", "topic", "text", "entity", "search_query", "input",
    "question", "pattern", "symbol", "ticker",
)  # fmt: skip
_SORTS = ("flight_type", "trip_type")
_CHANGING = {"update", "modify", "change", "set", "edit", "replace", "exchange", "reschedule", "move"}
_LONGEST = 120  # characters of an argument that a sentence still carries
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
        if IDENTITY.match(key) and isinstance(value, str | int) and str(value).strip():
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
    at = next((at for at, word in enumerate(words) if word in _PLAIN_VERBS), 0)
    words = words[at:]  # `mcp_weather_get_weather`: where a tool comes from stands before what it does
    verb = words[0] if words and words[0] in _VERBS else ""
    rest = words[1:] if verb else words
    for behind in ("by", "for"):  # `get_user_by_email`, `get_clips_for_some_api`: by what or whose, not what
        if behind in rest:
            rest = rest[: rest.index(behind)]
    rest = [word for word in rest if len(word) > 1 or word.isdigit()]
    noun = " ".join(_NOUNS.get(word, word) for word in rest)
    target = ""
    if verb and rest and rest[0] in ("to", "from", "in"):  # `add_to_cart`: add ... to the cart
        noun, target = "", f"{rest[0]} the {' '.join(rest[1:])}"
    arguments = without_secrets(step.action_input)
    arguments = {k: v for k, v in arguments.items() if not is_nothing(v) and k.lower() not in _HABIT}
    arguments = {k: v for k, v in arguments.items() if not (isinstance(v, str) and ("\n" in v or len(v) > _LONGEST))}
    if varied:
        arguments[varied] = Alternatives(values)
    topic = ""
    for key in _TOPIC:
        if isinstance(arguments.get(key), str | Alternatives):
            topic = str(spoken(arguments.pop(key), year))
            break
    for key in _SORTS:
        kind = arguments.get(key)
        if isinstance(kind, str) and re.fullmatch(r"[a-z]+(?:_[a-z]+)*", kind) and noun:
            noun = f"{arguments.pop(key).replace('_', '-')} {noun}"
    noun, details = details_of(arguments, noun, year, changing=verb in _CHANGING)
    if target:
        details = f"{details.removeprefix('for ')} {target}"
    return CallWords(verb=verb, noun=noun.strip(), details=details, topic=topic)
