"""An answer may hold nothing but values of the run and still be short of something: then it waits."""

import pytest
from rule_runs import call, run

from core.models import QueueReason
from core.settings import PipelineConfig
from core.stages.detect import detect_with_rules
from core.stages.relabel import choose, relabel_with_rules
from core.stages.relabel.shortfalls import shortfalls

METER = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed\n"
    "  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0"
)


def proposed(command, output):
    one = run("Look at the files in /srv for me.", call("bash", {"command": command}, output))
    return choose("t", relabel_with_rules(one, detect_with_rules(one)), PipelineConfig())


@pytest.mark.parametrize(("command", "output", "lacks"), [
    (r'find /srv -name "*.c" -printf "%f\n"', "a.cnb.cn", "line breaks"),
    ('find /srv -name "*.c"', "find: '/srv/x': Permission denied\n/srv/a.c\n/srv/b.c\n", "error"),
    ("du -a /srv | sort -nr | head -n 2 | awk '{print $2}'", "/srv\n/srv/b\n", "figure"),
])  # fmt: skip
def test_an_answer_that_is_short_of_something_waits_and_says_of_what(command, output, lacks):
    data = proposed(command, output)
    assert data.queue_reason is QueueReason.BELOW_THRESHOLD
    assert lacks in data.attempt.verdict.reason
    completion = next(score for score in data.attempt.verdict.rubric if score.name == "Completion")
    assert completion.score <= 0.5 and lacks in completion.reason


@pytest.mark.parametrize(("command", "output"), [
    (r'find /srv -name "*.c" -printf "%f\n"', "main\n"),
    (r'find /srv -name "*.c" -printf "%f\n"', "a.c\nb.cn\n"),
    ("du -a /srv | sort -nr | head -n 2", "12K\t/srv\n8K\t/srv/b\n"),
])  # fmt: skip
def test_a_plain_result_is_short_of_nothing(command, output):
    step = run("x", call("bash", {"command": command}, output)).steps[0]
    assert [*shortfalls("How much space do they take?", "12K /srv, 8K /srv/b", [step])] == []


def test_a_meter_of_progress_is_told_to_nobody():
    data = proposed("curl -o /srv/a.txt http://example.com/a.txt", METER)
    assert "Total" not in getattr(data, "attempt", data).model_dump_json()
