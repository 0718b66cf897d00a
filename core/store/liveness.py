"""Whether the process behind a run still lives, seen from any other process, without writing.

A run's process gives a sign of life every few seconds. One on this machine that was killed is known
at once from its process id; one that cannot be looked at is taken for dead when its signs stop.
"""

import os
import socket
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

BEAT_SECONDS = 5.0  # between two signs of life
_DEAD_AFTER_SECONDS = 60.0  # a machine under load skips some


def this_process() -> str:
    """Name of this process: its machine and its id there."""
    return name_of(os.getpid())


def name_of(process_id: int) -> str:
    """Name of a process of this machine."""
    return f"{_machine()} {process_id}"


def is_dead(process: str, beat_at: str) -> bool:
    """Whether a running run's process has ended: `process` as of `this_process`, `beat_at` its last sign of life."""
    if (datetime.now(UTC) - datetime.fromisoformat(beat_at)).total_seconds() > _DEAD_AFTER_SECONDS:
        return True
    machine, _, number = process.rpartition(" ")
    return machine == _machine() and not _exists(int(number))


@cache
def _machine() -> str:
    """Where process ids mean something: the machine since its start and, on Linux, the container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _exists(number: int) -> bool:
    if os.name == "nt":  # there, signal 0 would end the process
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
