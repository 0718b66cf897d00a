import pytest

from core.models import (
    AgentStep,
    Attempt,
    AugmentedSample,
    FailedTrajectory,
    FailureAnalysis,
    Grounding,
    LeftOut,
    Message,
)
from core.stages.augment import augment

LONG = "Acme X200 - $1,299 - 16 GB RAM. " * 400


def run(**changes) -> FailedTrajectory:
    fields = {
        "trajectory_id": "traj-1",
        "original_prompt": "Buy the Acme X200 and email the receipt to Dana.",
        "system_prompt": "You are a careful shopping agent.",
        "steps": [
            AgentStep(
                thought="Search, then email Dana.",
                action_name="web_search",
                action_input={"query": "Acme X200"},
                call_id="c1",
                observation='{"error": "rate_limited"}',
                is_error=True,
            ),
            AgentStep(kind="message", text="Shall I look at the shop?"),
            AgentStep(kind="user", text="Yes, and mail it to Dana."),
            AgentStep(
                thought="Both pages at once.",
                action_name="fetch_page",
                action_input={"url": "/x200", "options": {"timeout": 2.5}},
                call_id="c1",
                observation=LONG,
                turn=7,
            ),
            AgentStep(
                action_name="fetch_page",
                action_input={"url": "/stock"},
                call_id="c1",
                observation="in stock",
                turn=7,
            ),
        ],
        "final_answer": "I could not email Dana because I have no email tool.",
    }
    return FailedTrajectory(**fields | changes)


def attempt(**changes) -> Attempt:
    fields = {
        "hindsight_prompt": "What does the Acme X200 cost and is it in stock?",
        "confidence": 0.8,
        "last_step": 5,
        "final_answer": "It costs $1,299 and is in stock.",
    }
    return Attempt(**fields | changes)


ANALYSIS = FailureAnalysis(is_failure=True, severity=0.3, error_steps=(1,))


def sample(trajectory=None, tried=None, analysis=ANALYSIS) -> AugmentedSample:
    made = augment(trajectory or run(), tried or attempt(), analysis, metadata={"state": "accepted"})
    assert isinstance(made, AugmentedSample), made
    return made


def left_out(trajectory=None, tried=None) -> str:
    made = augment(trajectory or run(), tried or attempt(), ANALYSIS, metadata={})
    assert isinstance(made, LeftOut), made
    assert made.trajectory_id == "traj-1"
    return made.reason


def turns(made: AugmentedSample) -> list[Message]:
    return [message for message in made.messages if message.role == "assistant"]


def test_a_conversation_is_goal_then_calls_with_their_results_then_answer():
    made = sample()
    assert [message.role for message in made.messages] == [
        "system", "user", "assistant", "tool", "assistant", "tool", "tool", "assistant",
    ]  # fmt: skip
    assert made.messages[1].content == "What does the Acme X200 cost and is it in stock?"
    assert made.messages[-1].content == "It costs $1,299 and is in stock."
    assert made.weight == 0.7


def test_tool_results_are_whole_and_in_no_assistant_text():
    made = sample()
    assert [m.content for m in made.messages if m.role == "tool"] == ['{"error": "rate_limited"}', LONG, "in stock"]
    assert not any("rate_limited" in m.content + m.thought or "16 GB" in m.content + m.thought for m in turns(made))


def test_parallel_calls_of_one_turn_stay_one_turn():
    both = turns(sample())[1]
    assert [call.arguments["url"] for call in both.tool_calls] == ["/x200", "/stock"]
    assert both.thought == "Both pages at once."


def test_a_failing_call_is_context_and_the_rest_is_trained():
    assert [message.train for message in turns(sample())] == [False, True, True]
    assert not any(message.train for message in sample().messages if message.role != "assistant")


def test_without_an_analysis_the_tools_own_word_decides_and_the_weight_is_one():
    made = sample(analysis=None)
    assert [message.train for message in turns(made)] == [False, True, True]
    assert made.weight == 1.0


def test_one_failing_call_among_parallel_ones_masks_their_turn():
    made = sample(analysis=ANALYSIS.model_copy(update={"error_steps": (5,)}))
    assert [message.train for message in turns(made)] == [True, False, True]


def test_repeated_call_ids_of_the_source_become_unique_and_do_not_depend_on_the_range():
    whole, part = sample(), sample(tried=attempt(first_step=4))
    ids = [call.id for message in whole.messages for call in message.tool_calls]
    assert len(set(ids)) == 3
    assert ids[1:] == [call.id for message in part.messages for call in message.tool_calls]
    assert ids == [message.tool_call_id for message in whole.messages if message.role == "tool"]


def test_user_turns_and_replies_are_folded_away_and_counted():
    made = sample()
    assert [message.role for message in made.messages].count("user") == 1
    assert not any("Dana" in message.content for message in made.messages)
    assert made.metadata["messages_folded_away"] == 2


def test_a_thought_of_the_old_goal_is_dropped_and_counted():
    made = sample(tried=attempt(grounding=Grounding(stale_words=("Dana", "email"))))
    assert [message.thought for message in turns(made)] == ["", "Both pages at once.", ""]
    assert made.metadata["stale_thoughts_dropped"] == 1


def test_stale_words_are_whole_words():
    made = sample(tried=attempt(grounding=Grounding(stale_words=("pag", "mail"))))
    assert made.metadata["stale_thoughts_dropped"] == 0


def test_tools_are_inferred_from_the_calls_where_the_run_has_no_list():
    made = sample()
    fetch = made.tools[0]["function"]
    assert fetch["name"] == "fetch_page"
    assert fetch["parameters"] == {
        "type": "object",
        "properties": {"url": {"type": "string"}, "options": {"type": "object"}},
        "required": ["url"],
    }
    assert made.metadata["tools_inferred"] == ["fetch_page", "web_search"]


def test_the_runs_own_tool_list_is_kept_and_an_invented_tool_is_not_offered():
    own = {"type": "function", "function": {"name": "fetch_page", "parameters": {"type": "object"}}}
    made = sample(run(tools=[own]))
    assert made.tools == (own,)
    assert made.metadata["tools_inferred"] == []


@pytest.mark.parametrize(
    ("values", "schema"),
    [
        ([1, 2.5], {"type": "number"}),
        ([True], {"type": "boolean"}),
        (["a", 1], {"type": ["integer", "string"]}),
        ([None], {"type": "null"}),
        ([[1, None], []], {"type": "array", "items": {"type": "integer"}}),
        ([[]], {"type": "array", "items": {}}),
    ],
)
def test_parameter_types_say_no_more_than_the_calls_showed(values, schema):
    steps = [AgentStep(action_name="f", action_input={"x": value}, observation="ok") for value in values]
    made = sample(run(steps=steps), attempt(last_step=len(steps)))
    assert made.tools[0]["function"]["parameters"]["properties"]["x"] == schema


def test_provenance_given_by_the_caller_is_kept():
    made = sample()
    assert made.metadata["state"] == "accepted"
    assert (made.metadata["first_step"], made.metadata["last_step"]) == (1, 5)
    assert made.original_prompt == run().original_prompt
    assert made.original_answer == run().final_answer


def test_a_range_without_a_tool_call_is_left_out():
    assert left_out(tried=attempt(first_step=2, last_step=3)) == "No tool call is left in steps 2 to 3."


def test_an_empty_final_answer_is_left_out():
    assert "final answer is empty" in left_out(tried=attempt(final_answer=" \n"))


@pytest.mark.parametrize("answer", ["...", "[insert final answer here]", "N/A", "<your answer>"])
def test_a_placeholder_is_left_out(answer):
    assert "placeholder" in left_out(tried=attempt(final_answer=answer))


@pytest.mark.parametrize("answer", ["[1, 2, 3]", '{"answer": 42}', "None", "[]", "(3, 4)", "👍"])
def test_a_short_odd_answer_is_no_placeholder(answer):
    assert sample(tried=attempt(final_answer=answer)).messages[-1].content == answer


@pytest.mark.parametrize("stand_in", ["[tool output omitted]", "[Old tool result content cleared]"])
def test_a_placeholder_in_place_of_a_tool_result_is_left_out(stand_in):
    steps = [AgentStep(action_name="f", observation=stand_in)]
    assert "tool result of step 1" in left_out(run(steps=steps), attempt(last_step=1))


def test_a_row_has_neither_the_graders_words_nor_a_gap_in_their_place():
    steps = [AgentStep(action_name="f", observation="Saved. Your answer is incorrect. Score: 0/1")]
    made = sample(run(steps=steps), attempt(last_step=1))
    assert next(m.content for m in made.messages if m.role == "tool") == "Saved."


def test_the_original_answer_that_gives_up_is_left_out():
    reason = left_out(tried=attempt(final_answer="I could not email Dana, because I have no email tool!"))
    assert reason.startswith("Stale final answer: it is still the original one and gives up")


def test_the_original_answer_that_speaks_of_the_old_goal_is_left_out():
    trajectory = run(final_answer="It costs $1,299; Dana will hear from me.")
    tried = attempt(final_answer=trajectory.final_answer, grounding=Grounding(stale_words=("Dana",)))
    assert "speaks of the old goal" in left_out(trajectory, tried)


def test_an_answer_written_anew_must_not_name_what_only_the_old_goal_had():
    tried = attempt(final_answer="It costs $1,299. Dana got no mail.", grounding=Grounding(stale_words=("Dana",)))
    assert left_out(tried=tried) == "Stale final answer: it speaks of the old goal ('Dana')."


def test_an_answer_written_anew_may_name_what_the_calls_name_in_another_spelling():
    steps = [AgentStep(action_name="find", action_input={"file": "test_slugs.py"}, observation='{"basic_economy": 51}')]
    trajectory = run(steps=steps, original_prompt="Book basic economy below $20 and fix Test_slugs.")

    def answered(text, word):
        tried = attempt(last_step=1, final_answer=text, grounding=Grounding(stale_words=(word,)))
        return augment(trajectory, tried, None, metadata={})

    assert answered("It costs 51 (basic economy).", "basic economy").messages[-1].train
    assert answered("In Test_slugs.py: nothing.", "Test_slugs").messages[-1].train
    assert "old goal ('below $20')" in answered("None is below $20.", "below $20").reason


def test_a_stale_answer_is_kept_and_marked_where_that_is_asked_for():
    tried = attempt(final_answer=run().final_answer)
    made = augment(run(), tried, ANALYSIS, metadata={}, allow_stale=True)
    assert made.messages[-1].content == run().final_answer
    assert made.metadata["stale_answer"].startswith("Stale final answer")
    assert sample().metadata["stale_answer"] is None


def test_the_original_answer_may_stay_where_it_fits_the_new_goal():
    trajectory = run(final_answer="It costs $1,299.")
    assert sample(trajectory, attempt(final_answer="It costs $1,299.")).messages[-1].train


def test_an_answer_written_for_the_new_goal_may_say_what_was_not_found():
    answer = "It costs $1,299. I could not find a delivery date."
    assert sample(tried=attempt(final_answer=answer)).messages[-1].content == answer
