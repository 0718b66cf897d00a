"""A workspace of real files with a real shell and a real Python.

Commands name `/workspace`; the files lie in a temporary directory. The path is put in on the way in and taken
out on the way back, so that no run shows where it was made. `PATH` holds a fixed list of programs, the seconds
that a test run took are replaced, and Python sees no installed packages: the same bytes come out everywhere.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from sample_data.record import Tool

PROGRAMS = ("awk basename bash cat cp cut date diff dirname echo env find grep gzip head ls mkdir mv rm sed seq sh "
            "sha256sum sort tail tar touch tr uniq wc xargs").split()


class Sandbox:
    """Files under a temporary directory, seen by the agent as /workspace."""

    def __init__(self, base: Path, files: dict[str, str]) -> None:
        self.root = base / "workspace"
        self.bin = base / "bin"
        self.bin.mkdir(parents=True)
        for name in PROGRAMS:
            (self.bin / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
        self.root.mkdir()
        for name, text in files.items():
            self._path(name).parent.mkdir(parents=True, exist_ok=True)
            self._path(name).write_text(text, encoding="utf-8", newline="")

    def _path(self, name: str) -> Path:
        path = (self.root / name.removeprefix("/workspace").lstrip("/")).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise ValueError(f"{name}: outside of /workspace")
        return path

    def _launch(self, command: list[str]) -> str:
        env = {"PATH": str(self.bin), "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(self.root), "PYTHONUTF8": "1",
               "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
        done = subprocess.run(command, cwd=self.root, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, timeout=60)
        text = done.stdout.decode("utf-8", "replace").replace(str(self.root), "/workspace")
        text = re.sub(r"^(Ran \d+ tests?) in [\d.]+s$", r"\1 in 0.003s", text, flags=re.M)
        return text if done.returncode == 0 else f"{text}\n[exit code {done.returncode}]".lstrip("\n")

    def shell(self, command: str) -> str:
        """Run a command line in bash."""
        text = self._launch(["bash", "-c", command.replace("/workspace", str(self.root))])
        return text.replace("bash: line 1: ", "bash: ") or "(no output)"

    def python(self, code: str) -> str:
        """Run a snippet with the standard library only."""
        cell = self.root / ".cell.py"
        cell.write_text(code.replace("/workspace", str(self.root)) + "\n", encoding="utf-8")
        text = self._launch([sys.executable, "-s", "-S", "-X", "no_debug_ranges", ".cell.py"])
        cell.unlink()
        return text or "(no output)"

    def tests(self, target: str = "") -> str:
        """Run the unit tests below /workspace."""
        command = [sys.executable, "-s", "-S", "-X", "no_debug_ranges", "-m", "unittest", "-v"]
        return self._launch([*command, *([target] if target else [])])

    def read(self, path: str) -> str:
        """The text of a file."""
        if not self._path(path).is_file():
            raise FileNotFoundError(f"{path}: no such file")
        return self._path(path).read_text(encoding="utf-8")

    def write(self, path: str, content: str) -> str:
        """Write a file, replacing what was there."""
        self._path(path).parent.mkdir(parents=True, exist_ok=True)
        self._path(path).write_text(content, encoding="utf-8", newline="")
        return f"wrote {len(content.encode())} bytes to {path}"

    def edit(self, path: str, old: str, new: str) -> str:
        """Replace a text that stands in the file exactly once."""
        text = self.read(path)
        if (count := text.count(old)) != 1:
            raise ValueError(f"old text found {count} times in {path}, expected exactly once")
        self.write(path, text.replace(old, new))
        return f"edited {path}"

    def toolbox(self, *names: str) -> list[Tool]:
        """The tools with these names."""
        every = [
            Tool("bash", "Run a command in a bash shell. The working directory is /workspace.",
                 {"command": "string The command line."}, self.shell),
            Tool("run_python", "Run a Python 3 snippet in /workspace and return what it prints.",
                 {"code": "string Source code of the snippet."}, self.python),
            Tool("run_tests", "Run the project's unit tests (verbose) and return the report.",
                 {"target?": "string Test module, class or method; all tests if left out."}, self.tests),
            Tool("read_file", "Return the contents of a text file.", {"path": "string Path of the file."}, self.read),
            Tool("write_file", "Create or overwrite a text file.",
                 {"path": "string Path of the file.", "content": "string The whole new text."}, self.write),
            Tool("edit_file", "Replace one exact piece of text in a file.",
                 {"path": "string Path of the file.", "old": "string Text to replace; must occur once.",
                  "new": "string Replacement."}, self.edit),
        ]
        return [tool for tool in every if tool.name in names]
