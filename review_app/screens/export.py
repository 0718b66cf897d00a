"""Export: counts per state, why what is left out is out, the rows as they will be, and the file."""

import shlex

import streamlit as st

from core.errors import UserError
from core.export import ExportRequest, as_archive, preview
from core.formats import FORMATS
from core.review.effects import effect_of
from core.review.thresholds import policy_in_force
from core.store import open_store
from core.store.queue import state_counts
from review_app.charts import token_chart
from review_app.counted import counted
from review_app.export_choices import choices
from review_app.pane.shown import line
from review_app.rows import show_row
from review_app.session import database, settings, store
from review_app.widgets import Figure, chart, empty, figures

_ROWS_SHOWN = 5
_AT_ONCE = 1_000  # approved items whose rows are made at each choice; with more, only when that is asked for
_OPEN = ("pending", "deferred", "flagged", "second", "disputed")


st.title("Export", anchor=False)
with store() as opened:
    states = state_counts(opened)
    if not sum(states.values()):
        empty(
            "Nothing to export yet",
            "Import trajectories, run the stages and review the proposals; what you approve leaves from here.",
            page="screens/import_run.py",
            label="Go to Import & run",
        )
        st.stop()
    choice, sheet = st.columns([1, 2], gap="large")
    with choice:
        names = {f"{target.format.upper()} · {target.dialect}": target for target in FORMATS.values()}
        target = names[st.selectbox("Training format", list(names))]
        st.caption(f"{target.trainer}. {target.description}")
        auto = st.toggle(
            "Include what the threshold and bulk acts let in",
            help="Items that no human has seen. Their rows say auto_accepted; the manifest counts them apart.",
        )
    try:
        with choice:
            chosen = choices(opened, target)
        request = ExportRequest(target.format, target.dialect, include_auto=auto, **chosen)
        policy = policy_in_force(opened, settings().pipeline)
        effect = effect_of(opened, policy.theta, policy.delta)
        approved = effect.human_accepted + (effect.unseen if auto else 0)
        if approved > _AT_ONCE and st.session_state.get("asked_for") != request:
            with sheet:
                st.text(f"{approved:,} approved items. Their rows take about half a minute for each 10,000.")
                if st.button("Make the rows", type="primary", icon=":material/play_arrow:"):
                    st.session_state["asked_for"] = request
                    st.rerun()
                st.caption("Or leave it to the command line, which tells the same; the choices are its options.")
                at = shlex.quote(str(database()))
                st.code(f"agenther export --db {at} -f {target.format} --dialect {target.dialect} -o train", "shell")
            st.stop()
        with sheet, st.spinner("Making the rows", show_time=True):
            report, rows = preview(opened, settings().pipeline, request, limit=_ROWS_SHOWN)
    except UserError as error:
        st.error("The export could not be made.")
        st.text(line(str(error), 2000))
        st.stop()

config, place = settings().pipeline, database()


def archive() -> bytes:
    """The export as it is written on disk, zipped; made when the button is pressed."""
    with open_store(place) as fresh:
        return as_archive(fresh, config, request)


with choice:
    st.download_button(
        f"Download {counted(report.rows, 'row')}" if report.train_rows else "Nothing to download",
        archive,
        file_name=f"agenther_{target.name}.zip",
        mime="application/zip",
        type="primary",
        disabled=not report.train_rows,
        icon=":material/download:",
        on_click="ignore",
        help="A folder with train.jsonl, the dataset card and manifest.json, zipped.",
    )
    st.caption("How to train on it")
    st.code(target.loading, language=None, wrap_lines=True)

with sheet:
    human = sum(n for state, n in report.approved.items() if state != "auto_accepted")
    made_of = "by the threshold alone"
    if effect.bulk_accepted:
        made_of = f"{effect.auto_accepted:,} by the threshold, {effect.bulk_accepted:,} by bulk acts"
    in_bulk = f"{effect.bulk_rejected:,} of them by bulk acts; " if effect.bulk_rejected else ""
    alone = Figure("Auto-accepted", effect.unseen, f"{made_of}; not included")
    if auto:
        alone = Figure("Auto-accepted", report.approved["auto_accepted"], made_of)
    still = sum(n for state, n in states.items() if state.value in _OPEN) - effect.auto_accepted
    figures(
        (
            Figure("Approved by a human", human, "accepted or edited"),
            alone,
            Figure("Open", still, "not exported until decided"),
            Figure(
                "Rejected",
                effect.human_rejected + effect.bulk_rejected,
                f"{in_bulk}never exported",
            ),
        )
    )
    if report.left_out:
        with st.expander(
            f"{counted(len(report.left_out), 'approved item')} left out of this format", icon=":material/info:"
        ):
            for reason, n in report.reasons.most_common():
                st.text(f"{n} · {reason}")
    if report.not_selected:
        n = report.not_selected.total()
        with st.expander(f"{counted(n, 'approved item')} not selected", icon=":material/filter_alt:"):
            for reason, n in report.not_selected.most_common():
                st.text(f"{n} · {reason}")
    if found := report.masks.in_words():
        done = "masked" if request.redact else "not masked, see Split and privacy"
        st.text(f"Secrets and personal data: {', '.join(found)}; {done}.")
    if request.test_share:
        st.text(f"{report.rows - report.test_rows:,} rows to train on, {report.test_rows:,} to test on.")
    if report.tokens:
        st.caption(f"Tokens a sample, {report.tokens_by}")
        chart(token_chart(report.tokens), stretched=True)
    if not rows:
        empty(
            "No rows yet",
            "No approved item gives a row in this format. Accept or edit proposals on the Review screen.",
            page="screens/review.py",
            label="Go to Review",
        )
    for row in rows:
        with st.container(border=True):
            show_row(row)
    if report.rows > len(rows):
        st.caption(f"The first {len(rows)} of {report.rows:,} rows.")
