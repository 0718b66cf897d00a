"""Whatever a server says back, no key and no password leaves `core.llm`."""

import base64

import pytest
from openai_server import payload, raw, status, text
from pydantic import BaseModel, SecretStr

from core.errors import AgentHERError, BadReply, UserError
from core.llm import Ask, OpenAIChat, build_chats
from core.llm.secrets import Hide, secrets_of
from core.settings import PipelineConfig

MAIN, JUDGE = "main-key-0123456789", "judge-key-9876543210"


class Verdict(BaseModel):
    is_valid: bool


QUESTION = Ask("judge", "hash", "You judge.", "Is it so?", Verdict, 0.3)
ECHO = f"You sent 'Authorization: Bearer {MAIN}', not {JUDGE} or sk-proj-abc123XYZ"


@pytest.mark.parametrize(
    "behaviour",
    [
        status(401, ECHO),
        status(400, ECHO),
        status(500, ECHO),
        status(404, ECHO),
        status(429, ECHO, code="insufficient_quota"),
        payload({"error": {"message": ECHO}}),
        status(400, "x" * 280 + f" the key was {MAIN}"),  # cut off in the middle of the key
        text(f"I was asked with {ECHO}"),
        text(None, refusal=ECHO),
        raw(f"<html>{ECHO}</html>", "text/html"),
    ],
)
@pytest.mark.parametrize("place", [0, 1], ids=["writer", "judge"])
def test_a_key_that_a_server_echoes_is_in_no_fault(openai_server, behaviour, place):
    openai_server.by_model = {"m": behaviour, "j": behaviour}
    config = PipelineConfig(
        model="m",
        judge_model="j",
        base_url=openai_server.url,
        api_key=SecretStr(MAIN),
        judge_api_key=SecretStr(JUDGE),
        max_requests=1,
    )
    writer, judges = build_chats(config)
    chat = [writer, *judges][place]
    with pytest.raises(AgentHERError) as caught:
        chat.ask(QUESTION)
    chat.close()
    error = caught.value
    said = f"{error} {error.text if isinstance(error, BadReply) else ''}"
    assert not [secret for secret in (MAIN, MAIN[:12], JUDGE, "sk-proj", "abc123XYZ") if secret in said]
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_a_good_answer_that_echoes_the_key_is_read_and_stored_without_it(openai_server):
    openai_server.enqueue(text('{"is_valid": true, "reason": "you sent Bearer main-key-0123456789"}'))
    chat = OpenAIChat("m", base_url=openai_server.url, api_key=MAIN)
    reply = chat.ask(QUESTION)
    chat.close()
    assert reply.value.is_valid
    assert MAIN not in reply.text
    assert "Bearer ***" in reply.text


@pytest.mark.parametrize("text", ["pk-" * 60_000, "eyJ-" * 40_000, "sk-" * 60_000])
def test_hiding_takes_time_in_proportion_to_the_text(text):
    Hide([])(text)  # minutes, if each place were looked at to the end


def test_an_address_with_a_password_works_and_is_shown_without_it(openai_server):
    address = openai_server.url.replace("http://", "http://anna:s3cret%21pass@")
    openai_server.enqueue(text('{"is_valid": true}'))
    chat = OpenAIChat("m", base_url=address, max_requests=1)
    assert chat.ask(QUESTION).value.is_valid
    account = base64.b64encode(b"anna:s3cret!pass").decode()
    assert openai_server.headers[0]["Authorization"] == f"Basic {account}"
    for words in (f"Basic {account} is wrong", "s3cret%21pass is wrong", "s3cret!pass is wrong"):
        openai_server.enqueue(status(401, words))
        with pytest.raises(AgentHERError) as caught:
            chat.ask(QUESTION)
        assert "http://anna:***@127.0.0.1" in str(caught.value)
        assert "*** is wrong" in str(caught.value)
    chat.close()


@pytest.mark.parametrize("address", ["ftp://anna:s3cret@host/v1", "anna:s3cret@host", "http://anna:s3/cret@host:x"])
def test_an_address_that_cannot_be_one_is_refused_without_its_password(address):
    with pytest.raises(UserError, match="is no address of a model server") as caught:
        OpenAIChat("m", base_url=address)
    assert "cret" not in str(caught.value)
    assert "anna:***@" in str(caught.value)


def test_words_that_are_no_secret_stay():
    hide = Hide(secrets_of("none", "http://127.0.0.1:8080/v1"))
    said = "Nonetheless the task-force says bearer authentication is missing: nonesuch; ask-me-later, hf_hub_download"
    assert hide(said) == said.replace("bearer authentication", "bearer ***")
    assert hide("the key none is wrong") == "the key *** is wrong"
    assert hide.in_answer("the word none, and sk-learn") == "the word none, and sk-learn"
    assert hide("Bearer abcdefgh1234= and eyJhbGciOiJIUzI1NiJ9.e30.x") == "Bearer *** and ***"


def test_two_judges_that_are_one_are_refused():
    here = "http://127.0.0.1:9/v1"
    with pytest.raises(UserError, match="Two of the judges are one"):
        build_chats(PipelineConfig(model="m", base_url=f"{here}/", judge_model=("m", f"m@{here}")))
