"""A bulk act from beginning to end in a real browser: dry run, sample, apply, roll back."""

import pytest
from filled import fill, make_result, make_run

from core.models import Decision, ReviewAction
from core.review.items import Desk, next_item
from core.review.verdicts import decide
from core.store import open_store

expect = pytest.importorskip("playwright.sync_api").expect
from at_work import QUIET, serving  # noqa: E402  it needs Playwright

pytestmark = pytest.mark.browser

ALIKE = 70  # would change; 59 of them are drawn


@pytest.fixture
def app(tmp_path):
    made = tmp_path / "made.db"
    with open_store(made, create=True) as store:
        results = [(run, make_result(run, score=0.9)) for n in range(1, ALIKE + 1) if (run := make_run(n))]
        fill(store, [*results, *((run, make_result(run, score=0.2)) for n in range(901, 906) if (run := make_run(n)))])
        store.settle()
    folder = tmp_path / "app"
    folder.mkdir()
    with serving(folder, made.read_bytes()) as running:
        yield running


def states(db):
    with open_store(db) as store:
        rows = store.rows("SELECT state, count(*) AS n FROM proposals WHERE is_current = 1 GROUP BY state")
        return {row["state"]: row["n"] for row in rows}


def accept_drawn(db, number):
    with open_store(db) as store:
        for _ in range(number):
            item = next_item(store, Desk("ben"))
            click = {"op_id": f"ben-{item.proposal_id}", "proposal_id": item.proposal_id, "revision": item.revision}
            assert decide(store, Decision(annotator="ben", action=ReviewAction.ACCEPT, **click)).taken


def test_a_bulk_act_is_planned_checked_applied_and_taken_back(review, app):
    address, db = app
    reviewer = review(address)
    page = reviewer.page
    page.goto(f"{address}/bulk?as=lead")
    expect(page.locator(".figures b").first).to_have_text(str(ALIKE))
    why = page.get_by_label("Why")
    why.fill("These were right all week")
    why.press("Enter")
    page.wait_for_selector(QUIET)
    page.get_by_role("button", name="Plan it and draw 59 items").click()
    act = page.locator(".st-key-act_1")
    expect(act).to_contain_text("Sample: 59 items drawn, none reviewed yet.")
    expect(act.get_by_role("button", name="Apply")).to_be_disabled()
    assert states(db) == {"pending": ALIKE + 5}

    accept_drawn(db, 58)
    act.get_by_role("button", name="Review the sample").click()
    reviewer.item()
    expect(page.locator(".root")).to_contain_text("drawn for an audit")
    while not page.get_by_text("The sample is through").is_visible():
        page.keyboard.press("a")
    page.get_by_role("button", name="Go to Bulk").click()
    page.get_by_text("Acts (1)").click()
    expect(act).to_contain_text("59 of 59 right: 100% (93.9% to 100.0%). At least 95.0%")

    act.get_by_role("button", name="Apply").click()
    expect(act).to_contain_text("11 auto-accepted; 59 skipped: a person has decided")
    assert states(db) == {"accepted": 59, "auto_accepted": 11, "pending": 5}

    act.get_by_role("button", name="Roll back").click()
    expect(act).to_contain_text("11 items taken back")
    assert states(db) == {"accepted": 59, "pending": 16}
