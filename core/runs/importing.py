"""Importing files into a database: batches that are all or nothing, a report that hides nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import InputError
from core.models import LabelOutcome
from core.sources import Record, Rejected, find_files, read
from core.store import Store
from core.store.trajectories import Incoming, Issue, add_batch, begin_import

_BATCH = 500  # rows per transaction: large enough to amortise the disk flush, small enough to hold in memory


@dataclass
class FileReport:
    """What became of one file: counts, labels, and every record that was not taken."""

    path: Path
    format: str = ""
    imported: int = 0
    duplicates: int = 0
    issues: list[Issue] = field(default_factory=list)
    labels: dict[LabelOutcome, int] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    error: str = ""  # the file as a whole could not be read

    @property
    def records(self) -> int:
        """All records that were met."""
        return self.imported + self.duplicates + len(self.issues)


def import_files(
    store: Store, paths: Iterable[Path], *, source: str = "auto", strict: bool = False, shown_as: str | None = None
) -> Iterator[FileReport]:
    """Import every file under `paths`; one report a file, as soon as it is done.

    `shown_as` is the name under which an upload is remembered instead of its temporary path. Raises
    `InputError` where a path names nothing, or, with `strict`, at the first bad record.
    """
    for path in find_files(paths):
        report = FileReport(path)
        try:
            _import_file(store, path, source, report, name=shown_as or str(path), strict=strict)
        except InputError as error:
            if strict:
                raise
            report.error = str(error).replace(str(path), shown_as or str(path))
        yield report


def validate_files(paths: Iterable[Path], *, source: str = "auto") -> Iterator[FileReport]:
    """The report that `import_files` would give, without a database; nothing counts as a duplicate but twins."""
    seen: set[str] = set()
    for path in find_files(paths):
        report = FileReport(path)
        try:
            for item in read(path, source):
                if isinstance(item, Rejected):
                    report.issues.append(Issue(item.line, item.reason, item.raw))
                    continue
                _note(report, item)
                key = item.trajectory.key
                report.duplicates += key in seen
                report.imported += key not in seen
                seen.add(key)
        except InputError as error:
            report.error = str(error)
        yield report


def _import_file(store: Store, path: Path, source: str, report: FileReport, *, name: str, strict: bool) -> None:
    import_id = 0
    batch: list[Record] = []
    rejected: list[Issue] = []
    for item in read(path, source):
        if not import_id:
            import_id = begin_import(store, name, source)
        if isinstance(item, Rejected):
            if strict:
                _flush(store, import_id, report, batch, rejected)
                where = f" line {item.line}" if item.line else ""
                raise InputError(f"{path}{where}: {item.reason}")
            rejected.append(Issue(item.line, item.reason, item.raw))
        else:
            _note(report, item)
            batch.append(item)
        if len(batch) + len(rejected) >= _BATCH:
            _flush(store, import_id, report, batch, rejected)
    if import_id:
        _flush(store, import_id, report, batch, rejected)


def _flush(store: Store, import_id: int, report: FileReport, batch: list[Record], rejected: list[Issue]) -> None:
    incoming = [Incoming(record.trajectory, record.raw, record.line) for record in batch]
    added, duplicates = add_batch(store, import_id, report.format, incoming, rejected)
    report.imported += added
    report.duplicates += duplicates
    report.issues.extend(rejected)
    batch.clear()
    rejected.clear()


def _note(report: FileReport, record: Record) -> None:
    report.format = record.format
    outcome = record.trajectory.label.outcome
    report.labels[outcome] = report.labels.get(outcome, 0) + 1
    report.keys.append(record.trajectory.key)
