"""The part of a JSON document that is in memory: it grows to the longest value, never to the file."""

import codecs
import json
from io import BufferedIOBase
from typing import Any

from core.errors import InputError
from core.models import visible
from core.sources.files.decoding import decode_at, json_fault
from core.sources.files.opening import BROKEN

CHUNK = 1 << 20  # bytes read at a time, at least
_SPACE = " \t\r\n"
_MARGIN = 16  # an error this near the end of the window may be a value that is only cut


class NotJson(InputError):
    """The text breaks the rules of JSON; the message says the line and column."""


class TooLong(InputError):
    """One value is longer than the caller takes; nothing of it was skipped."""


class Window:
    """Text read so far from `stream`; `text[pos:]` is still to be decoded, `line` is where `pos` stands."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._column = 0  # characters of the current line that were dropped from `text`
        self.text = ""
        self.pos = 0
        self.line = 1
        self.ended = False
        self.broken = ""  # why the file could not be read to its end (a cut archive)
        self._begun = False

    def more(self) -> bool:
        """Read on, at least doubling what is there; False at the end of the file."""
        if self.ended:
            return False
        parts, wanted = [], max(CHUNK, len(self.text))
        try:
            while wanted > 0 and not self.ended:
                part = self._stream.read1(wanted)
                parts.append(part)
                wanted -= len(part)
                self.ended = not part
        except BROKEN as error:
            self.broken, self.ended = str(error), True
        self.text += self._decoder.decode(b"".join(parts), final=self.ended)
        if not self._begun:
            self.text = self.text.removeprefix("\ufeff")
            self._begun = True
        return any(parts)

    def skip(self, count: int) -> None:
        """Step over `count` characters."""
        self._move(self.pos + count)

    def peek(self) -> str:
        """Find the next character that is not space; empty at the end of the file."""
        while True:
            end = self.pos
            while end < len(self.text) and self.text[end] in _SPACE:
                end += 1
            self._move(end)
            if end < len(self.text):
                return self.text[end]
            self._forget()
            if not self.more():
                return ""

    def key(self) -> str | None:
        """Read the next key of an object, from behind `{` or a value on; None at its end."""
        if self.peek() == ",":
            self.skip(1)
        if self.peek() == "}":
            return None
        if self.peek() != '"':
            raise NotJson(self._place(self.pos, "a key in double quotes is expected"))
        key = self.value(CHUNK)[0]
        if self.peek() != ":":
            raise NotJson(self._place(self.pos, "a colon is expected"))
        self.skip(1)
        return str(key)

    def value(self, longest: int) -> tuple[Any, str]:
        """Read the next JSON value and its text. Raises `NotJson`, `TooLong`, or `InputError` if nested too deep."""
        self.peek()
        while True:
            try:
                value, end = decode_at(self.text, self.pos)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos > len(self.text) - _MARGIN
                if not cut or self.ended:
                    at = len(self.text) if error.msg.startswith("Unterminated") else error.pos
                    raise NotJson(self._place(at, json_fault(error))) from None
            else:
                if end < len(self.text) or self.ended:
                    raw = self.text[self.pos : end]
                    self._move(end)
                    return value, raw
            if len(self.text) - self.pos > longest:
                raise TooLong(f"one value is longer than {longest >> 20} MB; split it before importing")
            self._forget()
            self.more()

    def take_line(self) -> str:
        """Read to the end of the line, without its newline."""
        while (end := self.text.find("\n", self.pos)) < 0 and self.more():
            pass
        line = self.text[self.pos : end if end >= 0 else len(self.text)]
        self._move(end + 1 if end >= 0 else len(self.text))
        if self.pos > CHUNK:
            self._forget()
        return line.rstrip("\r")

    def rest(self, count: int) -> str:
        """Show the next `count` characters."""
        return visible(self.text[self.pos : self.pos + count])

    def _move(self, end: int) -> None:
        self.line += self.text.count("\n", self.pos, end)
        self.pos = end

    def _forget(self) -> None:
        """Drop what was decoded, so that memory holds one value and one chunk."""
        newline = self.text.rfind("\n", 0, self.pos)
        self._column = self.pos - newline - 1 if newline >= 0 else self._column + self.pos
        self.text, self.pos = self.text[self.pos :], 0

    def _place(self, pos: int, what: str) -> str:
        line = self.line + self.text.count("\n", self.pos, pos)
        newline = self.text.rfind("\n", 0, pos)
        column = pos - newline if newline >= 0 else self._column + pos + 1
        near = visible(self.text[pos : pos + 40])
        if not near:
            cut = f" ({self.broken})" if self.broken else ""
            return f"the text ends at line {line}, column {column}{cut}: {what}."
        return f"line {line}, column {column}: {what}, but there stands {near!r}."
