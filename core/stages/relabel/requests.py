"""One thing asked for, worded as a person would type it, by the kind of the tool.

Only inputs are named: what stands in results alone would give the answer away. What to tell is
asked for by the names of the fields that came back, which say nothing about their values.
"""

import re
from typing import Any

from core.models import AgentStep
from core.stages.calls import CallWords, in_words
from core.stages.facts import records_of
from core.stages.relabel.asks import Ask
from core.stages.relabel.shell_words import shell_request
from core.stages.relabel.sql_words import sql_request
from core.stages.results import read_result
from core.stages.tool_kind import ToolKind, command_text
from core.stages.wording import join, plural, singular, spoken_key

_IMPERATIVE = {
    "get": "show me", "fetch": "show me", "lookup": "look up", "retrieve": "show me", "describe": "describe",
    "list": "list", "check": "check", "view": "show me", "show": "show me", "read": "show me", "track": "track",
    "find": "find", "search": "search", "modify": "change", "query": "look up", "inspect": "check", "load": "load",
}  # fmt: skip
_VAGUE = {
    "web",
    "internet",
    "google",
    "help",
    "wikipedia",
    "wiki",
    "page",
    "documents",
    "docs",
    "knowledge",
    "base",
    "database",
    "online",
    "",
}


def request_for(ask: Ask, *, year: int | None, tell: tuple[str, ...]) -> str | None:
    """A clause without its full stop; None where no wording fits. `tell` are field names to ask about."""
    step = ask.call
    command = command_text(step)
    match ask.kind:
        case ToolKind.SQL:
            return sql_request(command, result=step.observation)
        case ToolKind.SHELL:
            return shell_request(command)
        case ToolKind.CODE:
            return _code(step, command)
        case ToolKind.BROWSE if isinstance(step.action_input.get("url"), str):
            return f"open {step.action_input['url']} and tell me what it says"
        case ToolKind.READ_FILE if path := _path(step):
            return f"show me what is in {path}"
        case ToolKind.WRITE_FILE if path := _path(step):
            return (
                f"write {path}"
                if not step.action_input.get("old") and "edit" not in step.action_name
                else f"edit {path}"
            )
    words = in_words(step, year=year, varied=ask.varied, values=ask.values)
    if ask.kind is ToolKind.CHANGE:
        return _change(words)
    return _question(ask, words, tell)


def _path(step: AgentStep) -> str:
    for key in ("path", "file_path", "filename", "file"):
        value = step.action_input.get(key)
        if isinstance(value, str) and value:
            return value
    return ""


def _code(step: AgentStep, command: str) -> str | None:
    if path := _path(step):
        return f"run {path} and tell me what it prints"
    if found := re.findall(r"^\s*def (\w+)\(([^)]*)\)", command, re.MULTILINE):
        name, arguments = found[-1]
        return f"write a Python function {name}({arguments})"
    return None


def _change(words: CallWords) -> str:
    verb = _IMPERATIVE.get(words.verb, words.verb)
    if not verb:
        return " ".join(part for part in ("do", words.noun, words.topic, words.details) if part)
    noun = words.noun
    if noun and words.details.startswith("of "):
        noun = f"the {noun}"
    elif noun and verb in (
        "book",
        "create",
        "send",
        "add",
        "place",
        "open",
        "issue",
        "schedule",
        "reserve",
        "register",
    ):
        noun = f"{_article(noun)} {noun}"
    return " ".join(part for part in (verb, noun, words.topic, words.details) if part)


def _article(noun: str) -> str:
    if noun.endswith("s") and not noun.endswith("ss"):
        return "the"
    return "an" if noun[:1] in "aeiou" else "a"


def _question(ask: Ask, words: CallWords, tell: tuple[str, ...]) -> str:
    noun, details = words.noun, words.details
    if ask.kind is ToolKind.SEARCH and re.match(r"from \S.* to ", details):
        things = plural(noun) if noun else "connections"
        return f"which {things} go {details}{_asking(ask.call)}?"
    if ask.kind is ToolKind.SEARCH:
        if words.topic and noun in _VAGUE:
            return f"find out about {words.topic}" if not details else f"find out about {words.topic} {details}"
        things = plural(noun) if noun else "what there is"
        topic = f" for {words.topic}" if words.topic else ""
        asking = _asking(ask.call, lead=", and tell me ")
        return f"find {things}{topic}{f' {details}' if details else ''}{asking}"
    verb = _IMPERATIVE.get(words.verb, words.verb or "look up")
    if ask.each:
        entity = singular(spoken_key(re.sub(r"_?(?:id|ids|number)$", "", ask.varied)))
        thing = f"each of my {plural(entity)}" if entity else "each of them"
        what = join([spoken_key(key) for key in tell]) if tell else (noun or "details")
        return f"tell me the {what} of {thing}"
    if tell:
        about = re.sub(r"^(?:of|for) ", "", details)
        return f"tell me the {join([spoken_key(key) for key in tell])} of {about}" if about else f"{verb} the {noun}"
    noun = f"the {noun}" if noun and not noun.startswith("all ") else noun
    return " ".join(part for part in (verb, noun, f"for {words.topic}" if words.topic else "", details) if part)


_PRICE = re.compile(r"price|cost|fare|amount|_eur$|_usd$|fee")
_SEATS = re.compile(r"seats?|stock|available|rooms?_left|availability")
_LEAVE = re.compile(r"depart|leaves")
_ARRIVE = re.compile(r"arriv")


def _asking(step: AgentStep, *, lead: str = "") -> str:
    """What to tell of each thing found, by the fields that came back: `, when do they leave and what do they cost`."""
    keys = " ".join(_field_names(read_result(step).data))
    asks = []
    if _LEAVE.search(keys) and _ARRIVE.search(keys):
        asks.append("when they leave and arrive" if lead else "when do they leave and arrive")
    if _PRICE.search(keys):
        asks.append("what they cost" if lead else "what do they cost")
    elif _SEATS.search(keys):
        asks.append("which of them are available" if lead else "which are available")
    if not asks:
        return ""
    return f"{lead}{join(asks)}" if lead else f", {join(asks)}" if len(asks) > 1 else f", and {asks[0]}"


def _field_names(data: Any) -> list[str]:
    records = records_of(data)
    sample: Any = records[0] if records else data
    while isinstance(sample, list) and sample:
        sample = sample[0]
    return [str(key).lower() for key in sample] if isinstance(sample, dict) else []
