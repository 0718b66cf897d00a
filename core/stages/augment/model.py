"""Stage 4 by a model: thoughts that argue for the old goal are rewritten for the new one, not dropped.

Idea of hindsight trajectory rewriting (ECHO, arXiv 2510.10304), held to what code can check: a new
thought that still names the old goal, or a value that the agent could not know yet, is not taken,
and the rule-based way (drop the thought) stays in force for that step.
"""

from typing import Any

from pydantic import BaseModel

from core.errors import BadReply
from core.llm import Ask, Chat, Words
from core.models import AgentStep, Attempt, FailedTrajectory
from core.prompts import render, room_for_steps, shorten, show_steps
from core.settings import PipelineConfig
from core.stages.augment.answers import words_pattern
from core.stages.grounding import check_answer
from core.stages.spans import input_text

_LIMIT = 4_000  # characters of one thought or call shown; real thoughts have 100 to 2,000


class _Thought(BaseModel):
    step: int
    thought: Words


class _Thoughts(BaseModel):
    """What the model must supply, and nothing more."""

    thoughts: list[_Thought]


def rewrite_thoughts(trajectory: FailedTrajectory, attempt: Attempt, chat: Chat, settings: PipelineConfig) -> Attempt:
    """The attempt with its stale thoughts rewritten, as far as code can stand by the new ones.

    Asks nothing where no kept thought is stale. Raises `StageFailure` or `ModelUnreachable`; a reply that
    does not fit leaves the attempt as it is.
    """
    stale = _stale_steps(trajectory, attempt)
    if not stale:
        return attempt
    limit = min(_LIMIT, settings.context_tokens // len(stale))  # characters: all thoughts in half of the prompt
    values: dict[str, Any] = {
        "seed": trajectory.system_prompt,
        "hindsight_prompt": attempt.hindsight_prompt,
        "stale_words": list(attempt.grounding.stale_words),
        "thoughts": [
            {
                "step": n,
                "text": shorten(step.thought, limit),
                "call": shorten(f"{step.action_name} {input_text(step)}", limit),
            }
            for n, step in stale.items()
        ],
    }
    room = room_for_steps("thoughts", settings.context_tokens, **values)
    view = show_steps(trajectory, tokens=room, last=attempt.last_step, thoughts=False, messages=False, user_turns=False)
    prompt = render("thoughts", steps=view.steps, **values)
    ask = Ask("augment", prompt.hash, prompt.system, prompt.user, _Thoughts, settings.temperature)
    try:
        reply = chat.ask(ask).value
    except BadReply:
        return attempt  # dropping the thoughts does no harm; losing the whole relabelling for them would
    written = {said.step: said.thought.strip() for said in reply.thoughts}
    kept = {n: text for n, text in written.items() if n in stale and _holds(text, n, trajectory, attempt)}
    return attempt.model_copy(update={"thoughts": kept})


def _stale_steps(trajectory: FailedTrajectory, attempt: Attempt) -> dict[int, AgentStep]:
    pattern = words_pattern(attempt.grounding.stale_words)
    if pattern is None:
        return {}
    kept = ((n, step) for n, step in trajectory.actions if attempt.first_step <= n <= attempt.last_step)
    return {n: step for n, step in kept if pattern.search(step.thought)}


def _holds(text: str, step: int, trajectory: FailedTrajectory, attempt: Attempt) -> bool:
    """Whether every value of a new thought was known before its call, and none is of the old goal."""
    pattern = words_pattern(attempt.grounding.stale_words)
    if not text or (pattern and pattern.search(text)):
        return False
    given = f"{attempt.hindsight_prompt}\n{input_text(trajectory.steps[step - 1])}".casefold()
    checked = check_answer(text, trajectory, first_step=1, last_step=step - 1)
    return all(value.evidence is not None or value.text.casefold() in given for value in checked)
