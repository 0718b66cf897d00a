"""Stage 3: a goal that the run does meet, or the reason why there is none.

The model way asks a relabeller and an independent judge. The rule-based way has no second opinion to
ask: there the grounding check in code stands in for the judge, with `judge="rules"` in its verdict.
So without a model some attempts are accepted by the pipeline itself: those where code could check
everything (look-ups and queries whose inputs are given and whose answer is copied from results).
What code cannot check, such as a change made under the rules of a system prompt, waits for a human.
"""

from collections.abc import Sequence

from core.llm.chat import Chat
from core.models import Attempt, FailedTrajectory, FailureAnalysis, RelabeledData, ReplayOutcome, Skip
from core.settings import PipelineConfig
from core.stages.relabel.gate import choose, why_not
from core.stages.relabel.rules import relabel_with_rules
from core.stages.talk import talk_in


def relabel(
    trajectory: FailedTrajectory,
    analysis: FailureAnalysis,
    outcome: ReplayOutcome,
    chat: Chat | None,
    judges: Sequence[Chat],
    settings: PipelineConfig,
) -> RelabeledData | Skip:
    """The attempts at a new goal with the one put forward, or a skip with its reason."""
    if chat is not None:
        from core.stages.relabel.model import relabel_with_model  # noqa: PLC0415 - only this way needs its prompts

        attempts = relabel_with_model(trajectory, outcome, chat, judges or (chat,), settings)
    else:
        attempts = relabel_with_rules(trajectory, analysis)
    return choose(trajectory.trajectory_id, _with_warnings(attempts, trajectory), settings)


def _with_warnings(attempts: Sequence[Attempt], trajectory: FailedTrajectory) -> list[Attempt]:
    """Each attempt with the places in its steps, or in the system prompt, that talk to the judge."""
    talk = talk_in(trajectory) if attempts else ()
    return [
        attempt.model_copy(update={"warnings": tuple(e for e in talk if not e.step or first <= e.step <= last)})
        for attempt in attempts
        for first, last in [(attempt.first_step, attempt.last_step)]
    ]


__all__ = ["choose", "relabel", "relabel_with_rules", "why_not"]
