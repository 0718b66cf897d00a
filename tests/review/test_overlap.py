"""Two people on one item: blind, in any order, with any undo, and what they settle."""

import tempfile
from itertools import count
from pathlib import Path

import pytest
from filled import fill, make_result, make_run
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.errors import UserError
from core.models import Decision, ProposalState, RejectReason, ReviewAction
from core.review.items import Desk, keep_open, next_item, open_item
from core.review.overlap import (
    desk_counts,
    disputes,
    is_party,
    set_overlap,
    settle_as,
    settle_by_reject,
    would_release,
)
from core.review.verdicts import decide, undo_last
from core.store import open_store
from core.store.filters import QueueFilter
from core.store.leases import live_leases, release_lease
from core.store.overlap import Overlap, current_overlap
from core.store.queue import release_leases, state_counts, waiting
from core.store.reviews import reviews_of, standing, verdict_in_force
from core.store.standing import OPINIONS

ANNA, BEN, LEAD = Desk("anna"), Desk("ben"), Desk("maria")
ACCEPT, EDIT, REJECT = ReviewAction.ACCEPT, ReviewAction.EDIT, ReviewAction.REJECT
_ops = (f"op-{n}" for n in count())


@pytest.fixture
def store(db):
    """Ten proposals, all of the overlap."""
    with open_store(db) as opened:
        set_overlap(opened, 1.0, set_by="maria")
        yield opened


def say(store, desk, item, action, **more):
    if action is REJECT:
        more.setdefault("reason", RejectReason.TRIVIAL)
    if action is EDIT:
        more.setdefault("hindsight_prompt", "Which kettles are there?")
    item = open_item(store, desk, item)
    answer = decide(
        store,
        Decision(
            op_id=next(_ops),
            proposal_id=item.proposal_id,
            revision=item.revision,
            annotator=desk.annotator,
            action=action,
            **more,
        ),
    )
    assert answer.taken, answer.message


def state(store, item):
    return ProposalState(store.value("SELECT state FROM proposals WHERE id = ?", item))


def pair(store, first, second):
    """An item on which Anna and Ben decided, one after the other; its id."""
    item = next_item(store, ANNA).proposal_id
    say(store, ANNA, item, *first[:1], **(first[1] if first[1:] else {}))
    say(store, BEN, item, *second[:1], **(second[1] if second[1:] else {}))
    return item


def test_the_second_person_gets_the_item_at_its_place_and_sees_nothing_of_the_first(store):
    before = next_item(store, BEN)
    decide(store, Decision(op_id="x", proposal_id=before.proposal_id, revision=1, annotator="ben", action=ACCEPT))
    first = before.proposal_id
    assert state(store, first) is ProposalState.SECOND
    assert next_item(store, BEN).proposal_id != first, "nobody is their own second reviewer"
    seen = next_item(store, ANNA)
    assert seen.proposal_id == first, "it comes where it stood"
    assert (seen.state, seen.verdict, seen.differing) == (ProposalState.PENDING, None, ())
    assert seen.alike == before.alike
    mine = open_item(store, Desk("ben"), first)
    assert (mine.state, mine.verdict.annotator) == (ProposalState.SECOND, "ben")


def test_the_figures_of_the_second_person_move_alike_whatever_the_first_said(store):
    seen = []
    for action in (ACCEPT, REJECT, EDIT, None):
        item = next_item(store, ANNA).proposal_id
        before = waiting(store, QueueFilter(), "ben"), desk_counts(store, "ben", state_counts(store))
        if action:
            say(store, ANNA, item, action)
        release_leases(store, "anna")
        assert (waiting(store, QueueFilter(), "ben"), desk_counts(store, "ben", state_counts(store))) == before
        say(store, BEN, item, ACCEPT)
        after = waiting(store, QueueFilter(), "ben"), desk_counts(store, "ben", state_counts(store))
        seen.append((before[0] - after[0], after[1]["reviewed"] - before[1]["reviewed"]))
    assert seen == [(1, 1)] * 4


def test_a_refusal_does_not_tell_the_second_person_what_the_first_said(store):
    item = next_item(store, ANNA)
    say(store, ANNA, item.proposal_id, ACCEPT)
    late = Decision(op_id="late", proposal_id=item.proposal_id, revision=1, annotator="ben", action=ACCEPT)
    store.write("UPDATE proposals SET leased_by = NULL")
    assert decide(store, late).message == "Not saved: it changed while you had it open. Look at it again."


@pytest.mark.parametrize(
    ("first", "second", "state_after", "in_force"),
    [
        ((ACCEPT,), (ACCEPT,), ProposalState.ACCEPTED, "ben"),
        ((EDIT,), (ACCEPT,), ProposalState.EDITED, "anna"),
        ((ACCEPT,), (EDIT,), ProposalState.EDITED, "ben"),
        ((EDIT,), (EDIT,), ProposalState.EDITED, "ben"),
        ((REJECT,), (REJECT, {"reason": RejectReason.MISREAD}), ProposalState.REJECTED, "ben"),
        ((EDIT,), (EDIT, {"hindsight_prompt": "Other words"}), ProposalState.DISPUTED, None),
        ((ACCEPT,), (REJECT,), ProposalState.DISPUTED, None),
        ((REJECT,), (EDIT,), ProposalState.DISPUTED, None),
    ],
)
def test_what_follows_from_two_opinions(store, first, second, state_after, in_force):
    item = pair(store, first, second)
    assert state(store, item) is state_after
    verdict = verdict_in_force(store, item)
    assert (verdict and verdict.annotator) == in_force


def test_a_dispute_is_settled_once_by_one_act_and_only_its_author_changes_that(store):
    pair(store, (EDIT,), (REJECT,))
    [dispute] = disputes(store, limit=10)
    assert [row.annotator for row in dispute.opinions] == ["anna", "ben"]
    for _ in range(2):
        assert settle_as(store, dispute, dispute.opinions[0], by="maria").taken
    item = dispute.proposal_id
    assert state(store, item) is ProposalState.EDITED
    assert verdict_in_force(store, item).hindsight_prompt == "Which kettles are there?"
    assert [row.settles for row in reviews_of(store, item)] == [False, False, True]
    assert disputes(store, limit=10) == []

    seen = open_item(store, ANNA, item)
    again = Decision(op_id="n", proposal_id=item, revision=seen.revision, annotator="anna", action=ACCEPT)
    assert "maria has settled it" in decide(store, again).message
    undo_last(store, "ben", op_id="u-ben")
    assert state(store, item) is ProposalState.EDITED, "a settled item stays settled"
    undo_last(store, "maria", op_id="u-maria")
    assert state(store, item) is ProposalState.SECOND, "only Anna's opinion stands now"


def test_a_dispute_settled_in_review_or_by_a_reason_of_ones_own(store):
    one, other = pair(store, (ACCEPT,), (REJECT,)), pair(store, (REJECT,), (ACCEPT,))
    first = next_item(store, Desk("maria", pile=ProposalState.DISPUTED))
    assert (first.proposal_id, len(first.differing)) == (one, 2)
    say(store, LEAD, one, ACCEPT)
    assert state(store, one) is ProposalState.ACCEPTED
    [dispute] = disputes(store, limit=10)
    assert settle_by_reject(store, dispute, RejectReason.UNSAFE, by="maria").taken
    assert verdict_in_force(store, other).reason == RejectReason.UNSAFE


def test_who_settles_their_own_dispute_is_noted(store):
    item = next_item(store, ANNA).proposal_id
    say(store, ANNA, item, ACCEPT)
    say(store, BEN, item, REJECT)
    [dispute] = disputes(store, limit=5)
    assert (is_party(dispute, "ben"), is_party(dispute, "maria")) == (True, False)
    assert settle_as(store, dispute, dispute.opinions[0], by="ben").taken
    assert verdict_in_force(store, item).note == "As anna decided. Settled by one of those who differed."


def test_a_smaller_share_releases_what_waits_with_its_first_verdict_and_leaves_disputes(store):
    disputed = pair(store, (ACCEPT,), (REJECT,))
    waits = next_item(store, ANNA).proposal_id
    say(store, ANNA, waits, REJECT)
    assert would_release(store, 0.0) == 1
    assert set_overlap(store, 0.0, set_by="maria") == 1
    assert (state(store, waits), state(store, disputed)) == (ProposalState.REJECTED, ProposalState.DISPUTED)
    assert set_overlap(store, 1.0, set_by="maria") == 1
    assert state(store, waits) is ProposalState.SECOND
    assert current_overlap(store).set_by == "maria"
    with pytest.raises(UserError, match="outside"):
        set_overlap(store, 1.5, set_by="maria")


def test_the_share_covers_about_its_part_of_the_items_and_a_larger_one_keeps_a_smaller(store):
    keys = [make_run(n).key for n in range(2000)]
    few, more = ({key for key in keys if Overlap(share).covers(key)} for share in (0.1, 0.3))
    assert few < more
    assert 140 <= len(few) <= 260
    assert not any(Overlap(0.0).covers(key) for key in keys)
    assert all(Overlap(1.0).covers(key) for key in keys)


def test_without_an_overlap_the_newest_verdict_wins_as_ever(db):
    with open_store(db) as store:
        item = pair(store, (ACCEPT,), (REJECT,))
        assert state(store, item) is ProposalState.REJECTED
        set_overlap(store, 1.0, set_by="maria")
        assert state(store, item) is ProposalState.REJECTED, "what was decided before stays decided"
        say(store, ANNA, item, ACCEPT)
        assert state(store, item) is ProposalState.ACCEPTED


def test_a_released_lease_is_free_at_once_and_its_old_holder_is_told_by_whom(store):
    item = next_item(store, ANNA)
    [lease] = live_leases(store, now=0)
    assert (lease.held_by, lease.trajectory_id) == ("anna", item.trajectory.trajectory_id)
    assert keep_open(store, ANNA, item.proposal_id) == ""
    assert release_lease(store, lease.proposal_id, "anna", released_by="maria")
    assert not release_lease(store, lease.proposal_id, "anna", released_by="maria")
    assert keep_open(store, ANNA, item.proposal_id).startswith("maria has released this item")
    assert next_item(store, BEN).proposal_id == item.proposal_id, "the heartbeat did not take it back"
    assert store.value("SELECT count(*) FROM releases") == 1


PEOPLE = ("anna", "ben", "carl")
_people = st.sampled_from(PEOPLE)


class Team(RuleBasedStateMachine):
    """Three people, three items, verdicts, undos, settlements and changes of the share in any order."""

    @initialize()
    def open(self):
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store(Path(self.folder.name) / "team.db", create=True)
        fill(self.store, [(run, make_result(run)) for run in map(make_run, range(1, 4))])
        self.store.db.execute("PRAGMA synchronous = OFF")  # a machine that goes down is another test's business
        set_overlap(self.store, 0.7, set_by="maria")

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    def decide(self, who, item, action, words):
        seen = open_item(self.store, Desk(who), item)
        decide(
            self.store,
            Decision(
                op_id=next(_ops),
                proposal_id=item,
                revision=seen.revision,
                annotator=who,
                action=action,
                reason=RejectReason.TRIVIAL if action is REJECT else None,
                hindsight_prompt=words if action is EDIT else None,
            ),
        )

    @rule(who=_people, action=st.sampled_from([a for a in ReviewAction if a is not ReviewAction.UNDO]), words=_people)
    def from_the_queue(self, who, action, words):
        item = next_item(self.store, Desk(who))
        if item is None:
            return
        held = [row.annotator for row in standing(self.store, item.proposal_id) if row.action in OPINIONS]
        assert who not in held, "nobody is given what they have decided on"
        assert item.state is ProposalState.PENDING
        assert item.verdict is None
        self.decide(who, item.proposal_id, action, words)

    @rule(who=_people, item=st.integers(1, 3), action=st.sampled_from([ACCEPT, EDIT, REJECT]), words=_people)
    def by_link(self, who, item, action, words):
        seen = open_item(self.store, Desk(who), item)
        others = {row.annotator for row in standing(self.store, item) if row.action in OPINIONS} - {who}
        if state(self.store, item) is ProposalState.SECOND and others:
            assert (seen.state, seen.verdict) == (ProposalState.PENDING, None)
        self.decide(who, item, action, words)

    @rule(who=_people)
    def undo(self, who):
        undo_last(self.store, who, op_id=next(_ops))

    @rule(who=_people)
    def settle(self, who):
        for dispute in disputes(self.store, limit=1):
            settle_as(self.store, dispute, dispute.opinions[0], by=who)

    @rule(share=st.sampled_from([0.0, 0.7, 1.0]))
    def change_the_share(self, share):
        set_overlap(self.store, share, set_by="maria")

    @invariant()
    def the_state_is_what_the_standing_rows_say(self):
        if not hasattr(self, "store"):
            return
        share = current_overlap(self.store)
        for row in self.store.rows("SELECT id, state, trajectory_key, verdict_id FROM proposals"):
            stand = standing(self.store, row["id"])
            expected, verdict = told(stand, share.covers(row["trajectory_key"]))
            assert (row["state"], row["verdict_id"]) == (expected, verdict), stand


def told(rows, covered):
    """The rules of docs/design.md, written down a second time."""
    if not rows:
        return "pending", None
    final = [row for row in rows if row.settles]
    if final or rows[-1].action in (ReviewAction.DEFER, ReviewAction.FLAG):
        return after((final or rows)[-1])
    said = [row for row in rows if row.action in OPINIONS]
    last = [row for n, row in enumerate(said) if all(row.annotator != later.annotator for later in said[n + 1 :])]
    if not last[-1].overlap or (len(last) == 1 and not covered):
        return after(last[-1])
    if len(last) == 1:
        return "second", last[0].id
    edits = [row for row in last if row.action is EDIT]
    rejects = [row for row in last if row.action is REJECT]
    if (rejects and len(rejects) < len(last)) or len({row.hindsight_prompt for row in edits}) > 1:
        return "disputed", None
    return after((edits or last)[-1])


def after(row):
    return {"accept": "accepted", "edit": "edited", "reject": "rejected", "defer": "deferred", "flag": "flagged"}[
        row.action
    ], row.id


Team.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
test_any_order_of_verdicts_undos_and_settlements_gives_the_state_of_what_stands = Team.TestCase


def test_the_states_of_the_overlap_are_open_for_thresholds_and_left_out_of_exports(store):
    from core.review.effects import effect_of

    pair(store, (ACCEPT,), (REJECT,))
    say(store, ANNA, next_item(store, ANNA).proposal_id, ACCEPT)
    counts = state_counts(store)
    assert (counts[ProposalState.SECOND], counts[ProposalState.DISPUTED]) == (1, 1)
    effect = effect_of(store, 0.0, 0.0)
    assert effect.human_accepted + effect.human_rejected == 0
    assert effect.auto_accepted + effect.queued == 10
    assert effect.queued == 2, "no threshold lets in what a person has spoken of"
