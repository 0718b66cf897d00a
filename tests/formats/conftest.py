"""Samples as stage 4 makes them: a first call that may fail, parallel calls, nested nulls, text that breaks readers."""

from collections.abc import Callable

import pytest

from core.models import AugmentedSample, Correction, Message, ToolCall

ODD_TEXT = "Zürich \u2028 \U0001f600 \x85 tab\t \ud83d NUL\x00 <think>no</think> 2024-05-01"


def _sample(number: int = 1, *, failing: bool = False, **changes) -> AugmentedSample:
    key = f"{number:016x}"
    calls = [
        ToolCall(id=f"call_{key}_1", name="web_search", arguments={"query": f"X{number}", "max": number}),
        ToolCall(id=f"call_{key}_2", name="fetch_page", arguments={"url": None, "options": {"t": 2.5, "proxy": None}}),
        ToolCall(id=f"call_{key}_3", name="fetch_page", arguments={"url": "/stock", "max": "1", "deep": [{}, []]}),
    ]
    messages = (
        Message(role="system", content="You shop with care."),
        Message(role="user", content=f"What does the X{number} cost?"),
        Message(role="assistant", thought="Search first.", tool_calls=(calls[0],), train=not failing),
        Message(role="tool", content='{"error": "rate_limited"}', tool_call_id=calls[0].id, name="web_search"),
        Message(role="assistant", content="Both pages.", tool_calls=(calls[1], calls[2]), train=True),
        Message(role="tool", content=f"{number} dollars, {ODD_TEXT}", tool_call_id=calls[1].id, name="fetch_page"),
        Message(role="tool", content="", tool_call_id=calls[2].id, name="fetch_page"),
        Message(role="assistant", content=f"It costs {number} dollars.", train=True),
    )
    tools = tuple(
        {"type": "function", "function": {"name": name, "description": "", "parameters": {"type": "object"}}}
        for name in ("web_search", "fetch_page")
    )
    fields = {
        "trajectory_id": f"{number:03}",
        "trajectory_key": key,
        "hindsight_prompt": messages[1].content,
        "messages": messages,
        "tools": tools,
        "weight": 0.7,
        "original_prompt": f"Buy the X{number} and mail it to Dana.",
        "original_answer": "I have no mail tool.",
        "proposed_prompt": f"Find the price of the X{number}.",
        "corrections": (Correction(at=2, wrong=calls[0], right=calls[0].model_copy(update={"arguments": {"q": "X"}})),),
        "metadata": {"state": "accepted", "score": 0.8, "note": ODD_TEXT},
    }
    return AugmentedSample(**fields | changes)


@pytest.fixture
def make_sample() -> Callable[..., AugmentedSample]:
    return _sample
