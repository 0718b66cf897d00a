"""What a working call did to the world: looked up, created, changed, removed or written."""

import re

from core.models import AgentStep, Deed
from core.stages.tool_kind import ToolKind, command_text, kind_of, name_words, reads_only

_CREATES = {
    "add", "apply", "book", "buy", "create", "insert", "invite", "issue", "open", "order", "pay", "place", "post",
    "purchase", "redeem", "register", "reserve", "schedule", "send", "start", "submit", "upload",
}  # fmt: skip
_REMOVES = {"cancel", "clear", "close", "delete", "remove", "refund", "return", "revoke", "unsubscribe"}
_SQL = {"insert": Deed.CREATED, "create": Deed.CREATED, "delete": Deed.REMOVED, "drop": Deed.REMOVED}
_HEAD = r"(?:^|[|;&]\s*|-exec\s+|xargs\s+)(?:sudo\s+)?"
_SHELL = (
    (re.compile(rf"{_HEAD}(?:rm|rmdir|kill)\b|\s-delete\b"), Deed.REMOVED),
    (re.compile(rf"[^2&]>{{1,2}}\s*[\w./~$]|{_HEAD}(?:tee|sed\s+-i)\b"), Deed.WRITTEN),
    (
        re.compile(
            rf"{_HEAD}(?:mkdir|touch|cp|ln|gzip|gunzip|unzip|zip|tar|scp|rsync|dd|curl|wget|aws|git\s+clone)\b|\binstall\b"
        ),
        Deed.CREATED,
    ),
)


def deed_of(step: AgentStep) -> Deed:
    """The deed of a call that worked, by its kind, name and command; what has no word of its own is a change."""
    if reads_only(step):
        return Deed.LOOKED_UP
    kind = kind_of(step)
    command = command_text(step)
    if kind is ToolKind.WRITE_FILE:
        return Deed.WRITTEN
    if kind is ToolKind.SQL:
        return _SQL.get(command.split()[0].lower() if command.split() else "", Deed.CHANGED)
    if kind is ToolKind.SHELL:
        return next((deed for pattern, deed in _SHELL if pattern.search(command)), Deed.CHANGED)
    words = set(name_words(step.action_name)[:2])  # `order_cancel` as well as `cancel_order`
    if words & _REMOVES:
        return Deed.REMOVED
    return Deed.CREATED if words & _CREATES else Deed.CHANGED
