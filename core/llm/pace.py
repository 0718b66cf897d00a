"""How fast one server may be asked: calls in flight, requests and tokens a minute, pauses, and when it is gone.

Only bookkeeping, over a clock that is passed in; `core.llm.gate` makes threads wait for it. After a
"too many requests" one request goes first; each answer then lets one more into flight, up to half of
what was in flight before, and beyond that one more per round (TCP's slow start, RFC 5681).
"""

import math
from dataclasses import dataclass

_SLOW_AFTER = 3  # broken connections in a row; fewer concern only the calls that they hit
_FIRST_PAUSE_S = 0.5  # after a broken connection, doubled each time
_LONGEST_PAUSE_S = 8.0
_ROUNDING = 1e-6  # of a request or a token: a wait too short to move the clock would never end
_BUSY_FOR_S = 180.0  # without one answer: longer than any limit a minute, shorter than a queue burnt through
GONE_AFTER = 10  # requests in a row that came to nothing, and
GONE_AFTER_S = 20.0  # seconds since the first of them: long enough for a server to start anew


class _Bucket:
    """An allowance per minute, handed out second by second; what was estimated too low becomes a debt."""

    def __init__(self, per_minute: int) -> None:
        self._rate = per_minute / 60
        self._most = max(1.0, self._rate)
        self._level = self._most
        self._at = 0.0

    def wait_s(self, now: float, amount: float) -> float:
        # One call may need more than a second's share: then a full bucket will do.
        missing = min(amount, self._most) - self._filled(now)
        return missing / self._rate if missing > _ROUNDING else 0.0

    def take(self, now: float, amount: float) -> None:
        self._level = self._filled(now) - amount
        self._at = now

    def _filled(self, now: float) -> float:
        return min(self._most, self._level + (now - self._at) * self._rate)


@dataclass(frozen=True)
class Pass:
    """Leave to send one request: when it was given, and how many tokens were counted for it."""

    at: float
    tokens: int


class Pace:
    """The state of one server. Times in seconds of any one clock; not safe between threads."""

    def __init__(self, in_flight: int, *, rpm: int | None = None, tpm: int | None = None) -> None:
        self.in_flight = 0
        self.limit = float(in_flight)  # its whole part counts
        self._most = self._threshold = float(in_flight)
        self._requests = _Bucket(rpm) if rpm else None
        self._tokens = _Bucket(tpm) if tpm else None
        self._paused_until = -math.inf
        self._slowed_at = -math.inf
        self._pause_s = 0.0
        self._failures = 0
        self._failing_since = 0.0
        self._turned_away = 0
        self._turned_away_since = 0.0

    def wait_s(self, now: float, tokens: int) -> float:
        """Seconds until a request of so many tokens may go; infinite while enough are in flight."""
        if self.in_flight >= int(self.limit):
            return math.inf
        waits = [self._paused_until - now]
        waits += [self._requests.wait_s(now, 1)] if self._requests else []
        waits += [self._tokens.wait_s(now, tokens)] if self._tokens else []
        return max(0.0, *waits)

    def begin(self, now: float, tokens: int) -> Pass:
        """Count one request that goes now."""
        self.in_flight += 1
        if self._requests:
            self._requests.take(now, 1)
        if self._tokens:
            self._tokens.take(now, tokens)
        return Pass(now, tokens)

    def answered(self, now: float, given: Pass, tokens: int) -> None:
        """A request was answered, and cost so many tokens (0: the server does not say)."""
        self._alive()
        if self._tokens and tokens:
            self._tokens.take(now, tokens - given.tokens)
        if given.at > self._slowed_at:
            self.limit += 1 if self.limit < self._threshold else 1 / self.limit
            self.limit = min(self.limit, self._most)

    def refused(self) -> None:
        """A request was refused for what it says; the server is well."""
        self._alive()

    def too_many(self, now: float, given: Pass, wait_s: float | None) -> bool:
        """The server is asked too much; `wait_s` is what it says itself, and 0 that it is over.

        True once it has turned everything away for so long that it is to be taken for gone.
        """
        pause_s, turned_away, since = self._pause_s, self._turned_away, self._turned_away_since
        self._alive()
        self._turned_away, self._turned_away_since = turned_away + 1, since if turned_away else now
        if wait_s != 0:
            self._slow_down(now, given)
        if wait_s is None and self._turned_away >= _SLOW_AFTER and given.at >= self._paused_until:
            self._pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s or _FIRST_PAUSE_S)
            wait_s = self._pause_s
        self._paused_until = max(self._paused_until, now + (wait_s or 0))
        return self._turned_away >= GONE_AFTER and now - self._turned_away_since >= _BUSY_FOR_S

    def failed(self, now: float, given: Pass, *, connection: bool) -> bool:
        """A request came to nothing, by its connection or otherwise; True once the server is to be taken for gone."""
        self.in_flight -= 1
        self._failing_since = self._failing_since if self._failures else now
        self._failures += 1
        if connection and self._failures >= _SLOW_AFTER and self._slow_down(now, given):
            self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s or _FIRST_PAUSE_S)
            self._paused_until = max(self._paused_until, now + self._pause_s)
        return self._failures >= GONE_AFTER and now - self._failing_since >= GONE_AFTER_S

    def failing_for_s(self, now: float) -> float:
        """Seconds since the first of the requests in a row that failed or were turned away."""
        since = [
            *([self._failing_since] if self._failures else []),
            *([self._turned_away_since] if self._turned_away else []),
        ]
        return now - min(since) if since else 0.0

    def _alive(self) -> None:
        self.in_flight -= 1
        self._failures = self._turned_away = 0
        self._pause_s = 0.0

    def _slow_down(self, now: float, given: Pass) -> bool:
        """Begin again with one request; False if this one was sent before the last slowing down."""
        if given.at <= self._slowed_at:
            return False
        self._threshold = max(1.0, self.limit / 2)
        self.limit = 1.0
        self._slowed_at = now
        return True
