"""Running the pipeline over a database: resumable, stoppable, one result committed at a time."""

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from core.errors import UserError
from core.events import OnProgress, Progress
from core.llm import Chat, build_chats
from core.llm.naming import judge_names
from core.measures.order import order_queue
from core.models import PipelineResult, canonical_json, content_hash
from core.prompts import TEMPLATES, template_hash
from core.runs.backlog import Backlog
from core.runs.spending import Limit, Spending
from core.runs.stopping import INTERRUPTED, ON_REQUEST, Stop, attended
from core.runs.ways import Work, by_batch, by_model, by_rules
from core.settings import WITHOUT_EFFECT, PipelineConfig, Settings
from core.store import Store
from core.store.calls import spent_under, unpriced_under
from core.store.claims import end_claim, pending_now
from core.store.proposals import put_forward, withdraw
from core.store.queue import current_policy
from core.store.runs import finish_run, save_result, start_run, stop_asked

# Of what changes no result: what a person may want to give again, or to know of a run; no password is kept.
_TOLD = {
    "base_url",
    "judge_model",
    "judge_base_url",
    "timeout",
    "max_requests",
    "concurrency",
    "rpm",
    "tpm",
    "max_cost",
}

# What only a model hears of.
_OF_A_MODEL = {
    "judge_model",
    "judge_rule",
    "use_llm_detector",
    "use_llm_extractor",
    "temperature",
    "retry_temperature",
    "max_tokens",
    "relabel_max_attempts",
    "goals",
    "context_tokens",
}


def settings_identity(settings: PipelineConfig) -> tuple[str, str]:
    """(JSON without keys, its hash): the same identity gives the same results.

    With a model, the wording of the prompts belongs to it. Replies are stored by their own words, so
    where one prompt has changed, a run asks that one anew and takes the others from the store.
    """
    values = settings.model_dump(mode="json", exclude=WITHOUT_EFFECT)
    if settings.uses_model:
        judges = judge_names(settings)
        values["judge_model"] = judges if settings.judge_model or judges != [settings.model] else []
        asked = {"detect": settings.use_llm_detector, "extract": settings.use_llm_extractor}
        values["prompts"] = {name: template_hash(name) for name in TEMPLATES if asked.get(name, True)}
    else:
        values = {name: value for name, value in values.items() if name not in _OF_A_MODEL}
    text = canonical_json(values)
    return text, content_hash(text)


def run_pipeline(
    store: Store,
    settings: Settings,
    *,
    imports: Collection[int] | None = None,
    on_progress: OnProgress = lambda _: None,
    chats: tuple[Chat | None, Sequence[Chat]] | None = None,
    batch: bool = False,
) -> Progress:
    """Take every trajectory that these settings have not finished through the four stages.

    `imports` limits it to what these imports met; `chats` (relabeller, judges) overrules the settings;
    `batch` asks by batch jobs, which may take a day.
    Results are committed one by one, so a run that is stopped or killed goes on where it was; runs
    of the same settings share the work. Ctrl-C ends it as a stop on request does, with `INTERRUPTED` as
    the reason; a second one raises `KeyboardInterrupt`. Raises `UserError`, before anything is written,
    for settings that cannot be meant, and later when no model call can succeed; what was done is kept.
    """
    config = settings.pipeline
    text, identity = settings_identity(config)
    pending = pending_now(store, identity, imports)
    if not pending.count:
        return Progress(total=0)
    stop = Stop()
    chat, judges = chats or build_chats(config, stopping=lambda: bool(stop.why))
    limit = None if config.max_cost is None else Limit(config.max_cost, config.max_tokens)
    spending = Spending(settings.prices, stop, limit)
    spending.check([one.model for one in (chat, *judges) if one], unpriced_before=unpriced_under(store, identity))
    run_id = start_run(
        store,
        method=config.model or "rules",
        settings=text,
        settings_hash=identity,
        options=canonical_json(config.model_dump(mode="json", include=_TOLD) | {"batch": batch}),
        total=pending.count,
    )
    backlog = Backlog(store, run_id, pending)
    progress = Progress(total=pending.count, batch=batch)
    begun = time.monotonic()

    def tell(**news: Any) -> None:
        now = spending.on(replace(progress, seconds=time.monotonic() - begun))
        on_progress(replace(now, **{"last": "", **news}))

    tell()
    state, message = "failed", "the program broke off"
    try:
        with attended(store.path, run_id, stop):
            spending.spent_before = spent_under(store, identity, but_run=run_id)
            keep = partial(_keep, run_id, identity, settings.review.random_share)
            work = Work(store, run_id, identity, backlog, config, chat, judges, stop, spending, tell, keep)
            way = by_batch if batch else by_model if chat else by_rules
            for run, result, kept in way(work):
                if kept:
                    progress = _advance(progress, result, total=backlog.total)
                    tell(last=run.trajectory_id)
                    if limit:  # another process may share the work, and the limit
                        spending.spent_before = spent_under(store, identity, but_run=run_id)
                if stop_asked(store, run_id):
                    stop.ask(ON_REQUEST)
        state, message = ("stopped", stop.why) if stop.why else ("done", "")
    except KeyboardInterrupt:
        state, message = "stopped", INTERRUPTED
        raise
    except UserError as error:
        message = str(error)
        raise
    finally:
        stop.ask(message)  # what is still in work begins no further call
        backlog.count_over()
        finish_run(store, run_id, state, message, total=backlog.total, from_store=spending.on(progress).from_store)
        policy = current_policy(store) or {"theta": config.min_confidence, "delta": config.severity_threshold}
        share = settings.review.random_share
        order_queue(store, theta=policy["theta"], delta=policy["delta"], random_share=share)
    ended = replace(progress, total=backlog.total, stopped=stop.why, seconds=time.monotonic() - begun)
    return spending.on(ended)


def _keep(run_id: int, identity: str, random_share: float, store: Store, key: str, result: PipelineResult) -> bool:
    """Store one result; False where another run has taken the trajectory over, so that it stores its own.

    Call inside a transaction.
    """
    if not end_claim(store, run_id, key, identity):
        return False
    result_id, attempt_id = save_result(store, run_id, key, identity, result)
    if result.relabeled:
        put_forward(
            store,
            key=key,
            result_id=result_id,
            attempt_id=attempt_id,
            relabeled=result.relabeled,
            analysis=result.analysis,
            random_share=random_share,
        )
    elif result.skip:
        withdraw(store, key)
    return True


def _advance(progress: Progress, result: PipelineResult, *, total: int) -> Progress:
    return replace(
        progress,
        total=total,
        done=progress.done + 1,
        proposed=progress.proposed + (result.relabeled is not None),
        skipped=progress.skipped + (result.skip is not None),
        failed=progress.failed + (result.error is not None),
    )
