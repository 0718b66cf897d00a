"""From the key to the next item on screen, in Chromium, beside a bare Streamlit page of one button."""

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks.browser import chromium, review_app, wait_for
from benchmarks.data import fill
from benchmarks.report import ms, p50_p95, show
from core.store import open_store

PRESSES = 40
PROPOSALS = 100
_READ_MS = 400  # between two presses: the pane takes no verdict before anybody can have read the item

# Runs before the page's own scripts. From the key, until the watched text has changed and the frame
# after that has been drawn.
_STOPWATCH = """(() => {
    let home = null;  // the page, or the shadow root that holds the watched text
    const text = () => {
        if (!home?.querySelector(WATCHED)) {
            const roots = [document, ...[...document.querySelectorAll('*')].map(e => e.shadowRoot).filter(Boolean)];
            home = roots.find(root => root.querySelector(WATCHED)) || null;
        }
        return home?.querySelector(WATCHED).textContent;
    };
    window.took = [];
    addEventListener('keydown', event => {
        if (event.key !== 'a') return;
        const start = performance.now(), before = text();
        const look = () => {
            const now = text();
            if (now && now !== before) {
                const painted = new MessageChannel();
                painted.port1.onmessage = () => window.took.push(performance.now() - start);
                painted.port2.postMessage(null);
            } else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    }, true);
})()"""

_BARE = """
import streamlit as st

st.session_state.setdefault("n", 0)


def up():
    st.session_state["n"] += 1


st.button("Next", on_click=up, shortcut="a")
st.text(f"item {st.session_state['n']}")
"""


def main() -> None:
    """Press A forty times on each page, waiting for the next item each time."""
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "keys.db"
        with open_store(db, create=True) as store:
            fill(store, PROPOSALS)
        with _bare_page(Path(folder)) as address:
            floor = _press(address, '[data-testid="stText"]')
        with review_app(db) as address:
            ours = _press(address, ".bar .name")
    rows = []
    for name, times in (("bare page: button and text", floor), ("review screen: accept", ours)):
        half, most = p50_p95(times)
        rows.append((name, len(times), ms(half), ms(most), f"{half / p50_p95(floor)[0]:.1f}"))
    show(("Page", "n", "p50 ms", "p95 ms", "to floor"), rows)


def _press(address: str, watched: str) -> list[float]:
    """Seconds from each press of A to the next item, painted."""
    with chromium() as page:
        page.add_init_script(_STOPWATCH.replace("WATCHED", repr(watched)))
        page.goto(address)
        page.wait_for_selector(watched)
        for _ in range(PRESSES):
            _one(page, watched)
        page.wait_for_timeout(_READ_MS)  # the last frame
        return [took / 1000 for took in page.evaluate("window.took")]


def _one(page: Page, watched: str) -> None:
    before = page.locator(watched).first.inner_text()
    page.wait_for_timeout(_READ_MS)
    page.keyboard.press("a")
    expect(page.locator(watched).first).not_to_have_text(before)


@contextmanager
def _bare_page(folder: Path) -> Iterator[str]:
    script = folder / "bare.py"
    script.write_text(_BARE, "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--server.fileWatcherType", "none"]
    command += ["--browser.gatherUsageStats", "false", "--logger.level", "error"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, text=True) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
