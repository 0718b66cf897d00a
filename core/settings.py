"""Every threshold and address, each with its unit, range and source. Built once at the edge.

Order: flag over environment over `agenther.toml` over default. Nothing below this module reads
`os.environ`. `agenther config` prints the effective values and where each came from.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, PlainSerializer, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from core.errors import UserError
from core.models import OutputFormat, Value
from core.prices import Price

CONFIG_FILE = "agenther.toml"
# Settings of the stages that change no result: neither makes a new value anything pending again, nor does an export
# name them, and addresses of model servers are nobody's business who gets the data.
WITHOUT_EFFECT = {
    "api_key",
    "judge_api_key",
    "base_url",
    "judge_base_url",
    "timeout",
    "max_requests",
    "concurrency",
    "rpm",
    "tpm",
    "max_cost",
    "output_format",
    "output_dir",
}
# The names that the OpenAI client and its users already know win over AGENTHER_*.
_KNOWN_VARIABLES = {
    "model": "OPENAI_MODEL",
    "api_key": "OPENAI_API_KEY",
    "base_url": "OPENAI_BASE_URL",
}
_PRICE_FORM = "it holds input = ... and output = ..., dollars per million tokens, and maybe cached_input = ...."
_OTHER_VARIABLES = {"AGENTHER_DB", "AGENTHER_REVIEWER"}  # what the review app's process hands to its screens
_JUDGE_ADDRESS = re.compile(r"@(?=[A-Za-z][\w+.-]*://)")  # of any scheme: what stands in an address is no name
_ACCOUNT = re.compile(r"^(\s*[\w+.-]+://)?(\S*)@")


def shown_address(address: str) -> str:
    """An address as people may see it: with *** in place of a password, or of a token before the @."""

    def masked(found: re.Match[str]) -> str:
        name, colon, _ = found[2].partition(":")
        return f"{found[1] or ''}{name + colon if colon else ''}***@"

    return _ACCOUNT.sub(masked, address)


Address = Annotated[str, PlainSerializer(shown_address, return_type=str, when_used="json")]


def split_judge(judge: str) -> tuple[str, str | None]:
    """(model, address) of a judge written `NAME` or `NAME@URL`; a name may hold an @ of its own."""
    found = _JUDGE_ADDRESS.search(judge)
    return (judge[: found.start()], judge[found.start() + 1 :]) if found else (judge, None)


def shown_judge(judge: str) -> str:
    """A judge as people may see it: its address without a password."""
    model, address = split_judge(judge)
    return f"{model}@{shown_address(address)}" if address else model


JudgeName = Annotated[str, PlainSerializer(shown_judge, return_type=str, when_used="json")]


class JudgeRule(StrEnum):
    """How the verdicts of several judges become one."""

    ALL = "all"  # every judge says yes
    MAJORITY = "majority"  # more than half of them do


class _Section(Value):
    """Settings of one kind."""

    model_config = ConfigDict(allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _a_number_is_no_yes_or_no(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, bool) and cls.model_fields[info.field_name or ""].annotation in (int, float):
            raise PydanticCustomError("not_a_number", "a number is needed, not true or false")
        return value


class PipelineConfig(_Section):
    """Settings of the four stages (the reference's name and field names)."""

    model: str | None = Field(None, description="Model of stages 2 and 3; none = rule-based.")
    base_url: Address | None = Field(None, repr=False, description="OpenAI-compatible endpoint; none = OpenAI's own.")
    api_key: SecretStr | None = Field(None, description="Key for `base_url`; local servers need none.")
    judge_model: tuple[JudgeName, ...] = Field(
        (), repr=False, description="Models that judge, each NAME or NAME@URL; none = `model`."
    )
    judge_base_url: Address | None = Field(
        None, repr=False, description="Endpoint of judges that name none; none = `base_url`."
    )
    judge_api_key: SecretStr | None = Field(
        None, description="Key of the judge, or one for each, with commas; none = `api_key`, at the same address only."
    )
    judge_rule: JudgeRule = Field(
        JudgeRule.ALL, description="When several judges mean yes: `all` say so, or a `majority` of them all."
    )
    use_llm_detector: bool = Field(False, description="Ask the model in stage 1 too.")
    use_llm_extractor: bool = Field(True, description="Ask the model in stage 2.")
    temperature: float = Field(0.3, ge=0, le=2, description="First attempt of stages 2 and 3.")
    retry_temperature: float = Field(0.7, ge=0, le=2, description="Later attempts of stage 3.")
    max_tokens: int = Field(2048, ge=64, description="Longest model reply, in tokens.")
    timeout: float = Field(300, gt=0, le=86_400, description="Longest wait for one model call, in seconds.")
    max_requests: int = Field(3, ge=1, le=10, description="HTTP requests one call may cost, retries included.")
    concurrency: int = Field(4, ge=1, le=256, description="Model calls in flight at once.")
    rpm: int | None = Field(None, ge=1, description="Most requests a minute to each address; none = no limit.")
    tpm: int | None = Field(None, ge=1, description="Most tokens a minute to each address; none = no limit.")
    min_confidence: float = Field(0.5, ge=0, le=1, description="theta: least score that is accepted (paper: 0.5).")
    rubric_minimum: float = Field(
        0.0, ge=0, le=1, description="Least score of each rubric dimension that applies; 0 = none is asked for."
    )
    severity_threshold: float = Field(
        0.3, ge=0, le=1, description="delta: least weight (1 - severity) worth relabelling."
    )
    relabel_max_attempts: int = Field(3, ge=1, le=10, description="K: attempts at a new goal (paper: 3).")
    max_cost: float | None = Field(
        None, ge=0, description="Most that all runs of the same settings may cost, in US dollars; none = no limit."
    )
    goals: int = Field(
        2, ge=1, le=5, description="Goals that one attempt may propose: for all of the run, or a stretch."
    )
    context_tokens: int = Field(
        24_000, ge=2_000, description="Longest prompt, in tokens of 4 bytes; a longer run is cut, or read in parts."
    )
    output_format: OutputFormat = Field(OutputFormat.SFT, description="What `run -f` and the Python API export.")
    output_dir: Path = Field(Path("outputs"), description="Folder for files that `run` is given no name for.")

    @field_validator("judge_model", mode="before")
    @classmethod
    def _judges_from_text(cls, value: object) -> object:
        """Several judges in one text stand between commas, wherever the text comes from."""
        given = (value,) if isinstance(value, str) else value
        if not isinstance(given, list | tuple):
            return given
        if not all(isinstance(each, str) for each in given):
            raise PydanticCustomError("no_judge", "write a judge as NAME or NAME@URL")
        judges = tuple(judge.strip().rstrip("/") for each in given for judge in each.split(","))
        if not all(split_judge(judge)[0] for judge in judges):
            raise PydanticCustomError("no_judge", "write a judge as NAME or NAME@URL")
        if len(set(judges)) < len(judges):
            raise PydanticCustomError("judge_twice", "each judge is named once")
        return judges

    @property
    def uses_model(self) -> bool:
        """Whether stages ask a model at all."""
        return self.model is not None


class ReviewConfig(_Section):
    """Settings of the review app."""

    host: str = Field("127.0.0.1", description="Address the app listens on.")
    port: int = Field(8501, ge=0, le=65535, description="Port the app listens on; 0 = a free one.")
    lease_seconds: int = Field(
        120, ge=10, description="How long an open item is kept for its reviewer without a heartbeat."
    )
    random_share: float = Field(0.1, ge=0, le=1, description="Share of the queue that comes in random order.")
    max_upload_mb: int = Field(200, ge=1, description="Largest upload, in megabytes.")


class Settings(Value):
    """All settings, and where each came from (`flag`, `environment NAME`, `file PATH`, `default`).

    `prices` holds what each model costs, by name; it stands in the file alone.
    """

    pipeline: PipelineConfig = PipelineConfig()
    review: ReviewConfig = ReviewConfig()
    prices: dict[str, Price] = Field(default_factory=dict)
    origins: dict[str, str] = Field(default_factory=dict, exclude=True)


def load_settings(
    flags: Mapping[str, Any],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Settings from `flags` (field name -> value, None = not given), environment, file, defaults.

    Raises `UserError` naming the setting, its origin and what is wrong with it.
    """
    environment = os.environ if environment is None else environment
    _refuse_unknown_variables(environment)
    file = (folder or Path.cwd()) / CONFIG_FILE
    tables = _read_file(file)
    sections: dict[str, Value] = {}
    origins: dict[str, str] = {}
    for name, section in (("pipeline", PipelineConfig), ("review", ReviewConfig)):
        values: dict[str, Any] = {}
        for field in section.model_fields:
            value, origin = _find(field, flags, environment, tables.get(name, {}), file)
            origins[f"{name}.{field}"] = origin
            if value not in (None, ""):  # an empty text says: none
                values[field] = value
        unknown = set(tables.get(name, {})) - set(section.model_fields)
        if unknown:
            raise UserError(f"{file}: [{name}] has no setting {sorted(unknown)[0]!r}; `agenther config` lists them.")
        sections[name] = _build(section, values, {f: origins[f"{name}.{f}"] for f in section.model_fields})
    origins["prices"] = f"file {file}"
    return Settings(**sections, prices=_prices(tables.get("prices", {}), file), origins=origins)


def _find(
    field: str, flags: Mapping[str, Any], environment: Mapping[str, str], table: Mapping[str, Any], file: Path
) -> tuple[Any, str]:
    if flags.get(field) not in (None, ()):
        return flags[field], "flag"
    for variable in (_KNOWN_VARIABLES.get(field), f"AGENTHER_{field.upper()}"):
        if variable and environment.get(variable):
            return environment[variable], f"environment {variable}"
    if field in table:
        return table[field], f"file {file}"
    return None, "default"


def _prices(table: Mapping[str, Any], file: Path) -> dict[str, Price]:
    """Price of each model under `[prices."NAME"]`."""
    prices = {}
    for model, fields in table.items():
        where = f'{file}: [prices."{model}"]'
        if not isinstance(fields, dict) or any(isinstance(value, dict) for value in fields.values()):
            raise UserError(f'{where} is no price; a name stands in quotes, as [prices."gpt-4.1"]; {_PRICE_FORM}')
        try:
            prices[model] = Price(**fields)
        except ValidationError as error:
            first = error.errors()[0]
            raise UserError(f"{where}: {first['loc'][0]}: {first['msg'].lower()}; {_PRICE_FORM}") from None
    return prices


def _read_file(file: Path) -> dict[str, dict[str, Any]]:
    if not file.is_file():
        return {}
    try:
        tables = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8 text (byte {error.start + 1}); save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{file} is not valid TOML: {error}") from None
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from None
    for name, table in tables.items():
        known = name in ("pipeline", "review", "prices")
        if isinstance(table, dict) and not known:
            raise UserError(f"{file}: no section [{name}]; use [pipeline], [review] and [prices].")
        if not isinstance(table, dict):  # its value may be a key: not shown
            what = "is the name of a section" if known else "stands in no section"
            raise UserError(f"{file}: {name!r} {what}; write settings under a line [pipeline] or [review].")
    return tables


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    """A misspelt variable must not be a setting that silently is not in force."""
    fields = (*PipelineConfig.model_fields, *ReviewConfig.model_fields)
    known = {f"AGENTHER_{field.upper()}" for field in fields}
    for name in sorted(set(environment) - known - _OTHER_VARIABLES):
        if name.startswith("AGENTHER_") and environment[name]:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            hint = f"did you mean {close[0]}?" if close else "`agenther config` lists the settings."
            raise UserError(f"The environment variable {name} is no setting; {hint} Unset or rename it.")


def _build(section: type[Value], values: dict[str, Any], origins: Mapping[str, str]) -> Value:
    try:
        return section(**values)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else "settings"
        given = "***" if "api_key" in field else _shown(first.get("input"))
        raise UserError(f"{field} = {given} ({origins.get(field, 'default')}): {first['msg'].lower()}.") from None


def _shown(value: object) -> str:
    """A value as it was written, with no password in it."""
    if isinstance(value, list | tuple):
        return ", ".join((shown_judge if split_judge(str(each))[1] else shown_address)(str(each)) for each in value)
    return str(value).lower() if isinstance(value, bool) else shown_address(repr(value))
