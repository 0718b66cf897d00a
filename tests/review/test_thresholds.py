"""What a threshold would do, in SQL, against the same counted one by one in Python."""

import random
from collections import Counter
from dataclasses import dataclass, replace

import pytest
from filled import fill, make_result, make_run

from core.errors import UserError
from core.models import ProposalState, QueueReason
from core.review.effects import (
    differences,
    effect_of,
    groups_of,
    histogram,
    let_in_at_each_delta,
    let_in_at_each_theta,
    spread,
    together,
    too_low_at_each,
)
from core.review.thresholds import apply_policy, policy_in_force
from core.settings import PipelineConfig
from core.store import open_store
from core.store.approved import approved

ELIGIBLE = (None, QueueReason.BELOW_THRESHOLD)
OPEN = (
    ProposalState.PENDING,
    ProposalState.DEFERRED,
    ProposalState.FLAGGED,
    ProposalState.SECOND,
    ProposalState.DISPUTED,
)


@dataclass(frozen=True)
class Made:
    score: float | None
    weight: float
    reason: QueueReason | None
    state: ProposalState


@pytest.fixture(scope="module", params=[1, 2, 3])
def mixed(request, tmp_path_factory):
    """A database with 300 proposals of every kind, and what they are."""
    draw = random.Random(request.param)
    made = []
    for _ in range(300):
        score = draw.choice([None, 0.0, 1.0, 0.5, round(draw.random(), 2), draw.random()])
        reason = QueueReason.UNJUDGED if score is None else draw.choice([None, None, *QueueReason])
        weight = draw.choice([0.0, 0.3, 1.0, round(draw.random(), 2)])
        made.append(Made(score, weight, reason, draw.choice(list(ProposalState))))
    path = tmp_path_factory.mktemp("mixed") / "mixed.db"
    with open_store(path, create=True) as store:
        results = [
            (run, make_result(run, score=one.score, queue_reason=one.reason, weight=one.weight))
            for n, one in enumerate(made, 1)
            if (run := make_run(n))
        ]
        fill(store, results)
        for n, one in enumerate(made, 1):
            store.write("UPDATE proposals SET state = ? WHERE id = ?", one.state.value, n)
        # Proposals that a later run replaced count for nothing.
        fill(store, results[:40])
    # The forty that were run again are fresh proposals where nobody had spoken, so what was let in by bulk waits again.
    unseen = (ProposalState.AUTO_ACCEPTED, ProposalState.AUTO_REJECTED)
    again = [replace(one, state=ProposalState.PENDING) if one.state in unseen else one for one in made[:40]]
    return path, again + made[40:]


def let_in(one, theta, delta):
    return one.reason in ELIGIBLE and one.score is not None and one.score >= theta and one.weight >= delta


def counted(made, theta, delta):
    counts = Counter()
    for one in made:
        auto = let_in(one, theta, delta)
        if one.state in (ProposalState.ACCEPTED, ProposalState.EDITED):
            counts["human_accepted"] += 1
            counts["accepted_below"] += not auto
        elif one.state is ProposalState.REJECTED:
            counts["human_rejected"] += 1
            counts["rejected_above"] += auto
        elif one.state is ProposalState.AUTO_ACCEPTED:
            counts["bulk_accepted"] += 1
        elif one.state is ProposalState.AUTO_REJECTED:
            counts["bulk_rejected"] += 1
        elif one.weight < delta:
            counts["too_severe"] += 1
        elif auto and one.state is ProposalState.PENDING:
            counts["auto_accepted"] += 1
        else:
            counts["queued"] += 1
    return counts


GRID = [(t, d) for t in (0.0, 0.25, 0.5, 0.51, 0.99, 1.0) for d in (0.0, 0.3, 0.31, 1.0)]


def test_every_count_is_what_counting_by_hand_gives(mixed):
    path, made = mixed
    with open_store(path) as store:
        for theta, delta in GRID:
            effect, expected = effect_of(store, theta, delta), counted(made, theta, delta)
            assert {name: n for name, n in vars(effect).items() if n} == {k: n for k, n in expected.items() if n}
            left = effect.human_accepted + effect.human_rejected + effect.unseen + effect.bulk_rejected
            assert left + effect.queued + effect.too_severe == 300
            assert effect.let_in + effect.queued + effect.left_out == 300


def test_what_is_counted_as_let_in_is_what_an_export_takes(mixed):
    path, _ = mixed
    with open_store(path) as store:
        for theta, delta in GRID:
            taken = Counter(a.state for a in approved(store, theta=theta, delta=delta, include_auto=True))
            effect = effect_of(store, theta, delta)
            assert taken["auto_accepted"] == effect.unseen
            assert sum(taken.values()) == effect.let_in


def test_a_higher_threshold_never_lets_more_in(mixed):
    path, _ = mixed
    with open_store(path) as store:
        counts = [effect_of(store, theta / 20, 0.3).auto_accepted for theta in range(21)]
        assert counts == sorted(counts, reverse=True)
        weights = [effect_of(store, 0.5, delta / 20).too_severe for delta in range(21)]
        assert weights == sorted(weights)


def bin_of(value):
    return None if value is None else min(int(round(value * 10, 6)), 9)


def test_the_bars_hold_every_proposal_once(mixed):
    path, made = mixed
    with open_store(path) as store:
        found = {of: histogram(spread(store), of=of, bins=10) for of in ("score", "weight")}
    bars = {of: {(row["bin"], row["state"]): row["n"] for row in rows} for of, rows in found.items()}
    assert bars["score"] == Counter((bin_of(one.score), one.state.value) for one in made)
    assert bars["weight"] == Counter((bin_of(one.weight), one.state.value) for one in made)


def test_a_policy_is_kept_with_who_and_why_and_orders_the_queue(db):
    with open_store(db) as store:
        assert policy_in_force(store, PipelineConfig(min_confidence=0.7)).theta == 0.7
        apply_policy(store, 0.3, 0.2, set_by="lead", why="more of them", random_share=0.0)
        policy = policy_in_force(store, PipelineConfig(min_confidence=0.7))
        assert (policy.theta, policy.delta, policy.set_by, policy.why) == (0.3, 0.2, "lead", "more of them")
        scores = [row["score"] for row in store.rows("SELECT score FROM proposals ORDER BY position, id")]
        assert scores == sorted(scores, key=lambda score: abs(score - 0.3))
        assert store.value("SELECT count(*) FROM policies") == 1


@pytest.mark.parametrize(("theta", "delta"), [(-0.01, 0.3), (1.01, 0.3), (0.5, -1), (0.5, 2), (float("nan"), 0.5)])
def test_a_threshold_outside_its_range_is_refused_and_changes_nothing(db, theta, delta):
    with open_store(db) as store:
        with pytest.raises(UserError, match=r"outside 0\.\.1"):
            apply_policy(store, theta, delta, set_by="lead", why="", random_share=0.1)
        assert store.value("SELECT count(*) FROM policies") == 0


def test_the_groups_add_up_and_low_scores_are_counted_apart(mixed):
    path, made = mixed
    with open_store(path) as store:
        whole, groups = effect_of(store, 0.6, 0.3), groups_of(spread(store), 0.6, 0.3)
        assert whole == together(groups)
        cut = effect_of(store, 0.6, 0.3, reject_below=0.4)
    low = [one for one in made if one.state is ProposalState.PENDING and one.score is not None]
    assert cut.too_low == sum(one.score < 0.4 for one in low) > 0
    assert cut.auto_accepted == whole.auto_accepted
    assert cut.queued + cut.too_severe + cut.too_low == whole.queued + whole.too_severe
    assert cut.let_in + cut.queued + cut.left_out == 300


def test_what_a_handle_says_while_it_moves_is_what_the_counts_say_then(mixed):
    path, _ = mixed
    with open_store(path) as store:
        held = spread(store)
        by_theta, by_delta = let_in_at_each_theta(held, 0.3), let_in_at_each_delta(held, 0.5)
        too_low = too_low_at_each(held, 0.6, 0.3)
        for step in (0, 1, 29, 30, 50, 51, 57, 99, 100):
            assert by_theta[step] == effect_of(store, step / 100, 0.3).auto_accepted, step
            assert by_delta[step] == effect_of(store, 0.5, step / 100).auto_accepted, step
            assert too_low[step] == effect_of(store, 0.6, 0.3, reject_below=step / 100).too_low, step


def test_the_items_that_differ_are_those_that_are_counted(mixed):
    path, _ = mixed
    with open_store(path) as store:
        for theta, delta in GRID:
            effect = effect_of(store, theta, delta)
            for rejected, n in ((True, effect.rejected_above), (False, effect.accepted_below)):
                found = differences(store, theta, delta, rejected=rejected, limit=1000)
                assert len(found) == n
                assert len({one.trajectory_key for one in found}) == n


def test_the_tallies_follow_every_way_in_which_proposals_change(mixed):
    path, _ = mixed
    count = (
        "SELECT state, coalesce(score, -1), weight, coalesce(queue_reason, 'below_threshold') = 'below_threshold',"
        " coalesce(failure_type, ''), source, count(*) FROM proposals WHERE is_current = 1 GROUP BY 1, 2, 3, 4, 5, 6"
    )
    with open_store(path) as store:
        assert set(store.stream("SELECT * FROM tallies")) == set(store.stream(count))
        some = ", ".join(
            str(row["id"]) for row in store.rows("SELECT id FROM proposals WHERE is_current = 1 AND id % 3 = 0")
        )
        changes = ("weight = 0.77", "score = NULL", "is_current = 0", "queue_reason = 'ungrounded'", "is_current = 1")
        store.write("BEGIN")
        for change in changes:
            store.write(f"UPDATE proposals SET {change} WHERE id IN ({some})")
            assert set(store.stream("SELECT * FROM tallies")) == set(store.stream(count)), change
        store.write("ROLLBACK")
