"""A corrected call makes a pair only where the agent could have known better at the time."""

import pytest

from core.models import AgentStep, Attempt, FailedTrajectory
from core.stages.augment import augment

ASKED = "What orders does Mia Li of customer 4411 have since 2024-05-01?"


def call(observation, *, name="find_orders", error=None, thought="", **arguments):
    return AgentStep(thought=thought, action_name=name, action_input=arguments, observation=observation, is_error=error)


def corrections(*steps, prompt=ASKED):
    run = FailedTrajectory(original_prompt="Cancel it.", steps=steps, final_answer="I could not.")
    tried = Attempt(hindsight_prompt=prompt, confidence=0.8, last_step=len(steps), final_answer="Two orders.")
    return augment(run, tried, None, metadata={}).corrections


GOOD = call("2 orders", customer="4411", since="2024-05-01")


def test_a_wrong_argument_that_was_then_put_right_is_a_pair():
    bad = call("Error: customer must be a number", error=True, thought="Try.", customer="Mia Li", since="2024-05-01")
    [found] = corrections(bad, GOOD)
    assert found.at == 1, "only the request stands before both"
    assert found.wrong.arguments == {"customer": "Mia Li", "since": "2024-05-01"}
    assert found.right.arguments == {"customer": "4411", "since": "2024-05-01"}
    assert found.right.id == found.wrong.id


def test_a_look_up_in_between_does_no_harm():
    bad = call("Error: no such customer", error=True, customer="Mia", since="2024-05-01")
    assert corrections(bad, call("ok", name="get_help"), GOOD)


@pytest.mark.parametrize(
    ("why", "steps"),
    [
        ("an outage is no mistake", [call("Error 503: service unavailable", error=True, customer="4411"), GOOD]),
        ("a limit of the service neither", [call("Error: rate limit, missing quota", error=True, customer="1"), GOOD]),
        ("nor a full train", [call("Error: 0 seats left", error=True, customer="4411", since="2024-05-02"), GOOD]),
        (
            "the value came up only afterwards",
            [
                call("Error: unknown customer", error=True, customer="4410", since="2024-05-01"),
                call("2 orders", customer="9977", since="2024-05-01"),
            ],
        ),
        ("the same call again", [call("Error: not found", error=True, customer="4411", since="2024-05-01"), GOOD]),
        ("another tool", [call("Error: invalid customer", name="find_all", error=True, customer="Mia"), GOOD]),
        (
            "it failed again",
            [
                call("Error: invalid customer", error=True, customer="Mia", since="2024-05-01"),
                call("Error: invalid date", error=True, customer="4411", since="2024-05-01"),
            ],
        ),
        (
            "the world was changed meanwhile",
            [
                call("Error: not found", error=True, customer="4410", since="2024-05-01"),
                call("created", name="create_customer", customer="4411"),
                GOOD,
            ],
        ),
        ("quite another call", [call("Error: invalid", error=True, text="a b c d e f g h i j k l m n o"), GOOD]),
    ],
)
def test_where_nothing_could_have_been_known_better_there_is_no_pair(why, steps):
    assert corrections(*steps) == (), why


def test_parallel_calls_make_no_pair():
    bad = call("Error: must be a number", error=True, customer="Mia", since="2024-05-01")
    both = [step.model_copy(update={"turn": 3}) for step in (bad, GOOD)]
    assert corrections(*both, GOOD) == ()


def shell(command, observation, *, error=None):
    return call(observation, name="bash", error=error, command=command)


MISSING = "cat: no such file or directory"


@pytest.mark.parametrize(
    ("bad", "good", "is_pair"),
    [
        ("du -sh /systems/logs", "du -sh /system/logs", True),
        ("grep -rn 'Hello' /system/folder1", "mkdir /system/folder1", False),  # another program
        ("cat shark2.pcapng", "cat public-key.txt", False),  # another file
        ("ls /system", "ls /", False),
        ("sort /system/a.txt", "sort /system/b.txt > /system/a.txt", False),  # writes where the other reads
    ],
)
def test_a_command_is_put_right_by_nearly_the_same_command_of_the_same_program(bad, good, is_pair):
    steps = shell(bad, MISSING, error=True), shell(good, "12K")
    prompt = "How large is /system/logs? Look into /system, folder1, public-key.txt, a.txt, b.txt, mkdir, du, sh."
    assert bool(corrections(*steps, prompt=prompt)) is is_pair
