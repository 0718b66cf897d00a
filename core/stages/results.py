"""What came back from a tool: whether the call worked, and whether it told anything.

Decided by what the tool reported and by the *shape* of the observation. A word alone decides
nothing: "error" stands in source files, logs and user texts of perfectly good runs (the
reference loses 29 of 116 failed tau-bench runs to it).
"""

import ast
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.models import GRADER_WORDS, AgentStep, StepKind, all_visible, is_placeholder

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_ERROR_KEYS = ("error", "errors", "exception", "error_message", "errorMessage")
_STATUS_KEYS = ("status", "status_code", "statusCode", "http_status", "response_status", "responseStatus", "code")
_EXIT_KEYS = ("exit_code", "exitCode", "returncode", "return_code")
_INNER_KEYS = ("response", "result", "body", "output", "content", "text", "data", "message")
_REPORT_KEYS = {"response", "result", "body", "output", "message"}  # a text here that begins as an error report is one
_BAD_STATUS = {"error", "failed", "failure", "fail", "denied", "timeout"}
_RESULT_KEYS = ("results", "value", "items", "hits", "matches", "documents", "records")
_META_KEYS = ("meta", "location", "request", "query", "params", "pagination")
_SHORT = 4_000  # characters of an observation
_MAX_PARSED = 4_000_000  # characters; a longer observation is judged by its first line alone

# An observation that *starts* so is an error report.
_STARTS = re.compile(
    r"""\s*(?:
      [\[(<]?(?:tool\s|execution\s|api\s|http\s|runtime\s|fatal\s|unexpected\s|internal\s|server\s)?
          (?:error|fatal|exception|failure)[\])>]?\s*(?:\d{3})?\s*[:!\]-]
    | error\s(?:executing|running|calling|while|in|occurred|fetching|\d{3})\b
    | traceback\s\(most\srecent\scall\slast\)
    | (?:\w+\.)*[a-z]\w*(?:error|exception)\b\s*[:(]
    | http(?:/\d(?:\.\d)?)?\s(?:error\s|status\s)?[45]\d\d\b
    | (?:status(?:\scode)?[:=\s]+)?[45]\d\d\s(?:client\serror|server\serror|bad\srequest|unauthorized|forbidden|
          not\sfound|method\snot|conflict|gone|too\smany|internal\sserver|bad\sgateway|service\sunavailable|gateway)
    | (?:access|permission)\sdenied | unauthori[sz]ed\b | not\sauthori[sz]ed\b | forbidden\b
    | (?:connection|request|operation|command|execution)\s(?:has\s)?(?:timed\sout|refused|reset|aborted|timeout|failed)
    | timed?\s?out\b | exceeded\s\d+\sredirects
    | (?:invalid|unknown|unsupported)\s(?:action|tool|function|command|argument|request|parameter)s?\b
    | no\ssuch\s(?:tool|function|action)\b | tool\s['"\w]+\snot\sfound
    | failed\s\d+/\d+\stest | failed\stest\scase | test\scases?\sdid\snot\spass
    | your\s(?:\w+\s){1,3}(?:was\s(?:incorrect|not\s\w+)|has\sintroduced|could\snot|failed)\b
    | format\syour\s\w+\scommand
    | malformed\s(?:command|request|action|input)\b
    | ["']?<(?:!doctype|html)\b.{0,200}<title>\s*
          (?:[45]\d\d\b|forbidden|not\sfound|unauthori|bad\s|access\sdenied|error)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# A line that a shell or a command line program writes when it fails.
_SHELL_LINE = re.compile(
    r"""^(?:
      (?:/[\w/.-]+/)?(?:ba|z|da|k)?sh:\s.*
    | [\w./*-]+:\s(?:line\s\d+:\s)?.*(?:command\snot\sfound|no\ssuch\sfile(?:\sor\sdirectory)?|permission\sdenied|
          is\sa\sdirectory|not\sa\sdirectory|syntax\serror|unexpected\s(?:eof|end\sof\sfile|token)|
          (?:invalid|unrecogni[sz]ed|illegal)\soption|missing\soperand|no\smatch|cannot\s(?:access|open|stat|remove|
          create|find|read|touch|overwrite)[^\n]*)
    | [\w./-]+:\s(?:cannot|can't|could\snot|failed\sto)\s.*
    | (?:find|grep|awk|gawk|mawk|sed|tar|gzip|cp|mv|rm|ls|cat|chmod|chown|xargs|sort|cut|head|tail|wc|du|df|ln|ssh|scp|
         curl|wget|docker|make|gcc|npm|pip|python3?|node|aws|\$\d\s?):\s.+
    | [\w./-]+\s(?:command\s)?not\sfound(?:\.\s.*)?
    | usage:\s.*
    | try\s'[^'\n]+\s--help'\sfor\smore\sinformation\.
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
# What an interpreter shows of the place before it names the fault, and what a console writes behind it.
_CRASH_PLACE = re.compile(
    r"Traceback \(most recent call last\)|^\s*File \"[^\"\n]+\", line \d+|^\s*Cell In\[", re.MULTILINE
)
_FOOTER = re.compile(r"\[[^\]\n]{3,200}\]|[\w.-]{1,40}@[\w.-]{1,60}:\S{0,200} ?[$#]|\s*")
_CRASH_END = re.compile(r"^(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit)\b(?::.*)?$")
_EXIT_TEXT = re.compile(
    r"\b(?:exit(?:ed)?(?: with)?(?: (?:code|status))|return ?code)\s*[:=]?\s*(-?\d+)\b", re.IGNORECASE
)
_NOTHING = re.compile(
    r"""(?:
      | \[\s*\] | \{\s*\} | none\.? | null | n/a | nil | -
    | (?:there\s(?:are|were)\s)?no\s(?:\w+\s){0,4}(?:results?|match(?:es)?|records?|rows?|entries|items?|data|files?|
          flights?|products?)
          (?:\s(?:found|returned|available|match\w*))?[^.\n]{0,80}\.?
    | (?:0|zero)\s(?:results?|rows?|match(?:es)?|records?)\b[^.\n]{0,40}\.? | empty(?:\sset)?\.?
    | could\snot\sfind\b.* | nothing\sfound\b.* | observation\sfor\sstep\s\d+\.?
    | generated\sresponse\sbased\son\straining\sdata.*
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_LONGEST_VERDICT = 2_000  # characters
_REST = 200  # characters beside a grader's sentence from which an observation tells something of its own


@dataclass(frozen=True)
class Result:
    """What an observation is: `failed` with the span that says so, `empty`, and its parsed data if it is any."""

    failed: bool
    empty: bool
    data: Any
    start: int = 0
    end: int = 0
    lost: bool = False  # a stand-in, such as `[output omitted]`: nobody knows what came back

    @property
    def informative(self) -> bool:
        """Whether the call worked and told something."""
        return not self.failed and not self.empty


def read_result(step: AgentStep) -> Result:
    """What came back from a call; for a step that is no call: nothing, and no failure."""
    if step.kind is not StepKind.ACTION:
        return Result(failed=False, empty=True, data=None)
    read = _read_long if len(step.observation) > _SHORT else _read_short
    return read(step.observation, step.is_error)


def parse_data(text: str) -> Any:
    """The value behind JSON text or a Python literal (`[('a', 1)]`); None if it is neither."""
    text = text.strip()
    if not text or len(text) > _MAX_PARSED or text[0] not in "[{(":
        return None
    try:
        return all_visible(json.loads(text))
    except (ValueError, RecursionError):
        pass
    if len(text) > 200_000:
        return None
    try:
        return all_visible(ast.literal_eval(_PYTHON_WRAPPERS.sub(r"\1", text)))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None


_PYTHON_WRAPPERS = re.compile(r"\b(?:Decimal|datetime\.date|UUID)\(('[^']*')\)")


def is_grader_text(observation: str) -> bool:
    """Whether the environment's own verdict on the run is all that an observation tells."""
    if len(observation) > _LONGEST_VERDICT or not GRADER_WORDS.search(observation):
        return False
    return len(GRADER_WORDS.sub("", observation).strip()) < _REST


def _read(observation: str, is_error: bool | None) -> Result:
    data = _unwrapped(parse_data(observation))
    lost = is_placeholder(observation)
    empty = (
        lost or _is_hollow(data) or bool(_NOTHING.fullmatch(observation[:4000].strip())) or is_grader_text(observation)
    )
    span = _error_span(observation, data)
    # A wrapper calls a reply fine that holds a bad status of the service behind it, and a shell a pipe whose last
    # stage worked on nothing; any other plain text it knows better.
    doubted = is_error is False and (data is not None or _is_complaint(observation))
    failed = span is not None if is_error is None or doubted else is_error
    if not failed:
        return Result(failed=False, empty=empty, data=data, lost=lost)
    start, end = span or (0, min(len(observation), 200))
    return Result(failed=True, empty=empty, data=data, start=start, end=end)


def _unwrapped(data: Any) -> Any:
    """What a wrapper holds that says only whether there was an error: `{"error": "", "response": ...}`."""
    if not isinstance(data, dict) or len(data) != 2:
        return data
    inner = next((key for key in data if key in _INNER_KEYS), None)
    other = next((key for key in data if key in _ERROR_KEYS), None)
    if inner is None or other is None or data[other]:
        return data
    held = parse_data(data[inner]) if isinstance(data[inner], str) else data[inner]
    return held if isinstance(held, dict | list) and held else data


def _is_hollow(data: Any) -> bool:
    """Whether an answer to a search holds an empty list where its results would stand."""
    return (
        isinstance(data, dict)
        and any(data.get(key) == [] for key in _RESULT_KEYS)
        and not any(
            isinstance(value, list | dict) and _has_text(value) for key, value in data.items() if key not in _META_KEYS
        )
    )


def _has_text(value: Any) -> bool:
    parts = value.values() if isinstance(value, dict) else value
    return any(_has_text(part) if isinstance(part, list | dict) else bool(part) for part in parts)


# A run of ten thousand short results is read once, and a few long ones do not fill the memory.
_read_short = lru_cache(maxsize=16_384)(_read)
_read_long = lru_cache(maxsize=256)(_read)


def _error_span(observation: str, data: Any) -> tuple[int, int] | None:
    if isinstance(data, dict):
        sign = _error_sign(data, depth=3)
        if sign is None:
            return None
        start = observation.find(sign)
        return (start, start + len(sign)) if start >= 0 else (0, len(observation[:200]))
    if data is not None:
        return None
    return _error_in_text(observation)


def _error_sign(data: dict[Any, Any], *, depth: int) -> str | None:  # noqa: PLR0911, PLR0912 - one branch a sign
    """The text by which an object says that it reports an error, or None."""
    for key in _ERROR_KEYS:
        value = data.get(key)
        if value not in (None, "", False, 0, [], {}) and str(value).lower() not in ("none", "null", "false"):
            return value if isinstance(value, str) else f'"{key}"'
    for key in ("success", "ok"):
        if data.get(key) is False:
            return f'"{key}"'
    for key in _STATUS_KEYS:
        value = data.get(key)
        if isinstance(value, str) and value.lower() in _BAD_STATUS:
            return value
        number = int(value) if isinstance(value, str) and value.isdigit() else value
        if isinstance(number, int) and not isinstance(number, bool) and 400 <= number < 600 and key != "code":
            return str(number)
    for key in _EXIT_KEYS:
        if isinstance(data.get(key), int) and data[key] not in (0, False):
            return f'"{key}"'
    if depth:
        for key in _INNER_KEYS:
            inner = data.get(key)
            if isinstance(inner, str):
                if key in _REPORT_KEYS and _STARTS.match(inner[:_SHORT]):
                    return inner.splitlines()[0][:200]
                inner = parse_data(inner)
            if isinstance(inner, dict) and (sign := _error_sign(inner, depth=depth - 1)):
                return sign
    return None


def _error_in_text(text: str) -> tuple[int, int] | None:
    bare = _ANSI.sub("", text[:4000])
    if found := _STARTS.match(bare):
        start = len(found.group()) - len(found.group().lstrip())
        return start, _line_end(text, start)
    lines = text[-4000:].splitlines()
    while lines and _FOOTER.fullmatch(lines[-1].strip()):
        lines.pop()
    lines = [line for line in lines if line.strip()]
    if not lines:
        return None
    if _CRASH_END.match(lines[-1].strip()) and _CRASH_PLACE.search(text):
        start = text.rfind(lines[-1])
        return start, start + len(lines[-1])
    if (code := _EXIT_TEXT.search(text[-300:])) and code.group(1) not in ("0", "-0"):
        start = max(0, len(text) - 300) + code.start()
        return start, start + len(code.group())
    bad = [line for line in lines if _SHELL_LINE.match(line.strip())]
    if bad and 2 * len(bad) >= len(lines):
        start = text.find(bad[0])
        return start, start + len(bad[0])
    return None


def _is_complaint(text: str) -> bool:
    """Whether every line is one that a shell or a command line program writes when it fails."""
    lines = [line for line in _ANSI.sub("", text[:_SHORT]).splitlines() if line.strip()]
    return bool(lines) and len(text) <= _SHORT and all(is_error_line(line) for line in lines)


def is_error_line(line: str) -> bool:
    """Whether a shell or a command line program wrote the line because something failed."""
    return bool(_SHELL_LINE.match(line.strip()))


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return min(end if end >= 0 else len(text), start + 300)
