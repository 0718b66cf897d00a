"""How the checks hold against a real small model: what it writes of real runs, and what of that comes through.

The model of `make test-llm`, behind llama-server, is far too small for the work. How well it writes and judges says
nothing of other models; what must hold is that nothing comes through which the run does not show.
"""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from real_model.real_server import SLOTS, Listener, real_server

from benchmarks.labelled import DATA, runs_by_source
from benchmarks.planted import SOURCES, Case, cases
from benchmarks.report import show
from core.errors import StageFailure
from core.llm import build_chats
from core.models import Attempt, PipelineResult
from core.pipeline import run_stages
from core.settings import PipelineConfig
from core.stages.grounding import ORIGINAL_AGAIN, check_answer

_EACH = 3  # runs of one source
_MINUTES = 20  # no run is begun later
_COLUMNS = (
    "runs", "no usable answer", "attempts", "unsupported", "leaks", "original again", "own judge: yes", "let in",
    "let in, unsupported",
)  # fmt: skip


def main() -> None:
    """Print what became of the runs of each source."""
    if not runs_by_source():
        print(f"Nothing measured: no real runs in {DATA}.")
        return
    turns = sorted(cases(_EACH), key=lambda case: len(case.run.model_dump_json()))  # the sooner done, the more are
    counts: Counter[tuple[str, str]] = Counter()
    try:
        with TemporaryDirectory() as folder, real_server(Path(folder)) as server:
            _ask(turns, server, counts)
            print(f"{len(server.exchanges)} requests, {counts['all', 'runs']} of {len(turns)} runs begun in time.\n")
    except pytest.skip.Exception as reason:
        print(f"Nothing measured: {reason}.")
        return
    sources = [source for source in SOURCES if counts[source, "runs"]]
    rows = [(source, *(counts[source, name] for name in _COLUMNS)) for source in [*sources, "all"]]
    show(("The real small model", *_COLUMNS), rows)


def _ask(turns: list[Case], server: Listener, counts: Counter[tuple[str, str]]) -> None:
    """Claims by rules, which are true ones, so that a request is asked for; the model writes and judges it."""
    settings = PipelineConfig(
        model="smollm2",
        base_url=server.url,
        use_llm_extractor=False,
        max_tokens=256,
        context_tokens=2_000,
        timeout=900,
        goals=1,
        relabel_max_attempts=1,
        concurrency=SLOTS,
    )
    chat, judges = build_chats(settings)
    until = time.monotonic() + _MINUTES * 60

    def run(case: Case) -> tuple[Case, PipelineResult | StageFailure | None]:
        if time.monotonic() > until:
            return case, None
        try:
            return case, run_stages(case.run, chat, judges, settings)
        except StageFailure as error:
            return case, error

    with ThreadPoolExecutor(SLOTS) as pool:
        for case, result in pool.map(run, turns):
            if result is not None:
                counts.update({(source, name): n for source in (case.source, "all") for name, n in _row(case, result)})


def _row(case: Case, result: PipelineResult | StageFailure) -> list[tuple[str, int]]:
    if isinstance(result, StageFailure):
        return [("runs", 1), ("no usable answer", 1)]
    made = result.relabeled.attempts if result.relabeled else ()
    wrong = [_unsupported(attempt, case) for attempt in made]
    proposed = _unsupported(result.relabeled.attempt, case) if result.relabeled else 0
    return [
        ("runs", 1),
        ("attempts", len(made)),
        ("unsupported", sum(wrong)),
        ("leaks", sum(len(attempt.grounding.leaks) for attempt in made)),
        ("original again", sum(attempt.grounding.similarity >= ORIGINAL_AGAIN for attempt in made)),
        ("own judge: yes", sum(bool(attempt.verdict and attempt.verdict.is_valid) for attempt in made)),
        ("let in", int(result.success)),
        ("let in, unsupported", proposed if result.success else 0),
    ]


def _unsupported(attempt: Attempt, case: Case) -> int:
    """Values of the request and of the answer that stand nowhere in the steps."""
    answer = check_answer(attempt.final_answer, case.run, first_step=attempt.first_step, last_step=attempt.last_step)
    return len(attempt.grounding.unsupported) + sum(value.evidence is None for value in answer)
