"""Stage 4 by a model: stale thoughts are rewritten where code can stand by the new ones."""

from core.llm import ScriptedChat
from core.models import AgentStep, Attempt, AugmentedSample, FailedTrajectory, Grounding
from core.settings import PipelineConfig
from core.stages.augment import augment
from core.stages.augment.model import rewrite_thoughts

SETTINGS = PipelineConfig(model="scripted")
RUN = FailedTrajectory(
    original_prompt="Order 20 m2 of oak flooring for less than 30 EUR per m2.",
    steps=[
        AgentStep(
            thought="They want less than 30 EUR, so search for cheap oak.",
            action_name="search_suppliers",
            action_input={"query": "oak flooring"},
            observation="Norva 31.50 EUR per m2, Silvan 34.00 EUR per m2",
        ),
        AgentStep(
            thought="Norva is closest. See what it has.",
            action_name="check_stock",
            action_input={"supplier": "Norva"},
            observation="Norva: 140 m2 in stock",
        ),
    ],
)
ATTEMPT = Attempt(
    hindsight_prompt="Which suppliers offer oak flooring, and how much does Norva have in stock?",
    confidence=0.9,
    last_step=2,
    final_answer="Norva and Silvan offer it; Norva has 140 m2 in stock.",
    grounding=Grounding(stale_words=("less than 30 EUR",)),
)


def rewritten(text, step=1):
    chat = ScriptedChat([{"thoughts": [{"step": step, "thought": text}]}])
    return rewrite_thoughts(RUN, ATTEMPT, chat, SETTINGS), chat


def thoughts_of(attempt):
    sample = augment(RUN, attempt, None, metadata={})
    assert isinstance(sample, AugmentedSample)
    return [m.thought for m in sample.messages if m.tool_calls]


def test_a_stale_thought_is_replaced_in_the_training_row():
    attempt, _ = rewritten("First find out who offers oak flooring.")
    assert thoughts_of(attempt) == ["First find out who offers oak flooring.", "Norva is closest. See what it has."]


def test_without_a_rewrite_the_stale_thought_is_dropped():
    assert thoughts_of(ATTEMPT) == ["", "Norva is closest. See what it has."]


def test_a_rewrite_that_still_argues_for_the_old_goal_is_not_taken():
    attempt, _ = rewritten("Look for oak at less than 30 EUR.")
    assert attempt.thoughts == {}


def test_a_rewrite_that_knows_what_only_comes_later_is_not_taken():
    attempt, _ = rewritten("Silvan charges 34.00 EUR, so compare.")
    assert attempt.thoughts == {}


def test_a_rewrite_of_a_thought_that_was_not_stale_is_not_taken():
    attempt, _ = rewritten("Anything else.", step=2)
    assert attempt.thoughts == {}


def test_nothing_is_asked_where_no_thought_is_stale():
    chat = ScriptedChat([])
    clean = ATTEMPT.model_copy(update={"grounding": Grounding()})
    assert rewrite_thoughts(RUN, clean, chat, SETTINGS) is clean


def test_a_reply_that_does_not_fit_leaves_the_attempt_as_it_was():
    chat = ScriptedChat(["no JSON here"])
    assert rewrite_thoughts(RUN, ATTEMPT, chat, SETTINGS) is ATTEMPT
