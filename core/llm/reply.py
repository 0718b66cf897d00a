"""From the words of a model to the value that was asked for, and the schema that asks for it.

Models wrap their JSON in thoughts, fences and prose, leave commas hanging and write "85%". All of
that is read. What is not guessed at: two *different* objects that both fit, or one beside another that
is cut off (which one did it mean?), and anything that the reply model refuses. Those go back to the
model once, with the reason. A reply is text from a stranger: reading it takes time in proportion to
its length, and its length has a limit.
"""

import json
import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError

from core.errors import BadReply
from core.models import all_visible

T = TypeVar("T", bound=BaseModel)

_THOUGHTS = re.compile(r"^.*</think(?:ing)?>|<think(?:ing)?>.*\Z", re.DOTALL | re.IGNORECASE)
# A string that is never closed reaches to the end: looked for again from each of its quotes, it would cost minutes.
_HANGING_COMMA = re.compile(r'("(?:\\.|[^"\\])*+"?)|,(?=\s*[}\]])', re.DOTALL)
_OBJECT = re.compile(r'\{\s*"')  # what begins like an object of JSON, unlike the braces of prose
_MOST_STARTS = 64  # opening braces tried: a reply that is all braces must not cost seconds
_LONGEST = 200_000  # characters of a reply, its thoughts not counted
_LONGEST_TEXT = 20_000  # characters of one text in it
_MOST_ERRORS = 5


def _percent(value: Any) -> Any:
    """85, 85.0, "85", "85%", 0.85 and "0.85" all mean 85; a whole 1 means one percent, 1.0 certainty."""
    if isinstance(value, bool):
        raise ValueError("must be a whole number from 0 to 100")  # noqa: TRY004  pydantic reports ValueErrors
    has_sign = isinstance(value, str) and "%" in value
    if isinstance(value, str):
        text = value.strip(" %")
        value = float(text) if has_sign or "." in text else int(text)
    if not isinstance(value, float) or not math.isfinite(value):
        return value
    return round(value * 100) if 0 <= value <= 1 and not has_sign else round(value)


# A confidence as models are asked for it: a whole number. Servers that constrain the output to a
# schema keep integer bounds but not float bounds, and small models then write 1000000000000000.
Percent = Annotated[int, Field(ge=0, le=100), BeforeValidator(_percent)]


def _no_book(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"must have at most {_LONGEST_TEXT:,} characters")
    return text


# A text that a model supplies. Its limit stands in no schema: strict servers refuse `maxLength`.
Words = Annotated[str, AfterValidator(_no_book)]


class Unreadable(ValueError):
    """A reply that does not hold the value asked for; the message says why, in words for the model."""


def read_reply(text: str, reply: type[T]) -> T:
    """Read the `reply` value that `text` holds. Raises `Unreadable`."""
    answer = _THOUGHTS.sub("", text).strip()
    if not answer:
        raise Unreadable("the reply was empty")
    if len(answer) > _LONGEST:
        raise Unreadable(f"the reply has {len(answer):,} characters; it may have {_LONGEST:,}")
    found: list[T] = []
    problem = "the reply holds no JSON object"
    for data in _objects(answer):
        try:
            found.append(reply.model_validate(data))
        except ValidationError as error:
            problem = _errors(error)
    if not found:
        raise Unreadable(problem)
    if any(value != found[0] for value in found[1:]):
        raise Unreadable("the reply holds different JSON objects; it must be exactly one")
    return found[0]


def parse_reply(text: str, reply: type[T]) -> T:
    """Read a reply that gets no second chance, such as a stored one. Raises `BadReply`."""
    try:
        return read_reply(text, reply)
    except Unreadable as problem:
        raise BadReply(str(problem), text=text) from None


@cache
def strict_schema(reply: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of `reply` as strict servers want it: closed objects, every field required.

    It is shared between all who ask: not to be changed.
    """
    schema = _strict(reply.model_json_schema())
    assert isinstance(schema, dict)
    return schema


def form_request(reply: type[BaseModel]) -> str:
    """Return the words that stand in for a schema where the server takes none."""
    schema = json.dumps(strict_schema(reply), ensure_ascii=False)
    return f"Answer with one JSON object and nothing else. It must fit this JSON schema:\n{schema}"


def repair_request(problem: str, reply: type[BaseModel]) -> str:
    """Return the one turn that gives a model its mistake back."""
    return f"Your reply could not be used: {problem}.\n{form_request(reply)}"


def _objects(text: str) -> Iterator[Any]:
    """Every outermost JSON object in `text`, in order. Raises `Unreadable` where one is broken beside a whole one.

    A judge that quotes "yes" out of the run, and whose own "no" is cut off, has not said yes.
    """
    whole = broken = False
    text = text[text.find("{") :] if "{" in text else ""
    for _ in range(_MOST_STARTS):
        if not text:
            return
        try:
            data, end, text = _object_at_start(text)
            whole = True
            yield data
        except Unreadable:
            raise
        except (ValueError, RecursionError):
            broken = broken or whole or bool(_OBJECT.match(text))
            end = 1
        if whole and broken:
            raise Unreadable("a JSON object in the reply is broken; the reply must be exactly one")
        start = text.find("{", end)
        text = text[start:] if start >= 0 else ""
    if whole and text:
        raise Unreadable("the reply holds too many braces; it must be exactly one JSON object")


def _object_at_start(text: str) -> tuple[Any, int, str]:
    """(The object that `text` begins with, where it ends, the text in which that counts)."""
    try:
        data, end = _DECODER.raw_decode(text)
    except ValueError:
        text = _HANGING_COMMA.sub(lambda match: match.group(1) or "", text)
        data, end = _DECODER.raw_decode(text)
    return all_visible(data), end, text


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a "no" and a "yes" under one name, the last one would win."""
    if len(dict(pairs)) < len(pairs):
        raise Unreadable("a key stands twice in one JSON object")
    return dict(pairs)


# Models put raw line breaks into strings.
_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_each_key_once)


def _errors(error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_url=False)[:_MOST_ERRORS]:
        place = ".".join(str(part) for part in item["loc"]) or "the object"
        lines.append(f"{place}: {item['msg']}" + ("" if item["type"] == "missing" else f", got {item['input']!r:.80}"))
    return "; ".join(lines)


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": node["$ref"]}  # strict servers refuse a reference with neighbours
    kept = {key: _strict(value) for key, value in node.items() if key not in ("default", "title") or key == "$defs"}
    if node.get("type") == "object" and "properties" in node:
        # Walked here, not above, so that a field may itself be called `title` or `default`.
        kept["properties"] = {name: _strict(value) for name, value in node["properties"].items()}
        kept["required"] = list(node["properties"])
        kept["additionalProperties"] = False
    return kept
