"""What a training format is to the rest of the program: one value with functions in it.

A target turns samples into rows and knows the rules of the trainer that will read them. No row leaves
`rows` that breaks those rules: trainers drop or misread such rows without a word, so they are held
back here, with the reason.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from core.errors import UserError
from core.formats.shape import USUAL, Arguments, Pairs, Shape, Thoughts
from core.formats.text import UnwritableNumber, clean, to_json
from core.models import AugmentedSample, LeftOut, OutputFormat

Row = dict[str, Any]
Build = Callable[[AugmentedSample, Shape], tuple[Row, ...] | LeftOut]
DATA_FILE = "train.jsonl"
TEST_FILE = "test.jsonl"
_Choice = TypeVar("_Choice", bound=StrEnum)
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
    `thoughts`, `arguments` and `pairs` are the spellings that the trainer reads, the usual one first; `shape` is
    the one in force.
    """

    format: OutputFormat
    dialect: str
    trainer: str
    description: str
    columns: tuple[tuple[str, str], ...]
    build: Build
    rules: Callable[[Row, Shape], Iterator[str]]
    loading: str
    order: Callable[[Iterable[tuple[Row, ...]]], Iterator[Row]] | None = None
    dataset_info: Callable[[str], Row] | None = None
    thoughts: tuple[Thoughts, ...] = (Thoughts.CONTENT, Thoughts.DROP)
    arguments: tuple[Arguments, ...] = (Arguments.OBJECT,)
    pairs: tuple[Pairs, ...] = ()
    shape: Shape = USUAL

    def shaped(
        self, *, thoughts: str | None = None, arguments: str | None = None, pairs: str | None = None
    ) -> "Target":
        """The same target with these spellings; None leaves the target's own.

        Raises `UserError` for one that its trainer does not read.
        """
        return replace(
            self,
            shape=Shape(
                thoughts=self._chosen("--thoughts", thoughts, self.thoughts, Thoughts.CONTENT),
                arguments=self._chosen("--arguments", arguments, self.arguments, Arguments.OBJECT),
                pairs=self._chosen("--pairs", pairs, self.pairs, Pairs.ANSWERS),
            ),
        )

    @property
    def spelling(self) -> dict[str, str]:
        """How thoughts and arguments are spelled, and what a preference is about; for the manifest."""
        said = {"thoughts": str(self.shape.thoughts), "arguments": str(self.shape.arguments)}
        return said | ({"pairs": str(self.shape.pairs)} if self.pairs else {})

    @property
    def name(self) -> str:
        """Format and dialect in one word, such as `sft-trl-steps`."""
        return f"{self.format}-{self.dialect}"

    def _chosen(self, option: str, wanted: str | None, taken: tuple[_Choice, ...], without: _Choice) -> _Choice:
        if wanted is None:
            return taken[0] if taken else without
        for choice in taken:
            if choice == wanted:
                return choice
        other = f"use one of: {', '.join(taken)}" if taken else "leave the option out"
        raise UserError(f"{self.name} takes no {option} {wanted}, which {self.trainer} would not read; {other}.")

    def check(self, row: Row) -> list[str]:
        """Say what is wrong with `row` for this target's trainer, as plain sentences; empty if nothing."""
        try:
            return self._complaints(clean(row))
        except UnwritableNumber as error:
            return [str(error)]

    def rows(self, samples: Iterable[AugmentedSample]) -> Iterator[Row | LeftOut]:
        """Rows of all `samples` in their order or the target's own; for a sample without any, a `LeftOut` with why."""
        return self.arranged(self.rows_of(sample) for sample in samples)

    def arranged(self, built: Iterable[tuple[Row, ...] | LeftOut]) -> Iterator[Row | LeftOut]:
        """What `rows_of` gave for many samples, in their order or the target's own (left out last)."""
        if self.order is None:
            for rows in built:
                yield from [rows] if isinstance(rows, LeftOut) else rows
            return
        left_out: list[LeftOut] = []
        yield from self.order(_with_rows(built, left_out))
        yield from left_out

    def rows_of(self, sample: AugmentedSample) -> tuple[Row, ...] | LeftOut:
        """The rows of one sample, at least one, each within the trainer's rules; or why it has none."""
        try:
            built = self.build(sample, self.shape)
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
        return mistyped or list(self.rules(row, self.shape))


def _with_rows(built: Iterable[tuple[Row, ...] | LeftOut], left_out: list[LeftOut]) -> Iterator[tuple[Row, ...]]:
    for rows in built:
        if isinstance(rows, LeftOut):
            left_out.append(rows)
        else:
            yield rows


def trained_turns(sample: AugmentedSample) -> Iterator[int]:
    """Places in `messages` of the assistant turns that are worth imitating."""
    return (i for i, message in enumerate(sample.messages) if message.role == "assistant" and message.train)


def trains_failure(sample: AugmentedSample, *, instead: str) -> LeftOut | None:
    """Why `sample` has no place in whole conversations of which every assistant turn is trained; None if it has one."""
    if all(message.train for message in sample.messages if message.role == "assistant"):
        return None
    reason = f"A call of it fails, and all turns of this format are trained; the dialect {instead} trains the others."
    return LeftOut(trajectory_id=sample.trajectory_id, reason=reason)


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
