"""Runs in ms-swift's environment: its own loader and one step on each export; says what of each row is trained."""

import json
from pathlib import Path
from typing import Any

import swift
from swift.pipelines.train.rlhf import SwiftRLHF
from swift.pipelines.train.sft import SwiftSft
from tiny_model import run_jobs, saved, trained_parts

SIDES = {"sft": [""], "dpo": ["chosen_", "rejected_"], "kto": ["chosen_"]}


def step(kind: str, folder: Path, scratch: Path) -> dict[str, Any]:
    """One step of `swift sft`, or of `swift rlhf` for the other kinds."""
    settings = {
        "model": saved(scratch / "model", folder / "train.jsonl"),
        "model_type": "qwen3",
        "template": "qwen3",
        "tuner_type": "full",
        "torch_dtype": "float32",
        "dataset": str(folder / "train.jsonl"),
        "split_dataset_ratio": "0",
        "strict": "true",
        "max_length": "60000",
        "output_dir": str(scratch / "out"),
        "per_device_train_batch_size": "2",
        "gradient_accumulation_steps": "1",
        "max_steps": "1",
        "logging_steps": "1",
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": "true",
        "dataloader_num_workers": "0",
        "dataset_num_proc": "1",
    }
    settings |= {"is_binary_loss_scale": "false"} if kind == "sft" else {"rlhf_type": kind}
    made, loaded = _prepared(kind, settings)
    data, _ = loaded
    made._prepare_dataset = lambda: loaded  # once is enough
    tokenizer = made.template.tokenizer
    found = sorted(zip(_places(folder, data.dataset), data.dataset, strict=True), key=lambda pair: pair[0])
    rows = [made.template.encode(row) for _, row in found]
    done = made.run()
    return {
        "version": swift.__version__,
        "loaded": sum(1 for line in (folder / "train.jsonl").read_text("utf-8").split("\n") if line),
        "trained": len(data),
        "loss": next(entry["loss"] for entry in done["log_history"] if "loss" in entry),
        "rows": [[_side(row, prefix, tokenizer) for prefix in SIDES[kind]] for row in rows],
        "weights": [_weights(row) for row in rows],
    }


def _prepared(kind: str, settings: dict[str, str]) -> tuple[Any, Any]:
    """The trainer and its data; for KTO by a seed of its shuffle that puts no two equal answers side by side."""
    for seed in range(42, 62):
        given = [part for name, value in {**settings, "data_seed": str(seed)}.items() for part in (f"--{name}", value)]
        made = (SwiftSft if kind == "sft" else SwiftRLHF)(given)
        try:
            return made, made._prepare_dataset()
        except ValueError as error:
            if kind != "kto" or "rejected_response" not in str(error):
                raise
    raise AssertionError("no seed of twenty keeps equal answers apart")


def _places(folder: Path, shuffled: Any) -> list[int]:
    """Where each row stands in the file: the loader shuffles them, and what no column of its own holds is gone."""
    lines = [line for line in (folder / "train.jsonl").read_text("utf-8").split("\n") if line]
    free: dict[str, list[int]] = {}
    for place, line in enumerate(lines):
        free.setdefault(_said(json.loads(line)), []).append(place)
    return [free[_said(row)].pop(0) for row in shuffled]


def _said(row: dict[str, Any]) -> str:
    other = row.get("rejected_response") or []
    messages = [*row["messages"], *(other if isinstance(other, list) else [])]  # for KTO the loader adds a text
    # The loader reads numbers a little less exactly than they stand in the file.
    return json.dumps([(message["content"], round(message.get("loss_scale") or 0, 6)) for message in messages])


def _side(row: dict[str, Any], prefix: str, tokenizer: Any) -> list[dict[str, object]]:
    return trained_parts(row[f"{prefix}input_ids"], row[f"{prefix}labels"], tokenizer)


def _weights(row: dict[str, Any]) -> list[float]:
    """The different weights of the tokens in the loss, rounded as they stand in the file."""
    weighed = zip(row.get("loss_scale") or (), row.get("labels") or (), strict=True)
    return sorted({round(weight, 6) for weight, label in weighed if label != -100})


if __name__ == "__main__":
    run_jobs(step)
