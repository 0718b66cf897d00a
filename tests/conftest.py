"""Values that many tests need; everything real: files, databases, servers."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filled import fill, make_result, make_run
from hypothesis import settings

from core.store import open_store

# A submission must not fail by the luck of the draw; new examples are searched for wherever people work.
# How long an example takes says more of the machine than of the code, so no example has a deadline.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real runs; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real runs are not here ({SHARED})")
    return SHARED


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A database with ten proposals, none reviewed."""
    path = tmp_path / "team.db"
    with open_store(path, create=True) as store:
        fill(store, [(run, make_result(run, score=n / 10)) for n in range(1, 11) if (run := make_run(n))])
    return path


CHROMIUM_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One real Chromium for all browser tests: `CHROMIUM`, else the one of the system."""
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=40_000)  # a busy machine is slow; no test waits longer than it must
    program = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield found
        found.close()
