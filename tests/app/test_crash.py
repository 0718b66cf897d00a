"""`kill -9` of the server under five people at work: what a screen has said is saved is in the file, once."""

import os
import random
import time
from collections import Counter

import pytest
from filled import fill, make_result, make_run

from core.store import open_store

expect = pytest.importorskip("playwright.sync_api").expect
from at_work import QUIET, Annotator, address_of, begin  # noqa: E402  it needs Playwright

pytestmark = [pytest.mark.browser, pytest.mark.timeout(3600)]

KILLS = int(os.environ.get("KILLS", "3"))
PEOPLE = ("ann", "ben", "cleo", "dev", "eva")


@pytest.fixture
def team_db(tmp_path):
    path = tmp_path / "team.db"
    with open_store(path, create=True) as store:
        runs = [make_run(number) for number in range(1, 200 * (KILLS + 1))]
        fill(store, [(run, make_result(run, score=(n % 100) / 100)) for n, run in enumerate(runs)])
    return path


def test_every_verdict_that_a_screen_named_as_saved_is_in_the_file_once(chromium, team_db):
    lot = random.Random(int(os.environ.get("SEED", "0")) or None)
    log = team_db.with_name("server.log")
    server = begin(team_db, log)
    address = address_of(server, log)
    team = [Annotator(chromium, address, name) for name in PEOPLE]
    try:
        for number in range(KILLS):
            before = [len(one.said) for one in team]
            while any(len(one.said) == n for one, n in zip(team, before, strict=True)):
                work(team)
            end = time.monotonic() + lot.uniform(0, 1.5)  # the moment is the test: drawn by lot, in the midst of work
            while time.monotonic() < end:
                work(team)
            server.kill()
            server.wait()
            print(f"kill {number + 1}: named on the screens so far {[len(one.said) for one in team]}", flush=True)
            work(team)  # keys on a page without a server
            server = begin(team_db, log, port=int(address.rsplit(":", 1)[1]))
            address_of(server, log)
            team[number % len(team)].reload()
            for one in team:
                one.try_now()
        for one in team:
            one.come_to_rest()
    finally:
        server.terminate()
        server.wait(60)
        for one in team:
            one.page.context.close()
    print(f"pages loaded anew without being told to: {sum(one.reloads for one in team) - KILLS}")
    judge(team_db, team)


def test_a_page_that_was_at_rest_while_the_server_was_started_anew_goes_on_by_itself(chromium, team_db):
    log = team_db.with_name("server.log")
    server = begin(team_db, log)
    address = address_of(server, log)
    one = Annotator(chromium, address, "ann")
    try:
        one.page.wait_for_selector(QUIET)
        server.kill()
        server.wait()
        server = begin(team_db, log, port=int(address.rsplit(":", 1)[1]))
        address_of(server, log)
        expect(one.page.locator("[data-testid=stApp]")).to_have_attribute("data-test-connection-state", "CONNECTED")
        name = one.page.locator(".bar .name").inner_text()
        one.press()
        expect(one.page.locator(".bar .last")).to_contain_text(name, timeout=60_000)
    finally:
        server.terminate()
        server.wait(60)
        one.page.context.close()


def test_words_typed_while_the_server_is_dead_are_all_there_and_stored_by_the_next_one(chromium, team_db):
    log = team_db.with_name("server.log")
    server = begin(team_db, log)
    address = address_of(server, log)
    one = Annotator(chromium, address, "bo")
    page = one.page
    try:
        page.wait_for_selector(QUIET)
        name = page.locator(".bar .name").inner_text()
        page.keyboard.press("e")
        server.kill()
        server.wait()
        page.keyboard.press("Control+a")
        typed = ""
        while not page.get_by_role("alert").filter(has_text="The app does not answer").count():
            typed += (word := f"word{len(typed)} ")
            page.keyboard.type(word)
        assert page.get_by_role("dialog").count() == 0, "nothing may lie over the pane and take the keys"
        page.keyboard.type("end")
        expect(page.locator("#edit-text")).to_have_value(f"{typed}end")
        server = begin(team_db, log, port=int(address.rsplit(":", 1)[1]))
        address_of(server, log)
        expect(page.locator(".saved")).to_contain_text("Draft saved", timeout=60_000)
        while page.locator(".bar .name").inner_text() == name:
            page.keyboard.press("Control+Enter")  # the second time for "word0", which the run does not show
        one.come_to_rest()
    finally:
        server.terminate()
        server.wait(60)
        page.context.close()
    with open_store(team_db) as store:
        assert [row["hindsight_prompt"] for row in store.rows("SELECT * FROM reviews")] == [f"{typed}end"]


def work(team):
    for one in team:
        one.look()
        one.press()


def judge(db, team):
    """Compare what the screens said with what the file holds."""
    with open_store(db) as store:
        assert store.value("PRAGMA integrity_check") == "ok"
        rows = store.rows(
            "SELECT r.annotator, t.trajectory_id AS name FROM reviews r JOIN proposals p ON p.id = r.proposal_id"
            " JOIN trajectories t ON t.key = p.trajectory_key"
        )
    stored = Counter((row["annotator"], row["name"]) for row in rows)
    said = {(one.name, name) for one in team for name in one.said}
    print(f"kills {KILLS}, verdicts in the file {len(rows)}, named on a screen {len(said)}")
    assert said - stored.keys() == set(), "a screen named what the file does not hold"
    assert [key for key, n in stored.items() if n > 1] == [], "a verdict was stored twice"
    assert max(Counter(row["name"] for row in rows).values()) == 1, "two people decided one item"
