"""The fields of the form that starts a run, and the engine's messages in their words."""

import re

FIELDS = {
    "model": "Model",
    "base_url": "Address",
    "api_key": "Key",
    "judge_model": "Judge model",
    "judge_base_url": "Judge address",
    "concurrency": "At once",
    "max_cost": "Most it may cost, USD",
    "judge_rule": "Judges agree when",
    "context_tokens": "Longest prompt, tokens",
    "max_tokens": "Longest answer, tokens",
    "timeout": "Longest call, seconds",
    "rpm": "Requests a minute",
    "tpm": "Tokens a minute",
    "batch": "Batch jobs",
}
_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")
_SETTING = re.compile(r"setting `([a-z_]+)`")


def in_field_names(message: str) -> str:
    """A message of the engine with the names of fields in place of options and settings."""

    def named(found: re.Match[str]) -> str:
        label = FIELDS.get(found[1].replace("-", "_"))
        return f"“{label}”" if label else found[0]

    return _SETTING.sub(named, _OPTION.sub(named, message))
