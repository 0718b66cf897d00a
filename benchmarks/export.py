"""Approved items into each training format, beside json.dumps of the same rows; rate and memory at two sizes.

Each export runs in a process of its own, so that its peak memory is its own. The ratio is one of CPU times: an export
works on one core and waits for nothing, so other work on the machine makes it late and the ratio hardly worse.
`KEEP=FOLDER` leaves the filled databases there and takes those that it finds, since to fill one takes longer than to
export it; `TARGETS=NAME,NAME` exports to these only.
"""

import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from itertools import islice
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
    columns = ("Target", "items", "rows", "rows/s", "MB/s", "rows per CPU s", "CPU to json.dumps", "peak MB")
    show(columns, shown)


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
        busy = -time.process_time()
        took = seconds(lambda: export(store, PipelineConfig(), request, folder))
        busy += time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    data = folder / DATA_FILE
    size = data.stat().st_size / 1e6
    rows = 0
    floor = 0.0
    with data.open(encoding="utf-8") as lines:
        while some := [json.loads(line) for line in islice(lines, 1000)]:
            floor -= time.process_time()
            for row in some:
                json.dumps(row, ensure_ascii=False)
            floor += time.process_time()
            rows += len(some)
    rates = f"{rows / took:,.0f}", f"{size / took:.1f}", f"{rows / busy:,.0f}"
    return f"{rows:,}", *rates, f"{busy / floor:.0f}", f"{peak:.0f}"
