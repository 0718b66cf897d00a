import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from openai_server import openai_server  # noqa: F401  a fixture

from core.cli import main

SAMPLES = Path(__file__).parents[2] / "sample_data"


class Ran(NamedTuple):
    """What a command left behind: exit code, data, talk."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that says what is wrong."""
        lines = [line for line in self.err.splitlines() if line.startswith(("Error:", "  skipped"))]
        assert len(lines) == 1, self.err
        return lines[0]


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to work in, and no settings from this machine's environment."""
    for name in [name for name in os.environ if name.startswith(("OPENAI_", "AGENTHER_"))]:
        monkeypatch.delenv(name)
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def agenther(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """The command's own entry point, in this process."""

    def run(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["agenther", *map(str, words)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture
def command() -> Callable[..., Ran]:
    """The installed command, as a process of its own."""

    def run(*words: object) -> Ran:
        program = Path(sys.executable).with_name("agenther")
        done = subprocess.run([program, *map(str, words)], check=False, capture_output=True, text=True, timeout=60)
        assert "Traceback" not in done.stdout + done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port of 127.0.0.1 that somebody else listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def samples() -> Path:
    """The sample runs that ship with the project."""
    return SAMPLES / "failed_runs.jsonl"
