import pytest

from core.models import AgentStep, FailedTrajectory
from core.stages.detect.rules import achieved_something
from core.stages.results import read_result


def step(observation: str, is_error: bool | None = None) -> AgentStep:
    return AgentStep(action_name="tool", observation=observation, is_error=is_error)


@pytest.mark.parametrize(
    "observation",
    [
        "Error: user not found",
        "Error executing query: Unknown column 'x' in 'field list'",
        'Traceback (most recent call last):\n  File "a.py", line 1\nKeyError: 3',
        "started\nTraceback (most recent call last):\n  File x\nValueError: no",
        "HTTP 503 Service Unavailable",
        "503 Service Unavailable",
        "HTTP Error 404: Not Found",
        "/bin/bash: line 3: BASH: command not found",
        "grep: /system/folder1: No such file or directory",
        "find: missing argument to `-exec'",
        "Access denied. Please sign in first.",
        "bash: aws: command not found\n\n[exit code 127]",
        "Exceeded 30 redirects.",
        "Error: Connection timeout after 30 seconds.",
        '{"error": "no such order", "data": null}',
        '{"status": 404, "message": "x"}',
        '{"success": false}',
        '{"exit_code": 2, "stdout": ""}',
        '{"error": "", "response": "{\\"status\\": 400, \\"data\\": null}"}',
        "\x1b[31mError: red\x1b[0m",
        '  File "/w/train.py", line 23\r\n    f("x\r\n     ^\r\nSyntaxError: bad\r\n\r\n[Python 3.11]\r\na@b1:/w $ ',
        '{"error": "", "response": "\\"<html><head><title>Forbidden</title></head></html>\\""}',
        '{"response_status": "Error", "message": "ERROR: No data found for Campaign."}',
        "Your proposed edit has introduced new syntax error(s).",
    ],
)
def test_an_error_report_is_told_by_its_shape(observation):
    result = read_result(step(observation))
    assert result.failed
    assert observation[result.start : result.end].strip()


@pytest.mark.parametrize(
    "observation",
    [
        "BUILD OK Error: 0",
        "def parse(text):\n    raise ValueError('error: bad input')  # handle error\n",
        '{"error": null, "items": [1, 2]}',
        '{"errors": [], "ok": true}',
        '{"status": "available", "code": 503}',
        "0 errors, 0 warnings",
        "The word error stands in this article about error handling.",
        '[{"level": "error", "count": 3}]',
        "12 passed in 0.3s",
        '{"status": "delivered"}',
    ],
)
def test_the_word_error_alone_is_no_error(observation):
    assert not read_result(step(observation)).failed


def test_what_the_tool_itself_reports_wins_over_the_shape():
    assert not read_result(step("Error: this is the log you asked for", is_error=False)).failed
    assert read_result(step("all fine", is_error=True)).failed


@pytest.mark.parametrize(
    ("printed", "achieved"),
    [
        ("find: '/system': No such file or directory\n", False),
        ("df: invalid option -- 'p'\nTry 'df --help' for more information.\n", False),
        ("awk: line 1: syntax error at or near ;\n", False),
        ("/bin/bash: line 3: BASH: command not found\nShell script 5\n", True),
    ],
)
def test_a_command_that_prints_errors_alone_achieved_nothing_though_its_shell_says_it_worked(printed, achieved):
    command = {"command": "find /system | sort"}
    listed = AgentStep(action_name="bash", action_input=command, observation=printed, is_error=False)
    assert achieved_something(FailedTrajectory(original_prompt="x", steps=[listed]), 1) is achieved
    assert read_result(listed).failed is not achieved


@pytest.mark.parametrize(
    "nothing",
    [
        "",
        "[]",
        "{}",
        "None",
        "null",
        "No results found.",
        "no flights found",
        "Could not find [X]. Similar: ['Y']",
        "Answer is INCORRECT",
        "Observation for step 3.",
        "[Old tool result content cleared]",
        "<output omitted>",
        "Output truncated",
        "[... 12 lines omitted ...]",
        "[cleared to save context]",
    ],
)
def test_an_empty_or_placeholder_result_tells_nothing(nothing):
    assert not read_result(step(nothing)).informative


@pytest.mark.parametrize(
    "told",
    ["content removed from the cart", "placeholder image saved as a.png", "[file removed]", '["omitted", "x"]',
     "Output truncated\nfirst line of it"],
)  # fmt: skip
def test_a_result_that_speaks_of_removing_is_no_placeholder(told):
    assert read_result(step(told)).informative


def test_a_change_whose_result_was_not_kept_did_not_demonstrably_work():
    call = AgentStep(action_name="delete_user", observation="[Old tool result content cleared]")
    run = FailedTrajectory(original_prompt="p", steps=(call,))
    assert read_result(call).lost
    assert not achieved_something(run, 1)


def test_a_short_answer_is_informative():
    assert read_result(step("42")).informative
