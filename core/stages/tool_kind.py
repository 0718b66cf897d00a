"""What sort of thing a tool does, told from its name and arguments: the wording hangs on it.

State changes are told apart from look-ups, because a goal that asks for a change is only met by a
run that really made it, while a look-up can be asked for by itself.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Any

from core.models import AgentStep


class ToolKind(StrEnum):
    """How a call is put into words."""

    SEARCH = "search"
    LOOKUP = "lookup"
    CHANGE = "change"
    SQL = "sql"
    SHELL = "shell"
    CODE = "code"
    WRITE_FILE = "write_file"
    READ_FILE = "read_file"
    BROWSE = "browse"
    CALCULATE = "calculate"
    NOISE = "noise"  # thinking, handing over, submitting: nothing a user asks for
    OTHER = "other"


_NOISE = {
    "think", "thought", "plan", "reflect", "transfer", "handoff", "escalate", "submit", "finish", "final", "done",
    "respond", "response", "reply", "answer", "summarize", "summarise", "summary", "terminate", "end", "wait", "noop",
    "todo", "scratchpad", "complete", "stop", "skip",
}  # fmt: skip
_CHANGE = {
    "book", "create", "add", "update", "modify", "change", "set", "edit", "cancel", "delete", "remove", "send", "pay",
    "refund", "return", "exchange", "place", "order", "move", "rename", "upload", "schedule", "reschedule", "assign",
    "close", "open", "issue", "apply", "buy", "purchase", "reserve", "register", "approve", "reject", "enable",
    "disable", "reset", "post", "insert", "upgrade", "downgrade", "subscribe", "unsubscribe", "checkout", "put",
    "replace", "grant", "revoke", "merge", "deploy", "restart", "invite", "activate", "deactivate", "redeem",
}  # fmt: skip
_LOOKUP = {
    "get", "fetch", "lookup", "details", "show", "describe", "view", "check", "status", "list", "read", "inspect",
    "retrieve", "track", "load", "info", "verify",
}  # fmt: skip
_SEARCH = {"search", "find", "query", "google", "bing", "wikipedia", "discover", "filter", "retrieve", "recommend"}
_BROWSE = {"goto", "navigate", "browse", "visit", "click", "scroll", "webpage", "url"}
_CALCULATE = {"calculate", "calculator", "compute", "math", "eval"}
_SHELL = {"bash", "shell", "terminal", "sh", "command", "cmd", "powershell"}
_CODE = {"python", "ipython", "code", "interpreter", "jupyter", "notebook", "script"}
_FILE = {"file", "files", "document", "editor", "path"}
_CODE_KEYS = ("code", "script", "source", "program")
_SQL_START = re.compile(
    r"\s*(?:select\b.+\bfrom\b|select\s+[\w(*'\"]|with\s+\w+\s+as\s*\(|insert\s+into|update\s+\S+\s+set|delete\s+from|"
    r"show\s+(?:tables|databases|columns|create)|desc(?:ribe)?\s+\w+\s*;?\s*$|pragma\s|create\s+(?:table|index|view)|"
    r"explain\s+select|alter\s+table|drop\s+(?:table|view|index)|use\s+\w+\s*;?\s*$|\.tables|\.schema)",
    re.IGNORECASE | re.DOTALL,
)
_PYTHON_SIGN = re.compile(
    r"^[ \t]*(?:import \w|from \w+ import|def \w+\(|class \w+|print\(|for \w+ in |\w+ = )", re.MULTILINE
)
_WRAPPED = re.compile(
    r"^\s*(?:execute|bash|sql|python|run)\s*[\[(](.*)[\])]\s*(?:\n\s*Obs\w*.*)?$", re.IGNORECASE | re.DOTALL
)
_CHANGES_FILES = re.compile(
    r"(?:^|[|;&]\s*|-exec\s+|xargs\s+)(?:sudo\s+)?(?:"
    r"(?:rm|rmdir|mv|cp|mkdir|touch|chmod|chown|ln|tee|kill|gzip|gunzip|unzip|zip|scp|rsync|dd|truncate|patch|wget)\b|"
    r"sed\s+-i|tar\s+-{0,2}[a-zA-Z]*[cxru]|curl\b[^|;&]*\s(?:-[a-zA-Z]*[oO]|--output)\b|aws\s+s3\s+(?:cp|mv|rm|sync)\b|"
    r"git\s+(?:add|apply|checkout|clone|commit|merge|mv|push|rebase|reset|rm|stash)\b|"
    r"(?:pip3?|npm|apt|apt-get)\s+install\b)"
    r"|[^2&]>{1,2}\s*[\w./~$]|\s-delete\b"
)
_FENCED = re.compile(r"^\s*```\w*\s*\n(.*?)\n?```\s*$", re.DOTALL)


def kind_of(step: AgentStep) -> ToolKind:
    """The kind of a call."""
    words = name_words(step.action_name)
    tokens = set(words)
    command = command_text(step)
    if command.strip().lower() in ("submit", "exit", "finish"):
        return ToolKind.NOISE
    if words and words[0] in _NOISE and not command:
        return ToolKind.NOISE
    if command and (kind := _kind_of_command(command, tokens, step.action_input)):
        return kind
    if words and (words[0] in _NOISE or ("transfer" in tokens and tokens & {"human", "agent", "agents"})):
        return ToolKind.NOISE
    if tokens & {"generate"} and tokens & {"response", "answer", "reply"}:
        return ToolKind.NOISE
    return _kind_of_name(words, tokens, step.action_input)


def _kind_of_command(  # noqa: PLR0911 - one line a kind
    command: str, tokens: set[str], arguments: dict[str, Any]
) -> ToolKind | None:
    if _SQL_START.match(command) and not tokens & (_SHELL | {"python", "ipython"}):
        return ToolKind.SQL
    if tokens & {"sql", "sqlite", "mysql", "postgres", "database", "db"}:
        return ToolKind.SQL
    if tokens & _CODE and tokens & {"write", "save", "create"}:
        return ToolKind.WRITE_FILE
    if tokens & _CODE or any(key in arguments for key in _CODE_KEYS):
        return ToolKind.CODE
    if tokens & _SHELL or "command" in arguments or "cmd" in arguments:
        return ToolKind.SHELL
    if tokens & {"execute", "exec", "run"}:
        return ToolKind.CODE if _PYTHON_SIGN.search(command) else ToolKind.SHELL
    return None


def _kind_of_name(words: tuple[str, ...], tokens: set[str], arguments: dict[str, Any]) -> ToolKind:  # noqa: PLR0911
    first = words[0] if words else ""
    if tokens & _CALCULATE:
        return ToolKind.CALCULATE
    on_file = tokens & _FILE or {"path", "file_path", "filename", "file"} & set(arguments)
    if on_file and (tokens & {"write", "save", "create", "append", "edit", "replace", "insert"}):
        return ToolKind.WRITE_FILE
    if on_file and tokens & {"read", "open", "view", "show", "cat", "load", "get"}:
        return ToolKind.READ_FILE
    if tokens & _CODE and tokens & {"execute", "run", "exec"}:
        return ToolKind.CODE
    if tokens & _BROWSE or "url" in arguments:
        return ToolKind.BROWSE
    if first in _CHANGE and not ({"status", "history"} & tokens and first in ("order", "return", "refund")):
        return ToolKind.CHANGE
    if first in _SEARCH or tokens & _SEARCH:
        return ToolKind.SEARCH
    if first in _LOOKUP:
        return ToolKind.LOOKUP
    if tokens & _CHANGE:
        return ToolKind.CHANGE
    if tokens & _LOOKUP:
        return ToolKind.LOOKUP
    return ToolKind.OTHER


@lru_cache(maxsize=4096)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a tool or argument name: `getUserDetails`, `get_user-details` -> get, user, details."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name.replace("'", ""))
    return tuple(part.lower() for part in parts)


def command_text(step: AgentStep) -> str:
    """The command, query or code that a call runs, without fences and `execute[...]`; "" if it runs none."""
    words = set(name_words(step.action_name))
    keys: list[str] = [
        key
        for key in ("command", "cmd", "keystrokes", "code", "sql", "script", "statement")
        if key in step.action_input
    ]
    if not keys and words & (
        _SHELL | _CODE | {"sql", "sqlite", "mysql", "postgres", "execute", "exec", "database", "db"}
    ):
        keys = [key for key in ("query", "input") if key in step.action_input]
    value = step.action_input.get(keys[0]) if keys else None
    if not isinstance(value, str):
        return ""
    for wrapper in (_FENCED, _WRAPPED, _FENCED):
        if found := wrapper.match(value):
            value = found.group(1)
    return value.strip()


def reads_only(step: AgentStep) -> bool:
    """Whether the call leaves the world as it was, as far as its kind and command show."""
    kind = kind_of(step)
    if kind in (ToolKind.CHANGE, ToolKind.WRITE_FILE):
        return False
    command = command_text(step)
    if kind is ToolKind.SQL:
        return not re.match(r"\s*(?:insert|update|delete|create|alter|drop|replace)\b", command, re.IGNORECASE)
    if kind is ToolKind.SHELL:
        return not _CHANGES_FILES.search(command)
    return True
