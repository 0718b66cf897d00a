"""Models behind one seam: a stage builds an `Ask`, any `Chat` answers it."""

from collections.abc import Callable

from core.errors import UserError
from core.llm.chat import Ask, Chat, Reply
from core.llm.client import OpenAIChat
from core.llm.gate import Gate
from core.llm.naming import address, judge_names, judge_places
from core.llm.reply import Percent, Words, parse_reply
from core.llm.scripted import ScriptedChat
from core.llm.secrets import Hide, secrets_of
from core.prices import Usage
from core.settings import PipelineConfig

__all__ = [
    "Ask",
    "Chat",
    "OpenAIChat",
    "Percent",
    "Reply",
    "ScriptedChat",
    "Usage",
    "Words",
    "build_chats",
    "parse_reply",
]


def build_chats(
    settings: PipelineConfig, *, stopping: Callable[[], bool] = lambda: False
) -> tuple[Chat | None, tuple[Chat, ...]]:
    """Return the model that writes and those that judge; (None, ()) for the rule-based way.

    They are one object where model, address and key are the same, so that what is learned about a
    server is learned once; all at one address keep one pace. No question waits for its turn once
    `stopping` says so. Raises `UserError` for settings that cannot be meant.
    """
    if settings.model is None:
        if settings.judge_model or settings.judge_base_url:
            raise UserError("A judge needs a model that it can judge: give --model as well.")
        return None, ()
    key = settings.api_key.get_secret_value() if settings.api_key else None
    writer = (settings.model, settings.base_url, key)
    judges = _judges(settings, key)
    if len({(name, address(url)) for name, url, _ in judges}) < len(judges):
        raise UserError("Two of the judges are one: the same model at the same address. Name each once.")
    names = dict(zip(judges, judge_names(settings), strict=True)) | {writer: settings.model}
    hide = Hide([secret for _, url, own in (writer, *judges) for secret in secrets_of(own, url)])
    gates = {
        url: Gate(settings.concurrency, rpm=settings.rpm, tpm=settings.tpm, stopping=stopping)
        for url in {address(url) for _, url, _ in names}
    }
    chats = {
        one: _chat(*one, name=name, settings=settings, hide=hide, gate=gates[address(one[1])])
        for one, name in names.items()
    }
    return chats[writer], tuple(chats[judge] for judge in judges)


def _judges(settings: PipelineConfig, key: str | None) -> list[tuple[str, str | None, str | None]]:
    """(model, address, key) of each judge; a key is never sent to an address it was not given for."""
    places = judge_places(settings)
    urls = [url for _, url in places]
    given = settings.judge_api_key.get_secret_value().split(",") if settings.judge_api_key else []
    if len(given) == 1:
        if len({url for url in urls if url != settings.base_url}) > 1:
            raise UserError("The judges stand at several addresses: give judge_api_key one key for each, with commas.")
        given *= len(urls)
    elif given and len(given) != len(urls):
        raise UserError(f"judge_api_key holds {len(given)} keys for {len(urls)} judges; give one for each, or one.")
    own = [each.strip() or None for each in given] or [None] * len(urls)
    keys = [each or (key if url == settings.base_url else None) for each, url in zip(own, urls, strict=True)]
    return [(model, url, each) for (model, url), each in zip(places, keys, strict=True)]


def _chat(
    model: str, base_url: str | None, key: str | None, *, name: str, settings: PipelineConfig, hide: Hide, gate: Gate
) -> OpenAIChat:
    return OpenAIChat(
        model,
        name=name,
        base_url=base_url,
        api_key=key,
        timeout=settings.timeout,
        max_requests=settings.max_requests,
        max_tokens=settings.max_tokens,
        hide=hide,
        gate=gate,
    )
