"""Agent-written text made safe and quick to look at.

Characters that a screen would hide or obey (ANSI escapes, bidi overrides, zero-width and tag
characters, NUL) become visible symbols; very long text is cut to windows that keep its head, its
tail and every marked span. Offsets leave here as JavaScript counts them: UTF-16 units of the
shown text, not code points of the stored one.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

HEAD = 12_000  # characters kept from the start of a long text
TAIL = 4_000
BUDGET = 150_000  # characters of one run's long texts that go to the screen before anybody asks for more
AROUND = 600  # characters kept on either side of a marked span

# What draws nothing, reorders what stands around it, or belongs to a terminal. A joiner between
# two non-ASCII characters is ordinary spelling (Persian, Hindi, emoji) and stays.
_HIDDEN = re.compile(
    r"(?P<crlf>\r(?=\n))|[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    r"\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    r"\U000e0000-\U000e01ef]"
    r"|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # all that can hide in ASCII: most runs need no more
_SHIFTING = re.compile(f"{_HIDDEN.pattern}|[\U00010000-\U0010ffff]")

# Names and not the Unicode control pictures: few fonts can draw those.
_CONTROLS = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI"),
    *("DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"),
)


class Mark(NamedTuple):
    """A span of a stored text that the screen highlights; `id` ties it to what points at it."""

    start: int
    end: int
    id: str
    kind: str


class Shown(NamedTuple):
    """Text as the screen shows it, and where stored offsets went."""

    text: str
    places: Sequence[int]
    shifts: Sequence[int]

    def at(self, offset: int) -> int:
        """UTF-16 offset in the shown text for a code point offset in the stored text."""
        return offset + self.shifts[bisect_right(self.places, offset)] if self.places else offset


def visible(text: str) -> Shown:
    """`text` with hidden and control characters as symbols, and the map of its offsets."""
    if text.isascii() and not _CONTROL.search(text):
        return Shown(text, (), (0,))
    pieces: list[str] = []
    places: list[int] = []
    growth: list[int] = []
    done = 0
    for match in _SHIFTING.finditer(text):
        symbol = "" if match["crlf"] else _symbol(match.group())
        pieces += (text[done : match.start()], symbol)
        done = match.end()
        places.append(match.end())
        growth.append(len(symbol.encode("utf-16-le")) // 2 - 1)
    if not places:
        return Shown(text, (), (0,))
    pieces.append(text[done:])
    return Shown("".join(pieces), places, [0, *accumulate(growth)])


def hidden_count(text: str) -> int:
    """How many characters of `text` a plain text box would not show."""
    return sum(match["crlf"] is None for match in _HIDDEN.finditer(text))


def block(text: str, marks: Iterable[Mark] = (), *, head: int = HEAD, tail: int = TAIL) -> dict[str, Any]:
    """Cut one text to what the pane draws: parts with the hidden count after each, and marks.

    `{"chars": n, "parts": [{"text", "skip"}], "marks": [{"part", "start", "end", "id", "kind"}]}`.
    """
    wanted = [mark for mark in marks if 0 <= mark.start < mark.end <= len(text)]
    windows = _windows(len(text), wanted, head=head, tail=tail)
    ends = [start for start, _ in windows[1:]] + [len(text)]
    parts, drawn = [], []
    for number, ((start, end), following) in enumerate(zip(windows, ends, strict=True)):
        shown = visible(text[start:end])
        parts.append({"text": shown.text, "skip": following - end})
        drawn += [
            {
                "part": number,
                "start": shown.at(max(mark.start, start) - start),
                "end": shown.at(min(mark.end, end) - start),
                "id": mark.id,
                "kind": mark.kind,
            }
            for mark in wanted
            if mark.start < end and mark.end > start
        ]
    return {"chars": len(text), "parts": parts, "marks": drawn}


def fair_share(texts: int, budget: int = BUDGET, most: int = HEAD + TAIL) -> tuple[int, int]:
    """Split the budget of a run over its long texts: (head, tail) for each."""
    share = max(1_600, min(most, budget // max(texts, 1)))
    return share * 3 // 4, share // 4


def line(text: str, limit: int = 400) -> str:
    """One short text with nothing hidden in it, cut at `limit` characters."""
    return visible(text if len(text) <= limit else f"{text[: limit - 1]}…").text


def _windows(length: int, marks: Sequence[Mark], *, head: int, tail: int) -> list[tuple[int, int]]:
    if length <= head + tail + AROUND:
        return [(0, length)]
    wanted = [(0, head), (length - tail, length)]
    wanted += [(max(0, m.start - AROUND), min(length, m.end + AROUND, m.start + head)) for m in marks]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(wanted):
        if merged and start <= merged[-1][1] + AROUND:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _symbol(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return f"\u27e8{_CONTROLS[code]}\u27e9"
    if code == 0x7F:
        return "\u27e8DEL\u27e9"
    if code > 0xFFFF and not 0xE0000 <= code <= 0xE01EF:
        return character  # only its width differs: two UTF-16 units
    return f"\u27e8U+{code:04X}\u27e9"
