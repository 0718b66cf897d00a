"""A key, a token or a password of a run stands in no request of the rules, and lets no proposal in unseen."""

import pytest
from rule_runs import call, run

from core.models import Attempt, QueueReason, SecondJudgeVerdict
from core.settings import PipelineConfig
from core.stages.detect import detect_with_rules
from core.stages.grounding import check_prompt
from core.stages.relabel import relabel_with_rules, why_not

KEY = "sk-proj-abcdefghijklmnopqrstuvwx"
SECRETS = [
    ({"api_key": "abcd1234efgh"}, "abcd1234efgh", ("password",)),
    ({"password": "hunter22"}, "hunter22", ("password",)),
    ({"token": "tok-998877"}, "tok-998877", ("password",)),
    ({"auth": {"github_token": "x", "accessToken": "zz9911aa"}}, "zz9911aa", ("password",)),
    ({"header": KEY}, KEY, ("api_key",)),
]


def weather(arguments, result="Sunny, 21 degrees in Oslo."):
    return run("What is the weather?", call("get_weather", {"city": "Oslo", **arguments}, result), answer=result)


def attempts_of(one):
    return relabel_with_rules(one, detect_with_rules(one))


@pytest.mark.parametrize(("arguments", "secret", "kinds"), SECRETS)
def test_a_secret_among_the_arguments_is_not_told_nor_asked_for(arguments, secret, kinds):
    one = weather(arguments)
    attempts = attempts_of(one)
    assert attempts and all("Oslo" in attempt.hindsight_prompt for attempt in attempts)
    assert not any(secret in attempt.model_dump_json() for attempt in attempts)
    assert check_prompt(f"Weather in Oslo, with {secret}", one).secrets == kinds


@pytest.mark.parametrize(("command", "output"), [
    (f"curl -s https://example.com/v1 -H 'Authorization: Bearer {KEY}' > out.json && wc -l out.json", "12 out.json"),
    (f"grep -r '{KEY}' /srv", f"/srv/a.py: {KEY}"),
])  # fmt: skip
def test_a_command_with_a_key_becomes_no_request_that_holds_it(command, output):
    one = run("Do it.", call("bash", {"command": command}, output))
    assert not any(KEY in attempt.hindsight_prompt for attempt in attempts_of(one))


@pytest.mark.parametrize(("request_", "answer"), [
    (f"Use {KEY} for Oslo.", "Sunny."), ("Oslo, please.", f"It is {KEY}."),
])  # fmt: skip
def test_a_proposal_with_a_secret_waits_for_a_person_however_sure_the_judge_is(request_, answer):
    one = weather({"header": KEY})
    sure = Attempt(
        hindsight_prompt=request_,
        confidence=1.0,
        last_step=1,
        final_answer=answer,
        grounding=check_prompt(request_, one, final_answer=answer),
        verdict=SecondJudgeVerdict(is_valid=True, confidence=1.0),
    )
    assert why_not(sure, PipelineConfig(min_confidence=0.0)) is QueueReason.HOLDS_SECRET


def test_an_email_address_is_personal_but_no_secret():
    one = weather({"user_email": "anna@corp.example.com"})
    assert check_prompt("The weather for anna@corp.example.com", one).secrets == ()
