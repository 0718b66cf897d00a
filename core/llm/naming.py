"""How the models of one run are told apart.

A name stands for a model, wherever it is served: replies are found again after a server has moved.
Only where one run asks the same name at two addresses are they two models; those elsewhere than the
writer's are then called NAME@ADDRESS, in the keys of stored replies as in verdicts.
"""

from collections import defaultdict

from core.settings import PipelineConfig, shown_address, split_judge

OPENAI_URL = "https://api.openai.com/v1"


def judge_places(settings: PipelineConfig) -> list[tuple[str, str | None]]:
    """(model, address) of each judge; by default the writer judges."""
    named = [split_judge(judge) for judge in settings.judge_model] or [(settings.model or "", None)]
    return [(model, url or settings.judge_base_url or settings.base_url) for model, url in named]


def address(url: str | None) -> str:
    """An address in the one form in which two are compared."""
    return (url or OPENAI_URL).rstrip("/")


def judge_names(settings: PipelineConfig) -> list[str]:
    """`Chat.name` of each judge, in their order."""
    places = [(model, address(url)) for model, url in judge_places(settings)]
    writer = (settings.model, address(settings.base_url))
    served: defaultdict[str | None, set[str]] = defaultdict(set)
    for model, url in (writer, *places):
        served[model].add(url)
    return [
        f"{model}@{shown_address(url)}" if len(served[model]) > 1 and (model, url) != writer else model
        for model, url in places
    ]
