"""Times as figures, and figures as a table."""

import time
from collections.abc import Callable, Sequence
from statistics import quantiles

from core.cli.console import table


def seconds(act: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def p50_p95(times: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile; needs two values or more."""
    cuts = quantiles(times, n=20, method="inclusive")
    return cuts[9], cuts[18]


def ms(value: float) -> str:
    """Seconds as milliseconds."""
    return f"{value * 1000:.3f}" if value < 0.01 else f"{value * 1000:.1f}"


def show(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; all columns but the first are figures."""
    table(columns, rows, numbers=columns[1:], data=True)
