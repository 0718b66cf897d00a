"""The form that starts a run: by rules, or by a model at any OpenAI-compatible address."""

from typing import Any

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.prices import dollars
from core.review.waiting import jobs_in_words
from core.runs.background import run_in_background
from core.runs.estimating import Course, estimate
from core.runs.given import as_last_time
from core.runs.running import settings_identity
from core.settings import JudgeRule, PipelineConfig, load_settings, shown_address, shown_judge
from core.store import Store
from core.store.batches import waiting_jobs
from core.store.claims import pending_now
from core.store.trajectories import label_counts
from review_app.counted import counted
from review_app.run_progress import is_busy
from review_app.run_words import FIELDS, in_field_names
from review_app.session import database, settings

_RULES, _MODEL = "Rules only", "A model"
_RULE_WORDS = {JudgeRule.ALL.value: "all say yes", JudgeRule.MAJORITY.value: "most say yes"}
_COURSES: dict[Course, str] = {
    "least": "nothing of use is found",
    "middle": "every second attempt is accepted",
    "most": "every attempt is turned down",
}


def start_form(opened: Store) -> None:
    """Ask who does the stages; say how many runs that leaves to do, what they may cost, and start."""
    config = settings().pipeline
    last, batch = as_last_time(opened, config)
    way = st.segmented_control(
        "Who does the stages",
        [_RULES, _MODEL],
        default=_MODEL if last.uses_model else _RULES,
        required=True,
        help="Rules need no key and no network; their drafts carry honest, lower scores.",
    )
    flags: dict[str, Any] = {"rules": True}  # said aloud: environment or agenther.toml may name a model
    if way == _MODEL:
        flags = _fields(last) | _more(last, batch=batch)
        # An address that was left as it is comes from where this server has it, password and all.
        here = _shown(config)
        flags = {name: value for name, value in flags.items() if value != here.get(name)}
    meant, problem = _meant(config, flags, by_model=way == _MODEL)
    waiting = pending_now(opened, settings_identity(meant)[1], None).count if meant else 0
    jobs = [job for job in waiting_jobs(opened) if meant and job.settings_hash == settings_identity(meant)[1]]
    busy = is_busy(opened)
    if not label_counts(opened)["all"]:
        st.text("Import trajectories first.")
    elif problem:
        st.text(problem)
    elif jobs and not flags.get("batch"):
        st.text(f"{jobs_in_words(jobs)}. Turn on “{FIELDS['batch']}” under More to read them.")
        problem = "wait"
    elif not waiting:
        st.text("Every trajectory is done in this way.")
    ready = bool(waiting and not problem)
    label = f"Run {counted(waiting, 'trajectory', 'trajectories')}" if ready else "Run"
    with st.container(horizontal=True):
        press = st.button(label, type="primary", icon=":material/play_arrow:", disabled=busy or not ready)
        asked = st.button("What will it cost?", icon=":material/calculate:", disabled=not ready or way == _RULES)
    if asked and meant:
        with st.spinner("Making the prompts of a sample"):
            _estimate(opened, meant, batch=bool(flags.get("batch")))
    if press and ready and not busy:
        run_in_background(database(), flags)
        st.toast("Run started.")
        st.rerun()


def _fields(last: PipelineConfig) -> dict[str, Any]:
    """What most runs need; `last` stands in the fields."""
    shown = _shown(last)
    first, second, third = st.columns(3)
    return {
        "model": first.text_input(FIELDS["model"], shown["model"], placeholder="gpt-4o-mini"),
        "base_url": second.text_input(FIELDS["base_url"], shown["base_url"], placeholder="OpenAI's own"),
        "api_key": third.text_input(FIELDS["api_key"], type="password", placeholder="set" if last.api_key else "none"),
        "judge_model": first.text_input(
            FIELDS["judge_model"],
            shown["judge_model"],
            placeholder="the model",
            help="Several stand between commas, each as NAME or NAME@URL.",
        ),
        "judge_base_url": second.text_input(FIELDS["judge_base_url"], shown["judge_base_url"], placeholder="the same"),
        "concurrency": third.number_input(FIELDS["concurrency"], 1, 256, last.concurrency),
        "max_cost": first.number_input(
            FIELDS["max_cost"],
            0.0,
            value=None if last.max_cost is None else float(last.max_cost),
            placeholder="no limit",
            help="Needs the price of each model in agenther.toml.",
        ),
    }


def _more(last: PipelineConfig, *, batch: bool) -> dict[str, Any]:
    """What few runs need."""
    with st.expander("More"):
        first, second, third = st.columns(3)
        return {
            "judge_rule": first.selectbox(
                FIELDS["judge_rule"],
                list(_RULE_WORDS),
                index=list(_RULE_WORDS).index(last.judge_rule.value),
                format_func=_RULE_WORDS.__getitem__,
                help="Where several judges are named.",
            ),
            "context_tokens": second.number_input(FIELDS["context_tokens"], 2_000, value=last.context_tokens),
            "max_tokens": third.number_input(FIELDS["max_tokens"], 64, value=last.max_tokens),
            "rpm": first.number_input(FIELDS["rpm"], 1, value=last.rpm, placeholder="no limit"),
            "tpm": second.number_input(FIELDS["tpm"], 1, value=last.tpm, placeholder="no limit"),
            "timeout": third.number_input(FIELDS["timeout"], 1.0, 86_400.0, float(last.timeout)),
            "batch": st.toggle(
                FIELDS["batch"], batch, help="Half the price, and an answer within a day; not every server has them."
            ),
        }


def _shown(config: PipelineConfig) -> dict[str, str]:
    """The texts of a form for these settings, without passwords."""
    shown = {name: shown_address(getattr(config, name) or "") for name in ("base_url", "judge_base_url")}
    return shown | {"model": config.model or "", "judge_model": ", ".join(map(shown_judge, config.judge_model))}


def _meant(config: PipelineConfig, flags: dict[str, Any], *, by_model: bool) -> tuple[PipelineConfig | None, str]:
    """(The settings that a run would have, what is wrong with them); None where they cannot be meant."""
    if not by_model:
        return config.model_copy(update={"model": None, "judge_model": (), "judge_base_url": None}), ""
    if flags.get("model") == "":
        return None, "Name the model."
    given = {name: value for name, value in flags.items() if name != "batch" and value not in (None, "")}
    try:
        meant = load_settings(given).pipeline
    except UserError as error:
        return None, in_field_names(str(error))
    return meant, "" if meant.model else "Name the model."


def _estimate(opened: Store, meant: PipelineConfig, *, batch: bool) -> None:
    """What a run would ask and cost, from a sample; nobody is asked."""
    now = settings()
    prices = {model: price.in_batch if batch else price for model, price in now.prices.items()}
    found = estimate(opened, now.model_copy(update={"pipeline": meant, "prices": prices}), known=opened)
    rows = [
        {"If": words, "Calls": round(load.calls), "Cost": dollars(load.cost_usd)}
        for course, words in _COURSES.items()
        for load in (found.loads[course],)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    if found.unpriced:
        st.caption("The price of a model is unknown; docs/models.md says where it stands.")
