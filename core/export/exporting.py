"""Approved proposals into training files: what a person or a script asks for last.

Only what a human approved leaves by default. `include_auto` adds what the policy in force and bulk acts let in;
those rows say `auto_accepted` and are counted apart everywhere.
"""

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.export.lengths import Lengths
from core.export.manifest import manifest_of, not_approved, policy_of
from core.export.naming import Names, names
from core.export.request import ExportReport, ExportRequest
from core.export.selection import Quotas
from core.export.splitting import Leakage, is_test
from core.formats import Row
from core.formats.place import check_file, check_folder, is_file_name, manifest_beside
from core.formats.target import TEST_FILE
from core.formats.writing import Written, write_folder, write_single
from core.models import Attempt, AugmentedSample, LeftOut
from core.settings import PipelineConfig
from core.stages.augment import augment
from core.stages.grounding import check_prompt
from core.store import Store
from core.store.approved import Approved, approved, save_export, selectable


def preview(
    store: Store, settings: PipelineConfig, request: ExportRequest, *, limit: int
) -> tuple[ExportReport, list[Row]]:
    """The report of an export that is not written, and the first `limit` of its rows to train on."""
    report = ExportReport()
    shown: list[Row] = []
    test, train = _rows(store, settings, request, report)
    for rows, is_train in ((test, False), (train, True)):
        for item in rows:
            if isinstance(item, LeftOut):
                report.left_out.append(item)
                continue
            report.rows += 1
            report.test_rows += not is_train
            if is_train and len(shown) < limit:
                shown.append(item)
    report.not_approved = not_approved(store, report)
    return report, shown


def check_output(request: ExportRequest, path: Path, *, force: bool = False, inputs: Iterable[Path] = ()) -> None:
    """Raise the `UserError` with which `export` would end, before any work is done for it.

    `inputs` are files that the export must not replace: what was read, and the database.
    """
    with _said_in_words(path):
        _keep(path, inputs)
        if is_file_name(path):
            if request.test_share:
                raise UserError(f"{path} is one file, and a test share makes two; name a folder.")
            check_file(path, target=request.target, force=force)
        else:
            request.target  # noqa: B018  it may name a dialect that there is not
            check_folder(path.resolve(), force=force)


def export(
    store: Store, settings: PipelineConfig, request: ExportRequest, path: Path, *, force: bool = False
) -> ExportReport:
    """Write an export and its manifest, and note it in the store if that can be written now; nothing without rows.

    A path that ends in `.jsonl`, `.ndjson` or `.json` becomes one file with `NAME.jsonl.manifest.json`
    beside it; any other becomes a folder that trainers load as a data set. Raises `UserError` where
    something is there already (unless `force`) or the place cannot be written; an older export then
    stays as it was.
    """
    report = ExportReport()
    target = request.target

    def manifest(written: Written) -> dict[str, Any]:
        report.rows = written.rows
        report.test_rows = sum(file.rows for file in written.data if file.name == TEST_FILE)
        report.left_out.extend(written.left_out)
        report.not_approved = not_approved(store, report)
        return manifest_of(store, settings, request, report, written)

    check_output(request, path, force=force, inputs=(store.path,))
    with _said_in_words(path):
        test, train = _rows(store, settings, request, report)
        if is_file_name(path):
            written = write_single(path, train, target=target, force=force, manifest=manifest)
        else:
            written = write_folder(path, train, target=target, force=force, manifest=manifest, test_rows=test)
    report.files, report.manifest = written.files, written.manifest
    report.noted = bool(report.files) and save_export(store, path.name, json.dumps(report.manifest, ensure_ascii=False))
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


def _rows(
    store: Store, settings: PipelineConfig, request: ExportRequest, report: ExportReport
) -> tuple[Iterator[Row | LeftOut], Iterator[Row | LeftOut]]:
    """Rows of the test side, which are to be read first, and those of the train side."""
    share, target = request.test_share, request.target
    quotas = Quotas(request.selection)
    if not share:
        return iter(()), target.arranged(_built(store, settings, request, report, quotas))
    leakage = Leakage()

    def side(test: bool) -> Iterator[Row | LeftOut]:
        note = leakage.add_test if test else leakage.add_train
        yield from target.arranged(
            _built(store, settings, request, report, quotas, lambda task: is_test(task, share) is test, note)
        )
        report.leakage = leakage.report()

    return side(test=True), side(test=False)


def _built(
    store: Store,
    settings: PipelineConfig,
    request: ExportRequest,
    report: ExportReport,
    quotas: Quotas,
    of_task: Callable[[str], bool] | None = None,
    note: Callable[[AugmentedSample], None] | None = None,
) -> Iterator[tuple[Row, ...] | LeftOut]:
    """The rows of each wanted item, or why it has none; counts and `note` are only of those that have rows."""
    policy, wanted, target = policy_of(store, settings), request.selection, request.target
    wanted.check(selectable(store))
    called, lengths = names(store, pseudonyms=request.pseudonyms), Lengths(wanted.tokenizer)
    report.tokens_by = lengths.by
    for item in approved(
        store,
        theta=policy["theta"],
        delta=policy["delta"],
        include_auto=request.include_auto,
        imports=request.imports,
        best_first=wanted.compares,
        of_task=of_task,
    ):
        report.approved[item.state] += 1
        report.approved_by_bulk += item.batch_id is not None
        if reason := wanted.why_not(item):
            report.not_selected[reason] += 1
            continue
        sample = _sample(item, request, called)
        if isinstance(sample, LeftOut):
            yield _named(sample, request, report)
            continue
        rows = target.rows_of(sample)
        if isinstance(rows, LeftOut):
            yield _named(rows, request, report)
            continue
        tokens = lengths.of(sample)
        if reason := wanted.too_long(tokens) or quotas.why_not(sample):
            report.not_selected[reason] += 1
            continue
        masked = report.masks.sample(sample)
        shown = rows if masked is sample else target.rows_of(masked)
        if request.redact and isinstance(shown, LeftOut):  # two answers of a pair that differ by what is masked alone
            yield shown
            continue
        report.count(item, sample, tokens)
        if masked is not sample:
            report.masks.count((masked.model_dump(mode="json"),) if isinstance(shown, LeftOut) else shown)
        if note:
            note(sample)
        yield shown if request.redact else rows


def _sample(item: Approved, request: ExportRequest, called: Names) -> AugmentedSample | LeftOut:
    return augment(
        item.trajectory,
        _checked(item),
        item.analysis,
        metadata=_provenance(item, called),
        proposed_prompt=_rewritten(item),
        allow_stale=request.allow_stale,
        for_pairs=bool(request.target.pairs),
    )


def _named(left_out: LeftOut, request: ExportRequest, report: ExportReport) -> LeftOut:
    """What is left out, by a name that says no more than the rows may."""
    masked = report.masks.text(left_out.trajectory_id) if request.redact else left_out.trajectory_id
    return left_out.model_copy(update={"trajectory_id": masked})


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


def _rewritten(item: Approved) -> str:
    """The request that a person put other words to, for the same steps; empty if nobody did."""
    old, new = item.proposed, item.attempt
    same_steps = (old.first_step, old.last_step) == (new.first_step, new.last_step)
    changed = item.state == "edited" and old.hindsight_prompt != new.hindsight_prompt
    return old.hindsight_prompt if changed and same_steps else ""


def _provenance(item: Approved, called: Names) -> dict[str, Any]:
    verdict = item.attempt.verdict
    return {
        "state": item.state,
        "batch_id": item.batch_id,
        "annotator": called(item.annotator),
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


def as_archive(store: Store, settings: PipelineConfig, request: ExportRequest) -> bytes:
    """The export folder as a zip file, for a download; equal input gives equal bytes."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        folder = Path(scratch) / f"agenther_{request.target.name}"
        if not export(store, settings, request, folder).files:
            raise UserError("Nothing to train on is left, so there is nothing to pack.")
        for file in sorted(folder.iterdir()):
            archive.writestr(zipfile.ZipInfo(f"{folder.name}/{file.name}"), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
