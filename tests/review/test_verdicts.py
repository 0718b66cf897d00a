import sqlite3
from itertools import count

import pytest
from filled import fill, make_result, make_run

from core.errors import UserError
from core.models import Decision, ProposalState, RejectReason, ReviewAction
from core.review.items import Desk, fingerprint_of, next_item, open_item
from core.review.many import return_mine
from core.review.typed import LONGEST_ANSWER, LONGEST_REQUEST
from core.review.verdicts import decide, keep_draft, my_last, undo_last
from core.store import open_store
from core.store.leases import release_lease
from core.store.queue import state_counts
from core.store.reviews import Draft, reviews_of

ANNA, BEN = Desk("anna"), Desk("ben")
_ops = (f"op-{n}" for n in count())


def verdict(item, action, *, annotator="anna", **more):
    return Decision(
        op_id=more.pop("op_id", None) or next(_ops),
        proposal_id=item.proposal_id,
        revision=more.pop("revision", item.revision),
        annotator=annotator,
        action=action,
        **more,
    )


@pytest.fixture
def store(db):
    with open_store(db) as opened:
        yield opened


def test_an_accept_is_stored_with_author_and_time_and_the_next_item_is_another(store):
    item = next_item(store, ANNA)
    answer = decide(store, verdict(item, ReviewAction.ACCEPT))
    assert answer.taken
    [review] = reviews_of(store, item.proposal_id)
    assert (review.annotator, review.action) == ("anna", ReviewAction.ACCEPT)
    assert review.created_at.endswith("+00:00")
    assert next_item(store, ANNA).proposal_id != item.proposal_id


def test_every_action_moves_the_proposal_to_its_state(store):
    for action, more, state in (
        (ReviewAction.ACCEPT, {}, ProposalState.ACCEPTED),
        (ReviewAction.EDIT, {"hindsight_prompt": "Which kettles are there?"}, ProposalState.EDITED),
        (ReviewAction.REJECT, {"reason": RejectReason.TRIVIAL}, ProposalState.REJECTED),
        (ReviewAction.DEFER, {}, ProposalState.DEFERRED),
        (ReviewAction.FLAG, {"note": "look"}, ProposalState.FLAGGED),
    ):
        assert decide(store, verdict(next_item(store, ANNA), action, **more)).taken
        assert state_counts(store)[state] == 1
    assert state_counts(store)[ProposalState.PENDING] == 5


def test_half_a_character_typed_into_an_edit_is_stored_as_its_sign(store):
    item = next_item(store, ANNA)
    typed = {"hindsight_prompt": "Which \ud83d kettles?", "final_answer": "Two\0.", "note": "\ude00"}
    assert decide(store, verdict(item, ReviewAction.EDIT, **typed)).taken
    [review] = reviews_of(store, item.proposal_id)
    assert review.hindsight_prompt == "Which \N{REPLACEMENT CHARACTER} kettles?"
    assert (review.final_answer, review.note) == ("Two\u2400.", "\N{REPLACEMENT CHARACTER}")
    assert keep_draft(store, next_item(store, ANNA).proposal_id, "anna", Draft("Which \ud83d", "\ude00"))


def test_the_same_click_twice_counts_once(store):
    click = verdict(next_item(store, ANNA), ReviewAction.ACCEPT)
    assert decide(store, click).taken
    again = decide(store, click)
    assert again.taken
    assert again.message == "Already accepted."
    assert len(reviews_of(store, click.proposal_id)) == 1


def test_a_verdict_on_a_stale_revision_is_refused_with_who_was_first(store):
    item = next_item(store, ANNA)
    decide(store, verdict(item, ReviewAction.ACCEPT))
    late = decide(store, verdict(item, ReviewAction.REJECT, annotator="ben", reason=RejectReason.TRIVIAL))
    assert not late.taken
    assert late.message == "Not saved: anna accepted it while you had it open. Look at it again."
    assert state_counts(store)[ProposalState.ACCEPTED] == 1


def test_a_verdict_after_a_release_says_who_released_the_item_and_who_has_it(store):
    item = next_item(store, ANNA)
    release_lease(store, item.proposal_id, "anna", released_by="maria")
    assert next_item(store, BEN).proposal_id == item.proposal_id
    answer = decide(store, verdict(item, ReviewAction.ACCEPT))
    assert answer.message == "Not saved: maria released it, and ben has it open."


def test_a_verdict_on_an_item_that_somebody_else_holds_is_refused(store):
    item = next_item(store, ANNA)
    refused = decide(store, verdict(item, ReviewAction.ACCEPT, annotator="ben"))
    assert not refused.taken
    assert refused.message == "Not saved: anna has this item open."


def test_two_reviewers_never_get_the_same_item(store):
    assert next_item(store, ANNA).proposal_id != next_item(store, BEN).proposal_id


def test_a_reload_shows_the_same_item_again(store):
    assert next_item(store, ANNA).proposal_id == next_item(store, ANNA).proposal_id


def test_a_lease_that_ran_out_goes_to_somebody_else_and_the_late_verdict_is_refused(store):
    gone = Desk("anna", lease_seconds=-1)
    item = next_item(store, gone)
    assert next_item(store, BEN).proposal_id == item.proposal_id
    assert not decide(store, verdict(item, ReviewAction.ACCEPT)).taken


def test_undo_is_a_row_of_its_own_and_brings_the_item_back(store):
    item = next_item(store, ANNA)
    decide(store, verdict(item, ReviewAction.ACCEPT))
    undone = undo_last(store, "anna", op_id="undo-1")
    assert undone.taken
    assert undone.proposal_id == item.proposal_id
    assert [r.action for r in reviews_of(store, item.proposal_id)] == [ReviewAction.ACCEPT, ReviewAction.UNDO]
    assert open_item(store, ANNA, item.proposal_id).state is ProposalState.PENDING


def test_undoing_twice_by_one_click_undoes_one_verdict(store):
    for _ in range(2):
        decide(store, verdict(next_item(store, ANNA), ReviewAction.ACCEPT))
    undo_last(store, "anna", op_id="undo-1")
    undo_last(store, "anna", op_id="undo-1")
    assert state_counts(store)[ProposalState.ACCEPTED] == 1


def test_undo_takes_back_ones_own_verdict_only(store):
    item = next_item(store, ANNA)
    decide(store, verdict(item, ReviewAction.ACCEPT))
    assert undo_last(store, "ben", op_id="undo-1") is None
    assert state_counts(store)[ProposalState.ACCEPTED] == 1


def test_undo_works_from_another_process_and_falls_back_to_the_verdict_before(db):
    with open_store(db) as first:
        item = next_item(first, ANNA)
        decide(first, verdict(item, ReviewAction.ACCEPT))
        item = open_item(first, ANNA, item.proposal_id)
        decide(first, verdict(item, ReviewAction.REJECT, reason=RejectReason.TRIVIAL))
    with open_store(db) as second:
        undo_last(second, "anna", op_id="undo-1")
        assert open_item(second, ANNA, item.proposal_id).state is ProposalState.ACCEPTED


def test_the_words_of_an_undone_edit_come_back_as_a_draft(store):
    item = next_item(store, ANNA)
    decide(store, verdict(item, ReviewAction.EDIT, hindsight_prompt="Mine", final_answer="Two."))
    undo_last(store, "anna", op_id="undo-1")
    draft = open_item(store, ANNA, item.proposal_id).draft
    assert (draft.hindsight_prompt, draft.final_answer) == ("Mine", "Two.")


def test_a_draft_survives_reopening_and_ends_with_the_verdict(db):
    with open_store(db) as store:
        item = next_item(store, ANNA)
        keep_draft(store, item.proposal_id, "anna", Draft("half a sent"))
    with open_store(db) as store:
        again = next_item(store, ANNA)
        assert again.draft.hindsight_prompt == "half a sent"
        decide(store, verdict(again, ReviewAction.EDIT, hindsight_prompt="half a sentence"))
        assert open_item(store, ANNA, item.proposal_id).draft is None


def test_deferred_items_come_back_when_asked_for(store):
    item = next_item(store, ANNA)
    decide(store, verdict(item, ReviewAction.DEFER))
    assert return_mine(store, "ben") == 0
    assert return_mine(store, "anna") == 1
    assert state_counts(store)[ProposalState.DEFERRED] == 0


def test_the_last_verdicts_are_listed_newest_first_without_undone_ones(store):
    for _ in range(3):
        decide(store, verdict(next_item(store, ANNA), ReviewAction.ACCEPT))
    newest = my_last(store, "anna")[0]
    undo_last(store, "anna", op_id="undo-1")
    left = my_last(store, "anna")
    assert len(left) == 2
    assert newest not in left


@pytest.mark.parametrize(
    "text", ["", "  ", "\n\t", "\u200b", "\u2060 \ufeff", "\u202e\u2066\u200f", "\u3164\u2800", "\ufe0f"]
)
def test_an_edit_that_nobody_could_see_is_refused_in_words(store, text):
    item = next_item(store, ANNA)
    answer = decide(store, verdict(item, ReviewAction.EDIT, hindsight_prompt=text))
    assert (answer.taken, answer.again) == (False, False)
    assert answer.message.startswith("Not saved: an edit needs text")
    assert reviews_of(store, item.proposal_id) == []


def test_an_edit_in_any_script_is_taken(store):
    for text in ("料金はいくら?", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "👩\u200d🚀 ?", "42"):
        assert decide(store, verdict(next_item(store, ANNA), ReviewAction.EDIT, hindsight_prompt=text)).taken


def test_an_edit_without_words_and_a_reject_without_reason_are_no_decisions(store):
    item = next_item(store, ANNA)
    with pytest.raises(ValueError, match="edited prompt"):
        verdict(item, ReviewAction.EDIT)
    with pytest.raises(ValueError, match="needs a reason"):
        verdict(item, ReviewAction.REJECT)


def test_reviews_can_be_neither_changed_nor_deleted(store):
    decide(store, verdict(next_item(store, ANNA), ReviewAction.ACCEPT))
    for sql in ("UPDATE reviews SET annotator = 'eve'", "DELETE FROM reviews"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            store.write(sql)


def test_a_verdict_under_a_name_that_is_no_plain_name_is_refused(store):
    item = next_item(store, ANNA)
    for name in (" anna", "an\nna", "\u202eanna", "   ", "x" * 61):
        answer = decide(store, verdict(item, ReviewAction.ACCEPT, annotator=name))
        assert not answer.taken
        assert answer.message.startswith("Not saved: ")
    assert reviews_of(store, item.proposal_id) == []


def test_a_verdict_while_another_program_writes_may_be_sent_again_and_counts_once(db):
    with open_store(db) as opened:
        item = next_item(opened, ANNA)
    with open_store(db) as other, open_store(db, busy_seconds=0) as store:
        click = verdict(item, ReviewAction.ACCEPT)
        with other.transaction():
            first = decide(store, click)
            undone = undo_last(store, "anna", op_id="u")
        assert (first.taken, first.again, undone.taken, undone.again) == (False, True, False, True)
        assert "another program is writing" in first.message
        assert decide(store, click).taken
        assert decide(store, click).taken
        assert len(reviews_of(store, item.proposal_id)) == 1


def test_a_verdict_on_another_file_under_the_same_numbers_is_refused(store, tmp_path):
    item = next_item(store, ANNA)
    seen = fingerprint_of(item.trajectory.trajectory_id, item.attempt.hindsight_prompt)
    with open_store(tmp_path / "other.db", create=True) as other:
        fill(other, [(run, make_result(run)) for run in [make_run(77)]])
        theirs = next_item(other, ANNA)
        click = verdict(theirs, ReviewAction.ACCEPT)
        refused = decide(other, click, seen=seen)
        assert not refused.taken
        assert "other.db is another file" in refused.message
        assert reviews_of(other, theirs.proposal_id) == []
    assert decide(store, verdict(item, ReviewAction.ACCEPT), seen=seen).taken


def test_items_that_ask_the_same_are_named_without_rejected_and_edited_ones(tmp_path):
    with open_store(tmp_path / "same.db", create=True) as store:
        results = []
        for n in range(1, 7):
            run = make_run(n)
            result = make_result(run)
            words = "The very same request" if n < 6 else "The very same request, but longer"
            attempt = result.relabeled.attempt.model_copy(update={"hindsight_prompt": words})
            results.append((run, result.model_copy(update={"relabeled": result.relabeled.with_proposed(attempt)})))
        fill(store, results)
        alike = [item for item in (open_item(store, ANNA, n) for n in range(1, 7)) if item.alike.count]
        assert len(alike) == 5
        assert alike[0].alike.count == 4
        assert alike[0].alike.named[0] == (2, "run-2", ProposalState.PENDING)
        decide(store, verdict(open_item(store, ANNA, alike[1].proposal_id), ReviewAction.ACCEPT))
        item = open_item(store, ANNA, alike[2].proposal_id)
        decide(store, verdict(item, ReviewAction.REJECT, reason=RejectReason.TRIVIAL))
        item = open_item(store, ANNA, alike[3].proposal_id)
        decide(store, verdict(item, ReviewAction.EDIT, hindsight_prompt="Another request"))
        last = open_item(store, ANNA, alike[0].proposal_id)
        assert sorted(state.value for _, _, state in last.alike.named) == ["accepted", "pending"]


def test_what_an_earlier_run_proposed_is_shown_beside_what_stands(tmp_path):
    run = make_run(1)
    with open_store(tmp_path / "twice.db", create=True) as store:
        fill(store, [(run, make_result(run, score=0.4))])
        fill(store, [(run, make_result(run, score=0.7))])
        item = next_item(store, Desk("anna"))
        assert item.attempt.confidence == 0.7
        [other] = item.earlier
        assert (other.attempt.confidence, other.method) == (0.4, "rules")


def test_an_edit_that_is_too_long_is_refused_in_words(store):
    item = next_item(store, Desk("anna"))
    answer = decide(store, verdict(item, ReviewAction.EDIT, hindsight_prompt="x" * (LONGEST_REQUEST + 1)))
    assert not answer.taken
    assert "the request has 20,001 characters; it may have 20,000" in answer.message
    with pytest.raises(UserError, match="may have 200,000"):
        keep_draft(store, item.proposal_id, "anna", Draft("fine", "x" * (LONGEST_ANSWER + 1)))
