"""Deeds that a request asks for, against what its calls did: who only looked a booking up has not cancelled it."""

import re
from collections.abc import Iterator, Sequence

from core.models import AgentStep, Deed
from core.stages.deeds import deed_of
from core.stages.tool_kind import ToolKind, command_text, kind_of, reads_only

_REMOVES = r"cancel|delete|erase|refund"
_MAKES = r"book|rebook|buy|purchase|order|create|send|submit|reserve|schedule|upload|pay"
_CHANGES = r"change|update|modify|upgrade|downgrade|reschedule|rename|replace|exchange|return"
# As an order or a wish, and with what it is about: "my order" and "the cost to cancel" ask for no deed.
_ASKED = re.compile(
    rf"(?:^|[.!?:;]\s+|,\s+|\b(?:please|then|and|(?:can|could|would|will) you|(?:want|need|like|wish|you) to|help me|"
    rf"let me)\s+)(?:also\s+|now\s+|just\s+|kindly\s+|go ahead and\s+)?"
    rf"(?P<asked>(?P<verb>{_REMOVES}|{_MAKES}|{_CHANGES})\s+"
    rf"(?:(?:it|them|me)\b|(?:for me\s+)?(?:my|the|a|an|this|that|these|those|all|both|our|his|her|their)\s+"
    rf"(?:new\s+)?(?P<what>[\w-]+)))",
    re.IGNORECASE | re.MULTILINE,
)
# "Send me the list", "create a summary", "return the names": that is to tell something.
_TOLD = re.compile(
    r"(?:(?:send|return)\b.*|order (?:them|it|the \w+|my \w+)|(?:create|update|change|order|schedule) me|"
    r"(?:create|order|update|change) (?:an?|the) (?:new )?"
    r"(?:list|listing|summary|table|report|overview|plan|comparison|count|breakdown|ranking|query|results?|names?|rows?))",
    re.IGNORECASE,
)
_SENDS = re.compile(
    r"send (?:an?|the|this|that|my) (?:e-?mail|message|reminder|invitation|note|certificate)", re.IGNORECASE
)
_READERS = {
    "ls", "cat", "grep", "egrep", "fgrep", "zgrep", "zcat", "find", "head", "tail", "wc", "sort", "uniq", "cut", "awk",
    "tr", "du", "df", "stat", "echo", "printf", "pwd", "cd", "diff", "cmp", "file", "tree", "date", "md5sum", "sha1sum",
    "sha256sum", "which", "whereis", "ps", "env", "hostname", "uname", "whoami", "id", "basename", "dirname", "less",
    "more", "nl", "tac", "rev", "od", "xxd", "strings", "column", "join", "comm", "paste", "seq", "test", "true",
    "lsof", "netstat", "ifconfig", "ip", "free", "uptime",
}  # fmt: skip
_PART = re.compile(r"[|;&]+|\bxargs\b|-exec\b")
_NOT_BY = {_REMOVES: {Deed.CREATED}, _MAKES: {Deed.REMOVED}, _CHANGES: set[Deed]()}


def undone(prompt: str, calls: Sequence[tuple[int, AgentStep]]) -> Iterator[tuple[int, int]]:
    """(start, end) of each deed that is asked for and that none of the working `calls` can have done."""
    asked = [match for match in _ASKED.finditer(prompt) if _is_deed(match["asked"])]
    if not asked or any(_may_do_anything(step) for _, step in calls):
        return
    done = {deed_of(step) for _, step in calls} - {Deed.LOOKED_UP}
    for match in asked:
        verbs = next(verbs for verbs in _NOT_BY if re.fullmatch(verbs, match["verb"], re.IGNORECASE))
        if not done - _NOT_BY[verbs]:
            yield match.span("asked")


def _is_deed(asked: str) -> bool:
    return bool(_SENDS.match(asked)) or not _TOLD.match(asked)


def _may_do_anything(step: AgentStep) -> bool:
    """Whether a call runs code, a page or a program whose effect no string shows."""
    kind = kind_of(step)
    if kind is ToolKind.SHELL and reads_only(step):
        heads = [part.split()[0].rpartition("/")[2] for part in _PART.split(command_text(step)) if part.split()]
        return not all(head in _READERS for head in heads)
    return kind in (ToolKind.CODE, ToolKind.BROWSE, ToolKind.OTHER)
