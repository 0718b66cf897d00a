"""The pane in a real browser, against a real Streamlit server."""

import re
from typing import Any

import pytest

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser

DEAF = 1200  # ms without a key after which keys count again
UNREAD = 550  # ms: no verdict is taken before anybody can have read the item
UNREAD_GUARD_OVER = f"() => performance.now() - window.shown > {UNREAD}"


class Screen:
    """What a reviewer does and sees; every wait is for a state, none for a time."""

    def __init__(self, page: Any, address: str, start: int) -> None:
        self.page = page
        page.goto(f"{address}/?start={start}")
        self.at(start + 1)

    def at(self, position: int) -> None:
        """Wait until item `position` is on screen, the server has said so, and it could have been read."""
        expect(self.page.locator(".bar .place")).to_have_text(f"{25 - position} waiting")
        expect(self.page.locator(".root.busy")).to_have_count(0)
        self.page.evaluate("window.shown = performance.now()")
        self.page.wait_for_function(UNREAD_GUARD_OVER)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def text(self) -> Any:
        return self.page.locator("#edit-text")


@pytest.fixture
def open_at(page, harness):
    return lambda start=4: Screen(page, harness[0], start)


def told(acts) -> list[tuple]:
    return [(act["action"], act["id"]) for act in acts()]


def test_a_key_acts_on_the_item_and_brings_the_next(open_at, acts):
    screen = open_at()
    for position, key in enumerate(("a", "A", "Space", "ArrowRight"), 6):
        screen.press(key)
        screen.at(position)
    screen.press("ArrowLeft")
    screen.at(8)
    assert told(acts) == [("accept", 4), ("accept", 5), ("defer", 6), ("next", 7), ("previous", 8)]


def test_x_and_a_digit_reject_with_that_reason(open_at, acts):
    screen = open_at()
    for digit in range(1, 10):
        screen.press("x", str(digit))
        screen.at(5 + digit)
    assert [(a["action"], a["id"], a["reason"], a["note"]) for a in acts()] == [
        ("reject", 3 + digit, digit, "") for digit in range(1, 10)
    ]


def test_a_digit_without_x_does_nothing_and_escape_closes_the_reasons(open_at, acts):
    screen = open_at()
    screen.press("3", "x")
    expect(screen.page.locator(".reason")).to_have_count(9)
    screen.press("Escape", "3", "a")
    screen.at(6)
    assert told(acts) == [("accept", 4)]


def test_a_note_goes_with_the_reason_that_is_clicked(open_at, acts):
    screen = open_at()
    screen.press("x")
    screen.page.get_by_label("Note on the rejection").fill("names 3 a")
    screen.page.get_by_role("button", name="Too trivial").click()
    screen.at(6)
    assert [(a["reason"], a["note"]) for a in acts()] == [(5, "names 3 a")]


def test_a_note_on_a_reject_is_typed_left_and_sent_without_a_mouse(open_at, acts):
    screen = open_at()
    note = screen.page.get_by_label("Note on the rejection")
    for reach in ("n", "Tab"):
        screen.press("x", reach)
        expect(note).to_be_focused()
        screen.press("Escape")
    screen.press("x", "n")
    screen.page.keyboard.type("names 3 a")
    screen.press("Escape", "x")
    expect(note).to_have_value("names 3 a")
    screen.press("n", "Enter", "5")
    screen.at(6)
    assert [(a["reason"], a["note"]) for a in acts()] == [(5, "names 3 a")]


def test_f_flags_with_a_note_typed_in_which_letters_are_only_letters(open_at, acts):
    screen = open_at()
    screen.press("f")
    screen.page.keyboard.type("a look x1")
    screen.press("Enter")
    screen.at(6)
    assert [(a["action"], a["note"]) for a in acts()] == [("flag", "a look x1")]


def test_backspace_undoes_the_last_verdict(open_at, acts):
    screen = open_at()
    screen.press("a")
    screen.at(6)
    expect(screen.page.locator(".bar .last")).to_contain_text("Accepted sensors-5")
    screen.press("Backspace")
    screen.at(5)
    assert [act["action"] for act in acts()] == ["accept", "undo"]


def test_m_lists_my_verdicts_and_each_opens_again(open_at, acts):
    screen = open_at()
    screen.press("a")
    screen.at(6)
    strip = screen.page.get_by_role("region", name="My last 20 verdicts")
    screen.press("m")
    expect(strip.get_by_role("button", name="Open n4 again")).to_be_focused()
    screen.press("Escape")
    expect(strip).to_be_hidden()
    screen.press("m")
    expect(strip.get_by_role("button", name="Undo: Accepted, n4")).to_be_visible()
    screen.press("Enter")
    screen.at(5)
    assert [(act["action"], act.get("review")) for act in acts()][-1] == ("reopen", "4")


def test_while_my_verdicts_are_listed_the_keys_are_about_them(open_at, acts):
    screen = open_at()
    for position, key in ((6, "a"), (7, "Space"), (8, "a")):
        screen.press(key)
        screen.at(position)
    strip = screen.page.get_by_role("region", name="My last 20 verdicts")
    screen.press("m")
    expect(strip.get_by_role("button", name="Open n6 again")).to_be_focused()
    screen.press("a", "e", "x", "1", "f", "ArrowLeft", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp")
    expect(strip.get_by_role("button", name="Open n5 again")).to_be_focused()
    screen.press("Backspace")
    screen.at(7)
    assert [(act["action"], act.get("review")) for act in acts()[3:]] == [("mine", None), ("undo", "5")]


def test_bare_keys_are_dead_while_typing(open_at, acts):
    screen = open_at()
    screen.press("e")
    expect(screen.text).to_be_focused()
    screen.press("End")
    screen.page.keyboard.type(" axfjkohrc 123")
    screen.press("ArrowLeft", "Backspace", "Space")
    expect(screen.text).to_have_value(re.compile(r"axfjkohrc 1 3$"))
    screen.press("Escape")
    expect(screen.page.get_by_role("button", name="Accept edit")).to_be_visible()
    assert told(acts) == []


def test_keys_work_again_after_the_edit_is_left_and_accept_takes_the_edit(open_at, acts):
    screen = open_at()
    screen.press("e", "End")
    screen.page.keyboard.type(" now")
    screen.press("Escape", "a")
    screen.at(6)
    assert [(a["action"], a["text"]) for a in acts()] == [("edit", "Report 5: list the readings of all 10 parts. now")]


def test_control_enter_saves_the_last_characters_typed(open_at, acts):
    screen = open_at()
    for position, word in enumerate(("now", "soon", "then", "again"), 5):
        screen.press("e", "End")
        screen.page.keyboard.type(f" {word}")
        screen.press("Control+Enter")
        screen.at(position + 1)
    assert [a["text"].split()[-1] for a in acts()] == ["now", "soon", "then", "again"]
    assert {a["action"] for a in acts()} == {"edit"}


def test_a_save_waits_until_its_last_words_were_looked_up(open_at, acts):
    screen = open_at()
    screen.press("e", "End")
    screen.page.keyboard.type(" XQ-77812")
    screen.press("Control+Enter")
    expect(screen.page.get_by_role("alert")).to_contain_text("Not found in the run: XQ-77812")
    assert told(acts) == []
    screen.press("Control+Enter")
    screen.at(6)
    assert told(acts) == [("edit", 4)]


def test_an_edit_without_a_change_is_an_accept_and_an_empty_one_is_refused(open_at, acts):
    screen = open_at()
    screen.press("e", "Control+Enter")
    screen.at(6)
    screen.press("e")
    screen.text.fill("  ")
    screen.press("Control+Enter")
    expect(screen.page.get_by_role("alert")).to_contain_text("The request is empty")
    assert told(acts) == [("accept", 4)]


def test_the_final_answer_and_the_step_range_go_with_the_edit(open_at, acts):
    screen = open_at()
    screen.press("e")
    screen.page.get_by_label("Final answer for training").fill("Ten parts.")
    screen.page.get_by_label("Last step used").fill("6")
    expect(screen.page.locator(".step.outside")).to_have_count(4)
    screen.press("Control+Enter")
    screen.at(6)
    edit = acts()[0]
    assert (edit["final_answer"], edit["first_step"], edit["last_step"]) == ("Ten parts.", 1, 6)


def test_the_step_range_is_cut_where_one_reads_and_on_the_map(open_at, acts):
    screen = open_at()
    screen.press("j", "j", "j", "e")
    screen.page.get_by_role("button", name="To here").click()
    expect(screen.page.get_by_label("Last step used")).to_have_value("3")
    expect(screen.page.locator(".step.outside")).to_have_count(7)
    screen.page.get_by_label("Go to step 2", exact=True).drag_to(screen.page.get_by_label("Go to step 5", exact=True))
    expect(screen.page.get_by_label("First step used")).to_have_value("2")
    expect(screen.page.get_by_label("Last step used")).to_have_value("5")
    expect(screen.page.locator(".editor .checks")).not_to_contain_text("Checking")
    screen.press("Control+Enter")
    screen.at(6)
    assert (acts()[0]["action"], acts()[0]["first_step"], acts()[0]["last_step"]) == ("edit", 2, 5)


def test_two_taps_are_one_decision(open_at, acts):
    screen = open_at()
    tap = "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', bubbles: true}))"
    screen.page.evaluate(f"{tap}; {tap}")  # two real presses would be as far apart as the machine is slow
    screen.at(6)
    assert told(acts) == [("accept", 4)]


def test_a_held_key_is_one_decision(open_at, acts):
    screen = open_at()
    screen.page.keyboard.down("a")
    for _ in range(20):
        screen.page.keyboard.down("a")  # the browser marks these as repeats
    screen.at(6)
    screen.page.keyboard.down("a")
    screen.page.keyboard.up("a")
    screen.press("j")
    assert told(acts) == [("accept", 4)]


def test_streamlits_own_keys_do_nothing_here(open_at, acts):
    screen = open_at()
    screen.press("r", "c", "a")
    screen.at(6)
    assert told(acts) == [("accept", 4)]
    expect(screen.page.locator("[role=dialog]")).to_have_count(0)


def test_keys_are_dead_in_other_text_boxes_and_under_dialogs_but_not_on_a_slider(open_at, acts):
    screen = open_at()
    screen.page.get_by_label("Native text").focus()
    screen.press("a", "x", "1", "Backspace")
    screen.page.get_by_role("slider").focus()
    screen.press("ArrowRight", "j")
    expect(screen.page.locator(".step.now")).to_have_attribute("data-step", "1")
    screen.page.get_by_role("button", name="Native dialog").click()
    expect(screen.page.get_by_role("dialog")).to_be_visible()
    screen.press("a", "x", "2")
    screen.press("Escape")
    expect(screen.page.get_by_role("dialog")).to_have_count(0)
    assert told(acts) == []
    screen.press("a")
    screen.at(6)
    assert told(acts) == [("accept", 4)]


def test_a_lost_message_is_sent_again_and_a_doubled_one_counts_once(page, harness, acts):
    lost: list[bytes] = []

    def wire(socket: Any) -> None:
        server = socket.connect_to_server()

        def forward(message: bytes | str) -> None:
            act = isinstance(message, bytes) and b"op_id" in message
            if act and not lost:
                lost.append(message)
                return
            for _ in range(2 if act else 1):
                server.send(message)

        socket.on_message(forward)

    page.route_web_socket("**/_stcore/stream", wire)
    screen = Screen(page, harness[0], 4)
    screen.press("a")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    screen.at(6)
    assert len(lost) == 1
    assert told(acts) == [("accept", 4)]


def test_a_verdict_that_meets_a_lock_stays_on_screen_outlives_a_reload_and_counts_once(open_at, harness, acts):
    lock = harness[1].with_name("locked")
    lock.touch()
    try:
        screen = open_at()
        alert = screen.page.get_by_role("alert").first
        screen.press("a")
        expect(alert).to_contain_text(
            re.compile(
                r"Your accept of \S+ is not saved yet\. team\.db cannot be used now: .* is writing to it\. This page"
            )
        )
        expect(alert).to_contain_text("tries again every few seconds; it counts once. Keep the page open.")
        expect(screen.page.locator(".bar .name")).to_have_text("sensors-6"), "the next item waits for no answer"
        screen.page.wait_for_timeout(UNREAD)
        screen.press("x", "3", "Space")
        expect(alert).to_contain_text("Your last 2 verdicts are not saved yet.")
        expect(screen.page.locator(".root.busy")).to_have_count(1), "nothing is known of the item after"
        screen.page.reload()
        expect(alert).to_contain_text("Your last 2 verdicts are not saved yet")
        expect(screen.page.locator(".root.busy")).to_have_count(1)
        assert told(acts) == []
    finally:
        lock.unlink()
    screen.page.get_by_role("button", name="Try now").click()
    screen.at(7)
    expect(screen.page.locator(".notice")).to_have_count(0)
    assert told(acts) == [("accept", 4), ("reject", 5)]
    screen.page.reload()
    screen.at(5)
    assert told(acts) == [("accept", 4), ("reject", 5)], "what was taken is not recalled"


def test_a_note_that_is_too_long_is_refused_in_words_and_none_of_it_is_cut(open_at, acts):
    screen = open_at()
    screen.press("f")
    screen.page.keyboard.insert_text("n" * 2001)
    screen.press("Enter")
    expect(screen.page.get_by_role("alert")).to_contain_text("The note is 1 character too long; it may have 2,000.")
    assert told(acts) == []
    screen.press("Backspace", "Enter")
    screen.at(5)
    assert [len(act["note"]) for act in acts() if act["action"] == "flag"] == [2000]


def test_a_refusal_is_said_until_read_even_where_the_next_verdict_came_before_it(open_at, harness, acts):
    lock = harness[1].with_name("locked")
    lock.touch()
    try:
        screen = open_at()
        screen.press("f")
        screen.page.keyboard.type("refuse")
        screen.press("Enter")
        expect(screen.page.locator(".bar .name")).to_have_text("sensors-6")
        screen.page.wait_for_timeout(UNREAD)
        screen.press("a")
    finally:
        lock.unlink()
    refusal = screen.page.locator(".notice.error")
    expect(refusal).to_contain_text("sensors-5: Not saved: mia accepted it")
    screen.at(7)
    screen.press("a")
    expect(screen.page.locator(".bar .last")).to_contain_text("sensors-7")
    refusal.get_by_role("button", name="Open it").click()
    expect(screen.page.locator(".bar .name")).to_have_text("sensors-5")
    expect(refusal).to_have_count(0)


def test_an_edit_of_invisible_characters_is_refused_in_words_that_stay(open_at, acts):
    screen = open_at()
    screen.press("e")
    screen.text.fill("\u200b\u2060 \ufeff")
    for leave in ((), ("Escape", "a")):
        screen.press(*leave, "Control+Enter")
        expect(screen.page.get_by_role("alert").last).to_contain_text("holds nothing that can be seen")
    assert told(acts) == []


def test_s_scrolls_the_right_column(open_at):
    screen = open_at(2)
    column = screen.page.locator(".review .scroll").first
    screen.page.set_viewport_size({"width": 1280, "height": 520})
    screen.press("s", "s")
    screen.page.wait_for_function("el => el.scrollTop > 0", arg=column.element_handle())
    screen.press("Shift+S", "Shift+S")
    screen.page.wait_for_function("el => el.scrollTop === 0", arg=column.element_handle())
    screen.page.set_viewport_size({"width": 1280, "height": 800})


def test_a_pane_that_is_gone_hears_no_key_and_one_that_is_back_hears_each_once(open_at, acts):
    screen = open_at()
    screen.press("a")
    screen.at(6)
    for _ in range(2):
        screen.page.get_by_text("Hide the pane").click()
        expect(screen.page.locator(".bar")).to_have_count(0)
        screen.press("a", "x", "1")
        screen.page.get_by_text("Hide the pane").click()
        screen.at(6)
    screen.press("a")
    screen.at(7)
    assert told(acts) == [("accept", 4), ("accept", 5)]


def test_a_reviewer_at_work_sends_a_beat_and_a_verdict_says_how_long_it_took(page, harness, acts):
    with page.expect_websocket() as opened:
        page.goto(f"{harness[0]}/?start=4&beat=2")
    expect(page.locator(".bar .place")).to_have_text("20 waiting")
    with opened.value.expect_event("framesent", lambda frame: b'"beat"' in frame):
        page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator(".bar .place")).to_have_text("19 waiting")
    assert [act["action"] for act in acts()] == ["beat", "accept"]
    assert acts()[1]["active_seconds"] > 1


def test_h_shows_the_keys_and_nothing_fires_beneath_them(open_at, acts):
    screen = open_at()
    screen.press("h")
    expect(screen.page.locator("dialog.help")).to_be_visible()
    screen.press("a", "x", "1", "h")
    expect(screen.page.locator("dialog.help")).to_be_hidden()
    assert told(acts) == []


def test_j_and_k_walk_the_steps_and_o_unfolds_them(open_at):
    screen = open_at(2)
    screen.press("j", "j", "j", "k")
    expect(screen.page.locator(".step.now")).to_have_attribute("data-step", "2")
    expect(screen.page.locator('.step[data-step="2"] .gap')).to_contain_text("characters hidden")
    screen.press("o")
    expect(screen.page.locator('.step[data-step="2"]')).to_contain_text("row 3-2-00100")
    screen.press("o")
    expect(screen.page.locator('.step[data-step="2"]')).not_to_contain_text("row 3-2-00100")


def test_buttons_do_what_the_keys_do(open_at, acts):
    screen = open_at()
    screen.page.get_by_role("button", name="Reject").click()
    screen.page.get_by_role("button", name="Outcome misread").click()
    screen.at(6)
    screen.page.get_by_role("button", name="Defer").click()
    screen.at(7)
    screen.page.locator(".bar").get_by_role("button", name="Undo").click()
    screen.at(6)
    screen.press("Space")  # the clicked button has not kept the focus
    screen.at(7)
    assert [a["action"] for a in acts()] == ["reject", "defer", "undo", "defer"]


def test_a_button_that_the_keyboard_is_on_keeps_space_for_itself(open_at, acts):
    screen = open_at()
    screen.page.get_by_role("button", name="Accept").focus()
    screen.press("Tab", "Space")
    expect(screen.text).to_be_focused()
    assert told(acts) == []


def test_clicking_a_claim_marks_the_span_that_shows_it(open_at):
    screen = open_at(0)
    screen.page.get_by_role("button", name="Searched one-stop flights").click()
    active = screen.page.locator(".trace .active")
    expect(active).to_have_text("2024-05-24")
    expect(active).to_be_in_viewport()
    screen.press("v")
    expect(screen.page.locator(".trace .active").first).to_contain_text("HAT139")


def test_evidence_and_values_are_listed_once_and_a_run_not_for_training_is_said_beside_accept(open_at):
    page = open_at(23).page
    chip = page.locator(".claims .chip")
    expect(chip).to_have_text("step 10 · result \N{MULTIPLICATION SIGN} 3")
    chip.click()
    expect(page.locator(".trace .active").first).to_be_in_viewport()
    expect(page.locator(".lead .values li")).to_have_count(1)
    expect(page.locator(".actions .never")).to_contain_text("no export holds this run")


def test_evidence_in_the_folded_middle_of_a_long_result_is_shown(open_at):
    screen = open_at(2)
    screen.page.get_by_role("button", name="Read all 100 parts.").click()
    expect(screen.page.locator(".trace .active").first).to_be_in_viewport()
    expect(screen.page.locator(".step.now")).to_have_attribute("data-step", "100")


def test_an_edit_shows_its_word_diff_its_check_and_when_it_was_saved(open_at, acts):
    screen = open_at(0)
    screen.press("e")
    screen.text.fill(
        "My user ID is aarav_garcia_1177. Please move my ATL to PHL trip to May 24 in economy, keeping the connection "
        "through Chicago, and refund the difference to gift card 9931."
    )
    expect(screen.page.locator(".diff del")).to_have_text("4417.")
    expect(screen.page.locator(".diff ins")).to_have_text("9931.")
    expect(screen.page.locator(".saved")).to_have_text(re.compile(r"Draft saved \d\d:\d\d:\d\d"))
    expect(screen.page.locator(".editor .missing").last).to_contain_text("9931not found in the run")
    assert acts(drafts=True)[-1]["text"].endswith("9931.")
    screen.press("Control+Enter")
    expect(screen.page.get_by_role("alert")).to_contain_text("9931. Save again to keep it all the same")
    assert told(acts) == []
    screen.press("Control+Enter")
    screen.at(2)
    assert told(acts) == [("edit", 0)]


def test_a_reload_in_mid_edit_loses_nothing_even_what_was_not_sent(open_at):
    screen = open_at()
    screen.press("e", "End")
    screen.page.keyboard.type(" and more")
    screen.page.reload()
    field = screen.page.locator("#edit-text")
    expect(field).to_be_focused()
    expect(field).to_have_value(re.compile("and more$"))
    screen.page.keyboard.press("Control+End")
    screen.page.keyboard.type(" a")  # the key of a verdict, were the editor closed
    expect(field).to_have_value(re.compile("and more a$"))
    screen.press("Escape")
    screen.page.reload()
    expect(screen.page.locator(".request")).to_contain_text("and more a")
    expect(screen.page.get_by_role("button", name="Accept edit")).to_be_visible()


def test_a_page_that_owes_a_verdict_asks_before_it_is_closed(open_at, harness, acts):
    screen, lock = open_at(), harness[1].with_name("locked")
    asked = []
    screen.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    lock.touch()
    try:
        screen.press("a")
        expect(screen.page.get_by_role("alert").first).to_contain_text("not saved yet")
        screen.page.close(run_before_unload=True)
        screen.page.wait_for_timeout(UNREAD)
        assert asked == ["beforeunload"]
    finally:
        lock.unlink()
    screen.page.get_by_role("button", name="Try now").click()
    screen.at(6)
    assert told(acts) == [("accept", 4)]


def test_a_text_that_is_too_long_is_said_and_nothing_of_it_is_sent(open_at, acts):
    screen = open_at()
    screen.press("e")
    screen.text.fill("x" * 20_003)
    expect(screen.page.locator(".editor .checks")).to_contain_text("The request is 3 characters too long")
    expect(screen.page.locator(".saved")).to_have_text("Not saved: too long")
    screen.press("Control+Enter")
    expect(screen.page.locator(".notice")).to_contain_text("it may have 20,000. Shorten it.")
    screen.text.fill("Half a \ud83d character")
    screen.press("Control+Enter")
    screen.at(6)
    assert {act["text"] for act in acts(drafts=True)} == {"Half a \ufffd character"}


def test_an_item_that_nobody_asked_for_does_not_come_over_one_that_is_typed_on(open_at, acts):
    screen = open_at()
    screen.press("e", "End")
    screen.page.keyboard.type(" move on")  # the harness goes on by itself at this draft
    expect(screen.page.locator(".saved")).to_have_text(re.compile(r"Draft saved"))
    expect(screen.text).to_have_value(re.compile(r"move on$"))
    assert screen.page.locator(".bar .name").inner_text() == "sensors-5"
    screen.page.keyboard.type(", and mine")
    screen.press("Control+Enter")
    screen.at(6)
    final = acts()[-1]
    assert (final["action"], final["id"]) == ("edit", 4)
    assert final["text"].endswith(" move on, and mine")


def test_the_keyboard_gets_past_a_long_run_with_one_button(open_at):
    screen = open_at()
    screen.press("Shift+Tab")
    expect(screen.page.get_by_role("button", name="Skip the run")).to_be_focused()
    screen.press("Enter", "Tab")
    assert screen.page.locator(".review").evaluate("el => el.contains(el.getRootNode().activeElement)")


def test_another_attempt_can_be_taken_as_the_edit(open_at, acts):
    screen = open_at(0)
    screen.page.get_by_role("button", name='Use this as the edit: "Move my trip').click()
    screen.press("Control+Enter")
    screen.at(2)
    assert (acts()[0]["text"], acts()[0]["last_step"]) == ("Move my trip from ATL to PHL to May 24.", 6)


def test_a_refused_verdict_says_so_and_can_be_given_again(open_at, acts):
    screen = open_at()
    screen.press("f")
    screen.page.keyboard.type("refuse")
    screen.press("Enter")
    expect(screen.page.get_by_role("alert")).to_contain_text("Not saved: mia accepted it")
    screen.at(5)
    screen.press("a")  # the item came back unasked: no key counts before a second without one
    screen.page.wait_for_timeout(DEAF)
    screen.press("a")
    screen.at(6)
    assert [a["action"] for a in acts()] == ["flag", "accept"]
    assert len({a["op_id"] for a in acts()}) == 2


def test_a_refused_edit_stays_on_screen_and_is_kept_as_a_draft(open_at, acts):
    screen = open_at()
    screen.press("e", "End")
    screen.page.keyboard.type(" refuse")
    screen.press("Control+Enter")
    expect(screen.page.get_by_role("alert")).to_contain_text("Not saved")
    expect(screen.text).to_have_value(re.compile(r"refuse$"))
    expect(screen.page.locator(".saved")).to_have_text(re.compile(r"Draft saved"))
    assert acts(drafts=True)[-1]["action"] == "draft"
    assert acts(drafts=True)[-1]["text"].endswith("refuse")


def test_search_finds_in_folded_texts_and_steps_through_the_hits(open_at):
    screen = open_at(1)
    screen.press("/")
    screen.page.keyboard.type("row 2-17-00009")
    expect(screen.page.locator(".tools .tally")).to_have_text("1 of 1")
    expect(screen.page.locator(".hit.now")).to_be_in_viewport()
    screen.press("Escape")
    expect(screen.page.locator(".hit")).to_have_count(0)


def test_the_raw_record_and_a_capped_text_are_one_click_away(open_at):
    screen = open_at(2)
    raw = screen.page.get_by_role("button", name="Raw record")
    screen.press("j", "j")
    raw.click()
    expect(screen.page.locator(".panel:visible")).to_contain_text('"trajectory_id": "sensors-3"')
    raw.click()
    expect(screen.page.locator(".panel:visible")).to_have_count(0)
    expect(screen.page.locator(".step.now")).to_be_in_viewport()
    step = screen.page.locator('.step[data-step="1"]')
    step.get_by_role("button", name="characters hidden").click()
    expect(step).to_contain_text("row 3-1-00240")


def test_a_long_run_comes_cut_and_search_brings_the_rest(open_at):
    screen = open_at(2)
    expect(screen.page.locator('.step[data-step="50"]')).not_to_contain_text("row 3-50-00240")
    screen.press("/")
    screen.page.keyboard.type("row 3-50-00240")
    expect(screen.page.locator(".tools .tally")).to_have_text("1 of 1")
    expect(screen.page.locator(".hit.now")).to_be_in_viewport()


def test_words_of_the_old_request_are_marked_where_they_are_left(open_at):
    screen = open_at(0)
    screen.page.locator(".warn-line", has_text="Words of the old request").get_by_role("button").first.click()
    expect(screen.page.locator(".trace .m-stale.active")).to_be_in_viewport()


def test_hostile_text_runs_nothing_and_fetches_nothing(open_at, page, harness):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    screen = open_at(3)
    screen.press("o")
    for opener in page.locator("details summary, .tools [aria-expanded]").all():
        opener.click()
    page.locator("button.claim").first.click()
    page.locator("button.claim").nth(1).click()
    expect(page.locator(".trace .active").first).to_have_text("needle")
    page.locator(".warn-line", has_text="talks to its judge").get_by_role("button").click()
    expect(page.locator(".trace .active").first).to_have_text("## Final Answer")
    screen.press("e", "Escape", "x", "Escape", "f", "Escape")
    assert page.evaluate("window.hacked") is None
    assert page.locator(".root img, .root script, .root style, .root a").count() == 0
    assert [url for url in asked if not url.startswith((harness[0], "data:", "blob:"))] == []
    expect(page.locator(".trace")).to_contain_text("admin⟨U+202E⟩// nimda")


def test_the_finished_queue_says_what_to_do_next_and_still_undoes(open_at, acts):
    screen = open_at(23)
    screen.press("a")
    expect(screen.page.get_by_role("heading", name="All reviewed")).to_be_visible()
    screen.page.get_by_role("button", name="Export").click()
    screen.press("Backspace")
    screen.at(24)
    said = [act["action"] for act in acts() if act["action"] != "expand"]  # a text that was still being fetched
    assert said == ["accept", "export", "undo"]


def test_nothing_is_cut_off_at_the_smallest_supported_screen(open_at):
    screen = open_at(0)
    over = screen.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not over
    for name in ("Accept", "Edit", "Reject", "Defer", "Flag", "Keys"):
        expect(screen.page.locator(".actions").get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
