"""The real command serving the real app, and one reviewer in front of a tab of it."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

QUIET = '[data-testid=stApp][data-test-script-state="notRunning"]'


@contextmanager
def serving(folder: Path, samples: bytes) -> Iterator[tuple[str, Path]]:
    """`agenther review` on a database of sample runs: its address and the file."""
    db, log = folder / "team.db", folder / "server.log"
    db.write_bytes(samples)
    process = begin(db, log)
    try:
        yield address_of(process, log), db
    finally:
        process.terminate()
        process.wait(20)
    assert "Traceback" not in log.read_text()


def begin(db: Path, log: Path, *, port: int = 0) -> subprocess.Popen:
    """A process of `agenther review`; 0 = any free port. What it says goes to `log`, anew."""
    command = [Path(sys.executable).with_name("agenther"), "review", "--db", db, "--no-browser", "--port", str(port)]
    with log.open("w") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, cwd=db.parent)


def address_of(process: subprocess.Popen, log: Path) -> str:
    """Where the process answers, once it does."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        said = log.read_text()
        if "Review app: http" in said:
            url = said.split("Review app: ")[1].split()[0]
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
            except OSError:
                time.sleep(0.1)
            else:
                return url
    raise AssertionError("the app does not answer: " + log.read_text())


class Reviewer:
    """What a reviewer does and sees. Waits are for states of the page, never for a time."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address

    def open(self, path: str = "/?as=anna") -> str:
        self.page.goto(self.address + path)
        return self.item()

    def item(self, *, after: str = "") -> str:
        """The item on screen, once it is another one than `after` and nothing is on its way."""
        name = self.page.locator(".bar .name")
        if after:
            expect(name).not_to_have_text(after)
        expect(self.page.locator(".root.busy, .root.unsaved")).to_have_count(0)
        return name.inner_text()

    def decide(self, *keys: str) -> str:
        """Press keys; the last one again while the pane holds that nobody can have read the item yet."""
        now = self.item()
        for key in keys[:-1]:
            self.page.keyboard.press(key)
        while self.page.locator(".bar .name").inner_text() == now and not self.page.locator(".root.busy").count():
            self.page.keyboard.press(keys[-1])
        return self.item(after=now)

    def type_over(self, text: str) -> None:
        self.page.keyboard.press("e")
        expect(self.page.locator("#edit-text")).to_be_focused()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
