"""Import & run: files in, four stages over them, progress that survives a reload."""

import pandas as pd
import streamlit as st

from core.prices import dollars
from core.review.costs import costs_of
from core.runs.background import run_in_background
from core.runs.figures import figures, results
from core.runs.running import settings_identity
from core.settings import shown_address, shown_judge
from core.sources import SOURCES, SUFFIXES
from core.store import Store
from core.store.claims import pending_now
from core.store.runs import ask_to_stop, failures, latest_run, outcome_counts, run_progress
from core.store.trajectories import label_counts
from review_app.counted import counted
from review_app.faults import in_words
from review_app.imports import report_all, take_uploads, what_is_in
from review_app.pane.shown import line
from review_app.session import database, settings, store

_FAILURES_SHOWN = 200
_PLAIN = [suffix for suffix in SUFFIXES if suffix.count(".") == 1]  # not those of packed files
_RULES, _MODEL = "Rules only", "A model"


@st.fragment(run_every=1.0)
def progress() -> None:
    """The newest run, as the store has it; alive after a reload and in every tab."""
    with in_words("progress"), store() as opened:
        run = latest_run(opened)
        if run is None:
            return
        now = run_progress(run)
        share = now.done / now.total if now.total else 1.0
        words = f"{run['state'].capitalize()} · {now.done:,} of {now.total:,}: {results(now)}"
        st.progress(min(share, 1.0), text=words)
        st.text(" · ".join(figures(now, running=run["state"] == "running")))
        if run["message"]:
            st.text(line(run["message"], 1000))
        if run["state"] == "running":
            if st.button("Stop", icon=":material/stop:", help="Waits for the model calls in flight; nothing is lost."):
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
        shown = {name: shown_address(getattr(config, name) or "") for name in ("base_url", "judge_base_url")}
        shown["judge_model"] = ", ".join(map(shown_judge, config.judge_model))
        first, second, third = st.columns(3)
        flags = {
            "model": first.text_input("Model", config.model or "", placeholder="gpt-4o-mini"),
            "base_url": second.text_input("Address", shown["base_url"], placeholder="OpenAI's own"),
            "api_key": third.text_input("Key", type="password", placeholder="set" if config.api_key else "none"),
            "judge_model": first.text_input(
                "Judge model",
                shown["judge_model"],
                placeholder="the model",
                help="Several stand between commas, each as NAME or NAME@URL.",
            ),
            "judge_base_url": second.text_input("Judge address", shown["judge_base_url"], placeholder="the same"),
            "concurrency": third.number_input("At once", 1, 256, config.concurrency),
            "max_cost": first.number_input(
                "Most it may cost, USD",
                0.0,
                value=config.max_cost,
                placeholder="no limit",
                help="Needs the price of each model in agenther.toml.",
            ),
        }
        # An address that was left as it is comes from where this server has it, password and all.
        flags = {name: value for name, value in flags.items() if value != shown.get(name)}
    model = str(flags.get("model") or "") or None
    judges = config.judge_model if way == _MODEL else ()
    if typed := str(flags.get("judge_model") or ""):
        judges = tuple(judge.strip() for judge in typed.split(","))
    meant = config.model_copy(update={"model": model, "judge_model": judges})
    waiting = pending_now(opened, settings_identity(meant)[1], None).count
    if not label_counts(opened)["all"]:
        st.text("Import trajectories first.")
    elif way == _MODEL and not model:
        st.text("Name the model.")
    elif not waiting:
        st.text("Every trajectory is done in this way.")
    ready = waiting and (way == _RULES or model)
    label = f"Run {counted(waiting, 'trajectory', 'trajectories')}" if ready else "Run"
    if st.button(label, type="primary", icon=":material/play_arrow:", disabled=not ready):
        run_in_background(database(), flags)
        st.toast("Run started.")


def what_came(opened: Store) -> None:
    """Results by kind, and what failed."""
    found = outcome_counts(opened)
    if not found:
        return
    rows = [{"Result": (r["reason"] or r["status"]).replace("_", " "), "Trajectories": r["n"]} for r in found]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    what_it_cost(opened)
    st.page_link("screens/review.py", label="Review the proposals", icon=":material/arrow_forward:")
    broken = failures(opened)
    if broken:
        with st.expander(f"{len(broken):,} failed; the next run tries them again", icon=":material/error:"):
            for row in broken[:_FAILURES_SHOWN]:
                st.text(line(f"{row['trajectory_id']}: {row['summary']}", 1000))


def what_it_cost(opened: Store) -> None:
    """Dollars in all, and for each proposal that was of use; nothing where no model was asked."""
    costs = costs_of(opened, settings().pipeline)
    if not costs.calls:
        return
    st.text(f"All model calls so far: {costs.in_words}")
    shares = {"accepted by a human": costs.per_human_accepted, "auto-accepted": costs.per_auto_accepted}
    for words, share in shares.items():
        if share is not None:
            st.text(f"For each proposal {words}: {dollars(share)}")
    if costs.unpriced_calls:
        st.caption("Prices stand in agenther.toml; docs/models.md says how. A call keeps the price it was made at.")


st.title("Import & run", anchor=False)
left, right = st.columns([1, 1], gap="large")
with left:
    st.subheader("1. Import failed runs", anchor=False)
    number = st.session_state.setdefault("uploads", 0)  # a new one each time: what was imported leaves the uploader
    files = st.file_uploader(
        f"Files with failed runs: {', '.join(_PLAIN)}, .gz, .zst, and others",
        accept_multiple_files=True,
        max_upload_size=settings().review.max_upload_mb,
        key=f"upload{number}",
        help="Packed files are read as they are (.jsonl.gz, .json.zst), and so are files of any other name whose"
        " content is one of the formats.",
    )
    source = st.selectbox("Format", ["auto", *SOURCES], help="Found out from the content; overrule it here.")
    if st.button("Import", type="primary", icon=":material/upload:", disabled=not files):
        with in_words("import"):
            st.session_state["reports"] = take_uploads(files, source)
            st.session_state["uploads"] = number + 1
            st.rerun()
    report_all(st.session_state.get("reports", ()))
    with store() as opened:
        what_is_in(opened)
with right:
    st.subheader("2. Run the four stages", anchor=False)
    with store() as opened:
        start_form(opened)
        progress()
        what_came(opened)
