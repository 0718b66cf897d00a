"""What the newest run on a file was asked with, so that a person need not give it again."""

import json
from typing import Any

from core.settings import PipelineConfig
from core.store import Store
from core.store.runs import newest_run_by_model

_ADDRESSES = ("base_url", "judge_base_url", "judge_model")


def as_last_time(store: Store, config: PipelineConfig) -> tuple[PipelineConfig, bool]:
    """(`config` with what the newest run by a model was given, whether that run went by batch jobs).

    Keys and passwords are not kept: where an address had one, that of `config` stands.
    """
    run = newest_run_by_model(store)
    if run is None:
        return config, False
    given: dict[str, Any] = json.loads(run["settings"]) | json.loads(run["options"])
    batch = bool(given.pop("batch", False))
    known = {name: value for name, value in given.items() if name in PipelineConfig.model_fields}
    for name in _ADDRESSES:
        if "***@" in json.dumps(known.get(name)):
            del known[name]
    return PipelineConfig.model_validate(config.model_dump() | known), batch
