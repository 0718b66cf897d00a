"""The words put to a model: one `.jinja` file per prompt, with a `system` and a `user` block.

What a run says is data. It is substituted, never evaluated, and every line of structure around it
carries a tag that occurs nowhere in the run, so no text of the run can close its own fence. The
tag stands in the `user` block only: the `system` block is the same for every run, which lets
servers reuse its work.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.models import content_hash
from core.prompts.budget import shorten, tokens_of
from core.prompts.view import POLICY_LIMIT, View, show_steps, show_text, show_windows

__all__ = [
    "POLICY_LIMIT",
    "TEMPLATES",
    "Prompt",
    "View",
    "fence_tag",
    "policy",
    "render",
    "room_for_steps",
    "shorten",
    "show_steps",
    "show_text",
    "show_windows",
    "template_hash",
    "tokens_of",
]

# Those put to a model in a run. `request` is written into training rows and changes no result.
TEMPLATES = ("detect", "extract", "relabel", "judge", "thoughts")
_FOLDER = Path(__file__).parent
_SHARED = "_run.jinja"  # the macros that every prompt imports


@dataclass(frozen=True)
class Prompt:
    """One rendered prompt. `hash` names the template files, not the values put into them."""

    name: str
    system: str
    user: str
    hash: str


def render(name: str, *, seed: str = "", **values: Any) -> Prompt:
    """Render prompt `name` with JSON-like `values`; the templates also get `tag`, their fence.

    Prompts of one `seed`, the system prompt of the agent, share their fence. So what they have in common
    is the same to the letter, and a server that keeps prefixes reads it once: the system prompt for all runs
    of an agent, the steps for all questions about one run. What differs stands last.
    Raises `jinja2.UndefinedError` if a value that the template uses is missing.
    """
    template = _environment().get_template(f"{name}.jinja")
    context = template.new_context({**values, "tag": fence_tag(values, seed)})
    parts = {block: _plain("".join(template.blocks[block](context))) for block in ("system", "user")}
    return Prompt(name, parts["system"], parts["user"], template_hash(name))


def room_for_steps(name: str, tokens: int, **values: Any) -> int:
    """How many of `tokens` prompt `name` leaves for the steps, once all other `values` stand in it."""
    prompt = render(name, steps=[], **values)
    return max(tokens - tokens_of(prompt.system) - tokens_of(prompt.user), tokens // 4)


def policy(system_prompt: str, tokens: int) -> str:
    """The system prompt of a run as it is shown in a prompt of `tokens`: at most a quarter of it."""
    return show_text(system_prompt, min(POLICY_LIMIT, tokens))  # a token is about four characters


def fence_tag(values: Mapping[str, Any], seed: str = "") -> str:
    """Eight hex digits that occur nowhere in `values`, the same for the same seed wherever that can be."""
    text = json.dumps(values, ensure_ascii=False, sort_keys=True)
    data = (seed or text).encode("utf-8", "surrogatepass")
    number, folded = 0, text.casefold()
    while (tag := hashlib.sha256(b"%d %s" % (number, data)).hexdigest()[:8]) in folded:
        number += 1
    return tag


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        auto_reload=False,
        autoescape=False,  # noqa: S701  prompts are plain text; the fence is what keeps data apart
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def template_hash(name: str) -> str:
    """Name the wording of a prompt: a hash of its template files."""
    return content_hash([(_FOLDER / file).read_text("utf-8") for file in (f"{name}.jinja", _SHARED)])


def _plain(text: str) -> str:
    """Text that UTF-8 can carry: half surrogate pairs, which some traces hold, become `?`."""
    return text.strip().encode("utf-8", "replace").decode("utf-8")
