"""Stage 4 result: a training example that no trainer's format has touched yet."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from core.models.base import Value


class OutputFormat(StrEnum):
    """What `-f` takes. Which file shape each gets is the dialect's business (`core.formats`)."""

    SFT = "sft"
    DPO = "dpo"
    SHAREGPT = "sharegpt"
    KTO = "kto"
    OPENAI = "openai"


class ToolCall(Value):
    """One call: id, tool name, arguments as an object."""

    id: str
    name: str
    arguments: dict[str, Any]


class Message(Value):
    """One chat turn. `train` False keeps it in context with no loss."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    thought: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    name: str = ""
    train: bool = False


class Correction(Value):
    """A call that failed by its own arguments, and the one that worked; both may follow `messages[:at]`."""

    at: int
    wrong: ToolCall
    right: ToolCall


class AugmentedSample(Value):
    """One approved relabelling as a conversation: system, user goal, calls and results, answer.

    The last message is the assistant's final answer to the new goal. `original_prompt`, `original_answer`
    and `proposed_prompt` (what a person then rewrote as `hindsight_prompt`; else empty) serve preference
    data; they never enter `messages`.
    """

    trajectory_id: str
    trajectory_key: str = ""
    hindsight_prompt: str
    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()
    weight: float = Field(1.0, ge=0, le=1)
    original_prompt: str = ""
    original_answer: str = ""
    original_serves: bool = Field(False, description="The original answer holds every value of the new one.")
    original_alike: bool = Field(False, description="An answer to the request may answer the original one too.")
    proposed_prompt: str = ""
    corrections: tuple[Correction, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict, description="Provenance: states, scores, models, hashes.")


class LeftOut(Value):
    """An approved item that cannot become a training row, and why."""

    trajectory_id: str
    reason: str
