"""The order of review learns on which items reviewers and threshold differ, and leaves the random share alone."""

import pytest
from filled import fill, make_result, make_run

from core.measures.order import keep_in_order, worth
from core.store import open_store
from core.store.order import KindCount, Way

POLICY = {"theta": 0.5, "delta": 0.3, "random_share": 0.1}
NEAR, FAR = 0.55, 0.95  # items near theta are right as they stand; those that the judge is surest of are not


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "team.db", create=True) as store:
        scores = [NEAR if n % 2 else FAR for n in range(1, 201)]
        fill(store, [(run, make_result(run, score=s)) for n, s in enumerate(scores, 1) if (run := make_run(n))],
             random_share=0.1)  # fmt: skip
        yield store


def waiting(store, *, is_random=0):
    return store.rows(
        "SELECT id, score, position FROM proposals WHERE state = 'pending' AND is_random = ? ORDER BY position",
        is_random,
    )


def review(store, number):
    """So many verdicts in the order of the queue: the sure ones are rejected."""
    for _ in range(number):
        store.write(
            "UPDATE proposals SET state = iif(score > 0.9, 'rejected', 'accepted')"
            " WHERE id = (SELECT id FROM proposals WHERE state = 'pending' ORDER BY position, id LIMIT 1)"
        )


def test_the_nearest_to_theta_come_first_until_verdicts_say_what_is_worth_a_look(store):
    assert {row["score"] for row in waiting(store)[:50]} == {NEAR}
    review(store, 29)
    assert not keep_in_order(store, **POLICY), "under 30 verdicts nothing is learnt"
    review(store, 31)
    assert keep_in_order(store, **POLICY)
    assert {row["score"] for row in waiting(store)[:50]} == {FAR}
    assert not keep_in_order(store, **POLICY), "nothing new is known"


def test_what_is_learnt_moves_no_item_of_the_random_share_out_of_its_turn(store):
    before = [row["id"] for row in waiting(store, is_random=1)]
    done = 60
    review(store, done)
    keep_in_order(store, **POLICY)
    after = [row["id"] for row in waiting(store, is_random=1)]
    assert after == before[-len(after) :]
    places = [row["position"] for row in waiting(store, is_random=1)]
    assert places == pytest.approx([10 * n for n in range(1, len(places) + 1)]), "every tenth place is theirs"


def test_it_finds_more_of_what_they_differ_on_than_the_distance_to_theta_does(store):
    def rejected():
        return store.value("SELECT count(*) FROM proposals WHERE state = 'rejected'")

    review(store, 60)
    by_distance = rejected()
    keep_in_order(store, **POLICY)
    review(store, 60)
    assert rejected() - by_distance > 3 * by_distance


def test_few_verdicts_move_the_word_of_the_score_and_many_outweigh_it():
    def count(verdicts, overturned):
        [found] = worth([KindCount((Way.LET_IN, 9, "test", ""), verdicts, overturned)]).values()
        return found

    assert count(0, 0) == pytest.approx(0.05)
    assert 0.05 < count(2, 2) < 0.5 < count(40, 40)
    assert worth([KindCount((Way.REFUSED, 9, "test", ""), 0, 0)]) == {(Way.REFUSED, 9, "test", ""): 0.5}
