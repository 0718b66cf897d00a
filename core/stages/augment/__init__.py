"""Stage 4: an approved attempt and its run become one format-neutral training conversation.

No trainer's format is known here; `core.formats` writes those. What a conversation may hold is decided
here once: tool results stand in messages of their own and whole, failing calls stay in context with
no loss, and nothing that speaks of the old goal is a target. Thoughts that do are dropped, or
replaced where a model rewrote them beforehand (`core.stages.augment.model`).
"""

import re
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from core.models import (
    AgentStep,
    Attempt,
    AugmentedSample,
    FailedTrajectory,
    FailureAnalysis,
    LeftOut,
    Mark,
    Message,
    ToolCall,
    is_placeholder,
    without_grader_words,
)
from core.stages.augment.answers import says_all_of, why_stale, why_unfit, words_pattern
from core.stages.augment.corrections import corrections_of
from core.stages.augment.tool_schemas import infer_tools, tool_name
from core.stages.grounding import may_serve

Numbered = tuple[int, AgentStep]


def augment(
    trajectory: FailedTrajectory,
    attempt: Attempt,
    analysis: FailureAnalysis | None,
    *,
    metadata: Mapping[str, Any],
    proposed_prompt: str = "",
    allow_stale: bool = False,
    for_pairs: bool = True,
) -> AugmentedSample | LeftOut:
    """Conversation that `attempt` makes of `trajectory`, or why it makes none.

    The weight is that of `analysis` (1 - severity), 1.0 without one. `metadata` is kept, and joined
    by what was inferred, masked or dropped on the way. `proposed_prompt`: the request that a person
    rewrote for these very steps, if one did. `allow_stale` keeps a final answer that still serves the old
    goal; the metadata say so. Without `for_pairs` nobody asks what only pairs need and what takes longest:
    `corrections` and `original_serves`.
    """
    shown = trajectory.without_grader_text()
    calls = [(n, step) for n, step in trajectory.actions if attempt.first_step <= n <= attempt.last_step]
    stale_answer = why_stale(attempt, shown)
    reason = _why_not(shown, attempt, calls) or (None if allow_stale else stale_answer)
    if reason:
        return LeftOut(trajectory_id=trajectory.trajectory_id, reason=reason)
    failing = _failing(calls, analysis)
    stale = words_pattern(attempt.grounding.stale_words)
    messages = [Message(role="system", content=trajectory.system_prompt)] if trajectory.system_prompt.strip() else []
    messages.append(Message(role="user", content=attempt.hindsight_prompt))
    dropped = 0
    turns: list[tuple[int, list[Numbered]]] = []
    # User turns and the agent's replies to them are folded away: the hindsight prompt says all that the
    # user wants, while the turns still ask for the old goal and would pull the model back to it.
    for _, grouped in groupby(calls, key=lambda numbered: numbered[1].turn):
        steps = list(grouped)
        turns.append((len(messages), steps))
        turn, dropped_here = _turn(steps, attempt, key=trajectory.key, failing=failing, stale=stale)
        messages.extend(turn)
        dropped += dropped_here
    messages.append(Message(role="assistant", content=attempt.final_answer, train=True))
    tools, inferred = _tools(trajectory, failing)
    folded = len(trajectory.steps[attempt.first_step - 1 : attempt.last_step]) - len(calls)
    return AugmentedSample(
        trajectory_id=trajectory.trajectory_id,
        trajectory_key=trajectory.key,
        hindsight_prompt=attempt.hindsight_prompt,
        messages=tuple(messages),
        tools=tools,
        weight=1.0 if analysis is None else analysis.weight,
        original_prompt=trajectory.original_prompt,
        original_answer=trajectory.final_answer,
        proposed_prompt=proposed_prompt,
        corrections=corrections_of(turns, messages, trajectory.tools) if for_pairs else (),
        original_serves=for_pairs and says_all_of(attempt.final_answer, trajectory.final_answer),
        original_alike=may_serve(attempt.hindsight_prompt, trajectory.original_prompt),
        metadata={
            **metadata,
            "first_step": attempt.first_step,
            "last_step": min(attempt.last_step, len(trajectory.steps)),
            "failing_steps_without_loss": sorted(failing),
            "messages_folded_away": folded,
            "stale_thoughts_dropped": dropped,
            "stale_answer": stale_answer,
            "thoughts_rewritten": sorted(n for n, _ in calls if n in attempt.thoughts),
            "tools_inferred": inferred,
        },
    )


def _why_not(trajectory: FailedTrajectory, attempt: Attempt, calls: list[Numbered]) -> str | None:
    if Mark.DO_NOT_TRAIN in trajectory.marks:
        return "The run is marked as not for training (a canary or a do-not-train flag)."
    if not attempt.hindsight_prompt.strip() or is_placeholder(attempt.hindsight_prompt):
        return "The hindsight prompt is empty or a placeholder."
    if not calls:
        return f"No tool call is left in steps {attempt.first_step} to {attempt.last_step}."
    for number, step in calls:
        if is_placeholder(step.observation):
            return f"The tool result of step {number} is a placeholder, not what the tool gave back."
    return why_unfit(attempt)


def _failing(calls: list[Numbered], analysis: FailureAnalysis | None) -> frozenset[int]:
    """Numbers of the calls that must not be imitated; without an analysis, what the tools reported."""
    if analysis is None:
        return frozenset(n for n, step in calls if step.is_error)
    return frozenset(n for n, _ in calls if n in analysis.error_steps)


def _turn(
    steps: list[Numbered], attempt: Attempt, *, key: str, failing: frozenset[int], stale: re.Pattern[str] | None
) -> tuple[list[Message], int]:
    """One assistant turn with all its calls, then a tool message per call; and how many texts were dropped."""
    thought, stale_thoughts = _joined([attempt.thoughts.get(n, step.thought) for n, step in steps], stale)
    text, stale_texts = _joined([step.text for _, step in steps], stale)
    # The ids of the source repeat or are missing; step numbers stay the same whatever range is chosen.
    calls = tuple(
        ToolCall(id=f"call_{key}_{number}", name=step.action_name, arguments=step.action_input)
        for number, step in steps
    )
    # A trainer weighs whole turns, so one failing call among parallel ones masks its turn.
    works = not any(number in failing for number, _ in steps)
    said = Message(role="assistant", content=text, thought=thought, tool_calls=calls, train=works)
    results = [
        Message(
            role="tool",
            content=without_grader_words(step),
            tool_call_id=call.id,
            name=call.name,
        )
        for call, (_, step) in zip(calls, steps, strict=True)
    ]
    return [said, *results], stale_thoughts + stale_texts


def _joined(texts: list[str], stale: re.Pattern[str] | None) -> tuple[str, int]:
    """Different texts of one turn in order, without those that speak of the old goal, and how many those were."""
    different = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    kept = [text for text in different if not (stale and stale.search(text))]
    return "\n\n".join(kept), len(different) - len(kept)


def _tools(trajectory: FailedTrajectory, failing: frozenset[int]) -> tuple[tuple[dict[str, Any], ...], list[str]]:
    """Tools of the run, and the names of those that had to be inferred from its calls.

    With a list at hand only tools that answered are added: a failing call to an unlisted tool was
    an invention of the agent.
    """
    listed = {tool_name(tool) for tool in trajectory.tools}
    missing = sorted(
        {
            step.action_name
            for number, step in trajectory.actions
            if step.action_name not in listed and not (listed and (number in failing or step.is_error))
        }
    )
    inferred = infer_tools(missing, [step for _, step in trajectory.actions])
    return (*trajectory.tools, *inferred), missing
