"""Every fault of llm servers through the real openai client: what is raised, after how many requests."""

import gzip
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fake_time import FakeTime
from openai_server import (
    USAGE,
    OpenAIServer,
    as_json,
    completion,
    cut_short,
    drip,
    drip_headers,
    drop,
    endless,
    hang,
    payload,
    raw,
    status,
    text,
    together,
)
from pydantic import BaseModel

from core.errors import AgentHERError, BadReply, ModelUnreachable, NoAnswer, StageFailure, UserError
from core.llm import Ask, OpenAIChat, Percent, Usage

GOOD = as_json(is_valid=True, confidence=85)


class Verdict(BaseModel):
    is_valid: bool
    confidence: Percent


QUESTION = Ask("judge", "hash", "You judge.", "Is it so?", Verdict, 0.3)


@pytest.fixture
def chat_with():
    opened = []

    def make(server, model="m", **settings):
        time = FakeTime()
        chat = OpenAIChat(model, base_url=server.url, gate=time.gate(), **{"timeout": 30, **settings})
        chat.time = time
        opened.append(chat)
        return chat

    yield make
    for chat in opened:
        chat.close()


def test_a_good_answer_costs_one_request_and_counts_its_tokens(openai_server, chat_with):
    openai_server.enqueue(text(GOOD))
    reply = chat_with(openai_server).ask(QUESTION)
    assert reply.value == Verdict(is_valid=True, confidence=85)
    assert (reply.requests, reply.usage.input_tokens, reply.usage.output_tokens) == (1, 100, 20)
    [body] = openai_server.requests
    assert body["messages"] == [
        {"role": "system", "content": "You judge."},
        {"role": "user", "content": "Is it so?"},
    ]
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["response_format"]["json_schema"]["schema"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("behaviours", "requests"),
    [
        ([status(500), status(503), text(GOOD)], 3),
        ([status(429, headers={"Retry-After": "0"}), text(GOOD)], 2),
        ([status(408), text(GOOD)], 2),
        ([drop, text(GOOD)], 2),
        ([cut_short, text(GOOD)], 2),
        ([raw('{"choices": ['), text(GOOD)], 2),
        ([raw("<html>busy</html>", "text/html"), text(GOOD)], 2),
        ([payload({"hello": "world"}), text(GOOD)], 2),
        ([payload({"choices": []}), text(GOOD)], 2),
        ([payload({"error": {"message": "overloaded", "code": 429}}), text(GOOD)], 2),
        ([text(f"```json\n{GOOD}\n```")], 1),
        ([text(f"<think>{{...}}</think>Here: {GOOD}")], 1),
        ([raw("[" * 200_000, status=429, headers={"Retry-After": "0"}), text(GOOD)], 2),
        ([endless, text(GOOD)], 2),
        ([raw(gzip.compress(b" " * 8_000_000), headers={"Content-Encoding": "gzip"}), text(GOOD)], 2),
        ([raw(b"\x28\xb5\x2f\xfd", headers={"Content-Encoding": "zstd"}), text(GOOD)], 2),
        ([raw(json.dumps(completion(GOOD)), "application/json; charset=rot13")], 1),
        ([raw(gzip.compress(json.dumps(completion(GOOD)).encode()), headers={"Content-Encoding": "gzip"})], 1),
        ([text(as_json(is_valid=True, confidence=85, note="half \ud83d"))], 1),
        ([text("I am sure it is."), text(GOOD)], 2),
        ([text(as_json(is_valid="perhaps", confidence=85)), text(GOOD)], 2),
        ([text(""), text(GOOD)], 2),
        ([text(None), text(GOOD)], 2),
    ],
    ids=lambda value: None if isinstance(value, int) else str(len(value)),
)
def test_a_fault_that_passes_is_got_over(openai_server, chat_with, behaviours, requests):
    openai_server.enqueue(*behaviours)
    reply = chat_with(openai_server).ask(QUESTION)
    assert reply.value.confidence == 85
    assert reply.requests == len(openai_server.requests) == requests


@pytest.mark.parametrize(
    ("behaviour", "outcome", "requests"),
    [
        (status(500), NoAnswer, 3),
        (status(500, headers={"x-should-retry": "false"}), NoAnswer, 1),
        (status(429), NoAnswer, 3),
        (status(400, "This model's maximum context length is 8192 tokens"), StageFailure, 1),
        (status(413, "too large"), StageFailure, 1),
        (status(401, "bad key"), ModelUnreachable, 1),
        (status(403, "bad key"), ModelUnreachable, 1),
        (status(404, "no such model"), ModelUnreachable, 1),
        (status(429, "You exceeded your quota", code="insufficient_quota"), ModelUnreachable, 1),
        (raw("<html>a page</html>", "text/html"), ModelUnreachable, 3),
        (payload({"hello": "world"}), ModelUnreachable, 3),
        (payload(["hello"]), ModelUnreachable, 3),
        (payload({"choices": []}), NoAnswer, 3),
        (raw("[" * 200_000), NoAnswer, 3),
        (raw("[" * 200_000, status=500), NoAnswer, 3),
        (raw(b"", status=307, headers={"Location": "/v1/chat/completions"}), ModelUnreachable, 1),
        (status(500, "half \ud83d"), NoAnswer, 3),
        (payload({"error": "model is loading"}), NoAnswer, 3),
        (raw('{"choices": ['), NoAnswer, 3),
        (drop, NoAnswer, 3),
        (cut_short, NoAnswer, 3),
        (text("prose"), BadReply, 2),
        (text(""), BadReply, 2),
        (text(as_json(is_valid=True, confidence=10**15)), BadReply, 2),
        (text('{"is_valid": true, "conf', finish="length"), BadReply, 1),
        (text(None, refusal="I cannot help with that."), BadReply, 1),
        (text("", finish="content_filter"), BadReply, 1),
    ],
)
def test_a_fault_that_stays_ends_in_one_clear_error(openai_server, chat_with, behaviour, outcome, requests):
    openai_server.by_model["m"] = behaviour
    with pytest.raises(AgentHERError) as caught:
        chat_with(openai_server).ask(QUESTION)
    assert type(caught.value) is outcome
    assert len(openai_server.requests) == requests
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        "request (2515 tokens) exceeds the available context size (1024 tokens), try increasing it",
        "This model's maximum context length is 8192 tokens.",
    ],
)
def test_a_prompt_that_does_not_fit_says_which_setting_makes_it_shorter(openai_server, chat_with, said):
    openai_server.enqueue(status(400, said))
    with pytest.raises(StageFailure, match="--context-tokens"):
        chat_with(openai_server).ask(QUESTION)
    assert len(openai_server.requests) == 1


@pytest.mark.parametrize("behaviour", [hang, drip, drip_headers])
def test_a_server_that_never_finishes_is_left_at_the_deadline(openai_server, chat_with, behaviour):
    openai_server.by_model["m"] = behaviour
    with pytest.raises(StageFailure, match="did not answer in time"):
        chat_with(openai_server, timeout=0.3).ask(QUESTION)
    assert len(openai_server.requests) == 1


def test_a_server_that_has_moved_is_not_followed_and_the_new_address_is_named(openai_server, chat_with):
    headers = {"Location": "https://bob:secretword@new.example/v1/chat/completions"}
    openai_server.enqueue(raw(b"", status=308, headers=headers))
    with pytest.raises(ModelUnreachable, match=r"has moved .*new\.example/v1") as caught:
        chat_with(openai_server).ask(QUESTION)
    assert "secretword" not in str(caught.value)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        "none",
        {"prompt_tokens": None, "completion_tokens": 20},
        {"prompt_tokens": 100.5, "completion_tokens": 20},
        {"prompt_tokens": -1_000_000, "completion_tokens": 20},
        {"prompt_tokens": 10**30, "completion_tokens": 20},
        {"prompt_tokens": 2**63 - 1, "completion_tokens": 20},
        {"prompt_tokens": True, "completion_tokens": 20},
    ],
)
def test_an_odd_count_of_tokens_costs_no_answer_and_is_not_believed(openai_server, chat_with, usage):
    openai_server.enqueue(payload(completion(GOOD, usage=usage)))
    reply = chat_with(openai_server).ask(QUESTION)
    assert (reply.requests, reply.usage) == (1, Usage())


def test_cached_tokens_are_part_of_the_input_whatever_the_server_says(openai_server, chat_with):
    for cached, believed in ((30, 30), ("x", 0), (10**6, 100)):
        openai_server.enqueue(
            payload(completion(GOOD, usage={**USAGE, "prompt_tokens_details": {"cached_tokens": cached}}))
        )
        assert chat_with(openai_server).ask(QUESTION).usage == Usage(100, 20, believed)


def test_an_answer_that_is_paid_and_of_no_use_is_counted(openai_server, chat_with):
    openai_server.enqueue(payload({"choices": [], "usage": USAGE}), text(GOOD))
    assert chat_with(openai_server).ask(QUESTION).usage == Usage(200, 40)


def test_a_dead_address_is_named_with_what_to_do(chat_with):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        chat = OpenAIChat("m", base_url=address, timeout=5)
        with pytest.raises(ModelUnreachable, match="No model server at") as caught:
            chat.ask(QUESTION)
        chat.close()
    assert address in str(caught.value)
    assert "--base-url" in str(caught.value)


def test_a_bad_reply_carries_the_raw_text_and_the_repair_turn_shows_the_error(openai_server, chat_with):
    openai_server.enqueue(text(as_json(is_valid=True, confidence=150)), text("Sorry, it is 90."))
    with pytest.raises(BadReply) as caught:
        chat_with(openai_server).ask(QUESTION)
    assert caught.value.text == "Sorry, it is 90."
    *_, answer, repair = openai_server.requests[1]["messages"]
    assert answer == {"role": "assistant", "content": as_json(is_valid=True, confidence=150)}
    assert "confidence: Input should be less than or equal to 100, got 150" in repair["content"]


def test_a_reply_of_a_book_is_not_sent_back(openai_server, chat_with):
    openai_server.enqueue(text("x" * 300_000), text(GOOD))
    assert chat_with(openai_server).ask(QUESTION).value.confidence == 85
    assert "300,000 characters" in openai_server.requests[1]["messages"][-1]["content"]
    assert len(json.dumps(openai_server.requests[1])) < 10_000


def test_an_empty_reply_is_repaired_without_an_empty_turn(openai_server, chat_with):
    openai_server.enqueue(text(""), text(GOOD))
    chat_with(openai_server).ask(QUESTION)
    roles = [message["role"] for message in openai_server.requests[1]["messages"]]
    assert roles == ["system", "user"]


def test_retries_wait_as_long_as_the_server_asks_and_longer_each_time(openai_server, chat_with):
    chat = chat_with(openai_server)
    openai_server.enqueue(status(429, headers={"Retry-After": "7"}), text(GOOD))
    chat.ask(QUESTION)
    assert chat.time.now == pytest.approx(7)
    openai_server.enqueue(status(500), status(500), text(GOOD))
    chat.ask(QUESTION)
    assert 7 + 0.5 + 1 <= chat.time.now <= 7 + 1.5 * (0.5 + 1)


def test_a_wait_that_the_server_asks_for_is_not_time_that_the_call_takes(openai_server, chat_with):
    openai_server.enqueue(status(429, "slow down", headers={"Retry-After": "121"}), text(GOOD))
    chat = chat_with(openai_server)
    reply = chat.ask(QUESTION)
    assert chat.time.now == pytest.approx(121)
    assert (reply.requests, reply.latency_s < 30) == (2, True)


def test_a_server_that_asks_for_an_hour_ends_the_run(openai_server, chat_with):
    openai_server.by_model["m"] = status(429, "slow down", headers={"Retry-After": "3600"})
    chat = chat_with(openai_server)
    for _ in range(2):
        with pytest.raises(ModelUnreachable, match=r"slow down\. It asks to wait 3,600 s; run the same command again"):
            chat.ask(QUESTION)
    assert len(openai_server.requests) == 1


def test_a_server_that_comes_back_soon_loses_nobody_and_one_that_stays_away_ends_the_run(chat_with):
    with OpenAIServer(lambda _: GOOD) as server:
        chat = chat_with(server)
        chat.ask(QUESTION)
        server.enqueue(drop, drop)
        assert chat.ask(QUESTION).requests == 3
    for _ in range(20):
        with pytest.raises(AgentHERError) as caught:
            chat.ask(QUESTION)
        if isinstance(caught.value, ModelUnreachable):
            break
        assert caught.value.used.requests == 3
    assert "has answered nothing for" in str(caught.value)
    assert server.url in str(caught.value)
    assert 20 <= chat.time.now <= 120


def test_the_budget_of_requests_is_kept_whatever_they_are_spent_on(openai_server, chat_with):
    openai_server.enqueue(status(500), status(500), text("prose"))
    with pytest.raises(BadReply):
        chat_with(openai_server).ask(QUESTION)
    assert len(openai_server.requests) == 3
    openai_server.enqueue(status(500))
    with pytest.raises(StageFailure):
        chat_with(openai_server, max_requests=1).ask(QUESTION)
    assert len(openai_server.requests) == 4


def test_a_server_without_schemas_is_asked_for_json_and_then_for_text_and_this_is_learned_once(
    openai_server, chat_with
):
    openai_server.schema = openai_server.json_mode = False
    openai_server.answer = lambda _: GOOD
    chat = chat_with(openai_server)
    assert chat.ask(QUESTION).requests == 3
    assert chat.ask(QUESTION).requests == 1
    forms = [body.get("response_format", {}).get("type") for body in openai_server.requests]
    assert forms == ["json_schema", "json_object", None, None]
    assert '"additionalProperties": false' in openai_server.requests[-1]["messages"][0]["content"]


def test_a_refusal_in_words_of_its_own_also_leads_to_a_simpler_form(openai_server, chat_with):
    openai_server.enqueue(status(400, "Bad request"), text(GOOD), text(GOOD))
    chat = chat_with(openai_server)
    chat.ask(QUESTION)
    chat.ask(QUESTION)
    forms = [body.get("response_format", {}).get("type") for body in openai_server.requests]
    assert forms == ["json_schema", "json_object", "json_object"]


def test_a_schema_refused_with_a_500_is_not_taken_for_a_broken_server(openai_server, chat_with):
    openai_server.enqueue(status(500, "Input should be 'text' or 'json_object'"), text(GOOD))
    chat = chat_with(openai_server)
    assert chat.ask(QUESTION).requests == 2
    assert chat.time.now == 0


def test_one_bad_request_later_does_not_change_what_was_learned(openai_server, chat_with):
    openai_server.enqueue(text(GOOD), status(400, "Bad request"), text(GOOD))
    chat = chat_with(openai_server)
    chat.ask(QUESTION)
    with pytest.raises(StageFailure):
        chat.ask(QUESTION)
    chat.ask(QUESTION)
    assert {body["response_format"]["type"] for body in openai_server.requests} == {"json_schema"}


def test_a_reasoning_model_gets_its_own_parameters_after_being_asked_once(openai_server, chat_with):
    openai_server.reasoning = True
    openai_server.answer = lambda _: GOOD
    chat = chat_with(openai_server)
    assert chat.ask(QUESTION).requests == 3
    assert chat.ask(QUESTION).requests == 1
    last = openai_server.requests[-1]
    assert last["max_completion_tokens"] == 2048
    assert not {"max_tokens", "temperature"} & set(last)
    assert last["response_format"]["type"] == "json_schema"


def test_a_key_is_sent_and_a_local_server_needs_none(openai_server, chat_with):
    openai_server.answer = lambda _: GOOD
    chat_with(openai_server).ask(QUESTION)
    openai_server.key = "sk-right"
    chat_with(openai_server, api_key=" sk-right\n").ask(QUESTION)
    with pytest.raises(ModelUnreachable, match="OPENAI_API_KEY"):
        chat_with(openai_server, api_key="sk-wrong").ask(QUESTION)
    with pytest.raises(ModelUnreachable) as caught:
        chat_with(openai_server).ask(QUESTION)
    assert "sk-" not in str(caught.value)


def test_a_model_that_the_server_does_not_know_is_named(openai_server, chat_with):
    openai_server.models = {"big"}
    with pytest.raises(ModelUnreachable, match="has no model 'small'"):
        chat_with(openai_server, model="small").ask(QUESTION)


@pytest.mark.parametrize(
    "address", ["localhost:8080", "ftp://x/v1", "http://", "http://[::1", "http://x:99999/v1", "x"]
)
def test_an_address_that_cannot_be_one_is_refused_at_once(address):
    with pytest.raises(UserError, match="is no address of a model server"):
        OpenAIChat("m", base_url=address)


def test_a_key_that_no_header_can_carry_is_refused_without_showing_it():
    with pytest.raises(UserError) as caught:
        OpenAIChat("m", api_key="sk-ключ")
    assert "ключ" not in str(caught.value)


def test_many_threads_share_one_client(openai_server, chat_with):
    openai_server.by_model["m"] = together(16, GOOD)
    chat = chat_with(openai_server)
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: chat.ask(QUESTION), range(16)))
    assert [reply.value.confidence for reply in replies] == [85] * 16
    assert openai_server.peak == 16


def test_threads_that_meet_a_new_server_at_once_all_get_through(openai_server, chat_with):
    openai_server.schema = False
    openai_server.answer = lambda _: GOOD
    chat = chat_with(openai_server)
    start = threading.Barrier(8)

    def ask(_):
        start.wait()
        return chat.ask(QUESTION).requests

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(ask, range(8))) <= 2
    assert chat.ask(QUESTION).requests == 1


def test_half_a_surrogate_pair_in_a_prompt_does_not_break_the_request(openai_server, chat_with):
    from core.prompts import render

    steps = [{"number": 1, "parts": [{"label": "observation", "text": "a\ud800b\x00"}]}]
    prompt = render("extract", steps=steps, window=1, windows=1)
    openai_server.enqueue(text(GOOD))
    ask = Ask("judge", "hash", prompt.system, prompt.user, Verdict, 0.3)
    assert chat_with(openai_server).ask(ask).requests == 1
