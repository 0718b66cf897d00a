import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import (
    Attempt,
    CheckedValue,
    Evidence,
    Field,
    Grounding,
    QueueReason,
    RubricScore,
    SecondJudgeVerdict,
    Skip,
    SkipReason,
)
from core.settings import PipelineConfig
from core.stages.relabel.gate import choose, why_not

SETTINGS = PipelineConfig()
FOUND = Evidence(step=1, field=Field.OBSERVATION, start=0, end=1, quote="x")


def attempt(c=0.9, valid=True, c2=0.9, **changes):
    verdict = SecondJudgeVerdict(is_valid=valid, confidence=c2)
    return Attempt(**{"hindsight_prompt": "Show me x.", "confidence": c, "last_step": 1, "verdict": verdict, **changes})


def test_all_conditions_met_is_accepted():
    assert why_not(attempt(), SETTINGS) is None


@pytest.mark.parametrize("c2", [0.02, 0.5, 0.95, None])
@pytest.mark.parametrize("c", [0.4, 0.5, 0.9, 1.0])
def test_a_no_of_the_judge_is_final_whatever_the_confidences(c, c2):
    refused = attempt(c=c, valid=False, c2=c2)
    assert why_not(refused, SETTINGS) is QueueReason.JUDGE_SAID_NO
    chosen = choose("t", [refused] * 3, SETTINGS)
    assert not isinstance(chosen, Skip)
    assert not chosen.accepted


@pytest.mark.parametrize("verdict", [None, SecondJudgeVerdict(is_valid=None), SecondJudgeVerdict(is_valid=True)])
def test_a_judge_without_a_usable_answer_is_no_yes(verdict):
    assert why_not(attempt(verdict=verdict), SETTINGS) is QueueReason.UNJUDGED


@pytest.mark.parametrize(("score", "weight", "least", "stays_out"), [
    (0.4, 1.0, 0.5, True), (0.5, 1.0, 0.5, False), (0.4, 0.4, 0.5, False), (0.0, 1.0, 0.0, False),
])  # fmt: skip
def test_one_weak_dimension_that_applies_keeps_it_out_whatever_the_others_say(score, weight, least, stays_out):
    rubric = (RubricScore(name="Grounding", score=1.0), RubricScore(name="Right city", score=score, weight=weight))
    rated = attempt(verdict=SecondJudgeVerdict(is_valid=True, confidence=0.9, rubric=rubric))
    reason = why_not(rated, PipelineConfig(rubric_minimum=least))
    assert reason is (QueueReason.LOW_RUBRIC if stays_out else None)


def test_both_confidences_must_reach_theta_and_no_lower_theta_lets_it_back_in():
    assert why_not(attempt(c=0.49), SETTINGS) is QueueReason.BELOW_THRESHOLD
    assert why_not(attempt(c2=0.49), SETTINGS) is QueueReason.BELOW_THRESHOLD
    assert why_not(attempt(c=0.5, c2=0.5), SETTINGS) is None


@pytest.mark.parametrize(
    "grounding",
    [
        Grounding(values=(CheckedValue(text="x", start=0, end=1),)),
        Grounding(values=(CheckedValue(text="x", start=0, end=1, evidence=FOUND, leak=True),)),
        Grounding(values=(CheckedValue(text="x", start=0, end=1, evidence=FOUND, asked_only=True),)),
        Grounding(similarity=1.0),
    ],
)
def test_ungrounded_prompts_are_never_accepted(grounding):
    assert why_not(attempt(grounding=grounding), SETTINGS) is QueueReason.UNGROUNDED


def test_the_relabellers_own_no_comes_first():
    assert why_not(attempt(is_valid=False), SETTINGS) is QueueReason.AUTHOR_SAID_NO


def test_an_accepted_attempt_is_put_forward_before_a_surer_refused_one_and_all_are_kept():
    attempts = [attempt(c=1.0, valid=False), attempt(c=0.6, c2=0.6, hindsight_prompt="Show me y.")]
    chosen = choose("t", attempts, SETTINGS)
    assert not isinstance(chosen, Skip)
    assert (chosen.proposed, chosen.accepted, len(chosen.attempts)) == (1, True, 2)


def test_without_an_attempt_or_with_the_original_alone_it_is_a_skip():
    for attempts in ([], [attempt(grounding=Grounding(similarity=1.0))]):
        skip = choose("t", attempts, SETTINGS)
        assert isinstance(skip, Skip)
        assert skip.reason is SkipReason.NO_GOAL
        assert skip.detail.endswith(".")


VERDICTS = st.none() | st.builds(
    SecondJudgeVerdict, is_valid=st.none() | st.booleans(), confidence=st.none() | st.floats(0, 1)
)


@given(
    st.lists(st.builds(attempt, c=st.floats(0, 1), verdict=VERDICTS, is_valid=st.booleans()), min_size=1, max_size=5),
    st.floats(0, 1),
)
def test_whatever_the_attempts_only_a_yes_with_enough_confidence_is_accepted(attempts, theta):
    chosen = choose("t", attempts, PipelineConfig(min_confidence=theta))
    assert not isinstance(chosen, Skip)
    if chosen.accepted:
        verdict = chosen.attempt.verdict
        assert verdict is not None
        assert verdict.is_valid is True
        assert verdict.confidence is not None
        assert min(chosen.attempt.confidence, verdict.confidence) >= theta
    else:
        assert all(why_not(one, PipelineConfig(min_confidence=theta)) is not None for one in attempts)
