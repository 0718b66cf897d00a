"""Stages 1 and 2 by a model: what it says is kept only where code finds it in the run."""

import pytest

from core.errors import BadReply
from core.llm import ScriptedChat
from core.models import AgentStep, Cause, FailedTrajectory, FailureType, Field, Label, LabelOutcome, StepKind
from core.settings import PipelineConfig
from core.stages.detect.model import detect_with_model
from core.stages.extract.model import extract_with_model
from core.stages.quotes import locate

SETTINGS = PipelineConfig(model="scripted")
RUN = FailedTrajectory(
    original_prompt="Find oak flooring under 30 EUR and order 20 m2.",
    system_prompt="Never order without asking.",
    steps=[
        AgentStep(
            thought="I want the cheapest.",
            action_name="search",
            action_input={"query": "oak flooring"},
            observation='[{"supplier": "Norva", "eur_per_m2": 31.50},\n {"supplier": "Silvan", "eur_per_m2": 34.00}]',
        ),
        AgentStep(kind=StepKind.USER, text="Hurry up, the budget is 30 EUR!"),
        AgentStep(
            action_name="order", action_input={"supplier": "Norva"}, observation="Error: budget exceeded", is_error=True
        ),
        AgentStep(kind=StepKind.MESSAGE, text="I have ordered it from Norva."),
    ],
    final_answer="Ordered.",
    failure_reason="Nothing was ordered.",
)
ANALYSIS = {
    "is_failure": True,
    "failure_type": "hallucination",
    "severity": 40,
    "recoverable": True,
    "cause": "agent",
    "explanation": "Claims an order that failed.",
    "evidence": [
        {"step": 3, "quote": "budget exceeded"},
        {"step": 1, "quote": "never said"},
        {"step": 9, "quote": "x"},
    ],
    "error_steps": [3, 3, 17],
}


def labelled(outcome):
    return RUN.model_copy(update={"label": Label(outcome=outcome)})


def test_detection_keeps_found_evidence_and_real_steps_only():
    analysis = detect_with_model(RUN, ScriptedChat([ANALYSIS]), SETTINGS)
    assert analysis.is_failure is True
    assert (analysis.failure_type, analysis.severity, analysis.weight) == (FailureType.HALLUCINATION, 0.4, 0.6)
    assert [(e.step, e.field, e.quote) for e in analysis.evidence] == [(3, Field.OBSERVATION, "budget exceeded")]
    assert analysis.error_steps == (3,)
    assert analysis.method == "scripted"


def test_a_broken_rule_is_shown_in_the_system_prompt_and_is_a_type_beside_the_others():
    said = ANALYSIS | {"other_types": ["incomplete"], "broken_rules": ["never order without asking", "Be polite."]}
    analysis = detect_with_model(RUN, ScriptedChat([said]), SETTINGS)
    assert analysis.failure_type is FailureType.HALLUCINATION
    assert analysis.other_types == (FailureType.INCOMPLETE, FailureType.CONSTRAINT_VIOLATION)
    rule, error = analysis.evidence
    assert (rule.field, rule.quote) == (Field.SYSTEM, "Never order without asking")
    assert (error.step, error.quote) == (3, "budget exceeded")


@pytest.mark.parametrize(
    ("label", "said", "result"),
    [
        (LabelOutcome.SUCCESS, True, False),
        (LabelOutcome.FAILURE, True, True),
        (LabelOutcome.FAILURE, False, True),
        (LabelOutcome.UNKNOWN, False, False),
        (LabelOutcome.UNKNOWN, None, None),
    ],
)
def test_the_label_of_the_source_overrules_the_model(label, said, result):
    analysis = detect_with_model(labelled(label), ScriptedChat([ANALYSIS | {"is_failure": said}]), SETTINGS)
    assert analysis.is_failure is result
    assert (analysis.failure_type is None) == (result is False)


def test_a_model_that_sees_no_failure_where_the_source_does_points_at_the_label():
    said = ANALYSIS | {"is_failure": False}
    assert detect_with_model(labelled(LabelOutcome.FAILURE), ScriptedChat([said]), SETTINGS).cause is Cause.LABEL_NOISE


def test_a_detection_reply_outside_its_range_is_a_bad_reply():
    with pytest.raises(BadReply, match="severity"):
        detect_with_model(RUN, ScriptedChat([ANALYSIS | {"severity": 400}]), SETTINGS)


def claim(step, quote, text="It did a thing."):
    return {"text": text, "step": step, "quote": quote}


def extract(*, achievements=(), observations=()):
    chat = ScriptedChat([{"achievements": list(achievements), "observations": list(observations)}])
    return extract_with_model(RUN, chat, SETTINGS), chat.asked[0]


def test_extraction_keeps_claims_whose_quote_stands_in_the_run_and_counts_the_rest():
    outcome, _ = extract(
        achievements=[
            claim(1, '"supplier": "Norva", "eur_per_m2": 31.50', "Found Norva at 31.50 EUR."),
            claim(1, "Norva at 29.00"),
            claim(4, "I have ordered it"),  # only said
            claim(3, '"supplier": "Norva"'),  # tried, and it failed
        ],
        observations=[claim(1, "silvan"), claim(2, "no such step text"), claim(0, "oak"), claim(1, "  ")],
    )
    [kept] = outcome.achievements
    [span] = kept.evidence
    assert (kept.text, span.step, span.field) == ("Found Norva at 31.50 EUR.", 1, Field.OBSERVATION)
    assert RUN.steps[0].observation[span.start : span.end] == span.quote
    assert [c.evidence[0].quote for c in outcome.observations] == ["Silvan"]
    assert outcome.dropped == 6
    assert outcome.method == "scripted"


def test_the_extractor_sees_calls_and_results_and_nothing_of_the_old_goal():
    _, asked = extract()
    assert "31.50" in asked.user
    assert '{"query": "oak flooring"}' in asked.user
    for hidden in ("20 m2", "cheapest", "Hurry", "Ordered.", "Nothing was ordered", "Never order"):
        assert hidden not in asked.user + asked.system


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("Norva", "Norva"),
        ("NORVA", "Norva"),
        ('"31.50"', "31.50"),
        ("31.50}, {", "31.50},\n {"),
        ("oak flooring", "oak flooring"),
        ("3", None),
        ("34", "34"),
        ("", None),
        ("...", None),
        ("Norva.*", None),
    ],
)
def test_a_quote_is_found_up_to_case_and_white_space(quote, found):
    evidence = locate(RUN, step=1, quote=quote)
    assert (evidence and evidence.quote) == found
