"""How long a sample is in tokens: by a stated tokenizer, or by an estimate that is called one.

What is counted is the text of the conversation and of its tools; the few tokens that a chat template adds to each
message are not.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from core.errors import UserError
from core.models import AugmentedSample

CHARACTERS_PER_TOKEN = 4  # of English text, as a rule of thumb; code and other languages have fewer


class Lengths:
    """Counts tokens with the `tokenizer.json` at `tokenizer`, or estimates them (None).

    Raises `UserError` where the file cannot be used.
    """

    def __init__(self, tokenizer: Path | None = None) -> None:
        self.by = f"an estimate: {CHARACTERS_PER_TOKEN} characters a token"
        self._count: Callable[[str], int] = lambda text: -(-len(text) // CHARACTERS_PER_TOKEN)
        if tokenizer is not None:
            self.by, self._count = _load(tokenizer)

    def of(self, sample: AugmentedSample) -> int:
        """Tokens of a sample, its tools included."""
        texts = [json.dumps(tool, ensure_ascii=False) for tool in sample.tools]
        for message in sample.messages:
            texts += [message.thought, message.content]
            for call in message.tool_calls:
                texts += [call.name, json.dumps(call.arguments, ensure_ascii=False)]
        return self._count("\n".join(text for text in texts if text))


def spread(tokens: Sequence[int]) -> dict[str, int]:
    """Sum, median and longest of the samples' lengths; empty without a sample."""
    ordered = sorted(tokens)
    return {"sum": sum(ordered), "median": ordered[len(ordered) // 2], "longest": ordered[-1]} if ordered else {}


def bins(tokens: Sequence[int], *, most: int) -> list[tuple[int, int, int]]:
    """How many samples are how long: (first token count, last one, samples) of at most so many equal ranges."""
    if not tokens:
        return []
    low, high = min(tokens), max(tokens)
    edges = np.linspace(low, high + 1, min(most, high + 1 - low) + 1).round().astype(int)
    counts, _ = np.histogram(tokens, edges)
    return [(int(a), int(b) - 1, int(n)) for (a, b), n in zip(pairwise(edges), counts, strict=True)]


def _load(path: Path) -> tuple[str, Callable[[str], int]]:
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415  an extra
    except ImportError:
        raise UserError('--tokenizer needs the tokenizers package: pip install -e ".[tokenizer]".') from None
    try:
        content = path.read_bytes()
        loaded = Tokenizer.from_buffer(content)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from None
    except Exception:  # the library raises nothing narrower
        raise UserError(f"{path} is no tokenizer; name the tokenizer.json of the model.") from None
    loaded.no_truncation()
    loaded.no_padding()

    def count(text: str) -> int:
        # A lone surrogate, which no tokenizer takes, leaves in no row either.
        plain = text.encode("utf-8", "replace").decode()
        return len(loaded.encode(plain, add_special_tokens=False).ids)

    return f"{path.name}, sha256 {hashlib.sha256(content).hexdigest()}", count
