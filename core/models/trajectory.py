"""One agent run, as every source normalises it.

The class names and required fields are those of the reference implementation, so its input loads
unchanged; what it has no field for (system prompt, tools, user turns, call ids, labels) is added.
"""

import json
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from core.models.base import Value, content_hash
from core.models.text import GRADER_WORDS, all_visible, may_hold_grader_words


class StepKind(StrEnum):
    """What kind of event a step is."""

    ACTION = "action"  # the agent calls a tool and gets an observation
    MESSAGE = "message"  # the agent says something to the user and calls nothing
    USER = "user"  # the user speaks in mid-run


class Usage(Value):
    """Tokens of one model call, as the source counted them; None = it did not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None


class AgentStep(Value):
    """One event of a run. `text` is what the other side could read; `thought` is not."""

    model_config = ConfigDict(extra="ignore")  # reference rows carry fields of their own

    kind: StepKind = StepKind.ACTION
    thought: str = ""
    text: str = ""
    action_name: str = ""
    action_input: dict[str, Any] = Field(default_factory=dict)
    call_id: str = ""
    observation: str = ""
    is_error: bool | None = Field(None, description="What the tool itself reported; None = it did not say.")
    turn: int = Field(-1, description="Steps of one assistant turn (parallel calls) share it; -1 = one of its own.")
    agent: str = Field("", description="Which agent acted, where a run has more than one.")
    timestamp: str = Field("", description="When the step began, ISO 8601, as the source wrote it.")
    usage: Usage | None = Field(None, description="Tokens of the model call behind this turn; on its first step.")
    grader_text: tuple[str, ...] = Field(
        (), description="Parts of the observation that a grader wrote, not the environment; word for word."
    )
    metadata: dict[str, Any] = Field(default_factory=dict)

    @field_validator("thought", "text", "observation", mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator("action_input", mode="before")
    @classmethod
    def _object_from_text(cls, value: Any) -> Any:
        """Arguments come as an object, as JSON text of one, or as bare text (kept under `input`)."""
        if value is None:
            return {}
        if not isinstance(value, str):
            return value
        try:
            parsed = all_visible(json.loads(value))
        except ValueError:
            parsed = value
        return parsed if isinstance(parsed, dict) else {"input": parsed} if value.strip() else {}

    @model_validator(mode="after")
    def _action_has_a_name(self) -> Self:
        if self.kind is StepKind.ACTION and not self.action_name.strip():
            raise ValueError("an action step needs an action_name")
        return self


def input_text(step: AgentStep) -> str:
    """The arguments of a call as the text that evidence offsets count in; empty without arguments."""
    return json.dumps(step.action_input, ensure_ascii=False) if step.action_input else ""


def _blanked(step: AgentStep) -> AgentStep:
    text = _without(step, lambda part: " " * len(part))
    return step if text == step.observation else step.model_copy(update={"observation": text})


def _without(step: AgentStep, instead: Callable[[str], str]) -> str:
    """The observation with `instead` of each part in place of what a grader wrote."""
    text = step.observation
    for part in filter(None, step.grader_text):
        text = text.replace(part, instead(part))
    return GRADER_WORDS.sub(lambda found: instead(found[0]), text) if may_hold_grader_words(text) else text


def without_grader_words(step: AgentStep) -> str:
    """The observation as a training row has it: what a grader wrote is taken out, and no gap is left."""
    text = _without(step, lambda _: "\0")
    if text == step.observation:
        return text
    return re.sub(r"\s*\0[\s\0]*", lambda gap: "\n" if "\n" in gap[0] else " ", text).strip()


class LabelOutcome(StrEnum):
    """What the source says about the run."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNKNOWN = "unknown"


class Label(Value):
    """The source's own word on success, and who said so (`reward`, `human`, `grader`)."""

    outcome: LabelOutcome = LabelOutcome.UNKNOWN
    reward: float | None = None
    by: str = ""
    reason: str = ""


class Mark(StrEnum):
    """What is noteworthy about a run as a record, found at import."""

    TRUNCATED = "truncated"  # texts were cut before they reached us
    PLACEHOLDERS = "placeholder_observations"  # a logger or context manager put a stand-in for results
    DO_NOT_TRAIN = "do_not_train"  # a canary or a plain word forbids training on it
    GRADER_TEXT = "grader_text"  # a grader's words stand among the observations
    SEVERAL_AGENTS = "several_agents"  # steps of more than one agent


class FailedTrajectory(Value):
    """One agent run. `trajectory_id` is the source's name for it, or a content hash."""

    model_config = ConfigDict(extra="ignore")

    trajectory_id: str = ""
    original_prompt: str
    system_prompt: str = ""
    tools: tuple[dict[str, Any], ...] = Field((), description="JSON schemas in OpenAI's `tools` shape.")
    steps: tuple[AgentStep, ...] = Field(min_length=1)
    final_answer: str = ""
    failure_reason: str = ""
    label: Label = Label()
    model: str = Field("", description="The model that acted, as the source names it.")
    marks: tuple[Mark, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)

    @field_validator("trajectory_id", mode="before")
    @classmethod
    def _id_as_text(cls, value: Any) -> Any:
        return "" if value is None else str(value) if isinstance(value, int) else value

    @field_validator("final_answer", "failure_reason", "system_prompt", mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator("metadata", mode="before")
    @classmethod
    def _none_is_no_metadata(cls, value: Any) -> Any:
        return {} if value is None else value

    @field_validator("steps", mode="after")
    @classmethod
    def _number_turns(cls, steps: tuple[AgentStep, ...]) -> tuple[AgentStep, ...]:
        """Every step without a turn gets one of its own, in order."""
        numbered, turn = [], -1
        for previous, step in zip((None, *steps), steps, strict=False):
            same = previous is not None and step.turn >= 0 and step.turn == previous.turn
            turn = turn if same else turn + 1
            numbered.append(step if step.turn == turn else step.model_copy(update={"turn": turn}))
        return tuple(numbered)

    @model_validator(mode="after")
    def _name_by_content(self) -> Self:
        if not self.trajectory_id:
            name = content_hash(self.model_dump(mode="json", exclude={"trajectory_id"}, exclude_defaults=True), 12)
            object.__setattr__(self, "trajectory_id", name)
        return self

    @cached_property
    def key(self) -> str:
        """Identity in the store: the same run under the same name always has the same key.

        Contract: first 16 hex digits of SHA-256 over the canonical JSON of all fields that differ from
        their defaults, so that a field added later changes no key.
        """
        return content_hash(self.model_dump(mode="json", exclude_defaults=True))

    def known_by(self, key: str) -> Self:
        """The same run, its `key` given by whoever kept it: to reckon that again costs as much as to read the run."""
        self.__dict__["key"] = key
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy with changes, and with a key of its own."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("key", None)
        copied.__dict__.pop("actions", None)
        return copied

    def without_grader_text(self) -> Self:
        """The run as its environment showed it: what a grader wrote into observations is blanked out.

        Blanks keep every offset, so evidence found in the one is evidence in the other. Only the key differs.
        """
        steps = tuple(_blanked(step) for step in self.steps)
        same = all(new is old for new, old in zip(steps, self.steps, strict=True))
        return self if same else self.model_copy(update={"steps": steps})

    @cached_property
    def actions(self) -> tuple[tuple[int, AgentStep], ...]:
        """(1-based number, step) of every tool call."""
        return tuple((n, s) for n, s in enumerate(self.steps, 1) if s.kind is StepKind.ACTION)
