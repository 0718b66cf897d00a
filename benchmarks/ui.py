"""From the key to the next item on screen, in Chromium, beside a bare Streamlit page of one button and one text."""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks.browser import chromium, review_app, wait_for
from benchmarks.data import fill
from benchmarks.report import ms, p50_p95, show
from core.store import open_store

PRESSES = 100  # of one person
EACH = 50  # of each of several
BARE_PRESSES = 40
_READ_MS = 650  # between two presses on a page: the pane takes no verdict before anybody can have read the item
_CASES = (  # proposals in the file, steps of each run, people at work
    (1_000, 10, 1),
    (1_000, 100, 1),
    (100_000, 10, 1),
    (100_000, 10, 5),
    (100_000, 10, 10),
)

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
        const start = event.timeStamp, before = text();  // a page that is busy hears the key later
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
    """Press A many times for each person, waiting for the next item each time."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        with _bare_page(Path(folder)) as address:
            first, floor = _press([address], '[data-testid="stText"]', BARE_PRESSES)
        rows.append(("bare page: button and text", 1, *_figures(floor, floor), ms(first), ""))
        files: dict[tuple[int, int], Path] = {}
        for proposals, steps, people in _CASES:
            db = files.get((proposals, steps)) or _filled(Path(folder), proposals, steps)
            files[proposals, steps] = db
            with review_app(db) as (address, process):
                pages = [f"{address}/?as=person-{n}" for n in range(people)]
                first, times = _press(pages, ".bar .name", PRESSES if people == 1 else EACH)
                memory = _memory_mb(process)
            name = f"{proposals:,} proposals of {steps} steps"
            rows.append((name, people, *_figures(times, floor), ms(first), f"{memory:.0f}"))
    show(("Page", "people", "n", "p50 ms", "p95 ms", "p50 to floor", "first paint ms", "server MB"), rows)


def _filled(folder: Path, proposals: int, steps: int) -> Path:
    db = folder / f"{proposals}-{steps}.db"
    with open_store(db, create=True) as store:
        fill(store, proposals, steps=steps)
    return db


def _figures(times: list[float], floor: list[float]) -> tuple[object, ...]:
    half, most = p50_p95(times)
    return len(times), ms(half), ms(most), f"{half / p50_p95(floor)[0]:.2f}"


def _memory_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _press(addresses: list[str], watched: str, presses: int) -> tuple[float, list[float]]:
    """Seconds to the first paint of the first page, and from each press of A to the next item, painted.

    Several pages take turns, so that each has the same pause between two of its presses.
    """
    with chromium() as page:
        pages = [page, *(page.context.new_page() for _ in addresses[1:])]
        firsts = [_open(one, address, watched) for one, address in zip(pages, addresses, strict=True)]
        for _ in range(presses):
            for one in pages:
                one.bring_to_front()  # Chromium draws no page that is hidden
                one.wait_for_timeout(_READ_MS / len(pages))
                _one(one, watched)
        page.wait_for_timeout(_READ_MS)  # the last frames
        return firsts[0], [took / 1000 for one in pages for took in one.evaluate("window.took")]


def _open(page: Page, address: str, watched: str) -> float:
    page.add_init_script(_STOPWATCH.replace("WATCHED", repr(watched)))
    start = time.perf_counter()
    page.goto(address)
    page.wait_for_selector(watched)
    return time.perf_counter() - start


def _one(page: Page, watched: str) -> None:
    before = page.locator(watched).first.inner_text()
    page.keyboard.press("a")
    expect(page.locator(watched).first).not_to_have_text(before, timeout=30_000)


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
