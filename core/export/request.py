"""What is asked of an export, and what it was found to hold."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.export.masking import Masks
from core.export.selection import Selection
from core.formats import Target, find_target
from core.models import AugmentedSample, LeftOut, OutputFormat
from core.store.approved import Approved


@dataclass(frozen=True)
class ExportRequest:
    """What to export. `imports` limits it to what these imports met (None = all of the database).

    `test_share` (0..1) of the original tasks go into a test file of their own. `redact` puts masks in place of
    secrets and personal data, `pseudonyms` in place of reviewers' names. `thoughts`, `arguments` and `pairs` overrule
    the target's own spelling (`core.formats.shape`). `allow_stale` keeps items whose final answer still serves the
    old goal.
    """

    format: OutputFormat
    dialect: str | None = None
    include_auto: bool = False
    imports: frozenset[int] | None = None
    selection: Selection = field(default_factory=Selection)
    test_share: float = 0.0
    redact: bool = False
    pseudonyms: bool = False
    thoughts: str | None = None
    arguments: str | None = None
    pairs: str | None = None
    allow_stale: bool = False

    @property
    def target(self) -> Target:
        """The training format; raises `UserError` for a dialect or a spelling that the format has not."""
        found = find_target(self.format, self.dialect)
        return found.shaped(thoughts=self.thoughts, arguments=self.arguments, pairs=self.pairs)


@dataclass
class ExportReport:
    """What left and what did not.

    `approved` counts approved items by state, `samples` those of them that gave rows in the format, `rows` these rows;
    lengths, models, reviewers and personal data are of these samples too. What bulk acts let in is a part of
    `auto_accepted`.
    """

    rows: int = 0
    test_rows: int = 0  # those of `rows` that are in the test file
    approved: Counter[str] = field(default_factory=Counter)
    samples: Counter[str] = field(default_factory=Counter)
    by_bulk_act: Counter[int] = field(default_factory=Counter)  # samples by batch id
    approved_by_bulk: int = 0
    models: Counter[str] = field(default_factory=Counter)  # samples by who wrote the request
    prompt_hashes: Counter[str] = field(default_factory=Counter)
    reviewers: Counter[str] = field(default_factory=Counter)
    tokens: list[int] = field(default_factory=list)  # of each sample
    tokens_by: str = ""
    masks: Masks = field(default_factory=Masks)
    left_out: list[LeftOut] = field(default_factory=list)
    not_approved: dict[str, int] = field(default_factory=dict)  # proposals that this export does not take, by state
    not_selected: Counter[str] = field(default_factory=Counter)  # approved items by the reason
    leakage: dict[str, Any] = field(default_factory=dict)  # what test and train share
    files: tuple[Path, ...] = ()
    manifest: dict[str, Any] = field(default_factory=dict)
    noted: bool = False  # the database has a row about this export

    def count(self, item: Approved, sample: AugmentedSample, tokens: int) -> None:
        """Take note of one item whose sample gave rows."""
        self.samples[item.state] += 1
        if item.batch_id is not None:
            self.by_bulk_act[item.batch_id] += 1
        self.models[item.attempt.model] += 1
        self.prompt_hashes[item.attempt.prompt_hash or "none"] += 1
        self.reviewers[sample.metadata["annotator"] or "nobody"] += 1
        self.tokens.append(tokens)

    @property
    def train_rows(self) -> int:
        """Rows to train on; without any, nothing is written."""
        return self.rows - self.test_rows

    @property
    def reasons(self) -> Counter[str]:
        """Why approved items were left out, most frequent first."""
        return Counter(item.reason for item in self.left_out)
