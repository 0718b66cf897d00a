"""Runs in ms-swift's environment: its own loader and one step on each export; says what of each row is trained."""

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
        "max_steps": "1",
        "logging_steps": "1",
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": "true",
        "dataloader_num_workers": "0",
        "dataset_num_proc": "1",
    }
    settings |= {"is_binary_loss_scale": "false"} if kind == "sft" else {"rlhf_type": kind}
    given = [part for name, value in settings.items() for part in (f"--{name}", value)]
    made = (SwiftSft if kind == "sft" else SwiftRLHF)(given)
    data, _ = made._prepare_dataset()
    tokenizer = made.template.tokenizer
    rows = [made.template.encode(row) for row in data.dataset] if hasattr(data, "dataset") else list(data)
    done = made.run()
    return {
        "version": swift.__version__,
        "loaded": sum(1 for line in (folder / "train.jsonl").read_text("utf-8").split("\n") if line),
        "trained": len(data),
        "loss": next(entry["loss"] for entry in done["log_history"] if "loss" in entry),
        "rows": [[_side(row, prefix, tokenizer) for prefix in SIDES[kind]] for row in rows],
        "weights": [sorted(set(row.get("loss_scale") or [])) for row in rows],
    }


def _side(row: dict[str, Any], prefix: str, tokenizer: Any) -> list[dict[str, object]]:
    return trained_parts(row[f"{prefix}input_ids"], row[f"{prefix}labels"], tokenizer)


if __name__ == "__main__":
    run_jobs(step)
