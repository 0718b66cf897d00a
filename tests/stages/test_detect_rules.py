import pytest
from rule_runs import call, flight_run, move_run, run, said

from core.models import Cause, FailedTrajectory, FailureType, Field, Label, LabelOutcome
from core.settings import PipelineConfig
from core.sources import read
from core.stages.detect import detect, detect_with_rules
from core.stages.spans import field_text


def test_a_source_that_says_success_is_believed():
    label = Label(outcome=LabelOutcome.SUCCESS, reward=1.0, by="reward")
    analysis = detect_with_rules(run("x", call("get_a", {}, "Error: no"), answer="I was unable to.", label=label))
    assert analysis.is_failure is False
    assert "reward 1" in analysis.explanation


def test_two_plus_two_answered_four_is_no_failure():
    trajectory = run("What is 2+2?", call("calculate", {"expression": "2+2"}, "4"), answer="4", failed=False)
    assert detect_with_rules(trajectory).is_failure is False


def test_an_error_left_open_before_an_answer_cannot_be_told():
    trajectory = run(
        "Find the price and the stock.",
        call("get_stock", {"id": "a"}, "Error: offline"),
        call("get_price", {"id": "a"}, {"price": 12}),
        answer="The price is 12.",
        failed=False,
    )
    assert detect_with_rules(trajectory).is_failure is None


def test_without_a_label_an_answer_after_a_handled_error_cannot_be_told():
    trajectory = run(
        "How many rows?",
        call("run_sql", {"query": "SELECT COUNT(*) FROM nope"}, "Error: no such table"),
        call("run_sql", {"query": "SELECT COUNT(*) FROM yes"}, "7"),
        answer="There are 7 rows.",
        failed=False,
    )
    analysis = detect_with_rules(trajectory)
    assert analysis.is_failure is None
    assert analysis.error_steps == (1,)
    assert "it has no label, and it ends with an answer" in analysis.explanation
    assert "not what was asked for" not in analysis.explanation


@pytest.mark.parametrize("where", ["prompt", "thought", "file"])
def test_alarming_words_outside_tool_results_decide_nothing(where):
    trajectory = run(
        "Fix the error: traceback in app.py" if where == "prompt" else "Read app.py",
        call(
            "read_file",
            {"path": "app.py"},
            "def f():\n    raise RuntimeError('error: timeout')\n" if where == "file" else "x = 1",
            thought="I set a timeout of 30s, errno 5, exception:" if where == "thought" else "",
        ),
        answer="app.py holds one line.",
        failed=False,
    )
    analysis = detect_with_rules(trajectory)
    assert analysis.is_failure is None
    assert analysis.error_steps == ()


def test_all_calls_failing_is_a_tool_error_of_the_environment():
    trajectory = run(
        "Look it up.",
        call("web", {"q": "a"}, "Error: 503 Service Unavailable"),
        call("web", {"q": "b"}, "Error: timed out"),
    )
    analysis = detect_with_rules(trajectory)
    assert (analysis.failure_type, analysis.cause, analysis.recoverable) == (
        FailureType.TOOL_ERROR,
        Cause.ENVIRONMENT,
        False,
    )
    assert analysis.explanation.endswith("All 2 calls came back with an error.")


def test_a_run_that_never_started_says_so():
    analysis = detect_with_rules(run("x", {"kind": "user", "text": "hello?"}))
    assert (analysis.is_failure, analysis.cause) == (True, Cause.NEVER_STARTED)


def test_a_claim_that_no_call_made_true_is_a_hallucination_with_its_span():
    trajectory = run(
        "Change my flight and add a bag.",
        call("update_flight", {"reservation_id": "H9ZU1C", "flight": "HAT083"}, {"total_baggages": 1}),
        answer="Your flight has been updated. Additionally, one checked bag has been added to your reservation.",
    )
    analysis = detect_with_rules(trajectory)
    assert analysis.failure_type is FailureType.HALLUCINATION
    assert any("bag has been added" in span.quote for span in analysis.evidence)


def test_figures_from_nowhere_are_a_hallucination_and_sums_are_not():
    lookup = call("get_prices", {"id": "a"}, {"out": 51, "back": 55})
    invented = detect_with_rules(run("Cost?", lookup, answer="It costs $4,917.30 and ships as ZX-99."))
    summed = detect_with_rules(run("Cost?", lookup, answer="It costs $106."))
    assert invented.failure_type is FailureType.HALLUCINATION
    assert summed.failure_type is FailureType.WRONG_RESULT


def test_giving_up_is_incomplete():
    assert detect_with_rules(flight_run()).failure_type is FailureType.INCOMPLETE


def test_a_limit_stepped_over_is_a_constraint_violation():
    trajectory = run(
        "Find a lamp under $50.",
        call("search_lamps", {"query": "lamp"}, [{"name": "Glow", "price": 61}]),
        answer="The Glow costs $61.",
    )
    analysis = detect_with_rules(trajectory)
    assert analysis.failure_type is FailureType.CONSTRAINT_VIOLATION
    assert {span.field for span in analysis.evidence} == {Field.PROMPT, Field.FINAL_ANSWER}


def test_the_source_reason_decides_the_type():
    trajectory = run(
        "x", call("get_a", {}, "1"), answer="1", failure_reason="Asked for an export, an unrelated topic was answered."
    )
    assert detect_with_rules(trajectory).failure_type is FailureType.OFF_TOPIC


def test_nothing_shared_with_the_request_is_off_topic():
    trajectory = run(
        "Translate the poem about autumn leaves.", call("get_exchange_rate", {"pair": "EURUSD"}, "1.08"), answer="1.08"
    )
    assert detect_with_rules(trajectory).failure_type is FailureType.OFF_TOPIC


def test_severity_grows_with_failed_calls_and_the_weight_falls():
    good = call("get_a", {"id": "a"}, {"x": 1})
    bad = call("get_b", {"id": "b"}, "Error: no")
    mild, worse, worst = (
        detect_with_rules(run("q", *steps, answer="ok then")) for steps in ([good] * 3, [good, bad, bad], [bad] * 3)
    )
    assert mild.severity < worse.severity < worst.severity
    assert mild.weight > worse.weight > worst.weight


def test_recoverable_means_one_call_told_something_however_short():
    assert detect_with_rules(run("q", call("get_a", {"id": "a"}, "42"))).recoverable
    denied = [call("get_a", {"id": "a"}, "Access denied. Please sign in first.")] * 5
    assert not detect_with_rules(run("q", *denied)).recoverable


def test_thinking_and_handing_over_achieve_nothing():
    trajectory = run(
        "q",
        call("think", {"thought": "hm"}, "noted"),
        call("transfer_to_human_agents", {"summary": "s"}, "Transfer successful"),
        said("Bye"),
    )
    assert not detect_with_rules(trajectory).recoverable


def test_evidence_quotes_stand_where_they_say():
    for trajectory in (flight_run(), move_run()):
        for span in detect_with_rules(trajectory).evidence:
            assert field_text(trajectory, span.step, span.field)[span.start : span.end] == span.quote


def test_without_a_model_the_rules_are_asked():
    assert detect(flight_run(), None, PipelineConfig()).method == "rules"


def test_real_airline_runs_are_sorted_by_their_reward_and_none_is_lost_to_the_word_error(shared_data):
    runs = [
        r.trajectory
        for r in read(shared_data / "labelled/tau_bench/gpt-4o-airline.json")
        if isinstance(getattr(r, "trajectory", None), FailedTrajectory)
    ]
    analyses = [(t, detect_with_rules(t)) for t in runs]
    assert sum(a.is_failure is False for _, a in analyses) == 45
    failed = [(t, a) for t, a in analyses if a.is_failure]
    assert len(failed) == 55
    lost = [t for t, a in failed if not a.recoverable]
    assert all(not t.actions or all(s.action_name == "transfer_to_human_agents" for _, s in t.actions) for t in lost)
    assert len(lost) == 5


TRAINS = [{"train": "EC 307", "departs": "13:04", "price": 79}, {"train": "EC 311", "departs": "17:04", "price": 64}]


@pytest.mark.parametrize(
    "answer",
    [
        "No train leaves before noon, so I have booked nothing.",
        "There is no train under 4913 francs.",
        "No ticket has been booked.",
        "None of the trains costs less than $4,913.",
    ],
)
def test_what_an_answer_denies_is_no_invented_claim(answer):
    trajectory = run(
        "Book a train before noon.", call("find_trains", {"from": "Bern", "to": "Genoa"}, TRAINS), answer=answer
    )
    assert detect_with_rules(trajectory).failure_type is not FailureType.HALLUCINATION


@pytest.mark.parametrize(
    "answer",
    [
        "I found no early train but your hotel has been booked.",
        "There is no early train, so I have booked EC 311.",
        "No early train runs. The next one costs $4,913.",
    ],
)
def test_a_claim_beside_a_denial_is_still_a_claim(answer):
    trajectory = run(
        "Book a train before noon.", call("find_trains", {"from": "Bern", "to": "Genoa"}, TRAINS), answer=answer
    )
    assert detect_with_rules(trajectory).failure_type is FailureType.HALLUCINATION


def test_an_answer_that_denies_an_unseen_value_leaves_an_unlabelled_run_open():
    trajectory = run(
        "Which train is under 50?",
        call("find_trains", {"from": "Bern", "to": "Genoa"}, TRAINS),
        answer="None of the trains leaves under 4913 francs, EC 311 costs 64.",
        failed=False,
    )
    assert detect_with_rules(trajectory).is_failure is None


def test_several_types_are_named_where_the_evidence_shows_several():
    trajectory = run(
        "Find a lamp under $50.",
        call("search_lamps", {"query": "lamp"}, [{"name": "Glow", "price": 61}]),
        answer="I was unable to find one; the nearest is the Glow at $61.",
    )
    analysis = detect_with_rules(trajectory)
    assert analysis.failure_type is FailureType.CONSTRAINT_VIOLATION
    assert analysis.other_types == (FailureType.INCOMPLETE,)


def test_a_short_answer_that_only_the_agent_ever_wrote_is_a_hallucination():
    page = call("search", {"query": "ring book"}, "Could not find [ring book]. Similar: ['Lord of the Rings']")
    assert (
        detect_with_rules(run("Who wrote it?", page, answer="By John Scalzi")).failure_type is FailureType.HALLUCINATION
    )
    known = call("search", {"query": "ring book"}, "The book was written by John Scalzi.")
    assert (
        detect_with_rules(run("Who wrote it?", known, answer="By John Scalzi")).failure_type is FailureType.WRONG_RESULT
    )


def test_a_repeated_call_is_named_with_its_step():
    again = call("get_price", {"id": "a"}, {"price": 12})
    analysis = detect_with_rules(run("Cost?", again, again, answer="12"))
    assert "the same call again, with the same result (step 2)" in analysis.explanation
    assert any(span.step == 2 and span.field is Field.ACTION_INPUT for span in analysis.evidence)


def test_a_run_without_an_answer_failed_only_if_it_owed_one():
    told = run("Look it up.", call("get_price", {"id": "a"}, {"price": 12}), failed=False)
    handed_in = run("List them.", call("bash", {"command": "ls"}, "a.txt"), call("submit", {}, "a.txt"), failed=False)
    assert detect_with_rules(told).is_failure is True
    assert detect_with_rules(handed_in).is_failure is None


def test_a_refusal_under_rules_of_the_system_prompt_cannot_be_told():
    refused = {"answer": "Unfortunately, I cannot cancel it.", "failed": False}
    seen = call("get_booking", {"id": "a"}, {"cabin": "basic"})
    assert detect_with_rules(run("Cancel it.", seen, **refused)).is_failure is True
    policy = "Basic bookings must not be cancelled."
    assert detect_with_rules(run("Cancel it.", seen, system_prompt=policy, **refused)).is_failure is None


def test_a_last_call_that_only_the_environment_failed_is_not_laid_to_the_agent():
    trajectory = run(
        "Price?",
        call("get_id", {"name": "a"}, {"id": 7}),
        call("get_price", {"id": 7}, "Error: 503 Service Unavailable"),
    )
    assert detect_with_rules(trajectory).cause is Cause.ENVIRONMENT


def test_the_places_that_show_why_it_failed_stand_in_the_order_of_the_run():
    trajectory = run(
        "Cancel order A1 and order B2.",
        call("cancel_order", {"order_id": "A1"}, "Error: not found"),
        call("get_order", {"order_id": "A1"}, {"order_id": "A1"}),
        call("get_order", {"order_id": "A1"}, {"order_id": "A1"}),
        call("cancel_order", {"order_id": "B2"}, "Error: not found"),
        answer="I cancelled order B2. I was unable to cancel order A1.",
    )
    evidence = detect_with_rules(trajectory).evidence
    steps = [span.step or len(trajectory.steps) + 1 for span in evidence]
    assert steps == sorted(steps)
    assert {1, 3, 4, 5} <= set(steps)
    assert len({span.start for span in evidence if span.field is Field.FINAL_ANSWER}) > 1
