"""Calibration against truth that is known, and the figures of judges against values worked out by hand."""

import numpy as np
import pytest

from core.measures.precision import Evidence, evidence
from core.models import ProposalState, SecondJudgeVerdict
from core.review.calibration import Judged, brier, calibrate, calibration_error, reliability
from core.review.judging import _panels, fit, judging, keep, meant
from core.store import open_store
from core.store.calibrations import Confidences, current_calibration
from core.store.drawn import DrawnVerdict


def team(n, *, honest, seed=0):
    """Verdicts on `n` items of a judge that is right as often as it says, or 0.3 less often."""
    draw = np.random.default_rng(seed)
    confidence = np.round(draw.uniform(0.4, 1.0, n), 2)
    right = draw.random(n) < (confidence if honest else confidence - 0.3)
    return Judged(confidence, right, np.ones(n))


def test_a_judge_that_claims_too_much_is_told_from_an_honest_one():
    honest, boaster = reliability(team(600, honest=True)), reliability(team(600, honest=False))
    assert boaster.error.low <= 0.3 <= boaster.error.high
    assert honest.error.value < 0.08 < boaster.error.low
    assert boaster.brier.low > honest.brier.high
    assert sum(one.right.n for one in boaster.bins) == boaster.n == 600
    few = reliability(team(29, honest=True))
    assert (few.error, few.brier, few.n) == (None, None, 29)


def test_ece_and_brier_are_those_of_the_textbook():
    # two bins: 0.9 said of ten with seven right, 0.35 said of five with one right
    confidence = np.array([0.9] * 10 + [0.35] * 5)
    right = np.array([True] * 7 + [False] * 3 + [True] + [False] * 4)
    known = Judged(confidence, right, np.ones(15))
    assert calibration_error(known) == pytest.approx((10 * 0.2 + 5 * 0.15) / 15)
    assert brier(known) == pytest.approx((7 * 0.01 + 3 * 0.81 + 0.4225 + 4 * 0.1225) / 15)
    doubled = Judged(confidence, right, np.full(15, 2.0))
    assert (calibration_error(doubled), brier(doubled)) == pytest.approx((calibration_error(known), brier(known)))


def test_a_fit_helps_where_the_judge_boasts_and_says_so_on_items_it_has_not_seen():
    boaster = calibrate(team(600, honest=False))
    assert boaster.helps
    assert np.interp(0.8, boaster.scores, boaster.means) == pytest.approx(0.5, abs=0.12)
    assert list(boaster.means) == sorted(boaster.means)
    honest = calibrate(team(600, honest=True))
    assert honest.after > honest.before - 0.005, "nothing to gain"
    assert calibrate(team(29, honest=True)) is None


def drawn(number, state, score=0.8):
    return DrawnVerdict(number, state, score, 1.0, True, None, "test", 1.0)


def test_judges_that_err_together_are_worth_fewer_votes():
    def panel(*said):
        verdicts = tuple(
            SecondJudgeVerdict(is_valid=yes, confidence=0.9, judge=name) for name, yes in zip("ab", said, strict=True)
        )
        return Confidences(0.9, 0.9, "yes", of_random_share=True, panel=verdicts)

    def panels(answers):
        return _panels([(drawn(n, ProposalState.ACCEPTED), panel(*said)) for n, said in enumerate(answers)])

    [same] = panels([(True, True)] * 30 + [(False, False)] * 10)
    assert (same.n, same.correlation, same.votes) == (40, pytest.approx(1), pytest.approx(1))
    [apart] = panels(
        [(True, True)] * 9 + [(False, True)] * 3 + [(True, False)] * 3 + [(False, False)] * 1 + [(None, True)]
    )
    assert (apart.n, apart.correlation) == (16, None), "too few"
    [apart] = panels(([(True, True)] * 9 + [(False, True)] * 3 + [(True, False)] * 3 + [(False, False)]) * 2)
    assert apart.correlation == pytest.approx(0)
    assert apart.votes == pytest.approx(2)
    assert [round(found.value, 3) for _, found in apart.wrong] == [0.25, 0.25]
    [never] = panels([(True, True)] * 40)
    assert (never.correlation, never.votes) == (None, None)


def test_a_fit_is_kept_as_a_version_and_speaks_of_random_items_alone(db):
    with open_store(db) as store:
        assert current_calibration(store) is None
        assert judging(store, evidence(store)).kappa_n == 0
        assert fit(store, Evidence((), 0, 0)) is None
        found = calibrate(team(200, honest=False))
        assert [keep(store, found, by=name) for name in ("anna", "ben")] == [1, 2]
        kept = current_calibration(store)
    assert (kept.version, kept.fitted_by, kept.scores, kept.means) == (2, "ben", found.scores, found.means)
    assert meant(kept, 0.8) == pytest.approx(np.interp(0.8, found.scores, found.means))
