"""Errors planted into prompts over real runs: whatever a string can show must be refused by the gate."""

from collections import Counter

import pytest

from benchmarks import planted


@pytest.fixture(scope="module")
def cases(shared_data):
    return planted.cases(most=6)


@pytest.fixture(scope="module")
def errors(cases):
    return [*planted.plant(cases)]


def test_there_are_prompts_of_several_sources_to_plant_errors_in(cases, errors):
    by_source = Counter(case.source for case in cases)
    assert sum(count == 6 for count in by_source.values()) >= 4, by_source
    assert sum(error.kind not in planted.BLIND for error in errors) >= 300


def test_every_error_that_a_string_can_show_is_caught(errors):
    shown = [error for error in errors if error.kind not in planted.BLIND]
    missed = [
        (error.kind, error.case.source, error.prompt)
        for error in shown
        if not planted.refused(error.prompt, error.case)
    ]
    assert missed == []
