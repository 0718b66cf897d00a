"""What one server takes for one model, learned from its refusals and then kept.

Every server starts with the best form (a strict JSON schema) and steps down when it says no: JSON
mode, then plain text with the schema in words. Reasoning models refuse `max_tokens` and any
temperature; that is learned the same way.
"""

import re
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from core.llm.reply import form_request, strict_schema

Messages = list[dict[str, str]]

_FORM = re.compile(
    r"response_?format|json_schema|json_object|json mode|structured output|guided|grammar", re.IGNORECASE
)
_TOO_LONG = re.compile(r"context|too (?:long|large)|maximum .{0,40}tokens|exceed", re.IGNORECASE)


class Form(IntEnum):
    """How the shape of the answer is asked for, best first."""

    SCHEMA = 0
    JSON = 1
    TEXT = 2


@dataclass(frozen=True)
class Dialect:
    """The request parameters that a server takes."""

    form: Form = Form.SCHEMA
    limit_name: str = "max_tokens"
    takes_temperature: bool = True

    def request(
        self, messages: Messages, *, model: str, reply: type[BaseModel], temperature: float, max_tokens: int
    ) -> dict[str, Any]:
        """Arguments for `chat.completions.create`."""
        request: dict[str, Any] = {"model": model, "messages": messages, self.limit_name: max_tokens}
        if self.takes_temperature:
            request["temperature"] = temperature
        if self.form is Form.SCHEMA:
            schema = {"name": reply.__name__.strip("_"), "schema": strict_schema(reply), "strict": True}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
            return request
        if self.form is Form.JSON:
            request["response_format"] = {"type": "json_object"}
        system, *rest = messages
        request["messages"] = [system | {"content": f"{system['content']}\n\n{form_request(reply)}"}, *rest]
        return request

    def after(self, status: int, message: str, parameter: str | None) -> "Dialect | None":
        """Return what to try next when a refusal names its cause, None if it does not."""
        named = f"{parameter or ''} {message}"
        client_error = 400 <= status < 500
        if client_error and self.limit_name in named and (parameter == self.limit_name or "max_tokens" in named):
            other = "max_completion_tokens" if self.limit_name == "max_tokens" else "max_tokens"
            if not _TOO_LONG.search(message) or other in message:
                return replace(self, limit_name=other)
        if client_error and self.takes_temperature and "temperature" in named:
            return replace(self, takes_temperature=False)
        # llama_cpp.server answers 500 to a schema, so the words count here and not the status.
        if self.form < Form.TEXT and _FORM.search(named):
            return replace(self, form=Form(self.form + 1))
        return None

    def guess(self, status: int, message: str) -> "Dialect | None":
        """Return what to try next when a refusal names no cause: the next simpler form, if that may be it."""
        if self.form < Form.TEXT and status in (400, 415, 422) and not _TOO_LONG.search(message):
            return replace(self, form=Form(self.form + 1))
        return None


def first_dialect(base_url: str) -> Dialect:
    """Where to start: OpenAI's own servers have dropped `max_tokens`, most others know nothing else."""
    host = urlsplit(base_url).hostname or ""
    own = host == "api.openai.com" or host.endswith(".openai.azure.com")
    return Dialect(limit_name="max_completion_tokens" if own else "max_tokens")
