"""What a long act reports while it goes on; the command line and the app only listen."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a run has come. `last` names the trajectory that was just finished."""

    total: int
    done: int = 0
    proposed: int = 0
    skipped: int = 0
    failed: int = 0
    last: str = ""


OnProgress = Callable[[Progress], None]
