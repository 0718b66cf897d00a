"""ReAct logs as text: where a run begins and ends, and which line opens which part of it.

Logs print one run after the other, so they are cut while they are read and memory holds one run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedIOBase

from core.models import visible
from core.sources.record import Rejected, Row

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ASKS = re.compile(r"\s*(?:Question|Claim|Task)\s*:\s*\S")
_ACTS = re.compile(r"\s*(?:Thought|Act(?:ion)?)(?: \d+)?\s*:")
_PART = re.compile(
    r"[ \t]*(Question|Claim|Task|Thought|Action Input|Action|Act|Observation|Obs|Final Answer|Answer|Correct answer"
    r"|Reflections?)(?: (\d+))?[ \t]*:[ \t]?(.*)"
)
_TRIAL = re.compile(r"BEGIN TRIAL (\d+)")
_SECTION = re.compile(r"-++ *+BEGIN (\w+) AGENTS? *-+")
_BANNER = re.compile(r"#+\s*|Trial summary:.*|> Entering new .* chain\.*|> Finished chain\.?")
_OPENS_DEMO = re.compile(r"Here are some examples|Use the following format|Answer the following questions")
_ENDS_DEMO = re.compile(r"\(END OF EXAMPLES\)|Begin!")
TASKS = ("Question", "Claim", "Task")
_OVER = ("Final Answer:", "Correct answer:")
_FINISH = re.compile(r"\s*Act(?:ion)?(?: \d+)?\s*:\s*[Ff]inish\b")
_SHORT = {"Act": "Action", "Obs": "Observation"}
_DEMO_LINES = 500  # instructions that find no end by then are a log


def is_log(head: bytes) -> bool:
    """Tell from the beginning of a file whether it is a text log of thoughts and actions."""
    text = _COLOUR.sub("", head.decode("utf-8-sig", "replace"))
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or lines[0].lstrip()[:1] == "{" or re.match(r'\s*\[\s*[\[{"]|[\w"]++([,;\t][\w" ]++)++\s*$', lines[0]):
        return False
    return lines[0].strip() != "[" and any(_ACTS.match(line) for line in lines)


def parts_of(text: str) -> list[tuple[str, str]]:
    """Cut the text of a run into (name of the part, what it says).

    Where the first thought has a number, a line opens a part only with one, and where the first
    action is an `Act`, so are the others, for a page that was read may have lines that begin with
    `Action:` too.
    """
    parts: list[tuple[str, list[str]]] = []
    spelled: dict[str, str] = {}
    numbered: bool | None = None
    for line in text.split("\n"):
        found = _PART.match(line)
        name = _SHORT.get(found[1], found[1]) if found else ""
        if found and name in ("Thought", "Action", "Observation"):
            numbered = bool(found[2]) if numbered is None else numbered
            same = (not numbered or found[2]) and spelled.setdefault(name, found[1]) == found[1]
            name = name if same else ""
        if (name == "Answer" and not (parts and _may_answer(*parts[-1]))) or (name in TASKS and parts):
            name = ""
        if found and name:
            parts.append((name, [found[3]]))
        elif parts:
            parts[-1][1].append(line)
    return [(name, "\n".join(lines).strip()) for name, lines in parts]


def _may_answer(name: str, lines: list[str]) -> bool:
    """Tell whether the run's answer may follow this part: a thought, or the action that ends the run."""
    return name == "Thought" or (name == "Action" and lines[0].lower().startswith("finish"))


def runs_of(stream: BufferedIOBase) -> Iterator[Row | Rejected]:
    """Give the text of each run as a row, with the trial and section of the log that it stands in."""
    cut = _Cut()
    for number, line in enumerate(stream, 1):
        raw = visible(line.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape").rstrip("\r\n"))
        yield from cut.add(raw, _COLOUR.sub("", raw), number)
    yield from cut.end()


@dataclass(slots=True)
class _Cut:
    """The log as far as it was read: the run at hand, what stands in front of it, and where it stands."""

    run: list[tuple[str, str]] = field(default_factory=list)  # (as in the file, without colours)
    before: list[str] = field(default_factory=list)
    demo: list[tuple[str, str, int]] = field(default_factory=list)
    line: int = 0
    trial: str = ""
    section: str = ""

    def add(self, raw: str, line: str, number: int) -> Iterator[Row | Rejected]:
        if self.demo or (not self.run and _OPENS_DEMO.match(line)):
            self.demo.append((raw, line, number))
            if _ENDS_DEMO.search(line):
                self.before += [line for _, line, _ in self.demo]
                self.demo.clear()
            elif len(self.demo) > _DEMO_LINES:
                yield from self._replay()
            return
        yield from self._sort(raw, line, number)

    def end(self) -> Iterator[Row | Rejected]:
        yield from self._replay()
        yield from self._close()
        rest = "\n".join(self.before).strip()
        if rest:
            yield Rejected(None, "text at the end of the log that belongs to no run", rest)

    def _replay(self) -> Iterator[Row | Rejected]:
        held, self.demo = self.demo, []
        for raw, line, number in held:
            yield from self._sort(raw, line, number)

    def _sort(self, raw: str, line: str, number: int) -> Iterator[Row | Rejected]:
        trial, section = _TRIAL.match(line), _SECTION.match(line)
        if trial or section or _BANNER.fullmatch(line.rstrip()):
            yield from self._close()
            self.trial = trial[1] if trial else self.trial
            self.section = section[1] if section else "" if trial else self.section
        elif _ASKS.match(line) and self._is_over():
            yield from self._close()
            self._open(raw, line, number)
        elif self.run:
            self.run.append((raw, line))
            if line.startswith("Correct answer:"):
                yield from self._close()
        elif _ACTS.match(line):
            self._open(raw, line, number)
        else:
            self.before.append(line)

    def _is_over(self) -> bool:
        """Tell whether the run at hand may have ended: a page that was read may ask questions too."""
        lines = [line for _, line in self.run]
        return not lines or not lines[-1].strip() or any(_FINISH.match(x) or x.startswith(_OVER) for x in lines)

    def _open(self, raw: str, line: str, number: int) -> None:
        self.run, self.line = [(raw, line)], number

    def _close(self) -> Iterator[Row]:
        if self.run:
            about = {"before": "\n".join(self.before).strip(), "trial": self.trial, "section": self.section}
            data = {"react_log": "\n".join(line for _, line in self.run).strip()}
            yield Row(
                data | {key: value for key, value in about.items() if value},
                "\n".join([*self.before, *(raw for raw, _ in self.run)]).strip("\n"),
                self.line,
            )
            self.run, self.before = [], []
