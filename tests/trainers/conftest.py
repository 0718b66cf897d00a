"""Exports with everything approved, and the trainers, each in an environment of its own (`make test-trainers`)."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from training_data import ROOT, approve_everything

from core.export import ExportRequest, export
from core.models import OutputFormat
from core.settings import Settings
from core.store import open_store

HERE = Path(__file__).parent
# No network, no graphics card, nothing of this project; and no word on versions that one of them has not met.
ALONE = {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": "", "DISABLE_VERSION_CHECK": "1"}
FIGURES = pytest.StashKey[list[dict[str, Any]]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.trainers)
            item.add_marker(pytest.mark.timeout(3600))


@pytest.fixture(scope="session")
def approved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which everything is approved."""
    path = tmp_path_factory.mktemp("approved") / "team.db"
    approve_everything(path)
    return path


@pytest.fixture(scope="session")
def exported(approved: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Writes an export folder; the arguments are those of `ExportRequest`."""

    def write(output_format: str, dialect: str | None = None, **choices: Any) -> Path:
        folder = tmp_path_factory.mktemp("export") / "data"
        with open_store(approved) as store:
            export(store, Settings().pipeline, ExportRequest(OutputFormat(output_format), dialect, **choices), folder)
        return folder

    return write


@pytest.fixture(scope="session")
def run_in(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """Runs jobs (name -> words and a folder) in a trainer's environment; what came of each, by name."""

    def run(trainer: str, jobs: dict[str, tuple[object, ...]]) -> dict[str, Any]:
        python = ROOT / ".trainers" / trainer / "bin" / "python"
        if not python.exists():
            pytest.skip(f"{trainer} is not installed; `make test-trainers` does it")
        scratch = tmp_path_factory.mktemp(trainer)
        listed = scratch / "jobs.json"
        listed.write_text(json.dumps({name: [str(word) for word in job] for name, job in jobs.items()}), "utf-8")
        alone = os.environ | ALONE | {"HF_HOME": str(scratch / "hf")}
        command = [python, HERE / f"{trainer}_step.py", listed]
        done = subprocess.run(command, capture_output=True, text=True, cwd=scratch, env=alone, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
        said: dict[str, Any] = json.loads((scratch / "said.json").read_text("utf-8"))
        for name, found in said.items():
            figures = {key: found[key] for key in ("version", "loaded", "trained", "loss")}
            request.config.stash.setdefault(FIGURES, []).append({"trainer": trainer, "job": name, **figures})
        return said

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for row in config.stash.get(FIGURES, []):
        terminalreporter.write_line("  ".join(f"{name} {value}" for name, value in row.items()))
