"""Secrets and personal data are found by their form and check digits, and masked wherever they stand."""

import json

import pytest
from filled import fill, make_result, make_run
from verdicts import rows_of

from core.export import ExportRequest, export
from core.export.masking import Masks
from core.models import OutputFormat
from core.personal import find_personal
from core.settings import PipelineConfig
from core.stages.augment import augment
from core.store import open_store

FOUND = [
    ("write to anna.b+x@corp.example.com now", "email", "anna.b+x@corp.example.com"),
    ("card 4111 1111 1111 1111.", "card", "4111 1111 1111 1111"),
    ("5500-0000-0000-0004", "card", "5500-0000-0000-0004"),
    ("IBAN DE89 3704 0044 0532 0130 00 please", "iban", "DE89 3704 0044 0532 0130 00"),
    ("to GB82WEST12345698765432", "iban", "GB82WEST12345698765432"),
    ("call +1 415-555-2671", "phone", "+1 415-555-2671"),
    ("call (415) 555-2671", "phone", "(415) 555-2671"),
    ("key AKIAIOSFODNN7EXAMPLE", "api_key", "AKIAIOSFODNN7EXAMPLE"),
    ("sk-proj-abcdefghijklmnopqrstuvwx", "api_key", "sk-proj-abcdefghijklmnopqrstuvwx"),
    ('{\\"password\\": \\"hunter22\\"}', "password", "hunter22"),
    ("postgres://user:s3cret@host/db", "password", "s3cret"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "private_key", None),
]
NOT_FOUND = [
    "order #W1234567 of product 9523456873 at 1700000000000",
    "4111 1111 1111 1112",
    "DE88 3704 0044 0532 0130 00",
    "0.4111111111111111 and 192.168.100.100 on 2024-05-15T10:11:12",
    "git clone git@github.com:owner/name.git",
    "password: str, api_key = None, token=get_token(), secret='string'",
    "the password is wrong; api_key=${API_KEY}",
]


@pytest.mark.parametrize(("text", "kind", "what"), FOUND)
def test_each_kind_is_found_where_it_stands(text, kind, what):
    assert [(text[start:end], found) for start, end, found in find_personal(text)] == [(what or text, kind)]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_one_is_left_alone(text):
    assert not find_personal(text)


def test_the_same_text_has_the_same_mask_in_any_spelling():
    masks = Masks()
    assert masks.text("a@b.example or A@B.example, not c@b.example") == "[EMAIL_1] or [EMAIL_1], not [EMAIL_2]"
    assert masks.text("4111111111111111 = 4111 1111 1111 1111") == "[CARD_1] = [CARD_1]"
    masks.count(
        [{"text": "[EMAIL_1] or [EMAIL_1], not [EMAIL_2], [CARD_1] = [CARD_1] and a [CARD_7] of the run's own"}]
    )
    assert masks.report() == {"card": {"found": 2, "different": 1}, "email": {"found": 3, "different": 2}}


def test_a_key_has_the_mask_of_the_request_also_where_only_its_name_in_the_call_tells_it():
    masks, key = Masks(), "sk-proj-abcdefghijklmnopqrstuvwx"
    run, made = make_run(1), make_result(make_run(1))
    step = run.steps[0].model_copy(update={"action_input": {"api_key": key}})
    attempt = made.relabeled.attempt.model_copy(update={"hindsight_prompt": f"Look it up with {key}."})
    sample = augment(run.model_copy(update={"steps": (step,)}), attempt, None, metadata={})
    masked = masks.sample(sample).messages
    assert masked[0].content == "Look it up with [API_KEY_1]."
    assert masked[1].tool_calls[0].arguments == {"api_key": "[API_KEY_1]"}


def private_run():
    run = make_run(2)
    step = run.steps[0].model_copy(
        update={
            "thought": "The user is ann@corp.example.",
            "action_input": {
                "user": {"mail": "ann@corp.example"},
                "ann@corp.example": [None, 1],
                "password": "x7-z8-q9",
            },
            "observation": run.steps[0].observation + ' {"mail": "Ann@corp.example", "card": "4111111111111111"}',
        }
    )
    return run.model_copy(update={"steps": (step,), "system_prompt": "Ask bob@corp.example."})


@pytest.mark.parametrize("output_format", [OutputFormat.SFT, OutputFormat.SHAREGPT, OutputFormat.OPENAI])
def test_redacted_rows_hold_none_of_it_and_the_manifest_counts_it(tmp_path, output_format):
    with open_store(tmp_path / "t.db", create=True) as store:
        fill(store, [(private_run(), make_result(private_run(), score=0.9))])
        for redact in (False, True):
            request = ExportRequest(output_format, include_auto=True, redact=redact)
            export(store, PipelineConfig(), request, tmp_path / str(redact))
    secrets = ("ann@corp.example", "Ann@corp.example", "bob@corp.example", "4111111111111111", "x7-z8-q9")
    plain, masked = ((tmp_path / name / "train.jsonl").read_text() for name in ("False", "True"))
    assert [secret for secret in secrets if secret not in plain] == []
    assert [secret for secret in secrets if secret in masked] == []
    assert masked.count("[EMAIL_2]") == plain.casefold().count("ann@corp.example")
    for name in ("False", "True"):
        said = json.loads((tmp_path / name / "manifest.json").read_text())["personal_data"]
        assert (said["masked"], said["samples"]) == (name == "True", 1)
        assert said["kinds"]["email"] == {"found": 7, "different": 2}, (
            "also as the name of an argument and of its inferred type"
        )
        assert said["kinds"]["card"] == said["kinds"]["password"] == {"found": 1, "different": 1}
    if output_format is OutputFormat.SFT:
        [row] = rows_of(tmp_path / "True").values()
        call = next(m for m in row["messages"] if m.get("tool_calls"))["tool_calls"][0]
        assert call["id"] == f"call_{private_run().key}_1"


def test_personal_data_counts_where_it_leaves_in_a_row_and_nowhere_else(tmp_path):
    run = make_run(1).model_copy(update={"final_answer": "Ask zoe@corp.example."})
    no_pair = private_run().model_copy(update={"final_answer": ""})
    with open_store(tmp_path / "t.db", create=True) as store:
        fill(store, [(made, make_result(made, score=0.9)) for made in (run, no_pair)])
        kinds = {}
        for output_format in (OutputFormat.SFT, OutputFormat.DPO):
            path = tmp_path / output_format
            export(store, PipelineConfig(), ExportRequest(output_format, include_auto=True), path)
            kinds[output_format] = json.loads((path / "manifest.json").read_text())["personal_data"]["kinds"]
            assert ("zoe@corp.example" in (path / "train.jsonl").read_text()) is (output_format is OutputFormat.DPO)
    assert kinds[OutputFormat.SFT]["email"]["different"] == 2, "the old answer is in no row of this format"
    assert kinds[OutputFormat.DPO] == {"email": {"found": 1, "different": 1}}, (
        "and the run without a pair is not either"
    )
