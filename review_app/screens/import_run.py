"""Import & run: files in, four stages over them, progress that survives a reload."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import UserError
from core.runs.background import run_in_background
from core.runs.importing import FileReport, import_files
from core.runs.running import settings_identity
from core.sources import SOURCES
from core.store import Store
from core.store.runs import ask_to_stop, failures, latest_run, outcome_counts, pending_keys
from core.store.trajectories import import_issues, imports, label_counts
from review_app.session import database, settings, store

_ISSUES_SHOWN = 200
_RAW_SHOWN = 2000  # characters of a rejected record; the database has all
_LABELS = {"failure": "failed", "success": "succeeded", "unknown": "without a label"}
_RULES, _MODEL = "Rules only", "A model"


def report_lines(report: FileReport) -> None:
    """What became of one upload."""
    if report.error:
        st.error("The file could not be read.", icon=":material/error:")
        st.text(report.error)
        return
    words = f"{report.imported:,} imported, {report.duplicates:,} already there, {len(report.issues):,} skipped."
    (st.success if report.imported or report.duplicates else st.warning)(words)
    for issue in report.issues[:5]:
        st.text(f"Skipped {f'line {issue.line}: ' if issue.line else ''}{issue.reason}")


def take_uploads(files: Sequence[UploadedFile], source: str) -> None:
    """Import what was uploaded; the name of the file stays, for the reports."""
    with tempfile.TemporaryDirectory() as folder, store() as opened:
        path = Path(folder) / "upload"  # the file's own name may be one that no file here can have
        for file in files:
            with st.spinner("Importing", show_time=True):
                path.write_bytes(file.getbuffer())
                try:
                    for report in import_files(opened, [path], source=source, shown_as=file.name):
                        report_lines(report)
                except UserError as error:
                    st.error("The file could not be read.", icon=":material/error:")
                    st.text(str(error))


def what_is_in(opened: Store) -> None:
    """Trajectories by label, past imports, and every record that was not taken."""
    counts = label_counts(opened)
    total = counts.pop("all")
    if not total:
        st.text("No trajectories yet.")
    else:
        st.text(f"{total:,} trajectories: " + ", ".join(f"{n:,} {_LABELS[label]}" for label, n in counts.items()))
    past = imports(opened)
    if past:
        frame = pd.DataFrame(past)[["path", "format", "imported", "duplicates", "rejected", "created_at"]].head(50)
        frame["path"] = [Path(str(path)).name for path in frame["path"]]
        frame["created_at"] = [str(time)[:16].replace("T", " ") for time in frame["created_at"]]
        frame.columns = pd.Index(["File", "Format", "Imported", "Already there", "Skipped", "When (UTC)"])
        st.dataframe(frame, hide_index=True, width="stretch")
    issues = [(Path(path).name, issue) for path, issue in import_issues(opened)]
    if issues:
        with st.expander(f"{len(issues):,} skipped records, with reasons", icon=":material/report:"):
            for name, issue in issues[:_ISSUES_SHOWN]:
                st.text(f"{name}{f', line {issue.line}' if issue.line else ''}: {issue.reason}")
                st.code(issue.raw[:_RAW_SHOWN], language=None, wrap_lines=True)


@st.fragment(run_every=1.0)
def progress() -> None:
    """The newest run, as the store has it; alive after a reload and in every tab."""
    with store() as opened:
        run = latest_run(opened)
        if run is None:
            return
        share = run["done"] / run["total"] if run["total"] else 1.0
        words = f"{run['done']:,} of {run['total']:,}: {run['proposed']:,} proposed, {run['skipped']:,} skipped"
        words += f", {run['failed']:,} failed" if run["failed"] else ""
        st.progress(min(share, 1.0), text=f"{run['state'].capitalize()} · {words}")
        if run["message"]:
            st.text(run["message"])
        if run["state"] == "running":
            if st.button("Stop", icon=":material/stop:", help="Finishes the trajectories in work; nothing is lost."):
                ask_to_stop(opened, run["id"])
        elif st.session_state.get("run_seen") != run["id"]:
            st.session_state["run_seen"] = run["id"]
            st.rerun()


def start_form(opened: Store) -> None:
    """Rule-based, or a model at any OpenAI-compatible address; says how many runs that leaves to do."""
    config = settings().pipeline
    way = st.segmented_control(
        "Who does the stages",
        [_RULES, _MODEL],
        default=_MODEL if config.uses_model else _RULES,
        required=True,
        help="Rules need no key and no network; their drafts carry honest, lower scores.",
    )
    flags: dict[str, object] = {"rules": True}  # said aloud: environment or agenther.toml may name a model
    if way == _MODEL:
        first, second, third = st.columns(3)
        flags = {
            "model": first.text_input("Model", config.model or "", placeholder="gpt-4o-mini"),
            "base_url": second.text_input("Address", config.base_url or "", placeholder="OpenAI's own"),
            "api_key": third.text_input("Key", type="password", placeholder="set" if config.api_key else "none"),
            "judge_model": first.text_input("Judge model", config.judge_model or "", placeholder="the model"),
            "judge_base_url": second.text_input("Judge address", config.judge_base_url or "", placeholder="the same"),
            "concurrency": third.number_input("At once", 1, 256, config.concurrency),
        }
    names = {name: str(flags.get(name) or "") or None for name in ("model", "judge_model")}
    waiting = len(pending_keys(opened, settings_identity(config.model_copy(update=names))[1]))
    if not label_counts(opened)["all"]:
        st.text("Import trajectories first.")
    elif way == _MODEL and not names["model"]:
        st.text("Name the model.")
    elif not waiting:
        st.text("Every trajectory is done in this way.")
    ready = waiting and (way == _RULES or names["model"])
    label = f"Run {waiting:,} trajectories" if ready else "Run"
    if st.button(label, type="primary", icon=":material/play_arrow:", disabled=not ready):
        run_in_background(database(), flags)
        st.toast("Run started.")


def what_came(opened: Store) -> None:
    """Results by kind, and what failed."""
    results = outcome_counts(opened)
    if not results:
        return
    rows = [{"Result": (r["reason"] or r["status"]).replace("_", " "), "Trajectories": r["n"]} for r in results]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    st.page_link("screens/review.py", label="Review the proposals", icon=":material/arrow_forward:")
    broken = failures(opened)
    if broken:
        with st.expander(f"{len(broken):,} failed; the next run tries them again", icon=":material/error:"):
            for row in broken[:_ISSUES_SHOWN]:
                st.text(f"{row['trajectory_id']}: {row['summary']}")


st.title("Import & run", anchor=False)
left, right = st.columns([1, 1], gap="large")
with left:
    st.subheader("1. Import failed runs", anchor=False)
    files = st.file_uploader(
        "JSON or JSONL files", accept_multiple_files=True, max_upload_size=settings().review.max_upload_mb, key="upload"
    )
    source = st.selectbox("Format", ["auto", *SOURCES], help="Found out from the content; overrule it here.")
    if st.button("Import", type="primary", icon=":material/upload:", disabled=not files):
        take_uploads(files, source)
    with store() as opened:
        what_is_in(opened)
with right:
    st.subheader("2. Run the four stages", anchor=False)
    with store() as opened:
        start_form(opened)
        progress()
        what_came(opened)
