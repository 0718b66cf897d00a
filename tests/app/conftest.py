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
