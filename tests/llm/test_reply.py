"""Reading replies: what models wrap their JSON in, and what must not be guessed at."""

import json
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from core.errors import BadReply
from core.llm import Percent, Words, parse_reply
from core.llm.reply import Unreadable, read_reply, strict_schema
from core.models import visible


class Verdict(BaseModel):
    is_valid: bool
    confidence: Percent
    reason: Words = ""


@pytest.mark.parametrize(
    "text",
    [
        '{"is_valid": true, "confidence": 85}',
        '```json\n{"is_valid": true, "confidence": 85}\n```',
        'Sure! Here it is:\n{"is_valid": true, "confidence": 85}\nAnything else?',
        '<think>First {"is_valid": false, "confidence": 1}, no.</think>{"is_valid": true, "confidence": 85}',
        'no opening tag {"is_valid": false, "confidence": 1} </think> {"is_valid": true, "confidence": 85}',
        '{"is_valid": true, "confidence": 85,}',
        '{"is_valid": true, "confidence": "85%"}',
        '{"is_valid": true, "confidence": 85} {"is_valid": true, "confidence": 85}',
        '{"note": "thinking"} {"is_valid": true, "confidence": 85}',
        '[{"is_valid": true, "confidence": 85}]',
        'set {x} then {"is_valid": true, "confidence": 85}',
        '\ufeff{"is_valid": true, "confidence": 85, "extra": [1, 2,]}',
    ],
)
def test_json_is_found_in_what_models_put_round_it(text):
    value = read_reply(text, Verdict)
    assert (value.is_valid, value.confidence) == (True, 85)


def test_strings_keep_their_commas_braces_and_line_breaks():
    value = read_reply('{"is_valid": true, "confidence": 1, "reason": "a,}\n{b, ] \\" ,}"}', Verdict)
    assert value.reason == 'a,}\n{b, ] " ,}'


def test_what_no_database_can_hold_is_replaced():
    value = read_reply('{"is_valid": true, "confidence": 1, "reason": "a \\ud83d b \\u0000 \\ud83d\\ude00"}', Verdict)
    assert value.reason == "a \ufffd b \u2400 \U0001f600"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("<think>It never ends", "empty"),
        ("I think it is fine.", "no JSON object"),
        ('{"is_valid": true', "no JSON object"),
        ('{"is_valid": true}', "confidence: Field required"),
        ('{"is_valid": true, "confidence": 101}', "less than or equal to 100, got 101"),
        ('{"is_valid": true, "confidence": true}', "must be a whole number from 0 to 100"),
        ('{"is_valid": true, "confidence": "very"}', "confidence"),
        ('{"is_valid": true, "confidence": Infinity}', "finite"),
        ('{"is_valid": true, "confidence": 9} {"is_valid": false, "confidence": 9}', "different JSON objects"),
        ("{" * 100_000, "no JSON object"),
        ('{"a":' * 30_000, "no JSON object"),
        ('{"reason": "' + '\\"' * 60_000, "no JSON object"),
        ("{" + '"a": 1, ' * 30_000, "may have 200,000"),
        ('{"is_valid": true, "confidence": 1, "reason": "' + "x" * 20_001 + '"}', "reason: .*at most 20,000"),
        ('It holds {"is_valid": true, "confidence": 99}. I say {"is_valid": false, "conf', "is broken"),
        ('I say {"is_valid": false, "confidence": 5 - it holds {"is_valid": true, "confidence": 99}', "is broken"),
        ('{"is_valid": true, "confidence": 99} {is_valid: false}', "is broken"),
        ('{"is_valid": false, "confidence": 5, "is_valid": true}', "a key stands twice"),
        ('{"is_valid": true, "confidence": 99}' + "{}" * 80 + '{"is_valid": false, "confidence": 5}', "braces"),
    ],
)
def test_what_cannot_be_read_says_why(text, problem):
    with pytest.raises(Unreadable, match=problem):
        read_reply(text, Verdict)


@pytest.mark.parametrize(
    ("written", "percent"),
    [("85", 85), ("85.0", 85), ("0.85", 85), ('"0.85"', 85), ('" 85 % "', 85), ("0", 0), ("1", 1), ("1.0", 100)],
)
def test_a_confidence_is_read_however_it_is_written(written, percent):
    assert read_reply(f'{{"is_valid": true, "confidence": {written}}}', Verdict).confidence == percent


@given(st.integers(0, 100), st.text(), st.text(alphabet=st.characters(exclude_characters="{}<>")))
def test_any_reply_survives_prose_and_a_fence_around_it(confidence, reason, prose):
    value = Verdict(is_valid=False, confidence=confidence, reason=visible(reason))
    written = json.dumps(value.model_dump(), indent=1)
    assert read_reply(f"{prose}\n```json\n{written}\n```\n{prose}", Verdict) == value


@given(st.text())
def test_any_text_is_read_or_refused_but_never_breaks(text):
    with pytest.raises(BadReply) as caught:
        parse_reply(text, Verdict)
    assert caught.value.text == text


class Kind(StrEnum):
    A = "a"


class Part(BaseModel):
    title: str
    kind: Kind | None = None


class Whole(BaseModel):
    default: int = 3
    parts: list[Part] = []


def test_a_strict_schema_closes_every_object_and_requires_every_field():
    schema = strict_schema(Whole)
    part = schema["$defs"]["Part"]
    assert schema["additionalProperties"] is part["additionalProperties"] is False
    assert schema["required"] == ["default", "parts"]
    assert part["required"] == ["title", "kind"]
    assert part["properties"]["title"] == {"type": "string"}
    assert schema["properties"]["default"] == {"type": "integer"}
