"""Stage 3 by a model: up to K attempts at requests that the run satisfies, each checked, then judged.

Code checks an attempt first; only what it cannot fault is put before the judges, which costs money.
What was wrong with an attempt, in the words of whoever turned it down, goes into the next one.
A judge's "no" is final for its attempt: the same words proposed again are not put before it again.
A judge that gives no usable answer leaves the attempt unjudged.
"""

from collections.abc import Sequence

from core.errors import BadReply
from core.llm import Chat
from core.models import Attempt, Evidence, FailedTrajectory, ReplayOutcome
from core.prompts import policy, render, room_for_steps, show_steps
from core.settings import PipelineConfig
from core.stages.grounding import ORIGINAL_AGAIN, check_answer
from core.stages.relabel.gate import why_not
from core.stages.relabel.panel import ask_judges
from core.stages.relabel.proposing import TurnedDown, propose
from core.stages.relabel.rubric import with_rubric


def relabel_with_model(
    trajectory: FailedTrajectory, outcome: ReplayOutcome, chat: Chat, judges: Sequence[Chat], settings: PipelineConfig
) -> tuple[Attempt, ...]:
    """Ask up to `settings.relabel_max_attempts` times; every goal of every answer is an attempt of its own.

    Goals are judged one by one until one is accepted; those behind it are kept unjudged, for a human.
    Stops early too when no judge can say yes or no to a sound one: another attempt would have nothing
    to learn from. Raises `BadReply` if no answer could be read, `StageFailure` or `ModelUnreachable`.
    """
    attempts: list[Attempt] = []
    earlier: list[TurnedDown] = []
    unread: BadReply | None = None
    for number in range(1, settings.relabel_max_attempts + 1):
        try:
            goals = propose(trajectory, outcome, chat, settings, number=number, earlier=earlier)
        except BadReply as error:
            unread = error
            continue
        over = False
        for goal in goals:
            problem = _fault(goal, trajectory, settings)
            judge = not over and not problem and bool(judges)
            attempt = _judged(goal, trajectory, judges, settings, attempts) if judge else goal
            if attempt.hindsight_prompt:  # "no honest request fits" leaves nothing to put before anybody
                attempts.append(attempt)
            over = over or (not problem and _undecided(attempt)) or why_not(attempt, settings) is None
            earlier.append(TurnedDown(attempt, problem or _refusal(attempt)))
        if over:
            break
    if not attempts and not earlier and unread is not None:
        raise unread
    return tuple(attempts)


def _judged(
    attempt: Attempt,
    trajectory: FailedTrajectory,
    judges: Sequence[Chat],
    settings: PipelineConfig,
    before: Sequence[Attempt],
) -> Attempt:
    """The attempt with the verdict on it; the very same attempt, made before, has its verdict already."""
    same = next((one for one in before if one.verdict and _words(one) == _words(attempt)), None)
    if same is not None:
        return attempt.model_copy(update={"verdict": same.verdict, "verdicts": same.verdicts})
    limit = settings.context_tokens
    values = {
        "seed": trajectory.system_prompt,
        "system_prompt": policy(trajectory.system_prompt, limit),
        "hindsight_prompt": attempt.hindsight_prompt,
        "final_answer": attempt.final_answer,
    }
    view = show_steps(
        trajectory,
        tokens=room_for_steps("judge", limit, **values),
        first=attempt.first_step,
        last=attempt.last_step,
        cited=cited_by(attempt),
    )
    verdict, each = ask_judges(render("judge", steps=view.steps, **values), judges, rule=settings.judge_rule)
    judged = {"verdict": verdict.model_copy(update={"seen": view.seen}), "verdicts": each}
    return with_rubric(attempt.model_copy(update=judged), trajectory)


def cited_by(attempt: Attempt) -> list[Evidence]:
    """Every span that an attempt rests on: of its answer, and of the values that its request names."""
    return [*attempt.answer_evidence, *(value.evidence for value in attempt.grounding.values if value.evidence)]


def _words(attempt: Attempt) -> tuple[str, str, int, int]:
    return attempt.hindsight_prompt, attempt.final_answer, attempt.first_step, attempt.last_step


def _undecided(attempt: Attempt) -> bool:
    """Whether no judge gave any answer to learn from."""
    verdict = attempt.verdict
    return verdict is None or (verdict.is_valid is None and not any(v.is_valid is False for v in attempt.verdicts))


def _fault(attempt: Attempt, trajectory: FailedTrajectory, settings: PipelineConfig) -> str:
    """Say what code holds against an attempt, in words for the next one; empty if nothing."""
    found = attempt.grounding
    answer = check_answer(attempt.final_answer, trajectory, first_step=attempt.first_step, last_step=attempt.last_step)
    invented = [value.text for value in answer if value.evidence is None]
    checks = (
        (not attempt.hindsight_prompt, "the request is empty"),
        (not attempt.final_answer, "the final answer is empty"),
        (not attempt.is_valid, f"you said yourself that it does not hold: {attempt.rationale}"),
        (attempt.confidence < settings.min_confidence, f"your own confidence was {attempt.confidence:.0%}"),
        (found.contradicted, f"the steps show the opposite of these: {_listed(found.contradicted)}"),
        (found.unsupported, f"these stand nowhere in the steps: {_listed(found.unsupported)}"),
        (found.unmet, f"no call or result took these up: {_listed(found.unmet)}"),
        (found.leaks, f"these give the answer away: {_listed(found.leaks)}"),
        (found.similarity >= ORIGINAL_AGAIN, "it is the original request again"),
        (invented, f"the final answer states what stands nowhere in the steps: {_listed(invented)}"),
    )
    return "; ".join(words for fault, words in checks if fault)


def _refusal(attempt: Attempt) -> str:
    """Why a judged attempt was not accepted, in words for the next one."""
    verdict = attempt.verdict
    if verdict is None:
        return "it was not accepted"
    if verdict.is_valid is None:
        return f"the judges do not agree: {verdict.reason}"
    return f"the judge {'was not sure' if verdict.is_valid else 'said no'}: {verdict.reason}"


def _listed(values: Sequence[str]) -> str:
    return ", ".join(repr(value) for value in values[:8])
