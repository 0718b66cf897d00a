"""One thing asked for, worded as a person would type it, by the kind of the tool.

Only inputs are named: what stands in results alone would give the answer away. What to tell is
asked for by the names of the fields that came back, which say nothing about their values.
"""

import re

from core.models import AgentStep
from core.stages.arguments import is_nothing, spoken
from core.stages.calls import CallWords, in_words
from core.stages.relabel.asks import Ask
from core.stages.relabel.fields import asking, found_fields
from core.stages.relabel.page_words import IN_PAGE, page_of
from core.stages.relabel.shell_words import shell_request
from core.stages.relabel.sql_words import sql_request
from core.stages.results import read_result
from core.stages.tool_kind import ToolKind, command_text, name_words
from core.stages.wording import join, plural, singular, spoken_key

_IMPERATIVE = {
    "get": "show me", "fetch": "show me", "lookup": "look up", "retrieve": "show me", "describe": "describe",
    "list": "list", "check": "check", "view": "show me", "show": "show me", "read": "show me", "track": "track",
    "find": "find", "search": "search", "modify": "change", "update": "change", "query": "look up",
    "inspect": "check", "load": "load",
}  # fmt: skip
_MAKES = ("book", "create", "send", "add", "place", "open", "issue", "schedule", "reserve", "register", "order", "buy")
# Places to look in and words for anything at all: no object that a person asks for.
VAGUE = {
    "web", "internet", "google", "duckduckgo", "bing", "brave", "tavily", "serper", "serpapi", "help",
    "wikipedia", "wiki", "page", "documents", "docs", "knowledge", "base",
    "database", "online", "",
}  # fmt: skip
_NO_OBJECT = VAGUE | {
    "data", "result", "results", "info", "information", "item", "items", "thing", "things", "value", "values", "tool",
    "function", "api", "call", "all", "everything", "object", "output", "search", "query", "do", "it", "content",
}  # fmt: skip
_SHORT_WORDS = {"ID", "IDs", "id", "tv", "pc", "ip", "vm", "pr", "ui", "db", "ad", "po"}


def names_nothing(ask: Ask) -> bool:
    """Whether a request for the ask says no real object: `find webs`, `look up the f`."""
    if command_text(ask.call) or ask.kind in (ToolKind.BROWSE, ToolKind.READ_FILE, ToolKind.WRITE_FILE):
        return False
    words = in_words(ask.call, varied=ask.varied, values=ask.values)
    if words.topic:
        return False
    parts = re.findall(r"[\w'-]+", words.noun)
    if any(len(part) < 3 and part not in _SHORT_WORDS and not part.isdigit() for part in parts):
        return True  # what is left of a longer name
    if re.search(r"\w", words.details):
        return (ask.kind is ToolKind.SEARCH and bool(parts) and set(parts) <= VAGUE) or not (parts or words.verb)
    return all(part in _NO_OBJECT for part in parts)


def request_for(  # noqa: PLR0911 - one line a kind of tool
    ask: Ask, *, year: int | None, tell: tuple[str, ...]
) -> str | None:
    """A clause without its full stop; None where no wording fits. `tell` are field names to ask about."""
    step = ask.call
    command = command_text(step)
    match ask.kind:
        case ToolKind.SQL:
            return sql_request(command)
        case ToolKind.SHELL:
            return shell_request(command)
        case ToolKind.CODE:
            return _code(step)
        case ToolKind.BROWSE if isinstance(step.action_input.get("url"), str):
            return f"open {step.action_input['url']} and tell me what it says"
        case ToolKind.READ_FILE if path := _path(step):
            return f"show me what is in {path}"
        case ToolKind.WRITE_FILE if path := _path(step):
            return _written(step, path)
        case ToolKind.WRITE_FILE:
            return None  # what was written cannot be told without its place
    if IN_PAGE.match(step.observation):
        return None  # a word looked up in a page that is open: no request by itself
    told = step.model_copy(update={"action_input": {**step.action_input, **dict(ask.context)}}) if ask.context else step
    words = in_words(told, year=year, varied=ask.varied, values=ask.values)
    if ask.kind is ToolKind.OTHER and not words.verb:
        return None  # a tool's name that is no deed is nothing to ask for
    if ask.only:
        return _change_of_one(step, ask.only, year)
    if ask.kind is ToolKind.CHANGE:
        return _change(words)
    return _question(ask, words, tell)


def _path(step: AgentStep) -> str:
    for key in ("path", "file_path", "filename", "file"):
        value = step.action_input.get(key)
        if isinstance(value, str) and value:
            return value
    return ""


_WHO = {"user", "customer", "client", "member", "account"}
_OLD = ("old_str", "old_string", "old", "search", "find", "to_replace")
_NEW = ("new_str", "new_string", "new", "replace", "replacement", "new_content")
_LONGEST_EDIT = 160  # characters of a line that a request spells out


def _written(step: AgentStep, path: str) -> str | None:
    old = next((step.action_input[key] for key in _OLD if isinstance(step.action_input.get(key), str)), "")
    new = next((step.action_input[key] for key in _NEW if isinstance(step.action_input.get(key), str)), "")
    if old or new:
        short = all(len(text.strip()) <= _LONGEST_EDIT and "\n" not in text.strip() for text in (old, new))
        return f"replace `{old.strip()}` with `{new.strip()}` in {path}" if short and old and new else None
    return f"edit {path}" if "edit" in step.action_name else f"write {path}"


def _code(step: AgentStep) -> str | None:
    if path := _path(step):
        return f"run {path} and tell me what it prints"
    return None  # what other code does, no string shows


def _change(words: CallWords) -> str:
    verb = _IMPERATIVE.get(words.verb, words.verb)
    if not verb:
        return " ".join(part for part in ("do", words.noun, words.topic, words.details) if part)
    noun = words.noun
    if noun and words.details.startswith("of "):
        noun = f"the {noun}"
    elif noun and verb in _MAKES and re.match(r"(?:from|to|in|on|for|with|of|as)\b|$", words.details):
        noun = f"{_article(noun)} {noun}"
    return " ".join(part for part in (verb, noun, words.topic, words.details) if part).replace(" ,", ",")


def _change_of_one(step: AgentStep, key: str, year: int | None) -> str:
    """`change the cabin of reservation H9ZU1C to economy, paid with gift_card_1`."""
    rest = {name: value for name, value in step.action_input.items() if name != key}
    words = in_words(step.model_copy(update={"action_input": rest}), year=year)
    of, comma, more = words.details.partition(", ")
    return f"change the {spoken_key(key)} {of} to {spoken(step.action_input[key], year)}{comma}{more}"


def _article(noun: str) -> str:
    if noun.endswith("s") and not noun.endswith("ss"):
        return "the"
    return "an" if noun[:1] in "aeiou" and not noun.startswith(("one", "use", "uni", "eu")) else "a"


def _question(ask: Ask, words: CallWords, tell: tuple[str, ...]) -> str:
    noun, details = words.noun, words.details
    if ask.kind is ToolKind.SEARCH:
        return _search(ask, words)
    verb = _IMPERATIVE.get(words.verb, words.verb or "look up")
    what = join(_asked_names(tell))
    if ask.each:
        entity = singular(spoken_key(re.sub(r"_?(?:id|ids|number)$", "", ask.varied)))
        return f"tell me the {what or noun or 'details'} of each of {f'my {plural(entity)}' if entity else 'them'}"
    about = re.sub(r"^(?:of|for) ", "", details)
    if tell and about:
        link = "" if re.match(r"(?:in|on|from|to|with) ", about) else "of "
        return f"tell me the {what} {link}{about}"
    if noun and not noun.startswith("all "):
        noun = f"{'my' if _is_about_who_asks(ask) else 'the'} {noun}"
    return " ".join(part for part in (verb, noun, f"for {words.topic}" if words.topic else "", details) if part)


def _is_about_who_asks(ask: Ask) -> bool:
    """Whether all that a look-up is given says who the user is: the invoices of customer C-12 are mine."""
    told = [key for key, value in ask.call.action_input.items() if not is_nothing(value)]
    return bool(told) and not ask.varied and all(set(name_words(key)) & _WHO for key in told)


def _asked_names(fields: tuple[str, ...]) -> list[str]:
    """Field names as a person says them: origin and destination are the route."""
    names = [re.sub(r" (?:usd|eur|gbp)$", "", spoken_key(key)) for key in fields]
    if {"origin", "destination"} <= set(names):
        names = ["route", *(name for name in names if name not in ("origin", "destination"))]
    return ["trip type" if name == "flight type" else name for name in names]


def _search(ask: Ask, words: CallWords) -> str:
    named = next(
        (key for key in ("file_name", "filename", "name") if isinstance(ask.call.action_input.get(key), str)), ""
    )
    if named and words.noun in ("file", "files"):
        rest = {key: value for key, value in ask.call.action_input.items() if key != named}
        where = in_words(ask.call.model_copy(update={"action_input": rest})).details
        return f"find the files named {ask.call.action_input[named]} {where}".rstrip()
    fields = found_fields(read_result(ask.call).data)
    noun, details = words.noun, words.details
    if re.match(r"from \S.* to ", details):
        questions = asking(fields, as_questions=True)
        comma = (
            f", and {questions}" if questions and " and " not in questions else f", {questions}" if questions else ""
        )
        return f"which {plural(noun) if noun else 'connections'} go {details}{comma}?"
    if page := page_of(ask.call):
        return f"{page.question}?"
    if words.topic and noun in VAGUE:
        return f"search for {words.topic}{f' {details}' if details else ''} and tell me what you find"
    things = "what there is" if noun in VAGUE else plural(noun)
    topic = f" for {words.topic}" if words.topic else ""
    clause = asking(fields, as_questions=False)
    return f"find {things}{topic}{f' {details}' if details else ''}{f', and tell me {clause}' if clause else ''}"
