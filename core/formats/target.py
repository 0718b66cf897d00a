"""What a training format is to the rest of the program: one value with functions in it.

A target turns samples into rows and knows the rules of the trainer that will read them. No row leaves
`rows` that breaks those rules: trainers drop or misread such rows without a word, so they are held
back here, with the reason.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.formats.text import UnwritableNumber, clean, to_json
from core.models import AugmentedSample, LeftOut, OutputFormat

Row = dict[str, Any]
DATA_FILE = "train.jsonl"
TEST_FILE = "test.jsonl"
_PLAIN_TYPES: dict[str, tuple[type, str]] = {
    "string": (str, "text"),
    "float64": (float, "a number with a decimal point"),
    "bool": (bool, "true or false"),
}


@dataclass(frozen=True, slots=True)
class Target:
    """One format in one trainer's dialect.

    `columns` are (name, YAML feature type) for the dataset card. `pairs_up` re-orders the rows of all
    samples where their order matters. `dataset_info` is the entry that LLaMA-Factory wants for a file.
    `masks_turns`: whether the loss leaves out single turns, such as failing calls.
    """

    format: OutputFormat
    dialect: str
    trainer: str
    description: str
    columns: tuple[tuple[str, str], ...]
    build: Callable[[AugmentedSample], tuple[Row, ...] | LeftOut]
    rules: Callable[[Row], Iterator[str]]
    loading: str
    masks_turns: bool
    order: Callable[[Sequence[tuple[Row, ...]]], Iterator[Row]] | None = None
    dataset_info: Callable[[str], Row] | None = None

    @property
    def name(self) -> str:
        """Format and dialect in one word, such as `sft-trl-steps`."""
        return f"{self.format}-{self.dialect}"

    def check(self, row: Row) -> list[str]:
        """Say what is wrong with `row` for this target's trainer, as plain sentences; empty if nothing."""
        try:
            return self._complaints(clean(row))
        except UnwritableNumber as error:
            return [str(error)]

    def rows(self, samples: Iterable[AugmentedSample]) -> Iterator[Row | LeftOut]:
        """Rows of all `samples`, in order; a `LeftOut` with its reason for each sample that gives none."""
        if self.order is None:
            for sample in samples:
                built = self._checked(sample)
                yield from [built] if isinstance(built, LeftOut) else built
            return
        groups: list[tuple[Row, ...]] = []
        for sample in samples:
            built = self._checked(sample)
            if isinstance(built, LeftOut):
                yield built
            else:
                groups.append(built)
        yield from self.order(groups)

    def _checked(self, sample: AugmentedSample) -> tuple[Row, ...] | LeftOut:
        try:
            built = self.build(sample)
            if isinstance(built, LeftOut):
                return built
            rows = tuple(clean(row) for row in built)
        except UnwritableNumber as error:
            return LeftOut(trajectory_id=sample.trajectory_id, reason=str(error))
        if not rows:
            return LeftOut(trajectory_id=sample.trajectory_id, reason="No assistant turn is to be trained.")
        for row in rows:
            complaints = self._complaints(row)
            if complaints:
                return LeftOut(trajectory_id=sample.trajectory_id, reason=complaints[0])
        return rows

    def _complaints(self, row: Row) -> list[str]:
        known = [name for name, _ in self.columns]
        missing = [f"Column {name!r} is missing." for name in known if name not in row]
        extra = [f"Column {name!r} does not belong here." for name in row if name not in known]
        if missing or extra:
            return missing + extra
        mistyped = [
            f"Column {name!r} is not {_PLAIN_TYPES[kind][1]}."
            for name, kind in self.columns
            if kind in _PLAIN_TYPES and not isinstance(row[name], _PLAIN_TYPES[kind][0])
        ]
        return mistyped or list(self.rules(row))


def trained_turns(sample: AugmentedSample) -> Iterator[int]:
    """Places in `messages` of the assistant turns that are worth imitating."""
    return (i for i, message in enumerate(sample.messages) if message.role == "assistant" and message.train)


def lineage(sample: AugmentedSample) -> Row:
    """Columns that say where a row comes from and what it weighs.

    Everything else goes into one JSON string: further columns are commands to some trainers, and
    nested ones change type between rows. The id is in there once more, because `datasets` rewrites a
    text column in which every value looks like a date.
    """
    names = {"trajectory_id": sample.trajectory_id, "trajectory_key": sample.trajectory_key}
    provenance = sample.metadata | names
    return {
        "weight": float(sample.weight),
        "trajectory_id": sample.trajectory_id,
        "provenance": to_json(dict(sorted(clean(provenance).items()))),
    }


LINEAGE_COLUMNS = (("weight", "float64"), ("trajectory_id", "string"), ("provenance", "string"))
