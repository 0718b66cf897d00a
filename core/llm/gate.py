"""The gate before one server: every thread passes it with every request, so that all keep one pace."""

import threading
import time
from collections.abc import Callable

from core.errors import ModelUnreachable, Stopped
from core.llm.pace import Pace, Pass

_LOOK_UP_S = 0.2  # longest wait before a thread looks whether its run ends
_LONGEST_PAUSE_S = 600.0  # that a server may ask for; a run that would wait longer ends
_CLOSED_S = 5.0  # how long a server that is gone is not asked again

Sleep = Callable[[threading.Condition, float], object]


class Gate:
    """Lets requests through as `Pace` says. Safe to share between threads and models of one server.

    Raises `Stopped` instead of waiting once `stopping` says so, and `ModelUnreachable` while the
    server is taken for gone.
    """

    def __init__(
        self,
        in_flight: int = 256,
        *,
        rpm: int | None = None,
        tpm: int | None = None,
        stopping: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = threading.Condition.wait,
    ) -> None:
        self._pace = Pace(in_flight, rpm=rpm, tpm=tpm)
        self._changed = threading.Condition()
        self._stopping = stopping
        self._clock = clock
        self._sleep = sleep
        self._gone = ""
        self._closed_until = 0.0

    def enter(self, tokens: int) -> Pass:
        """Wait for leave to send a request of about so many tokens."""
        with self._changed:
            while True:
                now = self._clock()
                if now < self._closed_until:
                    raise ModelUnreachable(self._gone)
                wait = self._pace.wait_s(now, tokens)
                if not wait:
                    return self._pace.begin(now, tokens)
                self._wait(wait)

    def rest(self, seconds: float) -> None:
        """Wait before the next request of one call."""
        until = self._clock() + seconds
        with self._changed:
            while (left := until - self._clock()) > 0:
                self._wait(left)

    def answered(self, given: Pass, tokens: int) -> None:
        """A request was answered, and cost so many tokens (0: not known)."""
        with self._changed:
            self._pace.answered(self._clock(), given, tokens)
            self._changed.notify(2)  # the limit may have grown by one

    def refused(self) -> None:
        """A request was refused for what it says, or was dropped here; nothing is wrong with the server."""
        with self._changed:
            self._pace.refused()
            self._changed.notify()

    def too_many(self, given: Pass, wait_s: float | None, said: str) -> None:
        """The server is asked too much: all wait. Raises `ModelUnreachable` if it asks for, or takes, too long."""
        with self._changed:
            now = self._clock()
            gone = self._pace.too_many(now, given, wait_s if (wait_s or 0) <= _LONGEST_PAUSE_S else 0)
            self._changed.notify()
            if wait_s and wait_s > _LONGEST_PAUSE_S:
                self._close(
                    f"{said.rstrip('.')}. It asks to wait {wait_s:,.0f} s; run the same command again after that."
                )
            if gone:
                seconds = self._pace.failing_for_s(now)
                self._close(f"The model server has turned everything away for {seconds:.0f} s. It says: {said}")

    def failed(self, given: Pass, said: str, *, connection: bool) -> None:
        """A request came to nothing. Raises `ModelUnreachable` if the server is to be taken for gone."""
        with self._changed:
            now = self._clock()
            gone = self._pace.failed(now, given, connection=connection)
            self._changed.notify()
            if gone:
                seconds = self._pace.failing_for_s(now)
                self._close(f"The model server has answered nothing for {seconds:.0f} s. The last fault: {said}")

    def _close(self, why: str) -> None:
        self._gone, self._closed_until = why, self._clock() + _CLOSED_S
        self._changed.notify_all()
        raise ModelUnreachable(why)

    def _wait(self, seconds: float) -> None:
        if self._stopping():
            raise Stopped("The run ends.")
        self._sleep(self._changed, min(seconds, _LOOK_UP_S))
