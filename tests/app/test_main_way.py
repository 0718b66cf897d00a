"""The main way in a real browser, against the real command: review by key, reload, export, read the file."""

import http.client
import io
import json
import re
import sqlite3
import zipfile
from pathlib import Path

import pytest

from core.review.overlap import set_overlap
from core.store import open_store

expect = pytest.importorskip("playwright.sync_api").expect
from at_work import QUIET, Reviewer, serving  # noqa: E402  it needs Playwright

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shared(tmp_path_factory, sample_db):
    """One app for the tests that need no file of their own; each reviews under another name."""
    with serving(tmp_path_factory.mktemp("shared"), sample_db) as app:
        yield app


def verdicts(db, annotator):
    with open_store(db) as store:
        return store.rows(
            "SELECT t.trajectory_id AS name, r.action, r.reason, r.hindsight_prompt AS text, r.annotator, r.created_at"
            " FROM latest_reviews r JOIN proposals p ON p.id = r.proposal_id"
            " JOIN trajectories t ON t.key = p.trajectory_key WHERE r.annotator = ? ORDER BY r.id",
            annotator,
        )


@pytest.fixture
def own(tmp_path, sample_db):
    with serving(tmp_path, sample_db) as app:
        yield app


def test_reviewed_by_key_and_exported_is_what_the_file_holds(review, own):
    address, db = own
    reviewer = review(address)
    page = reviewer.page
    accepted = reviewer.open()
    rejected = reviewer.decide("a")
    edited = reviewer.decide("x", "3")

    reviewer.type_over("Which of these did the run really find, and what does each cost?!")
    page.keyboard.press("Control+Enter")
    deferred = reviewer.item(after=edited)
    undone = reviewer.decide("Space")
    following = reviewer.decide("a")
    page.keyboard.press("Backspace")
    assert reviewer.item(after=following) == undone
    assert len({accepted, rejected, edited, deferred, undone, following}) == 6

    stored = verdicts(db, "anna")
    assert [(row["name"], row["action"], row["reason"]) for row in stored] == [
        (accepted, "accept", None),
        (rejected, "reject", 3),
        (edited, "edit", None),
        (deferred, "defer", None),
    ]
    assert stored[2]["text"] == "Which of these did the run really find, and what does each cost?!"
    assert all(row["created_at"].endswith("+00:00") for row in stored)
    with open_store(db) as store:
        assert [row["action"] for row in store.rows("SELECT action FROM reviews ORDER BY id")] == [
            "accept",
            "reject",
            "edit",
            "defer",
            "accept",
            "undo",
        ]

    page.reload()
    assert reviewer.item() == undone, "a reload shows the same item"

    page.get_by_role("link", name="Export").click()
    download = page.get_by_role("button", name="Download 2 rows")
    expect(download).to_be_visible()
    page.wait_for_selector(QUIET)
    with page.expect_download() as arriving:
        download.click()
    with zipfile.ZipFile(io.BytesIO(Path(arriving.value.path()).read_bytes())) as archive:
        names = archive.namelist()
        [data] = [name for name in names if name.endswith("train.jsonl")]
        rows = {row["trajectory_id"]: row for row in map(json.loads, archive.read(data).splitlines())}
        manifest = json.loads(archive.read(next(name for name in names if name.endswith("manifest.json"))))
    assert rows.keys() == {accepted, edited}
    asked = {name: [m["content"] for m in row["messages"] if m["role"] == "user"] for name, row in rows.items()}
    assert stored[2]["text"] in asked[edited]
    assert manifest["approved_by_state"] == {"accepted": 1, "edited": 1}
    assert manifest["left_out"]["by_state"]["rejected"] == manifest["left_out"]["by_state"]["deferred"] == 1


def test_a_reload_in_mid_edit_loses_no_character(review, shared):
    reviewer = review(shared[0])
    page = reviewer.page
    name = reviewer.open("/?as=carla")
    reviewer.type_over("First half")
    expect(page.locator(".saved")).to_contain_text("Draft saved")
    page.keyboard.type(" and the very last words")
    page.reload()
    assert reviewer.item() == name
    expect(page.locator("#edit-text")).to_be_focused()
    page.keyboard.press("Control+End")
    expect(page.locator("#edit-text")).to_have_value("First half and the very last words")
    page.keyboard.type(".")
    page.keyboard.press("Control+Enter")
    reviewer.item(after=name)
    [stored] = verdicts(shared[1], "carla")
    assert (stored["name"], stored["text"]) == (name, "First half and the very last words.")


def test_a_draft_is_on_screen_wherever_one_comes_back_from_and_is_what_accept_stores(review, shared):
    reviewer = review(shared[0])
    page = reviewer.page
    name = reviewer.open("/?as=drew")
    page.keyboard.press("e")
    page.keyboard.press("Control+End")
    page.keyboard.type(" DELTA")
    expect(page.locator(".saved")).to_contain_text("Draft saved")
    page.keyboard.press("Escape")
    drafted = page.locator(".request ins", has_text="DELTA")
    expect(drafted).to_be_visible()

    page.keyboard.press("ArrowRight")
    beside = reviewer.item(after=name)
    page.keyboard.press("ArrowLeft")
    assert reviewer.item(after=beside) == name
    expect(drafted).to_be_visible()

    page.get_by_role("link", name="Team").click()
    expect(page.locator(".bar .name")).to_have_count(0)
    page.get_by_role("link", name="Review").click()
    assert reviewer.item() == name
    expect(drafted).to_be_visible()

    reviewer.decide("Space")
    page.keyboard.press("Backspace")
    expect(page.locator(".bar .name")).to_have_text(name)
    expect(drafted).to_be_visible()

    reviewer.decide("a")
    [stored] = verdicts(shared[1], "drew")
    assert (stored["name"], stored["action"], stored["text"][-6:]) == (name, "edit", " DELTA")


def test_a_refused_verdict_leaves_the_draft_on_screen_and_says_who_has_the_item(review, own):
    reviewer = review(own[0])
    page = reviewer.page
    name = reviewer.open("/?as=anna")
    page.keyboard.press("e")
    page.keyboard.press("Control+End")
    page.keyboard.type(" DELTA")
    expect(page.locator(".saved")).to_contain_text("Draft saved")
    page.keyboard.press("Escape")
    with open_store(own[1]) as store:
        store.write("UPDATE proposals SET leased_by = 'eve', lease_until = 9e9 WHERE leased_by = 'anna'")
    page.wait_for_timeout(550)  # the guard: nobody can have read the item before
    page.keyboard.press("Space")
    reviewer.item(after=name)
    page.locator(".notices .error", has_text="Not saved").get_by_role("button", name="Open it").click()
    expect(page.locator(".bar .name")).to_have_text(name)
    expect(page.locator(".held")).to_contain_text("eve has this item open")
    expect(page.locator(".request ins", has_text="DELTA")).to_be_visible()
    expect(page.locator(".actions").get_by_role("button", name="Accept edit")).to_be_disabled()


def test_the_open_filter_button_is_as_legible_as_a_closed_one(review, shared):
    reviewer = review(shared[0])
    reviewer.open("/?as=fritz")
    button = reviewer.page.get_by_role("button", name="Filter")
    colour = button.evaluate("(el) => getComputedStyle(el).color")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(button).to_have_css("color", colour)


def test_guidelines_that_are_typed_survive_another_screen_and_are_saved_by_one_click(review, shared):
    page = review(shared[0]).page
    page.goto(f"{shared[0]}/team?as=lena")
    page.get_by_text("Guidelines", exact=True).click()
    field = page.get_by_label("Guidelines, in markdown")
    field.fill("Reject what nobody would ask.")
    page.get_by_text("People", exact=True).click()  # straight from the field
    expect(page.get_by_text("Verdicts of")).to_be_visible()
    page.get_by_text("Guidelines", exact=True).click()
    expect(field).to_have_value("Reject what nobody would ask.")
    expect(page.get_by_text("Not saved yet. It is kept")).to_be_visible()
    page.get_by_role("link", name="Browse").click()
    expect(page.get_by_text("Sort by")).to_be_visible()
    page.get_by_role("link", name="Team").click()
    page.get_by_text("Guidelines", exact=True).click()
    expect(field).to_have_value("Reject what nobody would ask.")
    field.press("End")
    field.press_sequentially(" Ever.")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_text("Version 1 by lena")).to_be_visible()
    with open_store(shared[1]) as store:
        assert store.value("SELECT text FROM guidelines") == "Reject what nobody would ask. Ever."


def test_typing_letters_in_the_edit_box_decides_nothing(review, shared):
    reviewer = review(shared[0])
    name = reviewer.open("/?as=dora")
    reviewer.type_over("a x1 f h / j k")
    reviewer.page.keyboard.press("Backspace")
    expect(reviewer.page.locator("#edit-text")).to_have_value("a x1 f h / j ")
    reviewer.page.keyboard.press("Escape")
    assert reviewer.item() == name
    assert verdicts(shared[1], "dora") == []


def test_a_hostile_run_runs_no_script_and_reaches_nobody(review, own, context):
    reviewer = review(own[0])
    page = reviewer.page
    assert reviewer.open("/?item=shop-hostile-reviews&as=eve") == "shop-hostile-reviews"
    expect(page.locator(".trace")).to_contain_text("<img src=x onerror=alert('prompt')>")
    expect(page.locator(".trace")).to_contain_text("## Final Answer")
    assert page.locator(".root img, .root script, .root iframe, .root b:text('Short answer')").count() == 0
    assert "\u202e" not in page.locator(".trace").inner_text()
    assert "\x1b" not in page.locator(".trace").inner_text()
    reviewer.decide("a")
    page.get_by_role("link", name="Export").click()
    expect(page.get_by_role("button", name=re.compile(r"Download \d+ rows?"))).to_be_visible()
    page.wait_for_selector(QUIET)
    expect(page.get_by_text("<img src=x onerror=alert('prompt')>").first).to_be_attached()
    assert page.locator("[data-testid=stMain] img[src='x']").count() == 0
    for screen in ("Thresholds", "Import & run"):
        page.get_by_role("link", name=screen).click()
        expect(page.get_by_role("heading", name=screen)).to_be_visible()
        page.wait_for_selector(QUIET)
    assert page.title() == "AgentHER"
    assert context.foreign == []
    assert [row["name"] for row in verdicts(own[1], "eve")] == ["shop-hostile-reviews"]


def test_two_reviewers_never_see_the_same_item(review, shared):
    flora, gina = review(shared[0]), review(shared[0])
    assert flora.open("/?as=flora") != gina.open("/?as=gina")
    gina.decide("a")
    assert len(verdicts(shared[1], "gina")) == 1
    assert verdicts(shared[1], "flora") == []


def test_two_people_decide_on_one_item_blind_and_a_third_settles_it(review, own, chromium):
    address, db = own
    with open_store(db) as store:
        set_overlap(store, 1.0, set_by="maria")
    anna = review(address)
    anna.page.goto(address)  # no name in the address: the app asks for one
    anna.page.get_by_label("Your name").fill("anna")
    anna.page.get_by_role("button", name="Start").click()
    first = anna.item()
    assert anna.decide("a") != first

    elsewhere = chromium.new_context(viewport={"width": 1280, "height": 800})
    ben = Reviewer(elsewhere.new_page(), address)
    assert ben.open("/?as=ben") == first, "it comes at its place"
    shown = ben.page.locator("body").inner_text()
    assert "anna" not in shown
    assert "ccepted" not in shown
    assert ben.page.locator(".standing, .counts span").count() == 0
    ben.decide("x", "1")
    expect(ben.page.locator(".counts")).to_contain_text("1 reviewed")

    ben.page.goto(f"{address}/?item={first}&as=maria")
    expect(ben.page.locator(".standing")).to_contain_text("Your verdict settles it")
    ben.page.get_by_role("link", name="Team").click()
    expect(ben.page.get_by_text("1 disputed item to be settled.")).to_be_visible()
    ben.page.get_by_text("Disputed", exact=True).click()
    ben.page.get_by_role("button", name="Decide like").first.click()
    expect(ben.page.get_by_text("Settled.", exact=True)).to_be_visible()
    expect(ben.page.get_by_text(f"{first}: ")).to_be_visible()
    expect(ben.page.get_by_text("Nothing is disputed")).to_be_visible()
    elsewhere.close()
    assert [(row["name"], row["action"]) for row in verdicts(db, "maria")] == [(first, "accept")]


def refused(address, path, *, origin, upgrade=False, method="GET"):
    """Status that the server gives to a request which says that it comes from a page of `origin`."""
    host = address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=20)
    headers = {"Origin": origin} if origin else {}
    if upgrade:
        headers |= {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        headers |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    try:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_only_pages_of_the_app_itself_may_talk_to_it(review, shared):
    address = shared[0]
    socket = "/_stcore/stream"
    own = address.replace("localhost", "127.0.0.1")
    assert refused(own, socket, origin=own, upgrade=True) == 101
    for origin in ("http://127.0.0.1:9999", "http://localhost:8501", "http://evil.example", "null", "http://127.0.0.1"):
        assert refused(own, socket, origin=origin, upgrade=True) == 403
        assert refused(own, "/_stcore/upload_file/a/b", origin=origin, method="PUT") == 403
        assert refused(own, "/", origin=origin) == 403
    assert refused(own, "/_stcore/metrics", origin=None) == 404
    assert refused(own, "/_stcore/health", origin=None) == 200
    page = review(address).page
    page.goto(f"{address}/?as=hugo")
    expect(page.locator(".bar .name")).to_be_visible()  # its own websocket passes connect-src 'self'
    outside = page.evaluate(
        "() => new Promise(done => { document.addEventListener('securitypolicyviolation',"
        " e => done(e.effectiveDirective)); try { new WebSocket('ws://127.0.0.1:9/') } catch (e) { done('' + e) } })"
    )
    assert "connect-src" in outside


def test_a_verdict_while_another_program_holds_the_file_is_said_kept_and_stored_once(review, own):
    address, db = own
    reviewer = review(address)
    page = reviewer.page
    name = reviewer.open("/?as=ida")
    other = sqlite3.connect(db, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    alert = page.get_by_role("alert").first
    while page.locator(".bar .name").inner_text() == name:
        page.keyboard.press("a")
    expect(alert).to_contain_text(f"Your accept of {name} is not saved yet.")
    expect(alert).to_contain_text("another program is writing to it")
    page.reload()
    expect(page.get_by_text("This cannot be shown now.")).to_be_visible()
    expect(page.get_by_text("another program is writing to it")).to_be_visible()
    other.execute("ROLLBACK")
    other.close()
    page.get_by_role("button", name="Try again").click()
    reviewer.item(after=name)
    expect(page.locator(".bar .last")).to_contain_text(name)
    assert [(row["name"], row["action"]) for row in verdicts(db, "ida")] == [(name, "accept")]


def test_a_file_that_vanishes_under_an_open_item_is_said_and_the_verdict_waits_for_it(review, own):
    address, db = own
    reviewer = review(address)
    page = reviewer.page
    name = reviewer.open("/?as=jo")
    away = db.with_suffix(".away")
    db.rename(away)
    while page.locator(".bar .name").inner_text() == name:
        page.keyboard.press("a")
    expect(page.get_by_role("alert").first).to_contain_text("team.db does not exist")
    expect(page.locator(".bar .last")).to_have_count(0)
    away.rename(db)
    page.get_by_role("button", name="Try now").click()
    reviewer.item(after=name)
    assert [(row["name"], row["action"]) for row in verdicts(db, "jo")] == [(name, "accept")]
