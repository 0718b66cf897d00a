"""Approved proposals into training files: what a person or a script asks for last.

Only what a human approved leaves by default. `include_auto` adds what the policy in force and bulk acts let in;
those rows say `auto_accepted` and are counted apart everywhere.
"""

import io
import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.export.manifest import bulk_act, measured_now, without_proposal
from core.formats import Row, Target, find_target
from core.formats.place import check_file, check_folder, is_file_name, manifest_beside
from core.formats.writing import Written, write_folder, write_single
from core.models import Attempt, AugmentedSample, LeftOut, OutputFormat, ProposalState
from core.settings import PipelineConfig, split_judge
from core.stages.augment import augment
from core.stages.grounding import check_prompt
from core.store import Store
from core.store.approved import Approved, approved, save_export
from core.store.bulk import rejecting
from core.store.queue import current_policy, state_counts

# Settings that change no result; addresses of model servers are nobody's business who gets the data.
_PRIVATE = {
    "api_key",
    "judge_api_key",
    "base_url",
    "judge_base_url",
    "timeout",
    "max_requests",
    "concurrency",
    "rpm",
    "tpm",
    "output_dir",
}


@dataclass(frozen=True)
class ExportRequest:
    """What to export. `imports` limits it to what these imports met (None = all of the database)."""

    format: OutputFormat
    dialect: str | None = None
    include_auto: bool = False
    imports: frozenset[int] | None = None

    @property
    def target(self) -> Target:
        """The training format; raises `UserError` for a dialect that the format has not."""
        return find_target(self.format, self.dialect)


@dataclass
class ExportReport:
    """What left and what did not.

    `approved` counts approved items by state, `samples` those of them that became training samples,
    `rows` what these became in the format. What bulk acts let in is a part of `auto_accepted`.
    """

    rows: int = 0
    approved: Counter[str] = field(default_factory=Counter)
    samples: Counter[str] = field(default_factory=Counter)
    by_bulk_act: Counter[int] = field(default_factory=Counter)  # samples by batch id
    approved_by_bulk: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    files: tuple[Path, ...] = ()
    manifest: dict[str, Any] = field(default_factory=dict)
    noted: bool = False  # the database has a row about this export

    @property
    def reasons(self) -> Counter[str]:
        """Why approved items were left out, most frequent first."""
        return Counter(item.reason for item in self.left_out)


def preview(
    store: Store, settings: PipelineConfig, request: ExportRequest, *, limit: int
) -> tuple[ExportReport, list[Row]]:
    """The report of an export that is not written, and the first `limit` of its rows."""
    report = ExportReport()
    rows: list[Row] = []
    for item in request.target.rows(_samples(store, settings, request, report)):
        if isinstance(item, LeftOut):
            report.left_out.append(item)
            continue
        report.rows += 1
        if len(rows) < limit:
            rows.append(item)
    return report, rows


def check_output(request: ExportRequest, path: Path, *, force: bool = False, inputs: Iterable[Path] = ()) -> None:
    """Raise the `UserError` with which `export` would end, before any work is done for it.

    `inputs` are files that the export must not replace: what was read, and the database.
    """
    with _said_in_words(path):
        _keep(path, inputs)
        if is_file_name(path):
            check_file(path, target=request.target, force=force)
        else:
            request.target  # noqa: B018  it may name a dialect that there is not
            check_folder(path.resolve(), force=force)


def export(
    store: Store, settings: PipelineConfig, request: ExportRequest, path: Path, *, force: bool = False
) -> ExportReport:
    """Write an export and its manifest, and note it in the store if that can be written now.

    A path that ends in `.jsonl`, `.ndjson` or `.json` becomes one file with `NAME.jsonl.manifest.json`
    beside it; any other becomes a folder that trainers load as a data set. Raises `UserError` where
    something is there already (unless `force`) or the place cannot be written; an older export then
    stays as it was.
    """
    report = ExportReport()
    target = request.target

    def manifest(written: Written) -> dict[str, Any]:
        report.rows = written.rows
        report.left_out.extend(written.left_out)
        return _manifest(store, settings, request, report, written)

    with _said_in_words(path):
        _keep(path, (store.path,))
        write = write_single if is_file_name(path) else write_folder
        rows = target.rows(_samples(store, settings, request, report))
        written = write(path, rows, target=target, force=force, manifest=manifest)
    report.files, report.manifest = written.files, written.manifest
    report.noted = save_export(store, path.name, json.dumps(report.manifest, ensure_ascii=False))
    return report


@contextmanager
def _said_in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}.") from None


def _keep(path: Path, inputs: Iterable[Path]) -> None:
    """Refuse a path that would replace one of `inputs`: that file, its place as a manifest, a folder around it."""
    whole = path.resolve()
    for given in inputs:
        place = given.resolve()
        if place in (whole, manifest_beside(whole)) or whole in place.parents:
            raise UserError(
                f"{path} would replace {given}, which this command reads; name another place for the output."
            )


def _samples(
    store: Store, settings: PipelineConfig, request: ExportRequest, report: ExportReport
) -> Iterator[AugmentedSample]:
    policy = _policy(store, settings)
    for item in approved(
        store,
        theta=policy["theta"],
        delta=policy["delta"],
        include_auto=request.include_auto,
        imports=request.imports,
    ):
        report.approved[item.state] += 1
        report.approved_by_bulk += item.batch_id is not None
        sample = augment(item.trajectory, _checked(item), item.analysis, metadata=_provenance(item))
        if isinstance(sample, LeftOut):
            report.left_out.append(sample)
            continue
        report.samples[item.state] += 1
        if item.batch_id is not None:
            report.by_bulk_act[item.batch_id] += 1
        yield sample


def _checked(item: Approved) -> Attempt:
    """The attempt with the grounding of the words and steps as approved: an edit changes what is stale."""
    attempt = item.attempt
    if item.state != "edited":
        return attempt
    grounding = check_prompt(
        attempt.hindsight_prompt,
        item.trajectory.without_grader_text(),
        first_step=attempt.first_step,
        last_step=attempt.last_step,
        final_answer=attempt.final_answer,
    )
    return attempt.model_copy(update={"grounding": grounding})


def _provenance(item: Approved) -> dict[str, Any]:
    verdict = item.attempt.verdict
    return {
        "state": item.state,
        "batch_id": item.batch_id,
        "annotator": item.annotator,
        "reviewed_at": item.reviewed_at,
        "source": item.source,
        "confidence": item.attempt.confidence,
        "judge": verdict.judge if verdict else None,
        "judge_confidence": verdict.confidence if verdict else None,
        "model": item.attempt.model,
        "prompt_hash": item.attempt.prompt_hash,
        "failure_type": item.analysis.failure_type if item.analysis else None,
        "original_prompt": item.trajectory.original_prompt,
    }


def _policy(store: Store, settings: PipelineConfig) -> dict[str, Any]:
    return current_policy(store) or {
        "theta": settings.min_confidence,
        "delta": settings.severity_threshold,
        "set_by": "default",
    }


def _manifest(
    store: Store, settings: PipelineConfig, request: ExportRequest, report: ExportReport, written: Written
) -> dict[str, Any]:
    """Everything that somebody who trains on the file asks about it; no clock, so equal input gives equal bytes."""
    return {
        "format": request.format,
        "dialect": request.target.dialect,
        "trainer": request.target.trainer,
        "rows": report.rows,
        "sha256": written.sha256,
        "human_reviewed": sum(n for state, n in report.samples.items() if state != "auto_accepted"),
        "auto_accepted": report.samples["auto_accepted"],
        "include_auto": request.include_auto,
        "approved_by_state": dict(sorted(report.samples.items())),
        "left_out": {
            "approved_but_no_row": dict(report.reasons.most_common()),
            "items": [item.model_dump() for item in report.left_out],
            "by_state": _not_approved(store, report),
            "no_proposal": without_proposal(store),
        },
        "policy": (policy := _policy(store, settings)),
        "measured": measured_now(store, policy["theta"], policy["delta"]),
        "bulk_acts": [bulk_act(store, batch_id, n) for batch_id, n in sorted(report.by_bulk_act.items())],
        "bulk_rejected": [bulk_act(store, batch_id, n) for batch_id, n in rejecting(store)],
        "settings": settings.model_dump(mode="json", exclude=_PRIVATE)
        | {"judge_model": [split_judge(judge)[0] for judge in settings.judge_model]},
    }


def _not_approved(store: Store, report: ExportReport) -> dict[str, int]:
    """Proposals by state that this export does not take; what the policy let in is no longer pending."""
    counts = {state.value: n for state, n in state_counts(store).items()}
    counts[ProposalState.PENDING] -= report.approved["auto_accepted"] - report.approved_by_bulk
    counts[ProposalState.AUTO_ACCEPTED] -= report.approved_by_bulk
    return {state: n for state, n in counts.items() if state not in ("accepted", "edited") and n}


def as_archive(store: Store, settings: PipelineConfig, request: ExportRequest) -> bytes:
    """The export folder as a zip file, for a download; equal input gives equal bytes."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        folder = Path(scratch) / f"agenther_{request.target.name}"
        export(store, settings, request, folder)
        for file in sorted(folder.iterdir()):
            archive.writestr(zipfile.ZipInfo(f"{folder.name}/{file.name}"), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
