import os
from pathlib import Path

import pytest

from core.runs.importing import import_files
from core.runs.running import run_pipeline
from core.settings import Settings
from core.store import open_store

SAMPLES = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings from this machine's environment or working folder."""
    for name in [name for name in os.environ if name.startswith(("OPENAI_", "AGENTHER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def sample_db(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with the sample runs and their proposals, as the bytes of its file."""
    path = tmp_path_factory.mktemp("samples") / "samples.db"
    with open_store(path, create=True) as store:
        list(import_files(store, [SAMPLES / "failed_runs.jsonl"]))
        run_pipeline(store, Settings())
        store.value("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


@pytest.fixture
def context(chromium):
    """A browser profile of its own, in which every request off this machine is noted and stopped."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    context.foreign = []

    def watch(route):
        if route.request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            route.continue_()
        else:
            context.foreign.append(route.request.url)
            route.abort()

    context.route("**/*", watch)
    yield context
    context.close()


@pytest.fixture
def review(context):
    """A tab of the browser on an app."""
    from at_work import Reviewer

    def leaving(dialog):
        """The page may ask before it is left; a script that runs asks as well."""
        assert dialog.type == "beforeunload", f"a script ran: {dialog.message}"
        dialog.accept()

    def begin(address):
        page = context.new_page()
        page.on("dialog", leaving)
        return Reviewer(page, address)

    return begin
