"""Runs, results and filled databases for tests; everything real."""

from typing import Any

from openai_server import as_json, asked_form

from core.measures.order import order_queue
from core.models import (
    AgentStep,
    Attempt,
    Claim,
    Evidence,
    FailedTrajectory,
    FailureAnalysis,
    FailureType,
    Field,
    Label,
    LabelOutcome,
    PipelineResult,
    QueueReason,
    RelabeledData,
    ReplayOutcome,
    SecondJudgeVerdict,
    Stage,
)
from core.store import Store
from core.store.proposals import put_forward
from core.store.runs import save_result, start_run
from core.store.trajectories import Incoming, add_batch, begin_import


def make_run(number: int = 1) -> FailedTrajectory:
    """A small failed run; different for every number."""
    return FailedTrajectory(
        trajectory_id=f"run-{number}",
        original_prompt=f"Find a kettle under ${20 + number} with 1.7 l.",
        steps=(
            AgentStep(
                thought="Search the shop.",
                action_name="search_products",
                action_input={"query": "kettle 1.7 l"},
                observation=f"2 results: Aqua 1.7 l $39, Brum 1.7 l $4{number}",
            ),
        ),
        final_answer=f"I could not find a kettle under ${20 + number}.",
        label=Label(outcome=LabelOutcome.FAILURE, reward=0.0, by="test"),
    )


def make_result(
    run: FailedTrajectory, *, score: float | None = 0.6, queue_reason: QueueReason | None = None, weight: float = 0.8
) -> PipelineResult:
    """A result with one attempt of the given score; None = unjudged."""
    found = run.steps[0].observation
    evidence = Evidence(step=1, field=Field.OBSERVATION, start=0, end=9, quote=found[:9])
    verdict = None if score is None else SecondJudgeVerdict(is_valid=True, confidence=score, judge="rules")
    attempt = Attempt(
        hindsight_prompt=f"Which 1.7 l kettles does the shop have? (as asked in {run.trajectory_id})",
        confidence=0.9 if score is None else score,
        first_step=1,
        last_step=1,
        final_answer="The shop has two 1.7 l kettles: Aqua at $39 and Brum.",
        answer_evidence=(evidence,),
        verdict=verdict,
    )
    return PipelineResult(
        trajectory_id=run.trajectory_id,
        stage_reached=Stage.COMPLETE,
        analysis=FailureAnalysis(
            is_failure=True,
            failure_type=FailureType.CONSTRAINT_VIOLATION,
            severity=round(1 - weight, 4),
            recoverable=True,
        ),
        outcome=ReplayOutcome(achievements=(Claim(text="Searched the shop for kettles", evidence=(evidence,)),)),
        relabeled=RelabeledData(
            trajectory_id=run.trajectory_id,
            attempts=(attempt,),
            queue_reason=QueueReason.UNJUDGED if score is None and queue_reason is None else queue_reason,
        ),
    )


def fill(store: Store, results: list[tuple[FailedTrajectory, PipelineResult]], *, random_share: float = 0.0) -> None:
    """Put runs and their results into a database as the runner does."""
    import_id = begin_import(store, "test.jsonl", "reference")
    add_batch(store, import_id, [Incoming(run, "{}", n, "reference") for n, (run, _) in enumerate(results, 1)], [])
    run_id = start_run(store, method="rules", settings="{}", settings_hash="s", total=len(results))
    with store.transaction():
        for run, result in results:
            result_id, attempt_id = save_result(store, run_id, run.key, "s", result)
            if result.relabeled:
                put_forward(
                    store,
                    key=run.key,
                    result_id=result_id,
                    attempt_id=attempt_id,
                    relabeled=result.relabeled,
                    analysis=result.analysis,
                    random_share=random_share,
                )
    order_queue(store, theta=0.5, delta=0.3, random_share=random_share)


def a_good_model(body: dict[str, Any]) -> str:
    """What a model that does its work well says of any `make_run`, for `OpenAIServer.answer`."""
    replies: dict[str, dict[str, Any]] = {
        "Analysis": {"is_failure": True, "severity": 20, "recoverable": True, "cause": "agent"},
        "Outcome": {
            "achievements": [{"text": "Found two kettles.", "step": 1, "quote": "2 results: Aqua 1.7 l $39"}],
            "observations": [],
            "limitations": "",
        },
        "Proposal": {
            "hindsight_prompt": "Which 1.7 l kettles does the shop sell, and for how much?",
            "is_valid": True,
            "confidence": 90,
            "rationale": "The search lists them.",
            "first_step": 1,
            "last_step": 1,
            "final_answer": "The shop sells the Aqua 1.7 l for $39, and the Brum 1.7 l.",
            "claims": [1],
        },
        "Judgement": {"is_valid": True, "confidence": 88, "reason": "The search lists them."},
    }
    return as_json(**replies[asked_form(body)])
