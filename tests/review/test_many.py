"""One act on many items of a real file: what the count promised is what is done, and no human's word is lost."""

import time
from itertools import count

import pytest

from core.models import Decision, ProposalState, ReviewAction
from core.review import many
from core.review.guidelines import save_guidelines
from core.review.items import Desk, next_item, open_by_name
from core.review.overlap import set_overlap
from core.review.verdicts import decide, keep_draft, undo_last
from core.store import open_store
from core.store.filters import QueueFilter
from core.store.many import Chosen, Outlook, carry_out, outlook
from core.store.proposals import get_proposal
from core.store.queue import lease_one, state_counts
from core.store.reviews import Draft, load_draft, reviews_of

EVERYTHING = Chosen()
_ops = (f"op-{n}" for n in count())


@pytest.fixture
def store(db):
    with open_store(db) as opened:
        yield opened


def act(store, wanted, chosen=EVERYTHING):
    """Do it; the count before it must be what was done."""
    before = outlook(store, wanted, chosen)
    done = many.in_one_go(store, wanted, chosen)
    assert done == before
    return done


def verdict(store, who, action, name=None, **more):
    item = open_by_name(store, Desk(who), name) if name else next_item(store, Desk(who))
    click = {"proposal_id": item.proposal_id, "revision": item.revision, "annotator": who, "action": action}
    assert decide(store, Decision(op_id=next(_ops), **click, **more)).taken
    return item.proposal_id


def names(store, **wanted):
    conditions, params = QueueFilter(**wanted).where()
    return [row["name"] for row in store.rows(f"SELECT name FROM proposals WHERE 1{conditions} ORDER BY name", *params)]


def test_tags_are_put_on_and_taken_off_and_what_has_them_already_is_counted_apart(store):
    two = Chosen(ids=tuple(row["id"] for row in store.rows("SELECT id FROM proposals LIMIT 2")))
    assert act(store, many.tag(" odd  one ", "anna"), two) == Outlook(2)
    assert act(store, many.tag("odd one", "ben")) == Outlook(8, {"with that tag already": 2})
    assert store.rows("SELECT tagged_by, count(*) AS n FROM tags GROUP BY 1") == [
        {"tagged_by": "anna", "n": 2},
        {"tagged_by": "ben", "n": 8},
    ]
    assert act(store, many.untag("odd one", "anna"), two) == Outlook(2)
    assert act(store, many.untag("odd one", "anna")) == Outlook(8, {"without that tag": 2})
    assert names(store, tag="odd one") == []


def test_runs_are_given_to_one_person_and_taken_back(store):
    low = Chosen(QueueFilter(score=(0.0, 0.35)))
    assert act(store, many.assign("ben", "lead"), low) == Outlook(3)
    verdict(store, "anna", ReviewAction.ACCEPT, "run-9")
    done = act(store, many.assign("ben", "lead"))
    assert done == Outlook(6, {"assigned to them already": 3, "decided already": 1})
    assert many.said(done) == "6 changed. Left as they are: 3 assigned to them already; 1 decided already."
    assert next_item(store, Desk("anna")) is None
    assert act(store, many.assign("anna", "lead"), low) == Outlook(3)
    assert len(names(store, assigned_to="ben")) == 6
    assert act(store, many.take_back("lead")) == Outlook(9, {"assigned to nobody": 1})
    assert next_item(store, Desk("carla")) is not None


def test_a_first_opinion_frees_its_item_from_an_assignment_to_the_same_person(store):
    set_overlap(store, 1.0, set_by="lead")
    act(store, many.assign("ben", "lead"))
    number = verdict(store, "ben", ReviewAction.ACCEPT)
    assert next_item(store, Desk("anna")).proposal_id == number
    assert next_item(store, Desk("ben")).proposal_id != number


def test_a_bulk_defer_leaves_alone_whatever_a_human_has_spoken_of_or_has_open(store):
    save_guidelines(store, "Be kind.", author="lead", over=0)
    decided = verdict(store, "ben", ReviewAction.ACCEPT)
    flagged = verdict(store, "ben", ReviewAction.FLAG, note="look")
    put_off = verdict(store, "ben", ReviewAction.DEFER)
    set_overlap(store, 1.0, set_by="lead")
    second = verdict(store, "ben", ReviewAction.ACCEPT)
    disputed = verdict(store, "ben", ReviewAction.ACCEPT)
    verdict(store, "carla", ReviewAction.EDIT, name_of(store, disputed), hindsight_prompt="Another one?")
    verdict(store, "dora", ReviewAction.EDIT, name_of(store, disputed), hindsight_prompt="Yet another?")
    held = next_item(store, Desk("ben")).proposal_id
    free = store.value("SELECT name FROM proposals WHERE state = 'pending' AND leased_by IS NULL")
    mine = open_by_name(store, Desk("anna"), free)  # one's own is put off like any other
    keep_draft(store, mine.proposal_id, "anna", Draft("half an edit"))
    untouched = (decided, flagged, put_off, second, disputed, held)
    before = {number: (get_proposal(store, number), reviews_of(store, number)) for number in untouched}

    done = act(store, many.defer("anna"))
    assert (done.changes, sum(done.skipped.values())) == (4, 6)
    assert {number: (get_proposal(store, number), reviews_of(store, number)) for number in untouched} == before
    row, [review] = get_proposal(store, mine.proposal_id), reviews_of(store, mine.proposal_id)
    assert (row.state, row.revision, row.leased_by) == (ProposalState.DEFERRED, mine.revision + 1, None)
    assert (review.annotator, review.action, review.guidelines) == ("anna", ReviewAction.DEFER, 1)
    verdict_id = store.value("SELECT verdict_id FROM proposals WHERE id = ?", mine.proposal_id)
    assert verdict_id == review.id
    assert load_draft(store, mine.proposal_id, "anna").hindsight_prompt == "half an edit"
    late = Decision(op_id=next(_ops), proposal_id=mine.proposal_id, revision=mine.revision, annotator="anna",
                    action=ReviewAction.ACCEPT)  # fmt: skip
    assert "put off it" in decide(store, late).message

    assert undo_last(store, "anna", op_id=next(_ops)).taken
    assert state_counts(store)[ProposalState.DEFERRED] == 4
    assert many.my_deferred(store, "anna") == many.return_mine(store, "anna") == 3
    assert get_proposal(store, put_off).state is ProposalState.DEFERRED
    assert act(store, many.defer("anna")).changes == 4, "what was returned can be put off again"


def name_of(store, proposal_id):
    return store.value("SELECT name FROM proposals WHERE id = ?", proposal_id)


def test_what_is_returned_falls_back_to_what_stands_beneath_the_defers(store):
    verdict(store, "anna", ReviewAction.ACCEPT, "run-1")
    verdict(store, "ben", ReviewAction.DEFER, "run-1")
    verdict(store, "anna", ReviewAction.DEFER, "run-1")
    verdict(store, "ben", ReviewAction.DEFER, "run-2")
    opened = verdict(store, "ben", ReviewAction.DEFER, "run-3")
    lease_one(store, opened, "ben", now=time.time(), until=time.time() + 60)
    done = act(store, many.return_deferred("anna"))
    assert done == Outlook(2, {"not deferred": 7, "open elsewhere": 1})
    states = {row["name"]: row["state"] for row in store.rows("SELECT name, state FROM proposals")}
    assert (states["run-1"], states["run-2"], states["run-3"]) == ("accepted", "pending", "deferred")
    one = reviews_of(store, store.value("SELECT id FROM proposals WHERE name = 'run-2'"))
    assert [(row.annotator, row.action) for row in one] == [("ben", ReviewAction.DEFER), ("anna", ReviewAction.UNDO)]


def test_an_act_comes_in_short_parts_and_what_was_done_stays_when_it_is_broken_off(store, monkeypatch):
    monkeypatch.setattr("core.store.many._AT_ONCE", 4)
    parts = carry_out(store, many.tag("x", "anna"), EVERYTHING)
    assert next(parts) == (0.4, Outlook(4))
    parts.close()
    assert len(names(store, tag="x")) == 4
    assert act(store, many.tag("x", "anna")) == Outlook(6, {"with that tag already": 4})
