"""The import half of a screen: what became of each upload, past imports, and every record that was left out."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import UserError
from core.models import Mark
from core.runs.importing import MARK_WORDS, FileReport, import_files, place_of
from core.sources import FORMAT_ADVICE
from core.store import Store
from core.store.trajectories import imports, issues_of, label_counts, raw_of_issue
from review_app.chrome import as_label
from review_app.counted import counted
from review_app.pane.shown import line, visible
from review_app.session import store
from review_app.widgets import Cell, Row, table

_PATIENCE = 30.0  # seconds: an import is long and may wait its turn
_BOXES = 3  # uploads at once that get a box each
_IMPORTS_SHOWN = 50
_ISSUES_SHOWN = 500
_RAW_SHOWN = 20_000  # characters of a rejected record; the database has all
_LABELS = {"failure": "failed", "success": "succeeded", "unknown": "without a label"}
_NUMBERS = ("Imported", "Already there", "Skipped")


def take_uploads(files: Sequence[UploadedFile], source: str) -> list[FileReport]:
    """Import what was uploaded; the name of each file stays, for the reports."""
    reports = []
    with tempfile.TemporaryDirectory() as folder, store(patience=_PATIENCE) as opened:
        path = Path(folder) / "upload"  # the file's own name may be one that no file here can have
        for file in files:
            name = line(file.name, 300)
            with st.spinner(f"Importing {as_label(name, 60)}", show_time=True):
                path.write_bytes(file.getbuffer())
                try:
                    for report in import_files(opened, [path], source=source, shown_as=name):
                        report.path = Path(name)
                        reports.append(report)
                except UserError as error:
                    reports.append(FileReport(Path(name), error=str(error)))
    return reports


def report_all(reports: Sequence[FileReport]) -> None:
    """What became of every upload: a box each for a few, one table for many."""
    if len(reports) <= _BOXES:
        for report in reports:
            report_lines(report)
        return
    rows = [
        Row(
            (_cell(r.path.name), r.format or "-", *_counts(r.imported, r.duplicates, _skipped(r)), _labels(r) or "-"),
            _on_screen(r.error) or "; ".join(f"{n:,} x {line(reason)}" for reason, n in r.reasons.most_common(2)),
        )
        for r in reports
    ]
    table(("File", "Format", "Imported", "Already there", "Skipped", "Labels"), rows, numbers=_NUMBERS)
    for mark, number in sum((r.marks for r in reports), Counter[Mark]()).items():
        st.text(f"{counted(number, 'run')}: {MARK_WORDS[mark]}.")


def report_lines(report: FileReport) -> None:
    """What became of one upload, by its name."""
    name = as_label(report.path.name, 60)
    if report.error:
        st.error(f"{name} could not be read.", icon=":material/error:")
        st.text(_on_screen(report.error))
        return
    words = f"{name}: {report.imported:,} imported, {report.duplicates:,} already there, {report.rejected:,} skipped."
    (st.warning if report.rejected or not report.records else st.success)(words)
    if labels := _labels(report):
        st.text(f"Labels: {labels}")
    for issue in report.issues[:5]:
        place, more = place_of(issue), report.reasons[issue.reason] - 1
        others = f" (and {counted(more, 'record')} more)" if more else ""
        st.text(f"Skipped {place or 'a record'}{others}: {line(issue.reason)}")
    if len(report.issues) > 5:
        st.caption(f"{counted(len(report.issues) - 5, 'other reason')}: see the skipped records below.")
    for mark, number in report.marks.items():
        st.text(f"{counted(number, 'run')}: {MARK_WORDS[mark]}.")


def what_is_in(opened: Store) -> None:
    """Trajectories by label, past imports, and the records that each of them left out."""
    counts = label_counts(opened)
    total = counts.pop("all")
    if not total:
        st.text("No trajectories yet.")
    else:
        labels = ", ".join(f"{n:,} {_LABELS[label]}" for label, n in counts.items())
        st.text(f"{counted(total, 'trajectory', 'trajectories')}: {labels}")
    past = imports(opened)
    if not past:
        return
    rows = []
    for row in past[:_IMPORTS_SHOWN]:
        shut_out = bool(row["error"]) and not (row["imported"] or row["duplicates"] or row["rejected"])
        left = "all" if shut_out else row["rejected"]
        numbers = _counts(row["imported"], row["duplicates"], left)
        rows.append(Row((_cell(_file(row)), str(row["format"]), *numbers, _when(row)), _note(row)))
    table(("File", "Format", "Imported", "Already there", "Skipped", "When (UTC)"), rows, numbers=_NUMBERS)
    left_out = [row for row in past if row["rejected"] or row["error"]]
    if left_out:
        skipped(opened, left_out)


def skipped(opened: Store, past: Sequence[dict[str, object]]) -> None:
    """The records that one import left out: line and reason of each, and its raw text as plain text."""
    total = sum(int(str(row["rejected"])) for row in past)
    refused = sum(not row["rejected"] for row in past)
    parts = [counted(total, "skipped record")] if total else []
    parts += [counted(refused, "file that could not be read", "files that could not be read")] if refused else []
    with st.expander(f"{' and '.join(parts)}, with reasons", icon=":material/report:"):
        by_id = {int(str(row["id"])): row for row in past}
        chosen = st.selectbox(
            "Import",
            list(by_id),
            format_func=lambda number: f"{_cell(_file(by_id[number])).text} · {_when(by_id[number])}",
            key="skipped_import",
        )
        if why := _note(by_id[chosen]):
            st.text(why)
        if not by_id[chosen]["rejected"]:
            return
        issues = issues_of(opened, chosen, limit=_ISSUES_SHOWN)
        rows = [{"Line": issue.line, "Record": issue.record, "Reason": line(issue.reason)} for issue in issues]
        table = pd.DataFrame(rows).astype({"Line": "Int64", "Record": "Int64"})
        alike = table["Record"].isna() | (table["Record"] == table["Line"])  # lines tell the records apart
        picked = st.dataframe(
            table.drop(columns="Record") if alike.fillna(value=False).all() else table,
            hide_index=True,
            width="stretch",
            on_select="rerun",
            selection_mode="single-row",
            column_config={name: st.column_config.NumberColumn(width="small") for name in ("Line", "Record")},
            key=f"skipped_{chosen}",
        )
        rejected = int(str(by_id[chosen]["rejected"]))
        if rejected > len(issues):
            st.caption(f"The first {len(issues):,} of {rejected:,}; the table import_issues of the database has all.")
        at = picked["selection"]["rows"]
        if not at or at[0] >= len(issues):
            st.caption("Select a row to see the record as it stands in the file.")
            return
        st.text(line(issues[at[0]].reason, 2000))
        raw = raw_of_issue(opened, issues[at[0]].id)
        st.code(visible(raw[:_RAW_SHOWN]).text or "(empty)", language=None, wrap_lines=True, height=320)
        if len(raw) > _RAW_SHOWN:
            st.caption(f"The first {_RAW_SHOWN:,} of {len(raw):,} characters.")


def _note(row: dict[str, object]) -> str:
    """What the counts of an import do not say: why its file could not be read, or that it was not read to its end."""
    if row["error"]:
        return f"Could not be read: {_on_screen(str(row['error']))}"
    if row["finished_at"] is None:
        return "Broken off, or still being read. Import it again for the rest; what is there is not taken twice."
    return ""


def _on_screen(error: str) -> str:
    """A refusal in words, with the advice that helps on this screen."""
    return line(error.replace(FORMAT_ADVICE, "Format, above, reads it as one of those that are listed there."), 2000)


def _counts(*numbers: object) -> tuple[str, ...]:
    return tuple(f"{n:,}" if isinstance(n, int) else str(n) for n in numbers)


def _skipped(report: FileReport) -> int | str:
    return "all" if report.error and not report.records else report.rejected


def _labels(report: FileReport) -> str:
    return ", ".join(f"{n:,} {_LABELS[outcome]}" for outcome, n in sorted(report.labels.items()))


def _cell(name: str) -> Cell:
    """A file's name as a table has room for; the whole one where the pointer rests on it."""
    whole = line(name, 300)
    return Cell(whole if len(whole) <= 36 else f"{whole[:17]}…{whole[-18:]}", whole)


def _file(row: dict[str, object]) -> str:
    return line(Path(str(row["path"])).name or str(row["path"]), 300)


def _when(row: dict[str, object]) -> str:
    return str(row["created_at"])[:16].replace("T", " ")
