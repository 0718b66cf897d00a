"""Runs the commands shown in README.md and docs, and writes what they print beneath them.

    python docs/make_transcripts.py

Taken are the lines that begin with `$` in blocks fenced as `console`, and Python followed by
"It prints:". Each page has a folder of its
own, in which `runs.jsonl` is a copy of the first sample file. What a person does in the browser in
between stands in a comment of the page: `<!-- reviewed: accept 8, edit 1, reject 3 -->`.
`tests/docs/test_docs.py` fails while a page is not what this writes.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import uuid
from pathlib import Path

from core.models import Decision, RejectReason, ReviewAction
from core.review.items import Desk, next_item
from core.review.verdicts import decide
from core.store import Store, open_store

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "quick_start.md")
_PROGRESS = re.compile(r"(?P<done>[\d,]+)/(?P<all>[\d,]+)  ")
_PART = re.compile(
    r"<!-- reviewed: (?P<verdicts>.*?) -->"
    r"|^```console\n(?P<block>.*?)^```$"
    r"|^(?P<python>```python\n(?P<code>[^`]*?)^```\n\nIt prints:\n)\n```text\n.*?^```$",
    re.MULTILINE | re.DOTALL,
)
_PROGRAMS = sysconfig.get_path("scripts")


def written(page: str) -> str:
    """`page` with the output of its commands as it is now."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(ROOT / "sample_data" / "failed_runs.jsonl", folder / "runs.jsonl")

        def replace(part: re.Match[str]) -> str:
            if part["verdicts"]:
                _review(folder / "team.db", part["verdicts"])
                return part.group()
            if part["code"]:
                return f"{part['python']}\n```text\n{_output(folder, [sys.executable, '-c', part['code']])}```"
            commands = [line for line in part["block"].splitlines() if line.startswith("$ ")]
            return "```console\n" + "".join(_transcript(folder, command) for command in commands) + "```"

        return _PART.sub(replace, page)


def _transcript(folder: Path, line: str) -> str:
    """One command and what it prints."""
    return f"{line}\n{_output(folder, shlex.split(line.removeprefix('$ ')))}"


def _output(folder: Path, command: list[str]) -> str:
    """What a command prints, stderr included, without the caller's own settings."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AGENTHER_", "OPENAI_"))}
    done = subprocess.run(  # noqa: S603  the commands are those of our own pages
        command,
        cwd=folder,
        env={**inherited, "PATH": f"{_PROGRAMS}{os.pathsep}{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return "".join(f"{row}\n" for row in map(_untimed, done.stdout.splitlines()) if row is not None)


def _untimed(row: str) -> str | None:
    """A row without what depends on how quick the machine is: progress before the end, and the speed at the end."""
    found = _PROGRESS.match(row)
    if found is None:
        return row.rstrip()
    return row.partition(" · ")[0].rstrip() if found["done"] == found["all"] else None


def _review(db: Path, verdicts: str) -> None:
    """Take verdicts in the order of the queue, as the pane does: `accept 8, edit 1, reject 3`."""
    with open_store(db) as store:
        for part in verdicts.split(", "):
            action, number = part.split()
            for _ in range(int(number)):
                _one(store, ReviewAction(action))


def _one(store: Store, action: ReviewAction) -> None:
    item = next_item(store, Desk("anna"))
    assert item is not None, "the page reviews more than the queue holds"
    edited = action is ReviewAction.EDIT
    decision = Decision(
        op_id=uuid.uuid4().hex,
        proposal_id=item.proposal_id,
        revision=item.revision,
        annotator="anna",
        action=action,
        reason=RejectReason.TRIVIAL if action is ReviewAction.REJECT else None,
        hindsight_prompt=f"{item.attempt.hindsight_prompt} Please keep it short." if edited else None,
    )
    answer = decide(store, decision)
    assert answer.taken, answer.message


def main() -> None:
    """Write the pages anew."""
    for page in PAGES:
        page.write_text(written(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
