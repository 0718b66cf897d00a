"""Runs in TRL's environment: loads exports, takes one step on each, and says what of each row is trained."""

from pathlib import Path
from typing import Any

import datasets
import trl
from tiny_model import run_jobs, tiny_model, tiny_tokenizer, trained_parts

ALL = 1_000_000  # tokens; TRL would cut rows to 1,024


def step(kind: str, template: str, folder: Path, scratch: Path) -> dict[str, Any]:
    """One step of the trainer of `kind` under a template of the trl package."""
    datasets.disable_progress_bars()
    data = datasets.load_dataset(str(folder), split="train", cache_dir=str(scratch / "cache"))
    templates = Path(trl.__file__).parent / "chat_templates"
    tokenizer = tiny_tokenizer(folder / "train.jsonl", (templates / f"{template}.jinja").read_text("utf-8"))
    config, trainer, more = {
        "sft": (trl.SFTConfig, trl.SFTTrainer, {"assistant_only_loss": True}),
        "steps": (trl.SFTConfig, trl.SFTTrainer, {}),
        "dpo": (trl.DPOConfig, trl.DPOTrainer, {}),
        "kto": (trl.KTOConfig, trl.KTOTrainer, {}),
    }[kind]
    settings = config(
        output_dir=str(scratch / "out"),
        max_length=ALL,
        max_steps=1,
        per_device_train_batch_size=2,
        logging_steps=1,
        disable_tqdm=True,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to="none",
        save_strategy="no",
        **more,
    )
    # Without a second model it would look for the first one's weights on disk, where they never were.
    beside = {"ref_model": tiny_model()} if kind in ("dpo", "kto") else {}
    made = trainer(tiny_model(), args=settings, train_dataset=data, processing_class=tokenizer, **beside)
    done = made.train()
    kept = made.train_dataset
    rows = [_sides(kind, row) for row in kept]
    return {
        "version": trl.__version__,
        "loaded": len(data),
        "trained": len(kept),
        "loss": done.training_loss,
        "rows": [[trained_parts(tokens, labels, tokenizer) for tokens, labels in sides] for sides in rows],
    }


def _sides(kind: str, row: dict[str, Any]) -> list[tuple[list[int], list[int]]]:
    """(tokens, labels) of a row, or of each of its two sides."""
    if kind in ("sft", "steps"):
        return [(row["input_ids"], row["labels"])]
    answers = ("chosen_ids", "rejected_ids") if kind == "dpo" else ("completion_ids",)
    prompt = row["prompt_ids"]
    return [(prompt + row[name], [-100] * len(prompt) + row[name]) for name in answers]


if __name__ == "__main__":
    run_jobs(step)
