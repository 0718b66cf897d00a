"""Figures of a team on real rows: shares, times, agreement, guidelines."""

from collections import Counter

import pytest
from test_overlap import ACCEPT, ANNA, BEN, EDIT, REJECT, say

from core.errors import UserError
from core.models import RejectReason, ReviewAction
from core.review.agreement import kappa_interval
from core.review.guidelines import LONGEST, save_guidelines
from core.review.items import next_item
from core.review.overlap import disputes, set_overlap, settle_as
from core.review.team import Difference, days_back, done_today, team
from core.review.verdicts import undo_last
from core.store import open_store
from core.store.guidelines import current_guidelines, guideline_versions
from core.store.people import opinions_since
from core.store.reviews import reviews_of


@pytest.fixture
def store(db):
    with open_store(db) as opened:
        set_overlap(opened, 1.0, set_by="maria")
        yield opened


def test_a_period_leaves_older_verdicts_out_and_today_counts_opinions_that_stand(store):
    for action in (ACCEPT, EDIT, REJECT, ReviewAction.DEFER):
        say(store, ANNA, next_item(store, ANNA).proposal_id, action)
    assert done_today(store, "anna") == 3
    undo_last(store, "anna", op_id="u")
    undo_last(store, "anna", op_id="v")
    assert (done_today(store, "anna"), done_today(store, "ben")) == (2, 0)
    assert team(store, since=days_back(0)).people[0].done == 2
    assert opinions_since(store, "anna", days_back(-1)) == 0
    assert team(store, since=days_back(-1)).people == ()


def test_each_person_is_counted_by_what_stands(store):
    items = []
    for action, seconds in ((ACCEPT, 10), (EDIT, 30), (REJECT, 80), (ReviewAction.DEFER, 500), (ACCEPT, 7)):
        items.append(next_item(store, ANNA).proposal_id)
        say(store, ANNA, items[-1], action, active_seconds=seconds)
    undo_last(store, "anna", op_id="u")
    say(store, BEN, items[0], REJECT, reason=RejectReason.UNSAFE)
    say(store, BEN, items[2], REJECT)
    [dispute] = disputes(store, limit=5)
    settle_as(store, dispute, dispute.opinions[0], by="maria")

    anna, ben, maria = team(store).people
    assert (anna.name, anna.accepted, anna.edited, anna.rejected, anna.deferred, anna.done) == ("anna", 1, 1, 1, 1, 3)
    assert anna.seconds == 30, "defers and undone verdicts do not count"
    assert (anna.both, anna.agreed) == (2, 1)
    assert ben.reasons == {RejectReason.UNSAFE: 1, RejectReason.TRIVIAL: 1}
    assert ben.seconds is None
    assert (maria.done, maria.settled, maria.both) == (0, 1, 0)


def test_two_people_over_the_items_of_both_and_where_they_differ(store):
    for first, second in ((ACCEPT, ACCEPT), (EDIT, REJECT), (REJECT, REJECT), (ACCEPT, None)):
        item = next_item(store, ANNA).proposal_id
        say(store, ANNA, item, first)
        if second:
            say(store, BEN, item, second)
    [pair] = team(store).pairs
    assert (pair.names, pair.n, pair.agreed, pair.enough) == (("anna", "ben"), 3, 2, False)
    assert pair.kappa == 0.4
    assert team(store).differences == (Difference(disputes(store, limit=1)[0].proposal_id, ("anna",), ("ben",)),)


def test_the_interval_of_kappa_is_the_published_one_and_never_a_point():
    # The ends by `statsmodels.stats.inter_rater.cohens_kappa` 0.15.0
    for counts, ends in (
        ((20, 5, 10, 15), (0.1511, 0.6489)),
        ((45, 15, 25, 15), (-0.0629, 0.3238)),
        ((80, 3, 5, 12), (0.5097, 0.8956)),
    ):
        sides = ((True, True), (True, False), (False, True), (False, False))
        both = Counter(dict(zip(sides, counts, strict=True)))
        assert kappa_interval(both) == pytest.approx(ends, abs=0.0006)
    low, high = kappa_interval(Counter({(True, True): 3, (True, False): 2}))  # the first never rejects
    assert low < -0.1 < 0.3 < high
    low, high = kappa_interval(Counter({(True, True): 20, (False, False): 20}))
    assert 0.8 < low < high == 1.0
    assert kappa_interval(Counter({(True, True): 20})) is None
    low, high = kappa_interval(Counter({(True, False): 20, (False, True): 20}))
    assert -1.0 <= low <= high <= -0.9


def test_guidelines_are_versions_and_each_verdict_names_the_one_in_force(store):
    first, second = next_item(store, ANNA).proposal_id, None
    say(store, ANNA, first, ACCEPT)
    assert save_guidelines(store, "# Be kind\r\n", author="maria", over=0).version == 1
    assert save_guidelines(store, "# Be kind", author="ben", over=0).author == "maria", (
        "the same text is no new version"
    )
    with pytest.raises(UserError, match="maria has saved version 1 while you wrote"):
        save_guidelines(store, "# Be strict", author="ben", over=0)
    assert save_guidelines(store, "# Be strict", author="ben", over=1).version == 2
    second = next_item(store, ANNA).proposal_id
    say(store, ANNA, second, ACCEPT)
    assert [row.guidelines for item in (first, second) for row in reviews_of(store, item)] == [None, 2]
    assert [old.text for old in guideline_versions(store, limit=5)] == ["# Be strict", "# Be kind"]
    for text in ("", " \n\u200b", "x" * (LONGEST + 1)):
        with pytest.raises(UserError, match="Guidelines"):
            save_guidelines(store, text, author="ben", over=2)
    assert current_guidelines(store).version == 2
