"""The real command serving the real app, and one reviewer in front of a tab of it."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as PlaywrightError
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
        process.wait(60)
    assert "Traceback" not in log.read_text()


def begin(db: Path, log: Path, *, port: int = 0) -> subprocess.Popen:
    """A process of `agenther review`; 0 = any free port. What it says goes to `log`, anew."""
    command = [Path(sys.executable).with_name("agenther"), "review", "--db", db, "--no-browser", "--port", str(port)]
    with log.open("w") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, cwd=db.parent)


def address_of(process: subprocess.Popen, log: Path) -> str:
    """Where the process answers, once it does."""
    until = time.monotonic() + 150
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


PATIENCE = 60  # seconds without an answer after which a person loads the page anew


class Annotator:
    """One of several people at work at once: presses keys and notes what the screen says is saved."""

    def __init__(self, chromium: Any, address: str, name: str) -> None:
        self.name, self.said, self.reloads = name, set[str](), 0
        self.heard = time.monotonic()
        self.page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
        # Asked whether to leave with something unsaved, a person who loads the page anew says yes.
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.page.goto(f"{address}/?as={name}")
        expect(self.page.locator(".bar .name")).to_be_visible()

    def look(self) -> None:
        """Note the verdict that the top line names: only what the server has stored stands there."""
        before = len(self.said)
        with suppress(PlaywrightError):  # a page that is just loading itself anew says nothing
            for words in self.page.locator(".bar .last [dir]").all_inner_texts():
                self.said.add(words.split()[-1])
        if len(self.said) > before:
            self.heard = time.monotonic()
        elif time.monotonic() - self.heard > PATIENCE:
            self.reload()

    def reload(self) -> None:
        """Load the page anew, as a person does whom it does not answer."""
        self.reloads += 1
        self.heard = time.monotonic()
        with suppress(PlaywrightError):  # aborted by a page that is just loading itself anew
            self.page.reload()

    def press(self) -> None:
        """Accept what is on screen, and hope."""
        self.page.keyboard.press("a")

    def try_now(self) -> None:
        """Press the button of a page that could not send, if it is there."""
        with suppress(PlaywrightError):  # gone in the meantime: what it would have sent is taken
            for button in self.page.get_by_role("button", name="Try now").all():
                button.click(timeout=1_000)

    def come_to_rest(self) -> None:
        """Wait until the page has nothing left to send."""
        rest = expect(self.page.locator(".root:not(.unsaved) .bar"))
        try:
            rest.to_be_visible(timeout=1000 * PATIENCE)
        except AssertionError:
            self.reload()
            rest.to_be_visible(timeout=1000 * PATIENCE)
        self.look()
