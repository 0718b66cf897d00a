"""Starting a run as a process of its own: it outlives the browser tab and the app's server.

Progress is read from the store (`core.store.runs.runs_under_way`), where `agenther run` writes it.
"""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from core.store import Store
from core.store.liveness import name_of
from core.store.runs import has_run_of

# Every user of the machine can read the arguments of a process; an address may hold a password.
_BY_ENVIRONMENT = {
    "api_key": "OPENAI_API_KEY",
    "judge_api_key": "AGENTHER_JUDGE_API_KEY",
    "base_url": "OPENAI_BASE_URL",
    "judge_model": "AGENTHER_JUDGE_MODEL",
    "judge_base_url": "AGENTHER_JUDGE_BASE_URL",
}
_TAIL = 4_000  # bytes looked at of what a process has said

# The newest process that was started on each database, and the file that takes what it says.
_newest: dict[Path, tuple[subprocess.Popen[bytes], IO[bytes]]] = {}


def run_in_background(db: Path, flags: Mapping[str, object]) -> subprocess.Popen[bytes]:
    """Start `agenther run` on `db` with settings as flags; keys and addresses go by environment. Gives the process."""
    # -P: a folder `core` where the app was started must not stand in for ours.
    command = [sys.executable, "-P", "-m", "core.cli", "run", "--db", str(db)]
    environment = dict(os.environ)
    for name, value in flags.items():
        if value in (None, "", False):
            continue
        if value is True:
            command.append(f"--{name.replace('_', '-')}")
        elif name in _BY_ENVIRONMENT:
            environment[_BY_ENVIRONMENT[name]] = str(value)
        else:
            command += [f"--{name.replace('_', '-')}", str(value)]
    said = tempfile.TemporaryFile()  # noqa: SIM115  a pipe would end the run when this server ends
    process = subprocess.Popen(  # noqa: S603  our own program, arguments as a list
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=said,
        start_new_session=True,
    )
    _newest[db] = (process, said)
    threading.Thread(target=process.wait, daemon=True).start()  # else it stays as a zombie while the app runs
    return process


def is_alive(db: Path) -> bool:
    """Whether the newest process that was started here on `db` has not ended, its run noted or not."""
    return db in _newest and _newest[db][0].poll() is None


def why_refused(store: Store) -> str:
    """Why the newest process that was started here began no run; empty if it did, or may yet."""
    if store.path not in _newest or is_alive(store.path):
        return ""
    process, said = _newest[store.path]
    if not process.returncode or has_run_of(store, name_of(process.pid)):
        return ""
    length = said.seek(0, os.SEEK_END)
    said.seek(max(0, length - _TAIL))
    lines = said.read().decode("utf-8", "replace").splitlines()
    return next((line.removeprefix("Error: ") for line in reversed(lines) if line.startswith("Error: ")), "")
