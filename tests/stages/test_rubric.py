"""The two dimensions that code computes, and what reviewers' verdicts say of a rubric."""

from rule_runs import flight_run

from core.models import Attempt, RubricScore, SecondJudgeVerdict
from core.review.rubrics import against_reviewers
from core.stages.grounding import check_prompt
from core.stages.relabel.rubric import with_rubric


def rated(request, answer="There are two.", first=1, last=None):
    run = flight_run()
    last = last or len(run.steps)
    attempt = Attempt(
        hindsight_prompt=request,
        confidence=0.9,
        first_step=first,
        last_step=last,
        final_answer=answer,
        grounding=check_prompt(request, run, first_step=first, last_step=last, final_answer=answer),
        verdict=SecondJudgeVerdict(is_valid=True, confidence=0.9, rubric=(RubricScore(name="Right city", score=0.5),)),
    )
    verdict = with_rubric(attempt, run).verdict
    assert verdict is not None
    return {score.name: score for score in verdict.rubric}


def test_a_request_that_the_run_meets_has_full_marks_with_their_reasons():
    rubric = rated("Which direct flights go from JFK to SEA on May 20, 2024?")
    assert list(rubric) == ["Grounding", "Completion", "Right city"]
    assert rubric["Grounding"].score == rubric["Completion"].score == 1.0
    assert rubric["Grounding"].reason == "4 of 4 values of request and answer stand in the steps."


def test_each_value_that_stands_nowhere_and_each_part_that_no_call_answers_costs_its_share():
    rubric = rated("Which direct flights go from JFK to SEA on May 20, 2024? Then reserve a hotel in Zanzibar.")
    assert rubric["Grounding"].score < 1
    assert "Zanzibar" in rubric["Grounding"].reason
    assert rubric["Completion"].score == 0.5
    assert "hotel" in rubric["Completion"].reason


def test_a_dimension_with_nothing_to_look_at_does_not_apply():
    assert {name: score.weight for name, score in rated("How are they?", answer="Fine.").items()} == {
        "Grounding": 0.0,
        "Completion": 0.0,
        "Right city": 1.0,
    }


def test_reviewers_say_what_each_dimension_is_worth():
    def rubric(grounding, made, weight=1.0):
        return (RubricScore(name="Grounding", score=grounding), RubricScore(name="x", score=made, weight=weight))

    figures = against_reviewers([(True, rubric(1.0, 0.5)), (True, rubric(0.8, 0.4)), (False, rubric(0.8, 0.9, 0.0))])
    assert figures["Grounding"] == {
        "accepted": 0.9, "n_accepted": 2, "edited_or_rejected": 0.8, "n_edited_or_rejected": 1, "auc": 0.75,
    }  # fmt: skip
    assert figures["made by the judge"]["n_edited_or_rejected"] == 0
    assert figures["made by the judge"]["auc"] is None
