"""Records a scripted agent: every call goes through the real tool, and what comes back is the observation.

The script of a run decides what the agent says and calls; it never writes what a tool answers.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Callable

TOOL_FAULTS = (LookupError, ValueError, TypeError, OSError)


@dataclass(frozen=True)
class Tool:
    """A function that an agent may call, with what the model is told about it.

    `parameters` maps a name to `"type description"`; a name that ends in `?` is optional.
    """

    name: str
    description: str
    parameters: dict[str, str]
    call: Callable[..., Any]

    def schema(self) -> dict[str, Any]:
        """The tool in OpenAI's `tools` shape."""
        properties = {}
        for name, text in self.parameters.items():
            kind, _, description = text.partition(" ")
            item = {"type": kind.removesuffix("[]")} if not kind.endswith("[]") else {
                "type": "array", "items": {"type": kind.removesuffix("[]")}}
            properties[name.removesuffix("?")] = {**item, "description": description}
        required = [name for name in self.parameters if not name.endswith("?")]
        parameters = {"type": "object", "properties": properties, "required": required}
        return {"type": "function", "function": {
            "name": self.name, "description": self.description, "parameters": parameters}}


@dataclass
class Run:
    """One run in the making: the chat messages so far and the tools behind it."""

    id: str
    domain: str
    prompt: str
    tools: list[Tool]
    system: str = ""
    thoughts_in: str = "reasoning_content"  # or "content": some models think aloud beside the call
    how: str = "executed"
    messages: list[dict[str, Any]] = field(default_factory=list)
    outcome: dict[str, Any] = field(default_factory=dict)
    calls: int = 0

    def __post_init__(self) -> None:
        if self.system:
            self.messages.append({"role": "system", "content": self.system})
        self.user(self.prompt)

    def user(self, text: str) -> None:
        """The user says something."""
        self.messages.append({"role": "user", "content": text})

    def say(self, text: str) -> None:
        """The agent says something to the user and calls nothing."""
        self.messages.append({"role": "assistant", "content": text})

    def act(self, thought: str, *calls: tuple[str, dict[str, Any]]) -> list[str]:
        """One assistant turn with one or several (parallel) calls; returns the observations."""
        answers, requests = [], []
        for name, arguments in calls:
            self.calls += 1
            call_id = "call_" + hashlib.sha256(f"{self.id}/{self.calls}".encode()).hexdigest()[:24]
            text = json.dumps(arguments, ensure_ascii=False)
            requests.append({"id": call_id, "type": "function", "function": {"name": name, "arguments": text}})
            answers.append({"role": "tool", "tool_call_id": call_id, "content": self._answer(name, arguments)})
        turn: dict[str, Any] = {"role": "assistant", "content": None}
        if thought:
            turn[self.thoughts_in] = thought
        self.messages += [{**turn, "tool_calls": requests}, *answers]
        return [answer["content"] for answer in answers]

    def _answer(self, name: str, arguments: dict[str, Any]) -> str:
        tool = next((tool for tool in self.tools if tool.name == name), None)
        if tool is None:
            return f"Error: unknown tool {name!r}. Available tools: {', '.join(t.name for t in self.tools)}"
        try:
            answer = tool.call(**arguments)
        except TOOL_FAULTS as fault:
            return f"Error: {fault.args[0] if fault.args else fault}"
        return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)

    def end(self, text: str, **outcome: Any) -> "Run":
        """The final answer, and what is known of the outcome (label, failure_type, failure_reason ...)."""
        if text or outcome.pop("say_nothing", False):
            self.messages.append({"role": "assistant", "content": text})
        self.outcome = {"label": "failure", "reward": 0.0, "label_by": "human", **outcome}
        return self

    def metadata(self) -> dict[str, Any]:
        """What the shipped row says about itself; no stage reads it."""
        return {"domain": self.domain, "failure_type": self.outcome.get("failure_type"), "how": self.how}


def chat_row(run: Run) -> dict[str, Any]:
    """The run as one OpenAI chat record."""
    row = {"id": run.id, "messages": run.messages, "tools": [tool.schema() for tool in run.tools]}
    row |= {key: run.outcome[key] for key in ("label", "reward", "label_by")}
    if reason := run.outcome.get("failure_reason"):
        row["failure_reason"] = reason
    return {**row, "metadata": run.metadata()}


def reference_row(run: Run) -> dict[str, Any]:
    """The run in the reference's own schema: one user prompt, one call a step."""
    asked = [m["content"] for m in run.messages if m["role"] == "user"]
    observed = {m["tool_call_id"]: m["content"] for m in run.messages if m["role"] == "tool"}
    turns = [m for m in run.messages if m.get("tool_calls")]
    last = run.messages[-1]
    assert len(asked) == 1 and not run.system, f"{run.id}: the reference's schema has no room for this run"
    steps = [{
        "thought": (turn.get(run.thoughts_in) or "") if number == 0 else "",
        "action_name": call["function"]["name"],
        "action_input": json.loads(call["function"]["arguments"]),
        "observation": observed[call["id"]],
    } for turn in turns for number, call in enumerate(turn["tool_calls"])]
    return {
        "trajectory_id": run.id, "original_prompt": asked[0], "steps": steps,
        "final_answer": last["content"] if last["role"] == "assistant" and "tool_calls" not in last else "",
        "failure_reason": run.outcome["failure_reason"], "metadata": run.metadata(),
    }
