"""Talk on stderr: tables and bars on a terminal, plain lines elsewhere. Data is always escaped."""

import io
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from core.events import OnProgress, Progress

if TYPE_CHECKING:
    from rich.console import Console

_LINE_EVERY = 100  # finished trajectories, or 1 %, that make a plain progress line worth it
_LINE_SECONDS = 5.0  # between two plain lines
_LONGEST_SILENCE = 60.0  # after which a plain line says that the run is alive


def safe(text: object) -> str:
    """Text that cannot drive a terminal: control, direction and line-break characters become visible escapes."""
    return "".join(
        c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else f"\\u{ord(c):04x}" for c in str(text)
    )


def say(text: object = "") -> None:
    """One line of talk."""
    click.echo(safe(text), err=True)


def counted(n: int, one: str, many: str = "") -> str:
    """A number with its word: "1 row", "2,000 rows"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def print_json(value: object, *, indent: int | None = None) -> None:
    """JSON on stdout, in plain ASCII where the terminal's encoding cannot carry the text itself."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=indent)
    click.echo(text)


def never_refuse_a_character() -> None:
    """Let stdout and stderr write what they cannot encode as an escape; a name on disk need not be text."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Iterable[str] = (), data: bool = False
) -> None:
    """A small table on stderr, or on stdout where it is the `data` asked for.

    `numbers` names the columns that are set flush right.
    """
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    right = set(numbers)
    for column in columns:
        drawn.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(safe(cell)) for cell in row))
    _console(stderr=not data).print(drawn)


@contextmanager
def progress(label: str) -> Iterator[OnProgress]:
    """A bar and a line of figures on a terminal; elsewhere a line now and then and at the end."""
    from core.runs.figures import figures, results

    console = _console()
    news = _news()
    if not console.is_terminal:
        due = _when_due()

        def print_lines(now: Progress) -> None:
            if line := news(now):
                say(line)
            if due(now):
                say(" · ".join([f"{now.done:,}/{now.total:,}  {results(now)}", *_measured(now)]))

        yield print_lines
        return
    from rich.console import RenderableType
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar
    from rich.table import Column
    from rich.text import Text

    class _WithFigures(Bar):
        line = ""

        def get_renderables(self) -> Iterable[RenderableType]:
            yield from super().get_renderables()
            yield Text(self.line, style="dim")

    whole = Column(no_wrap=True)
    words = TextColumn("{task.fields[results]}", table_column=whole)
    columns = (TextColumn(label, table_column=whole), BarColumn(None), MofNCompleteColumn(table_column=whole), words)
    with _WithFigures(*columns, console=console, expand=True) as bar:
        task = bar.add_task(label, total=None, results="")

        def show(now: Progress) -> None:
            if line := news(now):
                bar.console.print(line, markup=False)
            bar.line = _fitting(figures(now, running=now.done < now.total), bar.console.width)
            bar.update(task, total=now.total, completed=now.done, results=results(now))

        yield show


def _fitting(parts: Sequence[str], width: int) -> str:
    """As many of the figures as fit into one line; tokens are the first to go, then those in front."""
    left = list(parts)
    while len(left) > 1 and len(" · ".join(left)) > width:
        left.remove(next((part for part in left if "tokens" in part), left[0]))
    return " · ".join(left)


def _when_due() -> Callable[[Progress], bool]:
    """A function that says when a plain line is due: some seconds after the last that brought 1 %, and at the end."""
    before = Progress(total=0)

    def due(now: Progress) -> bool:
        nonlocal before
        waited = now.seconds - before.seconds
        came = now.done - before.done
        step = max(1, min(now.total // 100, _LINE_EVERY))
        ended = now.done == now.total and bool(now.last)
        if not (ended or (waited >= _LINE_SECONDS and came >= step) or waited >= _LONGEST_SILENCE):
            return False
        before = now
        return True

    return due


def _measured(now: Progress) -> list[str]:
    """Figures of a run that took long enough to have any; of a quick one only what it cost."""
    from core.runs.figures import cost, figures

    ended = now.done == now.total
    if now.seconds >= _LINE_SECONDS:
        return figures(now, running=not ended)
    return [cost(now)] if now.calls else []


def _news() -> Callable[[Progress], str]:
    """A function that gives the line to say when a run begins to wait for something, else nothing."""
    said = set()

    def line(now: Progress) -> str:
        if now.note:
            return now.note
        if now.ending and "ending" not in said:
            said.add("ending")
            calls = f"{now.ending} call{'s' if now.ending > 1 else ''} in flight"
            return f"Stopping: waiting for {calls} (Ctrl-C again drops {'them' if now.ending > 1 else 'it'})."
        if now.elsewhere and "elsewhere" not in said:
            said.add("elsewhere")
            return f"Waiting for {now.elsewhere} that another run has in work (Ctrl-C leaves them to it)."
        return ""

    return line


def _console(*, stderr: bool = True) -> "Console":
    from rich.console import Console

    # Piped, there is no width to fit: a cell is never broken for a reader that is a program.
    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=400)
