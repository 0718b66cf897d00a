"""A chat that asks nobody: it notes what would be asked and answers from what the rules found.

The stages themselves make the prompts, so an estimate cannot drift from them. Its answers only have
to be of the right form and length; nothing of them is kept.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.errors import BadReply
from core.llm import Ask, Reply, parse_reply
from core.llm.chat import T
from core.llm.reply import strict_schema
from core.models import FailedTrajectory, RelabeledData, ReplayOutcome
from core.prices import Usage
from core.prompts import tokens_of
from core.settings import PipelineConfig
from core.stages.detect import detect
from core.stages.extract import extract
from core.stages.relabel import relabel

_SENTENCE = "The results of the calls show it, as the quoted words say."


@dataclass(frozen=True)
class Noted:
    """One call that a run would make, with estimated tokens."""

    stage: str
    model: str
    usage: Usage


@dataclass(frozen=True)
class StandIn:
    """Stands for `model`. `accepts`: whether its judge says yes; `noted` collects the calls of all stand-ins.

    `stored` gives the reply to a call that was paid for already, by request hash.
    """

    model: str
    name: str
    hints: Mapping[str, Any]
    accepts: bool
    noted: list[Noted]
    stored: Callable[[str], str | None]

    def ask(self, question: Ask[T]) -> Reply[T]:
        """Give an answer of the form that is asked for."""
        if known := self.stored(question.request_hash(self.name)):
            with suppress(BadReply):
                return Reply(parse_reply(known, question.reply), known, self.model, requests=0)
        schema = strict_schema(question.reply)
        said = {**self.hints, "is_valid": self.accepts if question.stage == "judge" else True}
        # No two attempts are alike, as with a model; a judge is not asked twice about the same one.
        said["hindsight_prompt"] = f"{said['hindsight_prompt']}{'.' * len(self.noted)}"
        try:
            value = question.reply.model_validate(_filled(schema, schema, said))
        except ValueError as error:
            raise BadReply(f"the stand-in knows no answer of this form: {error}", text="") from None
        text = value.model_dump_json()
        read = tokens_of(f"{question.system}{question.user}{schema}")
        self.noted.append(Noted(question.stage, self.model, Usage(read, tokens_of(text))))
        return Reply(value, text, self.model)


def hints_for(run: FailedTrajectory, settings: PipelineConfig) -> dict[str, Any]:
    """What a model might say of a run, by field name, taken from what the rules say of it."""
    rules = settings.model_copy(update={"model": None})
    analysis = detect(run, None, rules)
    outcome = extract(run, analysis, None, rules)
    relabeled = relabel(run, analysis, outcome, None, (), rules)
    attempt = relabeled.attempt if isinstance(relabeled, RelabeledData) else None
    return {
        "is_failure": True,
        "recoverable": True,
        "severity": 20,
        "confidence": 90,
        "hindsight_prompt": attempt.hindsight_prompt if attempt else "What do the results of these calls show?",
        "final_answer": attempt.final_answer if attempt else "",
        "first_step": attempt.first_step if attempt else 1,
        "last_step": attempt.last_step if attempt else len(run.steps),
        "claims": _claims(outcome),
    }


def _claims(outcome: ReplayOutcome) -> list[dict[str, Any]]:
    return [
        {"text": claim.text, "step": claim.evidence[0].step, "quote": claim.evidence[0].quote}
        for claim in outcome.achievements
        if claim.evidence
    ]


def _filled(  # noqa: PLR0911 - one line a kind
    schema: Mapping[str, Any], root: Mapping[str, Any], hints: Mapping[str, Any], name: str = ""
) -> Any:
    """A value that fits `schema`: hints where a field of that name fits, else the plainest thing."""
    if "$ref" in schema:
        return _filled(root["$defs"][schema["$ref"].rpartition("/")[2]], root, hints, name)
    if "anyOf" in schema:
        return _filled(schema["anyOf"][0], root, hints, name)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {field: _filled(part, root, hints, field) for field, part in schema.get("properties", {}).items()}
        case "array":
            return _list(schema["items"], root, hints)
        case "string":
            return hints.get(name, _SENTENCE)
        case "boolean":
            return hints.get(name, True)
        case "integer" | "number":
            return hints.get(name, schema.get("minimum", 1))
    return None


def _list(items: Mapping[str, Any], root: Mapping[str, Any], hints: Mapping[str, Any]) -> list[Any]:
    """One item, but a claim for each that the rules found."""
    inner = root["$defs"][items["$ref"].rpartition("/")[2]] if "$ref" in items else items
    if "quote" in inner.get("properties", {}):
        return [_filled(inner, root, {**hints, **claim}) for claim in hints["claims"]]
    return [_filled(inner, root, hints)]
