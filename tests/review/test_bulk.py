"""Bulk acts on real files: dry run, audit, apply, roll back, whatever people do meanwhile."""

import random

import pytest
from filled import fill, make_result, make_run
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.models import BulkAction, Decision, ProposalState, QueueReason, RejectReason, ReviewAction
from core.review.audit import Audit, sample_size
from core.review.bulk import apply_bulk, drop_plan, dry_run, how_it_stands, plan_bulk, roll_back
from core.review.effects import effect_of
from core.review.items import AUDIT_PICK, Desk, next_item, open_item
from core.review.overlap import set_overlap
from core.review.thresholds import apply_policy
from core.review.verdicts import decide, undo_last
from core.store import bulk, open_store
from core.store.bulk import BulkPlan, bulk_acts, changed_now, get_bulk_act
from core.store.filters import QueueFilter
from core.store.queue import state_counts, waiting

LET_IN = BulkPlan(BulkAction.ACCEPT, theta=0.5, delta=0.3)


def make(path, scores, *, reasons=()):
    """A file with one proposal a score."""
    with open_store(path, create=True) as store:
        made = [
            (run, make_result(run, score=score, queue_reason=dict(reasons).get(n)))
            for n, score in enumerate(scores, 1)
            if (run := make_run(n))
        ]
        fill(store, made)
    return path


@pytest.fixture
def store(tmp_path):
    """Forty proposals that would be let in, and ten that would not."""
    with open_store(make(tmp_path / "team.db", [0.9] * 40 + [0.2] * 10)) as store:
        yield store


def say(store, proposal_id, action, who="anna"):
    row = store.row("SELECT revision FROM proposals WHERE id = ?", proposal_id)
    asked = {
        ReviewAction.REJECT: {"reason": RejectReason.MISREAD},
        ReviewAction.EDIT: {"hindsight_prompt": "Which kettles are there?"},
    }
    op_id = f"{who}-{store.value('SELECT count(*) FROM reviews')}"
    decision = Decision(
        op_id=op_id,
        proposal_id=proposal_id,
        revision=row["revision"],
        annotator=who,
        action=action,
        **asked.get(action, {}),
    )
    return decide(store, decision)


def planned(store, plan=LET_IN, *, target=0.8, allowed=0):
    return plan_bulk(store, plan, why="They are fine", target=target, allowed=allowed, by="lead")


def drawn(store, batch_id):
    rows = store.rows("SELECT proposal_id FROM audit_draws WHERE batch_id = ? ORDER BY id", batch_id)
    return [row["proposal_id"] for row in rows]


def stands(store, batch_id):
    return how_it_stands(store, get_bulk_act(store, batch_id))


@pytest.mark.parametrize(
    ("target", "wrong", "size"),
    # by R: smallest n with pbinom(k, n, 1 - p) <= 0.05
    [(0.95, 0, 59), (0.95, 1, 93), (0.95, 2, 124), (0.9, 0, 29), (0.99, 0, 299), (0.8, 0, 14), (0.5, 0, 5)],
)
def test_the_sample_is_the_smallest_that_shows_the_share(target, wrong, size):
    assert sample_size(target, wrong=wrong) == size
    assert Audit(size, size - wrong, wrong, target).shows
    assert not Audit(size, size - wrong - 1, wrong + 1, target).shows
    assert not Audit(size + 1, size - wrong, wrong, target).shows, "not through"
    assert not Audit(size - 1, size - wrong - 1, wrong, target).shows


def test_an_audit_of_the_size_keeps_its_word_in_nineteen_of_twenty():
    draw = random.Random(7)
    shown = sum(
        Audit(59, right := sum(draw.random() < 0.945 for _ in range(59)), 59 - right, 0.95).shows for _ in range(2000)
    )
    assert shown / 2000 <= 0.05, "a share just under the target is shown by luck at most one time in twenty"


def test_a_dry_run_says_what_changes_and_what_is_skipped_and_why(tmp_path):
    reasons = {10: QueueReason.JUDGE_SAID_NO, 11: QueueReason.BELOW_THRESHOLD}
    with open_store(make(tmp_path / "a.db", [0.9] * 12 + [0.2] * 3, reasons=reasons.items())) as store:
        for number, action in enumerate(list(ReviewAction)[:5], 1):
            say(store, number, action)
        set_overlap(store, 1.0, set_by="lead")
        say(store, 6, ReviewAction.ACCEPT)
        say(store, 7, ReviewAction.ACCEPT)
        say(store, 7, ReviewAction.REJECT, who="ben")
        open_item(store, Desk("ben"), 8)
        before = list(store.rows("SELECT * FROM proposals"))
        found = dry_run(store, LET_IN)
        assert found.changes == {"constraint_violation": 3}
        assert found.skipped == {"decided": 3, "put_off": 2, "two_people": 2, "refused": 1, "open": 1}
        assert sum(found.states.values()) == 12
        assert {one.proposal_id for one in changed_now(store, LET_IN, limit=99)} == {9, 11, 12}
        below = dry_run(store, BulkPlan(BulkAction.REJECT, theta=0.5))
        assert (below.total, below.skipped) == (3, {})
        refused = dry_run(
            store, BulkPlan(BulkAction.REJECT, theta=1.0, wanted=QueueFilter(queue_reason="judge_said_no"))
        )
        assert refused.total == 1, "what a judge refused may be rejected in bulk"
        assert before == store.rows("SELECT * FROM proposals")


def test_the_main_way_dry_run_audit_apply_roll_back(store):
    batch_id = planned(store)
    assert len(drawn(store, batch_id)) == 14
    assert state_counts(store)[ProposalState.PENDING] == 50, "a plan changes nothing"
    with pytest.raises(UserError, match="14 of the 14 drawn items have no verdict yet"):
        apply_bulk(store, batch_id, by="lead")
    asked = []
    while (item := next_item(store, Desk("anna"))).why_now == AUDIT_PICK:
        asked.append(item.proposal_id)
        say(store, item.proposal_id, ReviewAction.ACCEPT)
    assert asked == drawn(store, batch_id), "the sample comes first, in the order of the draw"
    assert stands(store, batch_id).audit == Audit(14, 14, 0, 0.8)
    open_item(store, Desk("anna"), next(n for n in range(1, 41) if n not in asked))
    done = apply_bulk(store, batch_id, by="lead")
    assert (done.act.stage, done.act.applied_by, done.act.early_why) == ("applied", "lead", "")
    assert (done.act.audit_right, done.act.audit_wrong) == (14, 0)
    assert done.members == {"applied": 25, "decided": 14, "open": 1}
    states = state_counts(store)
    assert (states[ProposalState.AUTO_ACCEPTED], states[ProposalState.ACCEPTED]) == (25, 14)
    assert effect_of(store, 0.95, 0.3).let_in == 39
    assert waiting(store, QueueFilter(), "ben") == 11
    with pytest.raises(UserError, match="is applied"):
        apply_bulk(store, batch_id, by="lead")
    back = roll_back(store, batch_id, by="lead")
    assert (back.act.stage, back.in_force) == ("rolled_back", 0)
    states = state_counts(store)
    assert (states[ProposalState.AUTO_ACCEPTED], states[ProposalState.ACCEPTED]) == (0, 14)
    with pytest.raises(UserError, match="nothing to take back"):
        roll_back(store, batch_id, by="lead")


def test_an_edit_in_the_audit_is_wrong_and_early_applying_asks_for_a_reason_and_leaves_the_drawn_ones(store):
    batch_id = planned(store)
    first, *others = drawn(store, batch_id)
    say(store, first, ReviewAction.EDIT)
    with pytest.raises(UserError, match="13 of the 14"):
        apply_bulk(store, batch_id, by="lead", early_why="  ")
    done = apply_bulk(store, batch_id, by="lead", early_why="Needed today")
    assert done.act.early_why == "Needed today"
    assert done.members == {"applied": 26, "drawn": 13, "decided": 1}
    for number in others:
        say(store, number, ReviewAction.ACCEPT)
    assert stands(store, batch_id).audit == Audit(14, 13, 1, 0.8)
    assert "does not show" in stands(store, batch_id).needs_reason


def test_what_a_person_says_after_it_counts_and_undoing_it_falls_back(store):
    batch_id = planned(store)
    apply_bulk(store, batch_id, by="lead", early_why="Test")
    chosen = store.value("SELECT proposal_id FROM bulk_members WHERE outcome = 'applied' LIMIT 1")
    state = "SELECT state FROM proposals WHERE id = ?"
    assert say(store, chosen, ReviewAction.REJECT).taken
    assert store.value(state, chosen) == "rejected"
    undo_last(store, "anna", op_id="u1")
    assert store.value(state, chosen) == "auto_accepted"
    assert say(store, chosen, ReviewAction.DEFER).taken
    roll_back(store, batch_id, by="lead")
    assert store.value(state, chosen) == "deferred"
    undo_last(store, "anna", op_id="u2")
    assert store.value(state, chosen) == "pending"


def test_a_newer_result_takes_the_place_of_what_no_person_has_seen(store):
    batch_id = planned(store)
    apply_bulk(store, batch_id, by="lead", early_why="Test")
    fill(store, [(run, make_result(run, score=0.9)) for n in range(1, 51) if (run := make_run(n))])
    assert state_counts(store)[ProposalState.PENDING] == 50
    assert stands(store, batch_id).in_force == 0
    roll_back(store, batch_id, by="lead")
    assert state_counts(store)[ProposalState.PENDING] == 50
    assert stands(store, batch_id).audit.drawn == 0


def test_a_process_that_dies_while_applying_is_gone_on_with_or_taken_back(store, monkeypatch):
    monkeypatch.setattr(bulk, "A_STEP", 7)
    batch_id = planned(store)

    def die(last):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_bulk(store, batch_id, by="lead", early_why="Test", done=die)
    half = stands(store, batch_id)
    assert half.act.stage == "applying"
    assert 0 < half.in_force < 26
    assert apply_bulk(store, batch_id, by="ben").in_force == 26
    assert roll_back(store, batch_id, by="ben").members == {"rolled_back": 26, "drawn": 14}
    assert state_counts(store)[ProposalState.PENDING] == 50


def test_a_plan_that_is_dropped_gives_its_sample_back_to_the_queue(store):
    batch_id = planned(store)
    drop_plan(store, batch_id, by="lead")
    assert next_item(store, Desk("anna")).why_now != AUDIT_PICK
    for act in (apply_bulk, roll_back, drop_plan):
        with pytest.raises(UserError, match="dropped"):
            act(store, batch_id, by="lead")
    assert [act.stage for act in bulk_acts(store)] == ["dropped"]


def test_who_plans_anew_until_a_sample_is_clean_has_to_say_why(store):
    first = planned(store)
    wrong, *_ = drawn(store, first)
    say(store, wrong, ReviewAction.REJECT)
    drop_plan(store, first, by="lead")
    second = planned(store)
    for number in drawn(store, second):
        say(store, number, ReviewAction.ACCEPT)
    assert stands(store, second).audit.shows
    with pytest.raises(UserError, match=r"Batch 1, .* had 1 wrong of"):
        apply_bulk(store, second, by="lead")
    assert apply_bulk(store, second, by="lead", early_why="The wrong one was of another kind").act.stage == "applied"


def test_two_plans_on_the_same_items_know_of_each_other_and_the_first_applied_has_them(store):
    first, second = planned(store), planned(store)
    assert stands(store, second).shared == {first: 26}, "without the sample of the first"
    assert stands(store, second).needs_reason.startswith("14 of the 14")
    done = apply_bulk(store, first, by="lead", early_why="Test")
    assert done.members == {"applied": 12, "drawn": 28}
    assert apply_bulk(store, second, by="ben", early_why="Test").members == {"in_bulk": 12, "drawn": 14}


@pytest.mark.parametrize(
    ("plan", "why", "target", "says"),
    [
        (LET_IN, " ", 0.95, "Say why"),
        (LET_IN, "x", 1.0, "No audit shows"),
        (BulkPlan(BulkAction.ACCEPT, theta=1.5), "x", 0.95, r"outside 0\.\.1"),
        (BulkPlan(BulkAction.ACCEPT, theta=0.95), "x", 0.95, "Nothing would change"),
    ],
)
def test_what_cannot_be_planned_is_refused_and_nothing_is_stored(store, plan, why, target, says):
    with pytest.raises(UserError, match=says):
        plan_bulk(store, plan, why=why, target=target, allowed=0, by="lead")
    assert bulk_acts(store) == []


def test_the_filter_of_an_act_is_kept(store):
    wanted = QueueFilter(steps=(1, None), score=(0.1, 0.95), search="kettle")
    batch_id = planned(store, BulkPlan(BulkAction.ACCEPT, 0.5, 0.3, wanted))
    assert get_bulk_act(store, batch_id).plan == BulkPlan(BulkAction.ACCEPT, 0.5, 0.3, wanted)


PEOPLE = st.sampled_from(["anna", "ben"])
VERDICTS = st.tuples(st.just("say"), st.integers(1, 12), st.sampled_from(list(ReviewAction)[:5]), PEOPLE)
HUMAN = st.one_of(
    VERDICTS,
    st.tuples(st.just("undo"), PEOPLE),
    st.tuples(st.just("share"), st.sampled_from([0.0, 0.5, 1.0])),
    st.tuples(st.just("policy"), st.sampled_from([0.3, 0.6])),
)
ROWS = (
    "SELECT p.*, r.op_id AS verdict FROM proposals p LEFT JOIN reviews r ON r.id = p.verdict_id ORDER BY p.id",
    "SELECT proposal_id, annotator, hindsight_prompt FROM drafts ORDER BY 1, 2",
    "SELECT id, op_id, proposal_id, revision, action, undoes, overlap, settles FROM reviews",
)


def do(store, act):
    kind, *what = act
    if kind == "say":
        number, action, who = what
        say(store, number, action, who)
    elif kind == "undo":
        undo_last(store, what[0], op_id=f"undo-{store.value('SELECT count(*) FROM reviews')}")
    elif kind == "share":
        set_overlap(store, what[0], set_by="lead")
    else:
        apply_policy(store, what[0], 0.3, set_by="lead", why="x", random_share=0.2)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    path = make(tmp_path_factory.mktemp("bulk") / "made.db", [n / 12 for n in range(1, 13)])
    with open_store(path) as store:
        store.settle()
    return path


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(HUMAN, max_size=6),
    planned_then=st.lists(HUMAN, max_size=4),
    while_in_force=st.lists(HUMAN, max_size=8),
    plan=st.sampled_from([LET_IN, BulkPlan(BulkAction.REJECT, 0.7), BulkPlan(BulkAction.ACCEPT, 0.0)]),
    broken_off=st.booleans(),
)
def test_roll_back_leaves_the_file_as_if_there_had_been_no_act(
    tmp_path_factory, template, monkeypatch, before, planned_then, while_in_force, plan, broken_off
):
    """The same people do the same on two files; one has a bulk act around it. Column for column they end alike."""
    monkeypatch.setattr(bulk, "A_STEP", 3)
    folder = tmp_path_factory.mktemp("twins")
    for name in ("act.db", "none.db"):
        (folder / name).write_bytes(template.read_bytes())
    with open_store(folder / "act.db") as with_act, open_store(folder / "none.db") as without:
        both = (with_act, without)
        for store in both:
            store.value("PRAGMA synchronous = OFF")  # nobody pulls the plug here

        def people(acts):
            for act in acts:
                for store in both:
                    do(store, act)

        people(before)
        assume(dry_run(with_act, plan).total)
        batch_id = planned(with_act, plan, target=0.5)
        people(planned_then)
        decided = "SELECT id, state FROM proposals WHERE verdict_id IS NOT NULL"
        spoken = with_act.rows(decided)
        apply_bulk(with_act, batch_id, by="lead", early_why="Test")
        assert with_act.rows(decided) == spoken, "no human verdict is overwritten"
        people(while_in_force)
        assert with_act.rows(decided) == without.rows(decided), "what people say afterwards counts alike"
        if broken_off:
            with with_act.transaction():
                bulk.move_on(with_act, batch_id, "rolling_back", only_from=("applied",))
            bulk.roll_back_step(with_act, batch_id, after=0)
        roll_back(with_act, batch_id, by="lead")
        for rows in ROWS:
            assert with_act.rows(rows) == without.rows(rows)
