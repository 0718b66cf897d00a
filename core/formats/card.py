"""The dataset card: a README whose YAML pins the type of every column.

Without it the loader guesses types from the first rows: text that looks like a date becomes one, and a
value that is a number in one row and text in another changes type. With it, rows load as written.
"""

from collections.abc import Iterable
from pathlib import Path

from core.formats.target import DATA_FILE, Target

CARD_FILE = "README.md"
_HEAD = """---
dataset_info:
  features:
{features}
configs:
- config_name: default
  data_files:
{files}
---

# {name}

{description}

For {trainer}:

    {loading}

Pinned columns need `datasets` 4.7 or newer. {weight}
"""
_WEIGHT = (
    "`weight` is 1 - severity of the failure that the run was relabelled from, 0 to 1. "
    "The trainer does not read this column; resample rows by it if you like, unless the loss holds it as said above."
)
_TURN_WEIGHT = "The 0 or 1 in an assistant turn's `weight` says whether the turn is trained."


def dataset_card(target: Target, files: Iterable[str] = (DATA_FILE,)) -> str:
    """Text of the README that stands beside the data files in an export folder; each file is a split of its name."""
    return _HEAD.format(
        features="\n".join(f"  - name: {name}\n    {_feature(kind)}" for name, kind in target.columns),
        files="\n".join(f"  - split: {Path(file).stem}\n    path: {file}" for file in files),
        name=target.name,
        description=target.description,
        trainer=target.trainer,
        loading=target.loading,
        weight=_WEIGHT if "weight" in dict(target.columns) else _TURN_WEIGHT,
    )


def _feature(kind: str) -> str:
    return kind.strip() if ":" in kind else f"dtype: {kind}"
