"""Runs in LLaMA-Factory's environment: its own loader and one step on each export; says what is trained of each row."""

import importlib.machinery
import json
import sys
import types
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Sound is not trained on here, and its package would bring a torch of its own.
sys.modules["torchaudio"] = types.ModuleType("torchaudio")
sys.modules["torchaudio"].__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)

from llamafactory.data import get_dataset, get_template_and_fix_tokenizer  # noqa: E402
from llamafactory.hparams import get_train_args  # noqa: E402
from llamafactory.model import load_tokenizer  # noqa: E402
from llamafactory.train.tuner import run_exp  # noqa: E402
from tiny_model import run_jobs, saved, trained_parts  # noqa: E402

SIDES = {
    "sft": [("input_ids", "labels")],
    "dpo": [("chosen_input_ids", "chosen_labels"), ("rejected_input_ids", "rejected_labels")],
    "kto": [("input_ids", "labels")],
}


def step(stage: str, history: str, folder: Path, scratch: Path) -> dict[str, Any]:
    """One step of `stage`; with `history` "masked" on the last turn of each row only."""
    [name] = json.loads((folder / "dataset_info.json").read_text("utf-8"))
    settings = {
        "stage": stage,
        "do_train": True,
        "model_name_or_path": saved(scratch / "model", folder / "train.jsonl"),
        "finetuning_type": "full",
        "dataset_dir": str(folder),
        "dataset": name,
        "template": "qwen3",
        "cutoff_len": 60_000,
        "mask_history": history == "masked",
        "preprocessing_num_workers": 1,
        "output_dir": str(scratch / "out"),
        "per_device_train_batch_size": 2,
        "max_steps": 1,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "overwrite_cache": True,
    }
    model_args, data_args, training_args, _, _ = get_train_args(dict(settings))
    tools = load_tokenizer(model_args)
    template = get_template_and_fix_tokenizer(tools["tokenizer"], data_args)
    read = "rm" if stage == "dpo" else stage
    data = get_dataset(template, model_args, data_args, training_args, stage=read, **tools)["train_dataset"]
    run_exp(dict(settings))
    state = json.loads((scratch / "out" / "trainer_state.json").read_text("utf-8"))
    rows = [[trained_parts(row[ids], row[labels], tools["tokenizer"]) for ids, labels in SIDES[stage]] for row in data]
    loaded = sum(1 for line in (folder / "train.jsonl").read_text("utf-8").split("\n") if line)
    loss = next(entry["loss"] for entry in state["log_history"] if "loss" in entry)
    return {"version": version("llamafactory"), "loaded": loaded, "trained": len(data), "loss": loss, "rows": rows}


if __name__ == "__main__":
    run_jobs(step)
