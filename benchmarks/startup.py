"""`agenther --help` beside an interpreter that does nothing."""

import subprocess
import sys
import sysconfig
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.report import ms, seconds, show

RUNS = 15


def main() -> None:
    """Start each program in turn, so that both see the same load."""
    program = str(Path(sysconfig.get_path("scripts")) / "agenther")
    commands = {"python -c pass": [sys.executable, "-c", "pass"], "agenther --help": [program, "--help"]}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            times[name].append(seconds(partial(subprocess.run, command, check=True, capture_output=True)))
    floor = median(times["python -c pass"])
    rows = [(name, len(found), ms(median(found)), f"{median(found) / floor:.1f}") for name, found in times.items()]
    show(("Command", "n", "median ms", "to floor"), rows)
