"""Which approved items are wanted in an export, and the plain reason for each that is not.

Filters look at one item; `Quotas` also at what has left before it, which is why the best items come first
wherever one of them is set.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from pydantic import Field

from core.errors import UserError
from core.export.meaning import meaning
from core.export.splitting import task_id
from core.models import AugmentedSample, Value
from core.stages.grounding import Requests
from core.store.approved import Approved


class Selection(Value):
    """What somebody wants of the approved items; as it is made, all of them. Ranges are inclusive, days in UTC."""

    min_score: float | None = Field(None, ge=0, le=1, description="Least score; an unjudged item has none.")
    min_weight: float | None = Field(None, ge=0, le=1, description="Least weight (1 - severity).")
    failure_types: tuple[str, ...] = ()
    sources: tuple[str, ...] = Field((), description="Formats that the runs came in.")
    tags: tuple[str, ...] = Field((), description="The run has one of them.")
    reviewers: tuple[str, ...] = Field((), description="One of them gave the verdict in force.")
    reviewed_from: date | None = None
    reviewed_to: date | None = None
    per_task: int | None = Field(None, ge=1, description="Most samples of one original task.")
    unique_goals: bool = Field(False, description="Of requests that ask for the same, only the first leaves.")
    paraphrases: bool = Field(False, description="Of `unique_goals`: also those that say it in other words.")

    max_tokens: int | None = Field(None, ge=1, description="Longest sample, in tokens.")
    tokenizer: Path | None = Field(None, exclude=True, description="`tokenizer.json` to count with; none = estimate.")

    @property
    def compares(self) -> bool:
        """Whether one item decides about another, so that the best must come first."""
        return self.per_task is not None or self.unique_goals

    @property
    def chosen(self) -> dict[str, object]:
        """What is set, as the manifest says it."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def check(self, known: Mapping[str, tuple[str, ...]]) -> None:
        """Raise `UserError` for a name that the file does not know, and for choices that do not go together."""
        if self.paraphrases and not self.unique_goals:
            raise UserError("--paraphrases widens --unique-goals; give both.")
        for field, names in known.items():
            for name in getattr(self, field):
                if name not in names:
                    one_of = f"one of: {', '.join(names)}" if names else "none of them yet"
                    raise UserError(f"No item has {name!r} among its {field.replace('_', ' ')}; the file has {one_of}.")
        if self.reviewed_from and self.reviewed_to and self.reviewed_from > self.reviewed_to:
            raise UserError(f"No day is from {self.reviewed_from} to {self.reviewed_to}; change the two.")

    def why_not(self, item: Approved) -> str | None:
        """Why one item is not wanted, as a sentence; None if it is."""
        return next(self._objections(item), None)

    def too_long(self, tokens: int) -> str | None:
        """Why a sample of so many tokens is not wanted; None if it is."""
        over = self.max_tokens is not None and tokens > self.max_tokens
        return f"It is longer than {self.max_tokens:,} tokens." if over else None

    def _objections(self, item: Approved) -> Iterator[str]:
        if self.min_score is not None and item.score is None:
            yield "It has no score, and a least score is set."
        elif self.min_score is not None and item.score is not None and item.score < self.min_score:
            yield f"Its score is below {self.min_score:g}."
        weight = 1.0 if item.analysis is None else item.analysis.weight
        if self.min_weight is not None and weight < self.min_weight:
            yield f"Its weight is below {self.min_weight:g}."
        failure_type = item.analysis.failure_type if item.analysis else None
        if self.failure_types and failure_type not in self.failure_types:
            yield "Its failure type is not among the chosen ones."
        if self.sources and item.source not in self.sources:
            yield "Its source is not among the chosen ones."
        if self.tags and not set(self.tags) & set(item.tags):
            yield "It has none of the chosen tags."
        if self.reviewers and item.annotator not in self.reviewers:
            yield "None of the chosen reviewers gave its verdict."
        if (self.reviewed_from or self.reviewed_to) and not self._reviewed_in_time(item.reviewed_at):
            yield "Its verdict is not of the chosen days."

    def _reviewed_in_time(self, reviewed_at: str | None) -> bool:
        if not reviewed_at:
            return False
        day = date.fromisoformat(reviewed_at[:10])
        return (self.reviewed_from or day) <= day <= (self.reviewed_to or day)


class Quotas:
    """What has left already, as far as it decides about what comes next."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._of_task: Counter[bytes] = Counter()
        self._goals = Requests(meaning() if selection.unique_goals and selection.paraphrases else None)

    def why_not(self, sample: AugmentedSample) -> str | None:
        """Why `sample` is one too many; None if it is not, and then it counts."""
        wanted = self._selection
        task = task_id(sample.original_prompt) if wanted.per_task is not None else b""
        if wanted.per_task is not None and self._of_task[task] >= wanted.per_task:
            return f"Its task has {wanted.per_task} better sample{'s' if wanted.per_task > 1 else ''} in the export."
        if wanted.unique_goals:
            if self._goals.has_like(sample.hindsight_prompt):
                return "Another sample in the export asks for the same."
            self._goals.add(sample.hindsight_prompt)
        if wanted.per_task is not None:
            self._of_task[task] += 1
        return None
