"""Mutated prompts over real runs: whatever a string can show must be refused by the gate."""

import re

import pytest

from core.models import Attempt, SecondJudgeVerdict
from core.settings import PipelineConfig
from core.sources import read
from core.stages.detect import detect_with_rules
from core.stages.grounding import check_prompt, find_values
from core.stages.relabel import relabel_with_rules, why_not

SETTINGS = PipelineConfig()


def refused(prompt, trajectory, attempt):
    grounding = check_prompt(prompt, trajectory, first_step=attempt.first_step, last_step=attempt.last_step)
    planted = Attempt(
        hindsight_prompt=prompt, confidence=1.0, last_step=attempt.last_step, grounding=grounding,
        verdict=SecondJudgeVerdict(is_valid=True, confidence=1.0, judge="credulous"),
    )  # fmt: skip
    return why_not(planted, SETTINGS) is not None


@pytest.fixture(scope="module")
def accepted(shared_data):
    found = []
    for record in read(shared_data / "labelled/tau_bench/gpt-4o-airline.json"):
        trajectory = record.trajectory
        analysis = detect_with_rules(trajectory)
        if analysis.is_failure and analysis.recoverable:
            attempt = next((a for a in relabel_with_rules(trajectory, analysis) if why_not(a, SETTINGS) is None), None)
            if attempt:
                found.append((trajectory, attempt))
    assert len(found) >= 20
    return found


def test_the_unchanged_prompts_pass_a_credulous_judge(accepted):
    assert not any(refused(attempt.hindsight_prompt, trajectory, attempt) for trajectory, attempt in accepted)


def swap(prompt, kinds, change):
    """The prompt with the first value of the kinds changed, or None."""
    for value in find_values(prompt):
        if value.kind.value in kinds:
            return prompt[: value.start] + change(value.text) + prompt[value.end :]
    return None


PLANTED = {
    "identifier": lambda p: swap(p, ("id",), lambda text: re.sub(r"\d", "9", text) + "Q7"),
    "name": lambda p: swap(p, ("name",), lambda _: "Zanzibar"),
    "date": lambda p: swap(p, ("date",), lambda _: "February 11"),
    "year": lambda p: swap(p, ("date",), lambda text: f"{text.split(',')[0]}, 2031"),
    "added number": lambda p: f"{p} It must not cost more than $4,913.",
    "added superlative": lambda p: f"{p} Only the most expensive one, please.",
    "added quoted word": lambda p: f'{p} It has to say "rhubarb crumble".',
    "added time": lambda p: f"{p} Not before 3:47 am.",
    "added path": lambda p: f"{p} Save it to /srv/none/such.csv.",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_values_are_caught(accepted, kind):
    planted = [(t, a, changed) for t, a in accepted if (changed := PLANTED[kind](a.hindsight_prompt))]
    assert planted
    missed = [changed for t, a, changed in planted if not refused(changed, t, a)]
    assert missed == []


def test_the_original_request_is_caught_alone_and_with_all_user_turns(accepted):
    for trajectory, attempt in accepted:
        turns = [step.text for step in trajectory.steps if step.kind == "user"]
        assert refused(trajectory.original_prompt, trajectory, attempt)
        assert refused("\n".join([trajectory.original_prompt, *turns]), trajectory, attempt)


def test_the_goal_of_another_run_is_caught_where_its_values_differ(accepted):
    for (trajectory, attempt), (_, other) in zip(accepted, [*accepted[1:], accepted[0]], strict=True):
        theirs = {v.text for v in find_values(other.hindsight_prompt)}
        mine = {v.text for v in find_values(attempt.hindsight_prompt)}
        if theirs - mine:
            assert refused(other.hindsight_prompt, trajectory, attempt)


def test_a_leaked_answer_is_caught(accepted):
    leaks = 0
    for trajectory, attempt in accepted:
        turns = [step.text for step in trajectory.steps if step.kind == "user"]
        inputs = [step.action_input for step in trajectory.steps]
        said = f"{trajectory.original_prompt} {trajectory.system_prompt} {turns} {inputs}"
        kept = [s.observation for _, s in trajectory.actions[: attempt.last_step]]
        flight = next((f for text in kept for f in re.findall(r"HAT\d{3}", text) if f not in said), None)
        if flight:
            leaks += 1
            assert refused(f"{attempt.hindsight_prompt} I think it is {flight}.", trajectory, attempt)
    assert leaks >= 10
