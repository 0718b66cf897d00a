"""Import & run: files in, four stages over them, progress that survives a reload."""

import tempfile
from pathlib import Path

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.runs.background import run_in_background
from core.runs.importing import FileReport, import_files
from core.runs.running import settings_identity
from core.sources import SOURCES
from core.store.runs import ask_to_stop, failures, latest_run, outcome_counts, pending_keys
from core.store.trajectories import import_issues, imports, label_counts
from review_app.session import database, settings, store

_ISSUES_SHOWN = 200


def report_lines(report: FileReport) -> None:
    """What became of one upload."""
    if report.error:
        st.error("The file could not be read.", icon=":material/error:")
        st.text(report.error)
        return
    st.success(
        f"{report.imported} imported, {report.duplicates} already there, {len(report.issues)} skipped.",
        icon=":material/check_circle:",
    )
    for issue in report.issues[:5]:
        st.text(f"Skipped {f'line {issue.line}: ' if issue.line else ''}{issue.reason}")


def take_uploads(files: list[st.runtime.uploaded_file_manager.UploadedFile], source: str) -> None:
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


@st.fragment(run_every=1.0)
def progress() -> None:
    """The newest run, as the store has it; alive after a reload and in every tab."""
    with store() as opened:
        run = latest_run(opened)
        if run is None:
            st.text("No run yet.")
            return
        share = run["done"] / run["total"] if run["total"] else 1.0
        words = f"{run['done']:,} of {run['total']:,} done: {run['proposed']:,} proposed, {run['skipped']:,} skipped"
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


def start_form(waiting: int) -> None:
    """Rule-based, or a model at any OpenAI-compatible address."""
    config = settings().pipeline
    with st.form("run", border=False):
        way = st.radio(
            "Stages ask",
            ["nobody: rules only", "a model"],
            index=int(config.uses_model),
            horizontal=True,
            captions=["no key, no network, drafts with honest low scores", "any OpenAI-compatible server"],
        )
        first, second, third = st.columns(3)
        model = first.text_input("Model", config.model or "", placeholder="gpt-4o-mini")
        base_url = second.text_input(
            "Address", config.base_url or "", placeholder="OpenAI's own, or http://localhost:8000/v1"
        )
        key = third.text_input(
            "Key", "", type="password", placeholder="from OPENAI_API_KEY" if config.api_key else "none"
        )
        judge = first.text_input("Judge model", config.judge_model or "", placeholder="same as the model")
        judge_url = second.text_input("Judge address", config.judge_base_url or "", placeholder="same as the model's")
        at_once = third.number_input("At once", 1, 256, config.concurrency)
        started = st.form_submit_button(
            f"Run {waiting:,} trajectories" if waiting else "Run", type="primary", icon=":material/play_arrow:"
        )
    if not started:
        return
    if way == "a model" and not model.strip():
        st.error("Name the model, or choose rules only.")
        return
    flags: dict[str, object] = {"concurrency": at_once}
    if way != "a model":
        flags["rules"] = True
    else:
        flags |= {
            "model": model,
            "base_url": base_url,
            "api_key": key,
            "judge_model": judge,
            "judge_base_url": judge_url,
        }
    run_in_background(database(), flags)
    st.toast("Run started.")


st.title("Import & run", anchor=False)
left, right = st.columns([1, 1], gap="large")
with left:
    st.subheader("1. Import failed runs", anchor=False)
    source = st.selectbox("Format", ["auto", *SOURCES], help="Found out from the content; overrule it here.")
    files = st.file_uploader(
        "Trajectory files", accept_multiple_files=True, max_upload_size=settings().review.max_upload_mb, key="upload"
    )
    if files and st.button("Import", type="primary", icon=":material/upload:"):
        take_uploads(files, source)
    with store() as opened:
        counts = label_counts(opened)
        st.text(
            f"{counts.pop('all'):,} trajectories in {database().name}: "
            + ", ".join(f"{n:,} {k}" for k, n in counts.items())
        )
        past = imports(opened)
        if past:
            frame = pd.DataFrame(past)[["path", "format", "imported", "duplicates", "rejected", "created_at"]]
            frame["path"] = [Path(str(path)).name for path in frame["path"]]
            frame["created_at"] = [str(time)[:16].replace("T", " ") for time in frame["created_at"]]
            frame.columns = pd.Index(["File", "Format", "Imported", "Already there", "Skipped", "When (UTC)"])
            st.dataframe(frame.head(50), hide_index=True, width="stretch")
        issues = [(Path(path).name, issue) for path, issue in import_issues(opened)]
        if issues:
            with st.expander(f"{len(issues)} skipped records, with reasons", icon=":material/report:"):
                for name, issue in issues[:_ISSUES_SHOWN]:
                    st.text(f"{name}{f', line {issue.line}' if issue.line else ''}: {issue.reason}")
                    st.code(issue.raw[:2000], language=None, wrap_lines=True)
with right:
    st.subheader("2. Run the four stages", anchor=False)
    with store() as opened:
        waiting = len(pending_keys(opened, settings_identity(settings().pipeline)[1]))
        st.text(
            f"{waiting:,} trajectories wait for these settings."
            if waiting
            else "Every trajectory is done under these settings."
        )
        start_form(waiting)
        progress()
        results = outcome_counts(opened)
        if results:
            st.subheader("What came of them", anchor=False)
            frame = pd.DataFrame(
                [
                    {"Result": (row["reason"] or row["status"]).replace("_", " "), "Trajectories": row["n"]}
                    for row in results
                ]
            )
            st.dataframe(frame, hide_index=True, width="stretch")
        broken = failures(opened)
        if broken:
            with st.expander(f"{len(broken)} failed; the next run tries them again", icon=":material/error:"):
                for row in broken[:_ISSUES_SHOWN]:
                    st.text(f"{row['trajectory_id']}: {row['summary']}")
