"""The real app on a free port, and a real Chromium that looks at it."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZE = {"width": 1280, "height": 800}


@contextmanager
def review_app(db: Path) -> Iterator[tuple[str, int]]:
    """Serve the review app on `db`; gives its address and its process."""
    command = [sys.executable, "-m", "review_app", "--db", str(db), "--port", "0", "--no-browser", "--as", "anna"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=db.parent) as server:
        try:
            assert server.stderr is not None
            line = server.stderr.readline()
            address = next((word for word in line.split() if word.startswith("http://")), None)
            if address is None:
                raise RuntimeError(f"the app did not start: {line}{server.stderr.read()}")
            wait_for(f"{address}/_stcore/health", server)
            yield address, server.pid
        finally:
            server.terminate()


def wait_for(url: str, server: "subprocess.Popen[str]") -> None:
    """Return when `url` answers; raises `RuntimeError` after a minute, or when the server has ended."""
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{url} does not answer")


@contextmanager
def chromium(**options: Any) -> Iterator[Page]:
    """Open a page of 1280 x 800 in a Chromium of its own; `options` as in Playwright's `new_context`."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            ignore_default_args=["--headless"],
            args=_FLAGS,
            viewport=SIZE,
            **options,
        )
        try:
            yield context.pages[0]
        finally:
            context.close()


def shown_item(page: Page, *, after: str = "") -> str:
    """Name of the item on screen, once it is not `after`; empty when the queue is done."""
    # A selector and not a script: the app's content policy forbids evaluation.
    page.wait_for_selector(f'.bar .name:not([title="{after}"]), .blank:not([hidden]) h2')
    name = page.locator(".bar .name")
    return name.inner_text() if name.count() else ""
