"""How fast a run goes, what it costs and how long it still takes: the same words in the terminal and in the app."""

from core.events import Progress
from core.prices import total

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def rate(now: Progress) -> float:
    """Trajectories per second since the run began; 0 while nothing is known."""
    return now.done / now.seconds if now.seconds > 0 else 0.0


def seconds_left(now: Progress) -> float | None:
    """Seconds until the run ends if it goes on as it went so far; None while nothing is done."""
    speed = rate(now)
    return max(0, now.total - now.done) / speed if speed else None


def figures(now: Progress, *, running: bool = True) -> list[str]:
    """Speed, calls under way, tokens, cost and time left; what a run has none of is left out.

    Calls under way are those in flight and those that wait for their turn at a server.
    """
    said = []
    if speed := rate(now):
        said.append(_speed(speed))
    if now.batch and running:
        waits = "question waits" if now.in_flight == 1 else "questions wait"
        number = f"round {now.batch_round}, " if now.batch_round else ""
        said.append(f"{number}{now.in_flight:,} {waits} in batch jobs")
    elif now.in_flight and running:
        said.append(f"{now.in_flight:,} call{'' if now.in_flight == 1 else 's'} under way")
    if now.calls:
        tokens = f"{short(now.input_tokens)} tokens in, {short(now.output_tokens)} out"
        said.append(tokens if now.input_tokens + now.output_tokens else "tokens not counted by the server")
        said.append(cost(now))
    foreseen = running and now.done < now.total and not now.batch  # a job may take a day, or a minute
    if foreseen and (left := seconds_left(now)) is not None:
        said.append(f"{duration(left)} left")
    elif not running:
        said.append(f"took {duration(now.seconds)}")
    return said


def cost(now: Progress) -> str:
    """What the calls of a run cost so far."""
    return f"cost {total(now.cost_usd, now.unpriced)}"


def asked(now: Progress) -> str:
    """What the run asked, and what it found answered in the store; empty where it had nothing to ask."""
    calls = f"{now.calls:,} call{'' if now.calls == 1 else 's'}, {cost(now)}." if now.calls else ""
    answers = "1 answer was" if now.from_store == 1 else f"{now.from_store:,} answers were"
    stored = f"{answers} taken from the store, where the same was asked before." if now.from_store else ""
    return " ".join(part for part in (calls, stored) if part)


def results(now: Progress) -> str:
    """What became of the trajectories that are done."""
    failed = f", {now.failed:,} failed" if now.failed else ""
    return f"{now.proposed:,} proposed, {now.skipped:,} skipped{failed}"


def duration(seconds: float) -> str:
    """`42 s`, `3 min`, `2 h 10 min`, `1 d 4 h`."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{round(whole / _MINUTE)} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def short(number: int) -> str:
    """A count in few characters: 950, 12.3k, 4.56M."""
    for least, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= least:
            return f"{_three(number / least)}{unit}"
    return str(number)


def _speed(speed: float) -> str:
    if speed >= 1:
        return f"{_three(speed)}/s"
    return f"{speed * _MINUTE:.1f}/min" if speed * _MINUTE >= 1 else f"{speed * _HOUR:.1f}/h"


def _three(number: float) -> str:
    """A number from 1 with three digits that count: 1.23, 12.3, 123, 1,234."""
    return f"{number:.2f}" if number < 10 else f"{number:.1f}" if number < 100 else f"{number:,.0f}"
