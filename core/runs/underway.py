"""Which questions are being asked just now, so that two trajectories that need the same pay for it once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Underway:
    """Request hashes that some thread of the run is asking. Safe to share between its threads."""

    def __init__(self) -> None:
        self._requests: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def alone(self, request: str) -> Iterator[None]:
        """Wait until no other thread asks `request`, and let none ask it meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: request not in self._requests)
            self._requests.add(request)
        try:
            yield
        finally:
            with self._changed:
                self._requests.discard(request)
                self._changed.notify_all()
