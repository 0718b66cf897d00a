import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of a running harness app, and the file that it writes every act to."""
    folder = tmp_path_factory.mktemp("harness")
    log = folder / "acts.jsonl"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(HERE / "harness_app.py"), "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    command += ["--server.fileWatcherType", "none", "--client.toolbarMode", "viewer"]
    with (folder / "server.log").open("w") as out:
        server = subprocess.Popen(command, env={**os.environ, "PANE_LOG": str(log)}, cwd=folder, stdout=out, stderr=out)
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
            yield f"http://127.0.0.1:{port}", log
        finally:
            server.terminate()
            server.wait(60)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 150
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            assert server.poll() is None, "the harness app has ended"
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the harness app does not answer")


@pytest.fixture(scope="session")
def browser(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})  # one cache for all tests
    yield context
    context.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    tab = browser.new_page()
    yield tab
    tab.close()


@pytest.fixture
def acts(harness: tuple[str, Path]) -> Callable[[], list[dict[str, Any]]]:
    """Every act that arrived since the test began, drafts left out unless asked for."""
    log = harness[1]
    begun = log.stat().st_size if log.exists() else 0

    def read(*, drafts: bool = False) -> list[dict[str, Any]]:
        if not log.exists():
            return []
        with log.open("rb") as file:
            file.seek(begun)
            found = [json.loads(row) for row in file.read().splitlines()]
        return [act for act in found if drafts or act["action"] != "draft"]

    return read
