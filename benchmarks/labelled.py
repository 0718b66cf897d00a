"""Real runs from `../shared/data`, by where they come from, and what people who read some of them say of those."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.data import ROOT, records
from core.errors import InputError
from core.models import AgentStep, FailedTrajectory, content_hash, input_text

DATA = ROOT.parent / "shared" / "data"
LABELS = Path(__file__).with_name("observation_labels.txt")
_SEED = 20
_EACH = 22  # observations of one source
_TOGETHER = {"stabletoolbench": "toolbench", "mini_swe_agent": "swe_agent", "agenther": "other"}


@cache
def runs_by_source() -> dict[str, tuple[tuple[str, FailedTrajectory], ...]]:
    """Every run that can be read, with its file, under the name of its benchmark or agent; none without the data."""
    found: dict[str, list[tuple[str, FailedTrajectory]]] = defaultdict(list)
    for path in sorted(DATA.glob("*/*/*")):
        with suppress(InputError):  # a few files beside the runs are none
            found[_source(path)] += [(path.name, record.trajectory) for record in records(path)]
    return {name: tuple(runs) for name, runs in sorted(found.items()) if runs}


def _source(path: Path) -> str:
    folder = path.parent.name
    if folder == "intercode":
        return f"intercode {path.name.partition('__')[0]}"
    return _TOGETHER.get(folder, folder) if path.parts[-3] == "labelled" or "swe_agent" in folder else "other"


def observation_key(step: AgentStep) -> str:
    """Name a call with its result by content, so that a label can be kept without the text."""
    return content_hash([step.action_name, input_text(step), step.observation])


def drawn() -> Iterator[tuple[str, str, AgentStep]]:
    """(source, key, call) of the observations that were labelled: at most 22 of each source, by chance."""
    for source, runs in runs_by_source().items():
        calls = {observation_key(step): step for _, run in runs for _, step in run.actions}
        for key in random.Random(_SEED).sample(sorted(calls), min(_EACH, len(calls))):
            yield source, key, calls[key]


def labels() -> dict[str, bool]:
    """Key -> whether a person who read the call and its result calls it an error."""
    lines = (line.split() for line in LABELS.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {key: label == "error" for key, label in lines}


# Where the run of each gold case stands: a part of its file's name, and its id or words of its request.
_GOLD = {
    "tau-bench-airline-6-2": ("airline", "tau-6-2"),
    "tau-bench-airline-39-2": ("airline", "tau-39-2"),
    "tau-bench-airline-8-2": ("airline", "tau-8-2"),
    "tau-bench-airline-15-0": ("airline", "tau-15-0"),
    "docent-inspect_evals_luce_intercode_ctf-59-2": ("ctf.json", "inspect_evals/luce_intercode_ctf-59-2"),
    "toolbench-answer-G2_answer-119_ChatGPT_DFS_woFilter_w2": ("G2_answer__119", ""),
    "hotpot-base-t1-inco-7": ("100_questions", "Ed Oxenbould plays Tyler"),
    "hotpot-base-t1-inco-23": ("100_questions", "Here at the End of All Things"),
    "hotpot-base-t1-inco-14": ("100_questions", "first name of Jack Benny Binion"),
    "intercode-sql-gpt-4-ic_sql_multiturn_gpt-4_10_turns-173": ("sql__gpt-4", "ic_sql-dev_spider-173"),
    "intercode-sql-gpt-3.5-ic_sql_react_10_turns-708": ("sql__gpt-3.5", "ic_sql-dev_spider-708"),
    "devai-39_Drug_Response_Prediction_SVM_GDSC_ML": ("39_Drug", ""),
}


def gold_runs() -> Iterator[tuple[dict[str, Any], FailedTrajectory]]:
    """(what a careful reader says, the run) for each gold case; of several runs of one request, the first."""
    runs = [pair for pairs in runs_by_source().values() for pair in pairs]
    for line in (DATA / "gold_cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        part, known = _GOLD[case["trajectory_id"]]
        yield case, next(run for name, run in runs if part in name and _is_named(run, known))


def _is_named(run: FailedTrajectory, known: str) -> bool:
    return run.trajectory_id == known or (" " in known and known in run.original_prompt) or not known
