"""The sample runs and the real ones, taken through the stages, every proposal approved; and what an export holds."""

import json
from pathlib import Path
from typing import Any

from core.models import Decision, ReviewAction
from core.review.items import Desk, next_item
from core.review.verdicts import decide
from core.runs.importing import import_files
from core.runs.running import run_pipeline
from core.settings import Settings
from core.store import Store, open_store

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_data" / "failed_runs.jsonl"
REAL = ROOT.parent / "shared" / "data" / "labelled" / "tau_bench"
_EVERY = 4  # each so manieth request is rewritten by the reviewer, so that there are pairs of requests


def approve_everything(path: Path) -> None:
    """Make a database at `path` in which everything is approved, some of it with another request."""
    real = sorted(REAL.glob("*.json"))
    if not real:
        print(f"The real runs are not here ({REAL}); only the sample runs are trained on.")
    with open_store(path, create=True) as store:
        list(import_files(store, [SAMPLES, *real]))
        run_pipeline(store, Settings())
        _approve_all(store)


def _approve_all(store: Store) -> None:
    desk, number = Desk("anna"), 0
    while item := next_item(store, desk):
        number += 1
        edited = number % _EVERY == 0
        words = {"hindsight_prompt": f"Please tell me: {item.attempt.hindsight_prompt}"} if edited else {}
        click = Decision(
            op_id=f"op-{number}",
            proposal_id=item.proposal_id,
            revision=item.revision,
            annotator="anna",
            action=ReviewAction.EDIT if edited else ReviewAction.ACCEPT,
            **words,
        )
        assert decide(store, click).taken


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """The rows of an export folder."""
    return [json.loads(line) for line in (folder / "train.jsonl").read_text("utf-8").split("\n") if line]


def pairs_of(said: dict[str, Any], folder: Path, *, sides: int = 1) -> list[tuple[dict[str, Any], list[Any]]]:
    """(row of the export, its rendered sides), after the claim that holds for every trainer.

    Every row is trained on, and of each nothing but the words of the assistant.
    """
    rows = rows_of(folder)
    assert said["loaded"] == said["trained"] == len(said["rows"]) == len(rows) > 0
    assert said["loss"] > 0
    for parts in said["rows"]:
        assert len(parts) == sides
        for turns in parts:
            assert {turn["role"] for turn in turns if turn["text"].strip() or turn["ends"]} == {"assistant"}
    return list(zip(rows, said["rows"], strict=True))


def assert_says(text: str, content: str, calls: list[dict[str, Any]]) -> None:
    """`text`, as trained on, holds `content` and every call of it with its arguments."""
    assert content.strip() in text
    for call in calls:
        assert call["name"] in text
        for value in call["arguments"].values():
            assert (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) in readable(text)


def readable(text: str) -> str:
    """`text` with the escapes of JSON undone, so that words of an argument are found as they are."""
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
