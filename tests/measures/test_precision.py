"""Figures of a threshold against truth that is known: a thousand simulated teams, and values of other libraries."""

import numpy as np
import pytest

from core.measures import precision
from core.measures.precision import Measured, Sample, curve, measured, needed, theta_for
from core.measures.shares import interval, share, size_for
from core.models import ProposalState
from core.store.drawn import DrawnVerdict

TEAMS, ITEMS, SHARE = 1000, 3000, 0.1


class Team:
    """Items of one simulated team: a judge that claims too much by an amount of its own."""

    def __init__(self, draw):
        self.draw = draw
        self.score = np.round(draw.beta(draw.uniform(1.5, 6), draw.uniform(1.2, 3), ITEMS), 2)
        self.chance = np.clip(draw.uniform(0.2, 0.7) + draw.uniform(0.2, 0.6) * self.score, 0, 0.99)
        self.right = draw.random(ITEMS) < self.chance
        self.weight = draw.choice([0.2, 0.5, 0.8, 1.0], ITEMS)
        self.random_share = draw.random(ITEMS) < SHARE

    def sample(self, picked, counts_for=1.0, *, silent=None):
        right = self.right[picked]
        counts = np.broadcast_to(counts_for, right.shape).astype(float)
        silent = np.zeros(ITEMS, bool) if silent is None else silent
        unspoken = np.column_stack((self.score[silent], self.weight[silent], np.ones(silent.sum())))
        return Sample(self.score[picked], self.weight[picked], right, right, counts, unspoken)

    def truth(self, theta):
        let_in = (self.score >= theta) & (self.weight >= 0.3)
        return self.right[let_in].mean(), self.right[let_in].sum() / self.right.sum()


class OfTwoSources(Team):
    """In one of the two the judge is worse."""

    def __init__(self, draw):
        super().__init__(draw)
        self.source = (draw.random(ITEMS) < 0.4).astype(int)
        self.right &= (self.source == 0) | (draw.random(ITEMS) < 0.7)


def simulate(sampled, kind=Team):
    """(errors, covered) of precision and recall over the teams; thetas of their own."""
    draw = np.random.default_rng(20261123)
    errors, covered = [], []
    for _ in range(TEAMS):
        team = kind(draw)
        theta = draw.uniform(0.4, 0.8)
        found = measured(sampled(team), theta, 0.3)
        pairs = list(zip((found.precision, found.recall), team.truth(theta), strict=True))
        if found.precision.n:
            errors.append([one.value - true for one, true in pairs])
            covered.append([one.low <= true <= one.high for one, true in pairs])
    return np.array(errors), np.array(covered)


def is_unbiased(errors):
    """Whether the mean error is within three of its standard errors of 0."""
    return np.abs(errors.mean(axis=0)) < 3 * errors.std(axis=0) / len(errors) ** 0.5


def audited(team, *, weighted, of_source=None):
    """Half the way, the doubtful ones decided, a bulk act: sixty are audited, its others are looked at no more.

    `of_source`: the act is of that source alone, and is weighed by source too if `weighted`. Chances are those of
    `core.store.drawn`: of each kind of item, the share that was picked and decided.
    """
    before = team.random_share & (team.draw.random(ITEMS) < 0.5)
    doubtful = np.argsort(np.abs(team.score - 0.6))[:150]
    batch = (team.score >= 0.7) & (team.weight >= 0.3) & ~before
    batch[doubtful] = False
    if of_source is not None:
        batch &= team.source == of_source
    members = np.flatnonzero(batch)
    picked = team.random_share & (before | ~batch)
    picked[team.draw.choice(members, min(60, len(members)), replace=False)] = True
    kind = np.minimum((team.score * 10).astype(int), 9) * 3 + np.minimum((team.weight * 3).astype(int), 2)
    if of_source is not None:
        kind = kind * 2 + team.source
    chance = (np.bincount(kind[picked], minlength=60) / np.maximum(np.bincount(kind, minlength=60), 1))[kind]
    return team.sample(picked, 1 / chance[picked] if weighted else 1.0, silent=chance == 0)


def doubtful_first(team):
    """The random share, and as many again nearest to the threshold: what the queue brings."""
    near = np.argsort(np.abs(team.score - 0.5))[: int(ITEMS * SHARE)]
    picked = team.random_share.copy()
    picked[near] = True
    return team.sample(picked)


def test_a_thousand_teams_the_estimate_is_unbiased_and_the_interval_holds_the_truth():
    errors, covered = simulate(lambda team: team.sample(team.random_share))
    assert len(errors) > 0.99 * TEAMS
    assert is_unbiased(errors).all(), errors.mean(axis=0)
    assert (covered.mean(axis=0) >= 0.93).all(), covered.mean(axis=0)


def test_an_audit_of_high_scores_counts_by_its_chance_and_biases_nothing():
    errors, covered = simulate(lambda team: audited(team, weighted=True))
    assert is_unbiased(errors).all(), errors.mean(axis=0)
    assert (covered.mean(axis=0) >= 0.93).all(), covered.mean(axis=0)
    errors, covered = simulate(lambda team: audited(team, weighted=True, of_source=1), OfTwoSources)
    assert is_unbiased(errors)[0], errors.mean(axis=0)
    assert (covered.mean(axis=0) >= 0.93).all(), covered.mean(axis=0)
    errors, _ = simulate(lambda team: audited(team, weighted=False))
    assert not is_unbiased(errors).all(), "the test can tell"


def test_the_doubtful_ones_would_bias_it_which_is_why_they_stay_out():
    errors, _ = simulate(doubtful_first)
    assert errors[:, 0].mean() < -0.005
    assert not is_unbiased(errors).any()


def test_the_theta_for_a_precision_holds_the_true_one(monkeypatch):
    monkeypatch.setattr(precision, "RESAMPLES", 200)
    draw = np.random.default_rng(3)
    covered, errors = [], []
    for _ in range(120):
        team = Team(draw)
        severe = team.weight < 0.3
        scores = np.unique(team.score[~severe])
        curve_of = [team.chance[~severe & (team.score >= theta)].mean() for theta in scores]
        target = curve_of[np.searchsorted(scores, draw.uniform(0.3, 0.8))]
        true = scores[np.argmax(np.array(curve_of) >= target - 1e-9)]
        found = theta_for(team.sample(draw.random(ITEMS) < 0.15), 0.3, target)
        low, high = (np.inf if end is None else end for end in (found.low, found.high))
        covered.append(low <= true <= high)
        if found.theta is not None:
            errors.append(found.theta - true)
    assert np.mean(covered) >= 0.93
    assert abs(np.median(errors)) <= 0.03


def test_a_judge_that_knows_nothing_reaches_no_precision_and_few_verdicts_say_nothing():
    draw = np.random.default_rng(1)
    score = draw.random(400)
    right = draw.random(400) < 0.6
    blind = Sample(score, np.ones(400), right, right, np.ones(400))
    found = theta_for(blind, 0.0, 0.95)
    assert (found.enough, found.theta, found.high) == (True, None, None)
    few = Sample(score[:29], np.ones(29), right[:29], right[:29], np.ones(29))
    assert not theta_for(few, 0.0, 0.5).enough
    assert not measured(few, 0.0, 0.0).precision.enough
    assert needed(measured(few, 0.0, 0.0), 0.05) is None
    nothing = measured(Sample.of([]), 0.5, 0.3)
    assert (nothing.precision.value, nothing.precision.n) == (None, 0)
    assert curve(Sample.of([]), 0.3) == []


# `statsmodels.stats.proportion.proportion_confint(..., method="beta")` 0.15.0
@pytest.mark.parametrize(
    ("right", "n", "ends"),
    [
        (59, 59, (0.93939, 1.0)),
        (57, 60, (0.86076, 0.98957)),
        (10, 40, (0.12691, 0.41196)),
        (0, 35, (0.0, 0.10003)),
        (333, 400, (0.79222, 0.86777)),
    ],
)
def test_the_interval_is_the_exact_one(right, n, ends):
    assert interval(right, n) == pytest.approx(ends, abs=1e-5)
    yes = np.arange(n) < right
    found = share(yes, np.full(n, 2.5))
    assert (found.low, found.high) == pytest.approx(ends, abs=1e-5), "equal weights change nothing"


def test_fifty_nine_clean_ones_show_95_percent_on_one_side():
    assert interval(59, 59, level=0.9)[0] >= 0.95 > interval(58, 58, level=0.9)[0]


def test_as_many_more_as_it_says_do_narrow_the_interval():
    for value in (0.5, 0.8, 0.95, 1.0):
        n = size_for(value, 0.03)
        low, high = interval(value * n, n)
        assert high - low <= 0.06
        low, high = interval(value * (n - 1), n - 1)
        assert high - low > 0.06


def test_what_no_threshold_may_let_in_counts_for_recall_and_never_for_precision():
    def one(number, state, score, *, eligible=True, weight=0.8):
        return DrawnVerdict(number, state, score, weight, eligible, None, "test", 1.0)

    verdicts = [
        one(1, ProposalState.ACCEPTED, 0.9),
        one(2, ProposalState.EDITED, 0.9),
        one(3, ProposalState.REJECTED, 0.5),
        one(4, ProposalState.REJECTED, 0.9, weight=0.1),
        one(5, ProposalState.ACCEPTED, 0.9, eligible=False),
        one(6, ProposalState.ACCEPTED, None, eligible=False),
    ]
    found = measured(Sample.of(verdicts), 0.5, 0.3)
    assert isinstance(found, Measured)
    assert (found.precision.n, found.precision.value) == (3, pytest.approx(1 / 3))
    assert found.usable.value == pytest.approx(2 / 3)
    assert (found.recall.n, found.recall.value) == (3, pytest.approx(1 / 3))
    assert found.let_in.value == pytest.approx(0.5)
    assert needed(found, 0.05) is None
