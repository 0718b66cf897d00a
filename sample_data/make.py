"""Builds the sample runs: `python -m sample_data.make [DIRECTORY]` from the project's root.

Every build writes the same bytes: data and dates are fixed, and nothing of the machine enters a run.
"""

import json
import sys
import tempfile
from pathlib import Path

from sample_data.record import Run, chat_row, reference_row
from sample_data.runs import ORDER, REFERENCE, SCRIPTS


def build(base: Path) -> dict[str, Run]:
    """Play every script, each with an empty directory of its own below `base`."""
    runs = {}
    for script in SCRIPTS:
        (own := base / script.__name__).mkdir()
        run = script(own)
        runs[run.id] = run
    assert sorted(runs) == sorted([*ORDER, *REFERENCE]), sorted({*runs} ^ {*ORDER, *REFERENCE})
    return runs


def main(target: Path) -> None:
    """Write both files into `target`."""
    with tempfile.TemporaryDirectory() as base:
        runs = build(Path(base).resolve())
    lines = [json.dumps(chat_row(runs[name]), ensure_ascii=False) for name in ORDER]
    (target / "failed_runs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    array = json.dumps([reference_row(runs[name]) for name in REFERENCE], ensure_ascii=False, indent=2)
    (target / "reference_format.json").write_text(array + "\n", encoding="utf-8", newline="")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
