"""Approved items into each training format, beside json.dumps of the same rows; rate and memory at two sizes.

Each export runs in a process of its own, so that its peak memory is its own. `KEEP=FOLDER` leaves the filled
databases there and takes those that it finds, since to fill one takes longer than to export it; `TARGETS=NAME,NAME`
exports to these only.
"""

import json
import multiprocessing
import os
import resource
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.data import fill
from benchmarks.report import seconds, show
from core.export import ExportRequest, export
from core.formats import FORMATS
from core.formats.target import DATA_FILE
from core.settings import PipelineConfig
from core.store import open_store

SIZES = (10_000, 100_000)  # accepted items
SHOWN = ("sft-trl", "sft-trl-steps", "dpo-trl", "kto-trl", "sharegpt-llamafactory", "sft-ms-swift", "openai-openai")


def main() -> None:
    """Fill a database of each size, accept everything in it, and export it to each target once."""
    alone = multiprocessing.get_context("spawn")
    targets = [name for name in os.environ.get("TARGETS", "").split(",") if name] or SHOWN
    shown = []
    with tempfile.TemporaryDirectory() as scratch:
        kept = Path(os.environ.get("KEEP") or scratch)
        for size in SIZES:
            place = kept / f"export-{size}.db"
            if not place.exists():
                _accepted(place, size)
            for target in targets:
                with alone.Pool(1) as process:
                    found = process.apply(_export, (place, target, Path(scratch) / "out"))
                shutil.rmtree(Path(scratch) / "out")
                shown.append((target, f"{size:,}", *found))
    show(("Target", "items", "rows", "rows/s", "MB/s", "to json.dumps", "peak MB"), shown)


def _accepted(place: Path, size: int) -> None:
    unfinished = place.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    with open_store(unfinished, create=True) as store:
        fill(store, size, own_texts=True)
        # As a reviewer's verdicts would leave it; to give 100,000 of them takes longer than what is measured.
        with store.transaction():
            store.write("UPDATE proposals SET state = 'accepted'")
        store.settle()
    unfinished.rename(place)


def _export(place: Path, name: str, folder: Path) -> tuple[Any, ...]:
    target = next(target for target in FORMATS.values() if target.name == name)
    with open_store(place) as store:
        request = ExportRequest(target.format, target.dialect)
        took = seconds(lambda: export(store, PipelineConfig(), request, folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    data = folder / DATA_FILE
    size = data.stat().st_size / 1e6
    rows = 0
    floor = 0.0
    with data.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            floor += seconds(lambda row=row: json.dumps(row, ensure_ascii=False))
            rows += 1
    return f"{rows:,}", f"{rows / took:,.0f}", f"{size / took:.1f}", f"{took / floor:.0f}", f"{peak:.0f}"
