"""What each act of the pane does, without a browser: verdicts, refusals, drafts, undo, neighbours, empty piles."""

from itertools import count

import pytest
from filled import fill, make_result, make_run

from core.models import ProposalState, RejectReason, ReviewAction
from core.review.items import Desk
from core.review.overlap import set_overlap
from core.settings import Settings
from core.store import open_store
from core.store.filters import QueueFilter
from core.store.queue import state_counts
from core.store.reviews import reviews_of
from core.store.standing import OPINIONS
from review_app.desk import look_ahead, show_edited, show_named, show_next, take
from review_app.drawing import payload
from review_app.tab import Tab

ANNA, BEN = Desk("anna"), Desk("ben")
CLICKS = count()


@pytest.fixture
def store(db):
    with open_store(db) as store:
        yield store


@pytest.fixture
def tab(store):
    """Anna's tab, with the first item of the queue."""
    tab = Tab()
    show_next(store, tab, ANNA)
    return tab


def act(tab, action, **more):
    item = tab.item
    sent = {"op_id": f"click-{next(CLICKS)}", "action": action}
    sent |= {"id": item.proposal_id, "rev": item.revision} if item else {"id": None, "rev": None}
    return sent | more


def edit(tab, text="Which kettles hold 1.7 l?", **more):
    return act(tab, "edit", text=text, final_answer="Two.", first_step=1, last_step=1, **more)


def do(store, tab, action, desk=ANNA, **more):
    take(store, tab, desk, act(tab, action, **more))
    return payload(store, tab, desk, Settings())


@pytest.mark.parametrize(
    ("action", "more", "state", "word"),
    [
        ("accept", {}, ProposalState.ACCEPTED, "Accepted"),
        (
            "edit",
            {"text": "Mine", "final_answer": "Two.", "first_step": 1, "last_step": 1},
            ProposalState.EDITED,
            "Edited",
        ),
        ("reject", {"reason": 5, "note": "dull"}, ProposalState.REJECTED, "Rejected"),
        ("defer", {}, ProposalState.DEFERRED, "Deferred"),
        ("flag", {"note": "look"}, ProposalState.FLAGGED, "Flagged"),
    ],
)
def test_a_verdict_is_stored_and_brings_the_next_item(store, tab, action, more, state, word):
    item = tab.item
    shown = do(store, tab, action, active_seconds=4.5, **more)
    [review] = reviews_of(store, item.proposal_id)
    assert (review.annotator, review.action, review.note) == ("anna", ReviewAction(action), more.get("note", ""))
    assert review.reason == more.get("reason")
    assert review.created_at.endswith("+00:00")
    assert store.value("SELECT active_seconds FROM reviews") == 4.5
    assert state_counts(store)[state] == 1
    assert tab.item.proposal_id != item.proposal_id
    assert shown["item"]["id"] == tab.item.proposal_id
    assert shown["waiting"] == 9
    figure = [["accepted with edits" if state is ProposalState.EDITED else state.value, 1]]
    assert shown["counts"] == figure + ([["of mine today", 1]] if action in OPINIONS else [])
    assert shown["pile"] == "waiting"
    assert shown["last"] == f"{word} {item.trajectory.trajectory_id}"
    assert shown["notice"] is None


def test_only_an_edit_takes_the_words_along(store, tab):
    item = tab.item
    do(store, tab, "accept", text="typed but not meant", final_answer="x", first_step=1, last_step=1)
    [review] = reviews_of(store, item.proposal_id)
    assert (review.hindsight_prompt, review.final_answer, review.first_step) == (None, None, None)


@pytest.mark.parametrize(
    ("action", "more", "says"),
    [
        ("reject", {}, "Not saved: a reject needs a reason (1-9)."),
        ("reject", {"reason": 12}, "Not saved: 12 is not a valid RejectReason."),
        ("edit", {"text": "\u200b \u2060"}, "Not saved: an edit needs text that can be seen."),
        ("edit", {"text": "Mine", "first_step": 0}, "Not saved: "),
        ("accept", {"id": 4711}, "There is no item 4711 in this database."),
        ("accept", {"id": None}, "There is no item 0 in this database."),
    ],
)
def test_a_verdict_that_cannot_be_taken_is_said_and_the_item_stays(store, tab, action, more, says):
    item = tab.item
    shown = do(store, tab, action, **more)
    assert shown["refused"][-1]["text"].startswith(says)
    assert tab.item.proposal_id == item.proposal_id
    assert store.value("SELECT count(*) FROM reviews") == 0


def test_the_same_act_twice_counts_once_and_still_goes_on(store, tab):
    click = act(tab, "accept")
    take(store, tab, ANNA, click)
    second = tab.item.proposal_id
    take(store, tab, ANNA, click)
    assert store.value("SELECT count(*) FROM reviews") == 1
    assert tab.item.proposal_id == second
    assert tab.live.get("notice") is None


def test_an_item_decided_elsewhere_is_refused_shown_anew_and_the_edit_is_kept(store, tab):
    click = edit(tab, "My careful words")
    elsewhere = Tab()
    show_named(store, elsewhere, ANNA, tab.item.trajectory.trajectory_id)
    take(store, elsewhere, ANNA, act(elsewhere, "accept"))
    take(store, tab, ANNA, click)
    shown = payload(store, tab, ANNA, Settings())
    assert shown["refused"][-1]["text"] == (
        "Not saved: you accepted it in another tab. Look at it again. Your edit is kept as a draft."
    )
    assert shown["item"]["id"] == click["id"]
    assert shown["item"]["draft"]["text"] == "My careful words"
    assert shown["item"]["draft"]["final_answer"] == "Two."
    assert len(reviews_of(store, click["id"])) == 1


def test_a_refusal_leaves_the_screen_where_the_browser_went_and_undo_names_its_verdict(store, tab):
    accepted = do(store, tab, "accept")
    look_ahead(store, tab, ANNA)
    shown = payload(store, tab, ANNA, Settings())
    store.write("UPDATE proposals SET leased_by = 'eve', lease_until = 9e9 WHERE id = ?", tab.item.proposal_id)
    click = edit(tab, "My careful words")
    take(store, tab, ANNA, click)
    after = payload(store, tab, ANNA, Settings())
    assert (after["item_key"], after["refused"][-1]["op_id"]) == (shown["ahead_key"], click["op_id"])
    assert (after["last_review"], after["last"]) == (accepted["last_review"], accepted["last"])
    told = do(store, tab, "undo", review=click["op_id"])
    assert told["notice"]["text"] == "That verdict was not taken: there is nothing to undo."
    assert state_counts(store)[ProposalState.ACCEPTED] == 1
    assert do(store, tab, "open", id=click["id"])["item"]["draft"]["text"] == "My careful words"


def test_an_item_that_somebody_else_has_open_can_be_read_and_not_decided(store, tab):
    other = Tab()
    show_named(store, other, BEN, tab.item.trajectory.trajectory_id)
    assert payload(store, other, BEN, Settings())["item"]["held_by"] == "anna"
    shown = do(store, other, "accept", BEN)
    assert shown["refused"][-1]["text"] == "Not saved: anna has this item open."
    assert store.value("SELECT count(*) FROM reviews") == 0


def test_a_proposal_that_a_newer_run_replaced_is_refused(store, tab):
    store.write("UPDATE proposals SET is_current = 0 WHERE id = ?", tab.item.proposal_id)
    assert do(store, tab, "accept")["refused"][-1]["text"] == "Not saved: a newer run has replaced this proposal."


def test_undo_brings_the_item_back_with_its_words(store, tab):
    item = tab.item
    do(store, tab, "edit", text="Mine", final_answer="Two.", first_step=1, last_step=1)
    shown = do(store, tab, "undo")
    assert shown["item"]["id"] == item.proposal_id
    assert shown["item"]["draft"]["text"] == "Mine"
    assert shown["notice"] == {"level": "info", "text": "Undone: your edit."}
    assert state_counts(store)[ProposalState.PENDING] == 10
    shown = do(store, tab, "undo")
    assert shown["notice"]["text"] == "There is nothing of yours to undo."
    assert shown["item"]["id"] == item.proposal_id


def test_any_verdict_of_ones_own_can_be_opened_again_and_undone(store, tab):
    first = tab.item
    do(store, tab, "reject", reason=5, note="dull")
    do(store, tab, "accept")
    newer, older = do(store, tab, "mine")["mine"]
    assert [newer["text"], older["text"], older["note"]] == ["Accepted", "Rejected", "Too trivial. dull"]
    assert older["name"] == first.trajectory.trajectory_id
    opened = do(store, tab, "reopen", review=older["review"])["item"]
    assert (opened["id"], opened["verdict"]["state"]) == (first.proposal_id, "rejected")
    tab.live = {}
    undone = do(store, tab, "undo", review=older["review"])
    assert undone["notice"]["text"] == "Undone: your reject."
    assert undone["item"]["verdict"] is None
    assert do(store, tab, "undo", review=older["review"])["notice"]["text"] == "That verdict is undone already."
    assert do(store, tab, "mine")["mine"] == [newer]


def test_the_verdict_of_another_is_neither_opened_nor_undone_from_the_strip(store, tab):
    do(store, tab, "accept")
    [row] = do(store, tab, "mine")["mine"]
    ben, his = Desk("ben"), Tab()
    assert do(store, his, "reopen", desk=ben, review=row["review"])["item"] is None
    do(store, his, "undo", desk=ben, review=row["review"])
    assert state_counts(store)[ProposalState.ACCEPTED] == 1


def test_acts_that_come_in_one_message_are_all_answered_in_words(store, tab):
    take(store, tab, ANNA, act(tab, "undo"))
    take(store, tab, ANNA, act(tab, "previous"))
    shown = payload(store, tab, ANNA, Settings())
    assert shown["notice"]["text"].startswith("There is nothing of yours to undo. No other item")
    take(store, tab, ANNA, act(tab, "beat"))
    assert payload(store, tab, ANNA, Settings())["notice"] is None


def test_texts_that_are_asked_for_in_one_message_all_come(store, tab):
    for field in ("raw", "all"):
        take(store, tab, ANNA, act(tab, "expand", step=0, field=field))
    shown = payload(store, tab, ANNA, Settings())
    assert [text["field"] for text in shown["expanded"]] == ["raw", "all"]


def test_an_edit_of_somebody_else_is_shown_as_theirs_with_its_check(store, tab):
    edited = tab.item.trajectory.trajectory_id
    do(store, tab, "edit", text="Which kettles hold 1.7 l?", final_answer="Two.", first_step=1, last_step=1)
    ben = Tab()
    show_named(store, ben, BEN, edited)
    shown = payload(store, ben, BEN, Settings())["item"]
    assert shown["verdict"]["by"] == "anna"
    assert shown["check"]["text"] == shown["draft"]["text"] == "Which kettles hold 1.7 l?"


def test_undo_works_on_an_empty_queue(store, tab):
    while tab.item:
        do(store, tab, "accept")
    shown = do(store, tab, "undo")
    assert shown["item"] is not None
    assert state_counts(store)[ProposalState.ACCEPTED] == 9


def test_a_draft_is_kept_and_checked_and_another_tab_finds_it(store, tab):
    item = tab.item
    shown = do(store, tab, "draft", text="Is there a kettle for $4711?", final_answer=None, first_step=1, last_step=1)
    assert shown["saved_at"].endswith("+00:00")
    assert shown["check"]["text"] == "Is there a kettle for $4711?"
    assert [value["standing"] for value in shown["check"]["values"]] == ["missing"]
    again = Tab()
    show_next(store, again, ANNA)
    assert payload(store, again, ANNA, Settings())["item"]["draft"]["text"] == "Is there a kettle for $4711?"
    assert again.item.proposal_id == item.proposal_id
    assert store.value("SELECT count(*) FROM reviews") == 0


def test_a_page_that_begins_anew_keeps_for_itself_what_it_had_loaded_ahead(store, tab):
    look_ahead(store, tab, ANNA)
    loaded = {tab.item.proposal_id, tab.ahead.proposal_id}
    again, other = Tab(), Tab()
    show_next(store, again, ANNA)
    show_next(store, other, BEN)
    assert again.item.proposal_id in loaded
    assert other.item.proposal_id not in loaded


def test_a_draft_of_an_item_that_is_no_longer_open_is_dropped(store, tab):
    late = act(tab, "draft", text="late", final_answer=None, first_step=1, last_step=1)
    do(store, tab, "accept")
    take(store, tab, ANNA, late)
    assert store.value("SELECT count(*) FROM drafts") == 0


@pytest.mark.parametrize(
    ("action", "more", "covered"),
    [("accept", {}, True), ("reject", {"reason": 2}, True), ("defer", {}, False), ("flag", {"note": ""}, False)],
)
def test_a_draft_is_covered_by_a_decision_and_comes_back_with_its_undo(store, tab, action, more, covered):
    name = tab.item.trajectory.trajectory_id
    do(store, tab, "draft", text="half", final_answer=None, first_step=1, last_step=1)
    do(store, tab, action, **more)
    show_named(store, tab, ANNA, name)
    assert (payload(store, tab, ANNA, Settings())["item"]["draft"] is None) is covered
    assert do(store, tab, "undo")["item"]["draft"]["text"] == "half"


def test_a_draft_is_shown_wherever_its_item_comes_from(store, tab):
    first = payload(store, tab, ANNA, Settings())["item"]
    drafted = do(store, tab, "draft", text="half", final_answer=None, first_step=1, last_step=1)
    assert drafted["item_key"] == first["key"], "the item is not sent again while it is typed in"
    assert drafted["item"]["draft"]["text"] == "half", "but whoever asks for it gets the draft"
    do(store, tab, "next")
    back = do(store, tab, "previous")["item"]
    assert (back["draft"]["text"], back["key"] != first["key"]) == ("half", True)
    elsewhere = Tab()
    show_named(store, elsewhere, BEN, tab.item.trajectory.trajectory_id)
    second = payload(store, elsewhere, BEN, Settings())["item"]
    assert (second["held_by"], second["draft"]) == ("anna", None)


def test_a_draft_in_the_item_that_was_fetched_ahead_is_shown_when_it_is_ahead_again(store, tab):
    payload(store, tab, ANNA, Settings())
    look_ahead(store, tab, ANNA)
    ahead = payload(store, tab, ANNA, Settings())["ahead"]
    do(store, tab, "next")
    assert tab.item.proposal_id == ahead["id"]
    do(store, tab, "draft", text="half", final_answer=None, first_step=1, last_step=1)
    do(store, tab, "previous")
    look_ahead(store, tab, ANNA)
    again = payload(store, tab, ANNA, Settings())["ahead"]
    assert (again["id"], again["draft"]["text"], again["key"] != ahead["key"]) == (ahead["id"], "half", True)


def test_an_item_that_somebody_else_had_open_is_shown_anew_once_it_is_free(store, tab):
    other = Tab()
    show_named(store, other, BEN, tab.item.trajectory.trajectory_id)
    assert do(store, other, "beat", BEN)["item"]["held_by"] == "anna"
    assert "notice" not in other.live
    store.write("UPDATE proposals SET lease_until = 1 WHERE leased_by = 'anna'")
    assert do(store, other, "beat", BEN)["item"]["held_by"] == ""


def test_an_edited_item_that_is_looked_at_again_shows_what_was_approved(store, tab):
    item = tab.item
    do(store, tab, "edit", text="What I approved", final_answer="Two.", first_step=1, last_step=1)
    show_named(store, tab, ANNA, item.trajectory.trajectory_id)
    shown = payload(store, tab, ANNA, Settings())
    assert shown["item"]["draft"]["text"] == "What I approved"
    assert tab.item.state is ProposalState.EDITED


def test_neighbours_are_looked_at_without_a_verdict(store, tab):
    first = tab.item.proposal_id
    assert do(store, tab, "previous")["notice"]["text"].startswith("No other item of this pile and filter comes before")
    seen = [first]
    for _ in range(9):
        do(store, tab, "next")
        seen.append(tab.item.proposal_id)
    assert len(set(seen)) == 10
    assert do(store, tab, "next")["notice"]["text"] == "No other item of this pile and filter comes after this one."
    do(store, tab, "previous")
    assert tab.item.proposal_id == seen[-2]
    assert store.value("SELECT count(*) FROM reviews") == 0
    held = store.rows("SELECT id FROM proposals WHERE leased_by = 'anna'")
    assert [row["id"] for row in held] == [seen[-2]], "looking gives back what was looked at before"


def test_neighbours_are_those_of_the_pile_and_the_filter(store, tab):
    ids = [row["id"] for row in store.rows("SELECT id FROM proposals ORDER BY position")]
    store.write("UPDATE proposals SET source = 'other' WHERE id IN (?, ?, ?)", ids[2], ids[5], ids[7])
    store.write("UPDATE proposals SET state = 'flagged' WHERE id IN (?, ?)", ids[5], ids[8])
    narrowed = Desk("anna", QueueFilter(source="other"))
    for action, seen in (("next", ids[2]), ("next", ids[7]), ("next", ids[7]), ("previous", ids[2])):
        do(store, tab, action, narrowed)
        assert tab.item.proposal_id == seen
    pile = Desk("anna", pile=ProposalState.FLAGGED)
    do(store, tab, "next", pile)
    assert tab.item.proposal_id == ids[5]
    set_overlap(store, 1.0, set_by="maria")
    show_named(store, tab, BEN, "run-1")
    do(store, tab, "accept", BEN)
    decided = store.value("SELECT proposal_id FROM reviews")
    assert store.value("SELECT state FROM proposals WHERE id = ?", decided) == "second"
    assert decided in walked(store, tab, Desk("carl"))
    assert decided not in walked(store, tab, BEN)


def walked(store, tab, desk):
    """Every item that the right arrow comes to from the first."""
    show_named(store, tab, desk, store.value("SELECT trajectory_key FROM proposals ORDER BY position LIMIT 1"))
    seen = [tab.item.proposal_id] if tab.item.state is ProposalState.PENDING else []
    before = None
    while before != tab.item.proposal_id:
        before = tab.item.proposal_id
        do(store, tab, "next", desk)
        seen.append(tab.item.proposal_id)
    return seen


def test_a_verdict_after_looking_back_is_on_what_is_shown(store, tab):
    first = tab.item
    do(store, tab, "accept")
    do(store, tab, "reopen", review=store.value("SELECT op_id FROM reviews"))
    assert tab.item.proposal_id == first.proposal_id
    do(store, tab, "reject", reason=2)
    assert [r.action for r in reviews_of(store, first.proposal_id)] == [ReviewAction.ACCEPT, ReviewAction.REJECT]
    assert state_counts(store)[ProposalState.REJECTED] == 1


def test_the_full_text_and_the_raw_record_are_brought_on_demand(store, tab):
    observation = tab.item.trajectory.steps[0].observation
    shown = do(store, tab, "expand", step=1, field="observation")
    [text] = shown["expanded"]
    assert (text["step"], text["field"]) == (1, "observation")
    assert observation[:20] in str(text["block"])
    assert do(store, tab, "expand", step=0, field="raw")["expanded"][0]["field"] == "raw"


def test_a_long_argument_is_brought_whole(tmp_path):
    code = "print('kettle')\n" * 4000
    step = make_run(1).steps[0].model_copy(update={"action_input": {"language": "python", "code": code}})
    run = make_run(1).model_copy(update={"steps": (step,)})
    with open_store(tmp_path / "long.db", create=True) as store:
        fill(store, [(run, make_result(run))])
        tab = Tab()
        show_next(store, tab, ANNA)
        cut = payload(store, tab, ANNA, Settings())["item"]["trace"]["steps"][0]["args"][1]["value"]
        assert sum(part["skip"] for part in cut["parts"]) > 0
        whole = do(store, tab, "expand", step=1, field="arg1")["expanded"][0]["block"]
        assert [part["text"] for part in whole["parts"]] == [code]
        assert do(store, tab, "expand", step=1, field="arg99")["expanded"][0]["field"] == "arg99"


@pytest.mark.parametrize(
    "more", [{"step": 99, "field": "observation"}, {"step": 0, "field": "x"}, {"step": 1, "field": "x"}, {}]
)
def test_a_text_that_is_not_there_breaks_nothing(store, tab, more):
    do(store, tab, "expand", **more)
    assert store.value("SELECT count(*) FROM reviews") == 0


def test_the_heartbeat_keeps_the_item_and_says_when_it_was_taken_over(store, tab):
    before = store.value("SELECT lease_until FROM proposals WHERE leased_by = 'anna'")
    assert do(store, tab, "beat")["notice"] is None
    assert store.value("SELECT lease_until FROM proposals WHERE leased_by = 'anna'") >= before
    store.write("UPDATE proposals SET lease_until = 1 WHERE leased_by = 'anna'")
    show_named(store, Tab(), BEN, tab.item.trajectory.trajectory_id)
    assert "taken this item over" in do(store, tab, "beat")["notice"]["text"]


def test_a_named_item_that_is_not_there_is_said(store):
    tab = Tab()
    show_named(store, tab, ANNA, "nobody")
    assert tab.item is None
    assert "No proposal for 'nobody'" in payload(store, tab, ANNA, Settings())["notice"]["text"]


def test_a_name_that_several_runs_have_is_said_with_the_addresses_of_the_others(store):
    keys = [
        row["trajectory_key"]
        for row in store.rows("SELECT trajectory_key FROM proposals WHERE is_current = 1 ORDER BY id")
    ]
    store.write("UPDATE trajectories SET trajectory_id = 'twin' WHERE key IN (?, ?)", *keys[:2])
    tab = Tab()
    show_named(store, tab, ANNA, "twin")
    notice = payload(store, tab, ANNA, Settings())["notice"]
    assert notice["text"] == f"2 runs are called twin; this is the first. Address of the others: item={keys[1]}"
    show_named(store, other := Tab(), BEN, keys[1])
    assert "notice" not in other.live


def test_an_unknown_act_and_a_screen_change_touch_nothing(store, tab):
    do(store, tab, "dance")
    do(store, tab, "go:export")
    assert tab.go_to == "export"
    assert store.value("SELECT count(*) FROM reviews") == 0


class TestEmpty:
    def said(self, store, desk=ANNA):
        tab = Tab()
        show_next(store, tab, desk)
        shown = payload(store, tab, desk, Settings())
        assert shown["item"] is None
        return shown["empty"]["title"], shown["empty"]["text"], [action for _, action in shown["empty"]["buttons"]]

    def title(self, store, desk=ANNA):
        title, _, actions = self.said(store, desk)
        return title, actions

    def test_nothing_imported(self, tmp_path):
        with open_store(tmp_path / "new.db", create=True) as store:
            assert self.title(store) == ("Nothing here yet", ["go:import_run"])

    def test_nothing_run(self, store):
        store.write("UPDATE proposals SET is_current = 0")
        assert self.title(store) == ("No proposals yet", ["go:import_run"])

    def test_another_pile(self, store):
        assert self.title(store, Desk("anna", pile=ProposalState.FLAGGED)) == ("Nothing flagged", ["show-waiting"])

    def test_another_filter(self, store):
        title, text, actions = self.said(store, Desk("anna", QueueFilter(source="nothing")))
        assert (title, actions) == ("Nothing waiting matches the filter", ["clear-filter"])
        assert text == "10 items of this pile wait outside the filter."

    def test_a_filter_on_another_pile_names_the_pile(self, store, tab):
        do(store, tab, "defer")
        desk = Desk("anna", QueueFilter(source="nothing"), ProposalState.DEFERRED)
        assert self.title(store, desk) == ("Nothing deferred matches the filter", ["clear-filter"])

    def test_what_others_have_open_is_said_with_who_and_until_when(self, store):
        store.write("UPDATE proposals SET leased_by = 'ben', lease_until = 32503680000")
        title, text, actions = self.said(store)
        assert (title, actions) == ("Others have the rest open", ["next", "go:team"])
        assert text.startswith("10 items wait, open at somebody else: ben until 00:00 UTC.")

    def test_all_done_and_deferred_ones_come_back(self, store, tab):
        do(store, tab, "defer")
        while tab.item:
            do(store, tab, "accept")
        assert self.title(store) == ("Nothing waits for you", ["go:export", "return-deferred"])
        shown = do(store, tab, "return-deferred")
        assert shown["notice"]["text"] == "1 deferred item is back in the queue."
        assert shown["item"] is not None
        assert state_counts(store)[ProposalState.DEFERRED] == 0
        do(store, tab, "accept")
        assert self.said(store)[:2] == ("All reviewed", "Every proposal has a verdict.")

    def test_what_others_put_aside_is_not_reviewed_and_not_mine_to_bring_back(self, store, tab):
        do(store, tab, "defer")
        do(store, tab, "flag")
        while tab.item:
            do(store, tab, "accept")
        title, text, actions = self.said(store, BEN)
        assert (title, actions) == ("Nothing waits for you", ["go:export"])
        assert text == "Still open: 1 deferred by others, 1 flagged. Filter, at the top, shows these piles."


def test_a_pile_of_put_off_items_can_be_worked_through(store, tab):
    do(store, tab, "defer")
    do(store, tab, "defer")
    desk = Desk("anna", pile=ProposalState.DEFERRED)
    pile = Tab()
    show_next(store, pile, desk)
    assert payload(store, pile, desk, Settings())["waiting"] == 2
    do(store, pile, "accept", desk)
    do(store, pile, "reject", desk, reason=int(RejectReason.MISREAD))
    assert pile.item is None
    assert state_counts(store)[ProposalState.DEFERRED] == 0


def test_a_file_that_cannot_be_written_is_said_and_the_same_acts_count_once_when_it_can(store, tab):
    store.db.execute("PRAGMA query_only = ON")
    item = tab.item
    later = []
    for action, more in (("accept", {}), ("undo", {}), ("draft", {"text": "x"}), ("next", {}), ("beat", {})):
        click = act(tab, action, **more)
        taken = take(store, tab, ANNA, click)
        shown = payload(store, tab, ANNA, Settings())
        assert not taken
        assert "readonly" in shown["trouble"]
        assert tab.item.proposal_id == item.proposal_id
        later.append(click)
    store.db.execute("PRAGMA query_only = OFF")
    for click in (later[0], later[0]):
        assert take(store, tab, ANNA, click)
    assert state_counts(store)[ProposalState.ACCEPTED] == 1


def test_a_verdict_on_a_file_that_took_the_place_of_another_is_refused(store, tab):
    click = act(tab, "accept", seen="the words of another file")
    assert take(store, tab, ANNA, click)
    shown = payload(store, tab, ANNA, Settings())
    assert "is another file than the one you reviewed" in shown["refused"][-1]["text"]
    assert store.value("SELECT count(*) FROM reviews") == 0
    assert take(store, tab, ANNA, act(tab, "accept", seen=shown["item"]["seen"]))
    assert store.value("SELECT count(*) FROM reviews") == 1


def test_an_item_that_is_looked_at_again_says_who_decided_what(store, tab):
    do(store, tab, "reject", reason=5, note="dull")
    shown = do(store, tab, "reopen", review=store.value("SELECT op_id FROM reviews"))
    assert shown["item"]["verdict"].items() >= {"text": "Rejected", "by": "anna", "note": "Too trivial. dull"}.items()


def test_a_page_loaded_anew_shows_the_item_in_edit_and_not_the_one_that_was_ready(store, tab):
    first = tab.item.proposal_id
    do(store, tab, "accept")
    second = tab.item.proposal_id
    do(store, tab, "undo")
    do(store, tab, "open", id=second)
    look_ahead(store, tab, ANNA)
    assert tab.ahead.proposal_id == first, "it stands before the other in the queue"
    do(store, tab, "draft", text="Half a", final_answer="Two.", first_step=1, last_step=1)
    anew, other = Tab(), Tab()
    show_edited(store, anew, ANNA)
    assert (anew.item.proposal_id, anew.item.draft.hindsight_prompt) == (second, "Half a")
    show_edited(store, other, BEN)
    assert other.item is None


def test_what_cannot_be_done_is_said_and_holds_up_nothing(store, tab):
    item = tab.item
    assert take(store, tab, ANNA, act(tab, "expand", field="text", step="first"))
    assert "a fault that this program does not know" in payload(store, tab, ANNA, Settings())["refused"][-1]["text"]
    do(store, tab, "accept", id=item.proposal_id, rev=item.revision)
    assert [review.action for review in reviews_of(store, item.proposal_id)] == [ReviewAction.ACCEPT]
