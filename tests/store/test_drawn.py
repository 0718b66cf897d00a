"""Only what chance picked is measured on, and an item counts once."""

import json
from dataclasses import dataclass

import pytest
from filled import fill, make_result, make_run

from core.measures.precision import evidence, measured
from core.models import Decision, ProposalState, QueueReason, ReviewAction
from core.review.items import Desk, open_item
from core.review.verdicts import decide
from core.store import open_store
from core.store.drawn import drawn_counts, drawn_verdicts
from core.store.proposals import get_proposal


@dataclass
class Team:
    store: object

    def says(self, proposal_id, action, who="anna"):
        open_item(self.store, Desk(who), proposal_id)
        row = get_proposal(self.store, proposal_id)
        answer = decide(
            self.store,
            Decision(
                op_id=f"{who}-{proposal_id}-{row.revision}",
                proposal_id=proposal_id,
                revision=row.revision,
                annotator=who,
                action=action,
                reason=1 if action is ReviewAction.REJECT else None,
                hindsight_prompt="Which kettles are there?" if action is ReviewAction.EDIT else None,
            ),
        )
        assert answer.taken, answer


@pytest.fixture
def team(tmp_path):
    with open_store(tmp_path / "t.db", create=True) as store:
        reasons = [None, QueueReason.BELOW_THRESHOLD, QueueReason.JUDGE_SAID_NO]
        runs = [make_run(n) for n in range(40)]
        made = [(run, make_result(run, score=n / 40, queue_reason=reasons[n % 3])) for n, run in enumerate(runs)]
        fill(store, made, random_share=0.5)
        yield Team(store)


def test_reviews_of_items_that_nobody_drew_never_enter(team):
    ids = [row["id"] for row in team.store.rows("SELECT id FROM proposals ORDER BY position")]
    drawn = {row["id"] for row in team.store.rows("SELECT id FROM proposals WHERE is_random = 1")}
    assert 5 < len(drawn) < 35
    actions = [ReviewAction.ACCEPT, ReviewAction.EDIT, ReviewAction.REJECT, ReviewAction.DEFER]
    for place, number in enumerate(ids[:30]):
        team.says(number, actions[place % 4])
    found = {one.proposal_id: one for one in drawn_verdicts(team.store)}
    decided = {number: actions[place % 4] for place, number in enumerate(ids[:30]) if place % 4 != 3}
    assert set(found) == drawn & set(decided)
    put_off = {number for place, number in enumerate(ids[:30]) if place % 4 == 3}
    assert drawn_counts(team.store) == (len(drawn & set(ids[30:])), len(drawn & put_off))
    for number, one in found.items():
        row = get_proposal(team.store, number)
        assert (one.state, one.score, one.weight) == (row.state, row.score, row.weight)
        assert one.is_eligible == (row.queue_reason in (None, "below_threshold"))


def test_an_item_that_was_decided_twice_counts_once_and_one_that_waits_for_a_second_not_at_all(team):
    from core.review.overlap import set_overlap

    set_overlap(team.store, 1.0, set_by="lead")
    [number] = [row["id"] for row in team.store.rows("SELECT id FROM proposals WHERE is_random = 1 LIMIT 1")]
    team.says(number, ReviewAction.ACCEPT)
    assert list(drawn_verdicts(team.store)) == [], "the first opinion must stay blind to others"
    team.says(number, ReviewAction.ACCEPT, "ben")
    [one] = drawn_verdicts(team.store)
    assert (one.proposal_id, one.state) == (number, ProposalState.ACCEPTED)


def test_an_audited_item_counts_by_the_share_of_its_like_that_was_picked(team):
    ids = {row["id"]: row for row in team.store.rows("SELECT id, is_random, score FROM proposals")}
    aside = [number for number, row in ids.items() if not row["is_random"]][:3]
    act = {"stage": "planned", "action": "accept", "filter": "{}", "theta": 0, "delta": 0, "why": "", "target": 0.95}
    batch = team.store.insert("bulk_acts", {**act, "allowed": 0, "planned_by": "lead", "planned_at": ""})
    for number in aside[:2]:
        given = {"proposal_id": number, "batch_id": batch, "drawn_at": "", "drawn_by": "lead"}
        team.store.insert("audit_draws", given)
    shared = [number for number, row in ids.items() if row["is_random"]]
    for number in (*aside, *shared[:8]):
        team.says(number, ReviewAction.ACCEPT)
    found = drawn_verdicts(team.store)
    assert {one.proposal_id for one in found} == {*aside[:2], *shared[:8]}
    like = {(one.is_eligible, int(one.score * 10)) for one in found}  # all weigh the same
    items = team.store.rows("SELECT score, queue_reason FROM proposals")
    eligible = [(row["queue_reason"] in (None, "below_threshold"), int(row["score"] * 10)) for row in items]
    assert sum(1 / one.chance for one in found) == pytest.approx(sum(kind in like for kind in eligible))
    assert drawn_counts(team.store) == (len(shared) - 8, 0)


@pytest.mark.parametrize("narrowed", [{"source": "easy"}, {"tag": "easy"}])
def test_an_audit_of_one_kind_of_items_does_not_speak_for_the_others(tmp_path, narrowed):
    """Fifty easy items, all right and audited; fifty hard ones, all wrong and hardly looked at."""
    with open_store(tmp_path / "t.db", create=True) as store:
        runs = [make_run(n) for n in range(100)]
        fill(store, [(run, make_result(run, score=0.8)) for run in runs])
        store.write("UPDATE proposals SET source = iif(id <= 50, 'easy', 'hard'), is_random = id % 10 = 0")
        act = {"stage": "dropped", "action": "accept", "theta": 0, "delta": 0, "why": "", "target": 0.95}
        act |= {"filter": json.dumps(narrowed), "allowed": 0, "planned_by": "lead", "planned_at": ""}
        batch = store.insert("bulk_acts", act)
        for number in range(1, 45):
            given = {"proposal_id": number, "batch_id": batch, "drawn_at": "", "drawn_by": "lead"}
            store.insert("audit_draws", given)
        team = Team(store)
        for number in range(1, 51):
            team.says(number, ReviewAction.ACCEPT)
        found = measured(evidence(store).sample(), 0.5, 0.0).precision
        if "tag" in narrowed:  # an item's tags are not counted, so only the random share speaks
            assert (found.n, found.unspoken) == (5, 0.0)
            return
        assert (found.value, found.unspoken) == (1.0, pytest.approx(0.5)), "nothing is known of the hard ones"
        assert found.low < 0.5
        for number in range(60, 101, 10):
            team.says(number, ReviewAction.REJECT)
        found = measured(evidence(store).sample(), 0.5, 0.0).precision
        assert (found.value, found.unspoken) == (pytest.approx(0.5), 0.0)
        assert found.low < 0.5 < found.high
