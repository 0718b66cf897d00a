"""A tokenizer and a model small enough for one step on a CPU, built in code: nothing is fetched.

Runs in the environment of a trainer, which knows nothing of this project.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

START, END, PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
WORDS = 1500


def tiny_tokenizer(data: Path, template: str | None = None) -> PreTrainedTokenizerFast:
    """Byte-level BPE of 1,500 entries, learned from the first two million characters of `data`."""
    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    learn = trainers.BpeTrainer(
        vocab_size=WORDS,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    with data.open(encoding="utf-8") as file:
        bare.train_from_iterator([file.read(2_000_000)], learn)
    made = PreTrainedTokenizerFast(tokenizer_object=bare, eos_token=END, pad_token=PAD)
    made.chat_template = template
    return made


def tiny_model() -> Qwen3ForCausalLM:
    """One layer of random weights."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "head_dim": 8}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 65_536}
    return Qwen3ForCausalLM(Qwen3Config(vocab_size=WORDS, pad_token_id=0, eos_token_id=2, **shape, **heads))


def saved(folder: Path, data: Path) -> str:
    """Model and tokenizer in `folder`, for trainers that take a path; the path."""
    tiny_tokenizer(data).save_pretrained(folder)
    tiny_model().save_pretrained(folder)
    return str(folder)


def trained_parts(tokens: list[int], labels: list[int], tokenizer: PreTrainedTokenizerFast) -> list[dict[str, object]]:
    """Each turn of a rendered conversation: who speaks, which text counts in the loss, and whether its end does."""
    start, end = (tokenizer.convert_tokens_to_ids(token) for token in (START, END))
    turns: list[dict[str, object]] = []
    place = 0
    while place < len(tokens):
        stop = next((n for n in range(place + 1, len(tokens)) if tokens[n] == start), len(tokens))
        head = tokenizer.decode(tokens[place : place + 12]).removeprefix(START).split("\n")[0]
        counted = [n for n in range(place, stop) if labels[n] != -100]
        told = [n for n in counted if tokens[n] != end]
        turns.append(
            {
                "role": head if tokens[place] == start else "",
                "text": tokenizer.decode([tokens[n] for n in told]),
                "ends": any(tokens[n] == end for n in counted),
            }
        )
        place = stop
    return turns


def run_jobs(step: Callable[..., dict[str, Any]]) -> None:
    """Take one `step` for each job in the file named on the command line; what came of them stands beside it.

    A job is a list of words and, last, the export's folder. One process for all: to import a trainer takes longest.
    """
    jobs = Path(sys.argv[1])
    said = {}
    for name, (*words, folder) in json.loads(jobs.read_text("utf-8")).items():
        scratch = jobs.parent / name
        scratch.mkdir()
        said[name] = step(*words, Path(folder), scratch)
        (jobs.parent / "said.json").write_text(json.dumps(said), "utf-8")
