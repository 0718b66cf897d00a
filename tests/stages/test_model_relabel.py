"""Stage 3 by a model: K attempts, checked by code, then judged, with the reason fed into the next."""

import pytest

from core.errors import BadReply, ModelUnreachable, StageFailure
from core.llm import ScriptedChat
from core.models import AgentStep, Claim, FailedTrajectory, QueueReason, ReplayOutcome
from core.settings import PipelineConfig
from core.stages.quotes import locate
from core.stages.relabel.gate import choose, why_not
from core.stages.relabel.model import relabel_with_model

SETTINGS = PipelineConfig(model="scripted")
RUN = FailedTrajectory(
    original_prompt="Order 20 m2 of oak flooring for less than 30 EUR per m2.",
    system_prompt="Quote prices with two decimals.",
    steps=[
        AgentStep(
            thought="I need prices.",
            action_name="search_suppliers",
            action_input={"query": "oak flooring"},
            observation='[{"supplier": "Norva", "eur_per_m2": 31.50}, {"supplier": "Silvan", "eur_per_m2": 34.00}]',
        ),
        AgentStep(action_name="check_stock", action_input={"supplier": "Norva"}, observation="Norva: 140 m2 in stock"),
    ],
    final_answer="I could not find oak flooring below 30 EUR.",
)
OUTCOME = ReplayOutcome(
    achievements=(
        Claim(
            text="Found two suppliers of oak flooring with their prices.",
            evidence=(locate(RUN, step=1, quote='"supplier": "Norva", "eur_per_m2": 31.50'),),
        ),
    ),
    observations=(Claim(text="Norva has 140 m2 in stock.", evidence=(locate(RUN, step=2, quote="140 m2 in stock"),)),),
)
GOOD = {
    "hindsight_prompt": "Which suppliers have oak flooring, and what does each charge per square metre?",
    "is_valid": True,
    "confidence": 90,
    "rationale": "Claim 1 gives both.",
    "first_step": 1,
    "last_step": 1,
    "final_answer": "Norva charges 31.50 EUR and Silvan 34.00 EUR per square metre.",
    "claims": [1, 1, 7],
}
YES = {"is_valid": True, "confidence": 80, "reason": "Both are there."}
WORDINGS = [
    GOOD,
    GOOD | {"hindsight_prompt": "Who sells oak flooring, and at what price per square metre?"},
    GOOD | {"hindsight_prompt": "List the suppliers of oak flooring with what each asks per square metre."},
]
NO = {"is_valid": False, "confidence": 95, "reason": "The stock of Silvan is not shown."}


def relabel(attempts, verdicts, **changes):
    chat = ScriptedChat(attempts)
    judge = ScriptedChat(verdicts, model="judge")
    settings = SETTINGS.model_copy(update=changes)
    return relabel_with_model(RUN, OUTCOME, chat, [judge], settings), chat, judge


def test_a_sound_attempt_that_the_judge_takes_is_the_only_one():
    [attempt], chat, judge = relabel([GOOD], [YES])
    assert why_not(attempt, SETTINGS) is None
    assert (attempt.confidence, attempt.verdict.confidence, attempt.score) == (0.9, 0.8, 0.8)
    assert (attempt.first_step, attempt.last_step, attempt.temperature) == (1, 1, 0.3)
    assert (attempt.model, attempt.verdict.judge) == ("scripted", "judge")
    assert [span.step for span in attempt.answer_evidence] == [1]
    assert attempt.prompt_hash == chat.asked[0].prompt_hash
    assert attempt.verdict.prompt_hash == judge.asked[0].prompt_hash
    assert judge.asked[0].temperature == 0


def test_the_example_of_the_form_handed_back_is_no_request_even_for_a_judge_that_says_yes():
    example = "which suppliers offer oak flooring, and what does each charge per square metre?"
    copied = GOOD | {"hindsight_prompt": example, "final_answer": "It was done."}
    attempts, chat, judge = relabel([copied, GOOD], [YES])
    assert example in chat.asked[0].system.casefold()
    assert [attempt.hindsight_prompt for attempt in attempts] == [GOOD["hindsight_prompt"]]
    assert len(judge.asked) == 1


def test_a_judge_that_says_no_to_everything_lets_nothing_in():
    attempts, chat, judge = relabel(WORDINGS, [NO] * 3)
    assert len(attempts) == len(judge.asked) == 3
    assert {why_not(attempt, SETTINGS) for attempt in attempts} == {QueueReason.JUDGE_SAID_NO}
    chosen = choose("t", attempts, SETTINGS)
    assert not chosen.accepted
    assert [ask.temperature for ask in chat.asked] == [0.3, 0.7, 0.7]


def test_the_reason_of_a_refusal_stands_in_the_next_question():
    attempts, chat, _ = relabel(WORDINGS[:2], [NO, YES])
    assert [attempt.number for attempt in attempts] == [1, 2]
    first, second = chat.asked
    assert "The stock of Silvan" not in first.user
    assert "the judge said no: The stock of Silvan is not shown." in second.user
    assert why_not(attempts[-1], SETTINGS) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hindsight_prompt": "Which suppliers offer oak flooring in Rotterdam?"}, "stand nowhere in the steps"),
        ({"hindsight_prompt": "Which suppliers offer oak flooring at 33.20 EUR?"}, "stand nowhere in the steps"),
        ({"hindsight_prompt": "Does Norva sell oak flooring at 31.50 EUR?"}, "give the answer away"),
        ({"hindsight_prompt": RUN.original_prompt}, "the original request again"),
        ({"final_answer": "Norva charges 31.50 EUR and Silvan 35.75 EUR."}, "the final answer states"),
        ({"is_valid": False}, "you said yourself"),
        ({"confidence": 20}, "your own confidence was 20%"),
        ({"hindsight_prompt": " "}, "the request is empty"),
    ],
)
def test_what_code_faults_never_reaches_the_judge_and_is_told_to_the_next_attempt(change, reason):
    attempts, chat, judge = relabel([GOOD | change, GOOD], [YES])
    assert len(judge.asked) == 1
    assert reason in chat.asked[1].user
    assert attempts[-1].number == 2
    assert why_not(attempts[-1], SETTINGS) is None
    for attempt in attempts[:-1]:
        assert why_not(attempt, SETTINGS) is not None


def test_attempts_that_code_faults_are_never_accepted_even_if_the_judge_would():
    bad = GOOD | {"hindsight_prompt": "Which suppliers offer oak flooring at 33.20 EUR?"}
    attempts, _, judge = relabel([bad] * 3, [YES] * 3)
    assert (len(attempts), len(judge.asked)) == (3, 0)
    assert {why_not(attempt, SETTINGS) for attempt in attempts} == {QueueReason.UNGROUNDED}


@pytest.mark.parametrize("broken", ["It looks fine to me.", StageFailure("HTTP 500")])
def test_a_judge_without_a_usable_answer_leaves_the_attempt_unjudged(broken):
    [attempt], chat, _ = relabel([GOOD] * 3, [broken] * 3)
    assert attempt.verdict.is_valid is None
    assert attempt.score is None
    assert why_not(attempt, SETTINGS) is QueueReason.UNJUDGED
    assert len(chat.asked) == 1


def test_without_a_judge_a_sound_attempt_waits_for_a_human():
    attempts = relabel_with_model(RUN, OUTCOME, ScriptedChat([GOOD] * 3), (), SETTINGS)
    assert [why_not(attempt, SETTINGS) for attempt in attempts] == [QueueReason.UNJUDGED]


def test_a_judge_that_is_not_sure_enough_is_no_yes():
    attempts, chat, _ = relabel(WORDINGS, [YES | {"confidence": 40}] * 2, relabel_max_attempts=2)
    assert [why_not(attempt, SETTINGS) for attempt in attempts] == [QueueReason.BELOW_THRESHOLD] * 2
    assert "the judge was not sure" in chat.asked[1].user


def test_an_unreadable_attempt_is_used_up_and_the_next_one_counts():
    attempts, _, _ = relabel(["prose", GOOD], [YES])
    assert [attempt.number for attempt in attempts] == [2]


def test_only_unreadable_attempts_are_a_bad_reply():
    with pytest.raises(BadReply) as caught:
        relabel(["prose"] * 3, [])
    assert caught.value.text == "prose"


def test_a_model_that_finds_no_honest_request_gives_no_attempts():
    none = GOOD | {"hindsight_prompt": "", "is_valid": False}
    attempts, _, _ = relabel([none] * 3, [])
    assert attempts == ()


def test_a_server_that_is_gone_stops_everything():
    with pytest.raises(ModelUnreachable):
        relabel([ModelUnreachable("gone")], [])
    with pytest.raises(ModelUnreachable):
        relabel([GOOD], [ModelUnreachable("gone")])


@pytest.mark.parametrize(("given", "kept"), [((0, 99), (1, 2)), ((2, 1), (1, 2)), ((2, 2), (2, 2)), ((-5, 1), (1, 1))])
def test_a_step_range_is_kept_inside_the_run(given, kept):
    said = GOOD | {"first_step": given[0], "last_step": given[1]}
    attempts, _, _ = relabel([said], [YES], relabel_max_attempts=1)
    assert (attempts[0].first_step, attempts[0].last_step) == kept


def test_the_relabeller_works_from_claims_and_the_judge_from_the_steps():
    _, chat, judge = relabel([GOOD], [YES])
    [asked], [judged] = chat.asked, judge.asked
    assert "Norva has 140 m2 in stock." in asked.user
    assert '"supplier": "Norva", "eur_per_m2": 31.50' in asked.user
    assert '"supplier": "Silvan"' not in asked.user  # no observations, only quotes
    assert '"supplier": "Silvan"' in judged.user
    assert "140 m2 in stock" not in judged.user  # step 2 is outside the range
    assert RUN.original_prompt not in judged.user
    for ask in (asked, judged):
        assert "Quote prices with two decimals." in ask.user


def test_words_that_were_refused_are_not_put_before_the_judge_again():
    attempts, chat, judge = relabel([GOOD, GOOD, WORDINGS[1]], [NO, YES])
    assert (len(chat.asked), len(judge.asked)) == (3, 2)
    assert [why_not(attempt, SETTINGS) for attempt in attempts] == [QueueReason.JUDGE_SAID_NO] * 2 + [None]


PREFIX = {
    "hindsight_prompt": "Who sells oak flooring?",
    "is_valid": True,
    "confidence": 70,
    "first_step": 1,
    "last_step": 1,
    "final_answer": "Norva and Silvan do.",
    "claims": [1, 2],
}
SEGMENT = {
    "hindsight_prompt": "How much oak flooring has Norva in stock?",
    "is_valid": True,
    "confidence": 60,
    "first_step": 2,
    "last_step": 2,
    "final_answer": "Norva has 140 m2 in stock.",
    "claims": [2],
}


def test_goals_of_one_answer_are_attempts_of_their_own_each_with_its_stretch_and_evidence():
    attempts, chat, judge = relabel([GOOD | {"others": [PREFIX, SEGMENT]}], [NO, NO, YES], goals=3)
    assert [(one.number, one.goal, one.first_step, one.last_step) for one in attempts] == [
        (1, 1, 1, 1),
        (1, 2, 1, 1),
        (1, 3, 2, 2),
    ]
    assert [{span.step for span in one.answer_evidence} for one in attempts] == [{1}, {1}, {2}]
    assert [why_not(one, SETTINGS) for one in attempts] == [QueueReason.JUDGE_SAID_NO] * 2 + [None]
    assert (len(chat.asked), len(judge.asked)) == (1, 3)
    chosen = choose("t", attempts, SETTINGS)
    assert (chosen.accepted, chosen.attempt.goal, len(chosen.attempts)) == (True, 3, 3)


def test_goals_behind_an_accepted_one_cost_no_verdict_and_are_kept():
    attempts, _, judge = relabel([GOOD | {"others": [PREFIX]}], [YES])
    assert [one.goal for one in attempts] == [1, 2]
    assert attempts[1].verdict is None
    assert len(judge.asked) == 1
    assert choose("t", attempts, SETTINGS).attempt is attempts[0]


def test_no_more_goals_are_taken_than_were_asked_for_and_none_twice():
    attempts, chat, _ = relabel([GOOD | {"others": [GOOD, PREFIX, SEGMENT]}], [YES], goals=3)
    assert [one.hindsight_prompt for one in attempts] == [GOOD["hindsight_prompt"], PREFIX["hindsight_prompt"]]
    assert "up to 2 further requests" in chat.asked[0].system
    attempts, chat, _ = relabel([GOOD | {"others": [PREFIX]}], [YES], goals=1)
    assert len(attempts) == 1
    assert "further requests" not in chat.asked[0].system


def test_what_was_wrong_with_every_goal_is_told_to_the_next_attempt():
    invented = PREFIX | {"hindsight_prompt": "Who sells oak flooring in Rotterdam?"}
    attempts, chat, _ = relabel([GOOD | {"others": [invented]}, SEGMENT], [NO, YES])
    told = chat.asked[1].user
    assert "The stock of Silvan is not shown." in told
    assert "'Rotterdam'" in told
    assert [(one.number, one.goal) for one in attempts] == [(1, 1), (1, 2), (2, 1)]


def test_a_judge_that_gives_no_answer_is_not_asked_about_the_other_goals():
    attempts, _, judge = relabel([GOOD | {"others": [PREFIX, SEGMENT]}], ["prose"], goals=3)
    assert len(judge.asked) == 1
    assert [why_not(one, SETTINGS) for one in attempts] == [QueueReason.UNJUDGED] * 3


def test_questions_about_one_run_begin_alike_so_that_a_server_reads_the_run_once():
    def shared(asks):
        first, second = (ask.system + ask.user for ask in asks[:2])
        return next(n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)

    _, chat, judge = relabel([WORDINGS[0] | {"last_step": 2}, WORDINGS[1] | {"last_step": 2}], [NO, YES])
    text = judge.asked[0].system + judge.asked[0].user
    assert shared(judge.asked) > text.index("140 m2 in stock")
    text = chat.asked[0].system + chat.asked[0].user
    assert shared(chat.asked) > text.index("Norva has 140 m2 in stock.")


def test_the_judge_sees_the_whole_policy_and_the_relabeller_only_who_the_agent_is():
    policy = "You sell floors. " + "Never sell below cost. " * 200 + "Today is 2024-05-15."
    run = RUN.model_copy(update={"system_prompt": policy})
    chat, judge = ScriptedChat([GOOD]), ScriptedChat([YES])
    relabel_with_model(run, OUTCOME, chat, [judge], SETTINGS)
    assert policy in judge.asked[0].user
    assert "You sell floors." in chat.asked[0].user
    assert "Today is 2024-05-15." in chat.asked[0].user
    assert len(chat.asked[0].user) < len(policy)


def test_the_verdict_records_which_steps_the_judge_did_not_see_whole():
    pages = [AgentStep(action_name="read", action_input={"page": n}, observation=f"page {n} " * 900) for n in range(9)]
    run = RUN.model_copy(update={"steps": (*RUN.steps, *pages)})
    said = GOOD | {"last_step": len(run.steps)}
    settings = SETTINGS.model_copy(update={"context_tokens": 2_000})
    judge = ScriptedChat([YES])
    [attempt] = relabel_with_model(run, OUTCOME, ScriptedChat([said]), [judge], settings)
    seen = attempt.verdict.seen
    assert set(seen.cut) | set(seen.hidden) == set(range(3, 12))
    assert '"supplier": "Norva", "eur_per_m2": 31.50' in judge.asked[0].user
    short, _, _ = relabel([GOOD], [YES])
    assert (short[0].verdict.seen.cut, short[0].verdict.seen.hidden) == ((), ())


def test_a_long_run_is_extracted_in_parts_and_their_claims_are_put_together():
    from core.stages.extract.model import extract_with_model

    pages = [AgentStep(action_name="read", action_input={"page": n}, observation=f"page {n} " * 300) for n in range(9)]
    run = RUN.model_copy(update={"steps": (*RUN.steps, *pages)})

    def answer(ask):
        numbers = [n for n in range(9) if f"page {n} page {n}" in ask.user]
        claims = [{"text": f"Read page {n}.", "step": n + 3, "quote": f"page {n} page {n}"} for n in numbers]
        return {"achievements": claims, "limitations": "Nothing was bought."}

    chat = ScriptedChat(answer=answer)
    outcome = extract_with_model(run, chat, SETTINGS.model_copy(update={"context_tokens": 2_500}))
    assert len(chat.asked) > 2
    assert "this is part 2 of" in chat.asked[1].user
    assert [claim.text for claim in outcome.achievements] == [f"Read page {n}." for n in range(9)]
    assert outcome.limitations == "Nothing was bought."
    whole = ScriptedChat(answer=answer)
    assert extract_with_model(run, whole, SETTINGS).achievements == outcome.achievements
    assert len(whole.asked) == 1
    assert "part 1" not in whole.asked[0].user


def test_a_goal_without_an_answer_is_put_before_no_judge():
    empty = GOOD | {"final_answer": " "}
    attempts, chat, judge = relabel([empty, GOOD], [YES], relabel_max_attempts=2)
    assert [why_not(attempt, SETTINGS) for attempt in attempts] == [QueueReason.UNJUDGED, None]
    assert "the final answer is empty" in chat.asked[1].user
    assert len(judge.asked) == 1
