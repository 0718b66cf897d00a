"""Several judges over one attempt: the rule, abstentions, and what is kept of each."""

import itertools

import pytest

from core.errors import ModelUnreachable, StageFailure
from core.llm import ScriptedChat
from core.models import QueueReason, SecondJudgeVerdict
from core.prompts import Prompt
from core.settings import JudgeRule
from core.stages.relabel.panel import ask_judges, together

PROMPT = Prompt("judge", "system", "user", "hash")
YES = {"is_valid": True, "confidence": 80, "reason": "all there"}
NO = {"is_valid": False, "confidence": 30, "reason": "half of it"}
ANSWERS = {"yes": YES, "no": NO, "abstains": "Well, it depends."}
SAYS = {"yes": True, "no": False, "abstains": None}


def verdict(says, number):
    sure = {"yes": 0.9 - number / 10, "no": 0.1 + number / 10, "abstains": None}[says]
    return SecondJudgeVerdict(is_valid=SAYS[says], confidence=sure, judge=f"j{number}", reason=says)


def expected(votes, rule):
    """What the rule says, in words of its own."""
    yes, no, all_of_them = votes.count("yes"), votes.count("no"), len(votes)
    if rule is JudgeRule.ALL:
        return False if no else True if yes == all_of_them else None
    return True if 2 * yes > all_of_them else False if 2 * no > all_of_them else None


@pytest.mark.parametrize("rule", list(JudgeRule))
@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_every_vote_of_two_to_five_judges_is_counted_as_the_rule_says(rule, count):
    for votes in itertools.product(SAYS, repeat=count):
        given = [verdict(says, number) for number, says in enumerate(votes)]
        found = together(given, rule)
        assert found.is_valid is expected(votes, rule)
        carried = [one.confidence for one in given if one.is_valid is found.is_valid is not None]
        assert found.confidence == (min(carried) if carried else None)


@pytest.mark.parametrize(("rubric", "names"), [
    ([{"name": " Right\ncity ", "score": "80%", "reason": "It is Bern."}], ["Right city"]),
    ([{"name": "a", "score": 10}] * 5, ["a"] * 3),
    ([{"name": "a", "score": 10_000}], []),
    ("good", []),
])  # fmt: skip
def test_a_judge_rates_up_to_three_dimensions_and_an_odd_rubric_costs_no_verdict(rubric, names):
    found, _ = ask_judges(PROMPT, [ScriptedChat([{**YES, "rubric": rubric}])], rule=JudgeRule.ALL)
    assert found.is_valid is True
    assert [score.name for score in found.rubric] == names


def test_each_judge_is_asked_the_same_alone_and_its_own_verdict_is_kept():
    judges = [ScriptedChat([YES], model="a"), ScriptedChat([NO], model="b"), ScriptedChat(["prose"], model="c")]
    found, each = ask_judges(PROMPT, judges, rule=JudgeRule.MAJORITY)
    assert found.is_valid is None
    assert [(one.judge, one.is_valid, one.confidence) for one in each] == [
        ("a", True, 0.8),
        ("b", False, 0.3),
        ("c", None, None),
    ]
    assert {(ask.system, ask.user, ask.temperature) for judge in judges for ask in judge.asked} == {
        ("system", "user", 0.0)
    }
    assert found.judge == "a + b + c"
    assert "b says no: half of it" in found.reason
    assert "c abstains: No usable answer" in found.reason


def test_one_judge_is_no_panel():
    found, each = ask_judges(PROMPT, [ScriptedChat([YES], model="a")], rule=JudgeRule.ALL)
    assert (found.judge, found.is_valid, found.reason, each) == ("a", True, "all there", ())


@pytest.mark.parametrize("rule", list(JudgeRule))
def test_all_judges_are_asked_also_after_a_no(rule):
    judges = [ScriptedChat([NO]), ScriptedChat([YES]), ScriptedChat([StageFailure("HTTP 500")])]
    ask_judges(PROMPT, judges, rule=rule)
    assert [len(judge.asked) for judge in judges] == [1, 1, 1]


def test_a_judge_that_cannot_be_reached_abstains_while_the_others_can_still_decide():
    gone = ModelUnreachable("No model server at http://127.0.0.1:9/v1")
    votes = [ScriptedChat([YES], model="a"), ScriptedChat([gone], model="b"), ScriptedChat([YES], model="c")]
    found, each = ask_judges(PROMPT, votes, rule=JudgeRule.MAJORITY)
    assert found.is_valid is True
    assert each[1].is_valid is None
    assert "Could not be reached" in each[1].reason


@pytest.mark.parametrize(
    ("rule", "answers"),
    [
        (JudgeRule.ALL, [YES, ModelUnreachable("gone"), YES]),
        (JudgeRule.MAJORITY, [ModelUnreachable("gone"), YES, ModelUnreachable("gone")]),
        (JudgeRule.ALL, [ModelUnreachable("gone")]),
    ],
)
def test_too_few_judges_within_reach_stop_the_run(rule, answers):
    with pytest.raises(ModelUnreachable):
        ask_judges(PROMPT, [ScriptedChat([answer]) for answer in answers], rule=rule)


def test_a_split_panel_puts_the_attempt_before_a_human():
    from test_model_relabel import GOOD, OUTCOME, RUN, SETTINGS

    from core.stages.relabel.gate import why_not
    from core.stages.relabel.model import relabel_with_model

    judges = [ScriptedChat([YES], model="a"), ScriptedChat([NO], model="b")]
    settings = SETTINGS.model_copy(update={"judge_rule": JudgeRule.MAJORITY, "relabel_max_attempts": 1})
    [attempt] = relabel_with_model(RUN, OUTCOME, ScriptedChat([GOOD]), judges, settings)
    assert why_not(attempt, settings) is QueueReason.UNJUDGED
    assert attempt.score is None
    assert len(attempt.verdicts) == 2
