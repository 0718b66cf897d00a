"""The handles of the histograms, with the mouse and with keys: what they say, what the server counts, what SQL says."""

import re

import pytest

from core.store import open_store

expect = pytest.importorskip("playwright.sync_api").expect
from at_work import QUIET, serving  # noqa: E402  it needs Playwright

pytestmark = pytest.mark.browser

# Counted from the proposals, one by one: nothing of the screen's own counting is used.
ALONE = (
    "SELECT count(*) FROM proposals WHERE is_current = 1 AND state = 'pending' AND score >= ? AND weight >= ?"
    " AND (queue_reason IS NULL OR queue_reason = 'below_threshold')"
)
TOO_LOW = "SELECT count(*) FROM proposals WHERE is_current = 1 AND state = 'pending' AND score < ?"


def test_handles_count_while_they_move_and_the_server_when_they_are_let_go(context, tmp_path, sample_db):
    with serving(tmp_path, sample_db) as (address, db):
        page = context.new_page()
        page.goto(f"{address}/thresholds?as=anna")

        def handle(name):
            return page.get_by_role("slider", name=name).and_(page.locator(".handle"))

        def sql(query, *params):
            with open_store(db) as store:
                return store.value(query, *params)

        def agrees(theta, delta):
            """What the handles and the figures say is what SQL counts."""
            alone = sql(ALONE, theta, delta)
            expect(handle("Least score")).to_have_attribute("aria-valuetext", f"{theta:.2f} lets in {alone:,}")
            expect(handle("Least weight")).to_have_attribute("aria-valuetext", f"{delta:.2f} lets in {alone:,}")
            expect(page.locator(".figures b").first).to_have_text(f"{alone:,}")
            expect(page.locator(".figures")).to_contain_text(f"{alone:,} by the threshold alone")
            page.locator(QUIET).wait_for()

        agrees(0.5, 0.3)
        handle("Least score").focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        agrees(0.53, 0.3)
        page.keyboard.press("PageDown")
        agrees(0.48, 0.3)

        before = page.locator(".figures").inner_text()
        circle = page.locator(".handle.theta circle")
        circle.scroll_into_view_if_needed()
        box = circle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 150, y, steps=5)
        said = handle("Least score").get_attribute("aria-valuetext")
        theta = float(re.match(r"[\d.]+", said)[0])
        assert theta < 0.48
        assert said == f"{theta:.2f} lets in {sql(ALONE, theta, 0.3):,}"
        assert page.locator(".figures").inner_text() == before, "nothing is sent while it is dragged"
        page.mouse.up()
        agrees(theta, 0.3)

        handle("Least weight").focus()
        page.keyboard.press("End")
        agrees(theta, 1.0)
        page.keyboard.press("Home")
        agrees(theta, 0.0)
        assert sql("SELECT count(*) FROM policies") == 0, "looking changes nothing"


def test_low_scores_are_left_out_by_a_plan_that_begins_at_their_handle(context, tmp_path, sample_db):
    with serving(tmp_path, sample_db) as (address, db):
        page = context.new_page()
        page.goto(f"{address}/thresholds?as=anna")
        handle = page.get_by_role("slider", name="Left out below").and_(page.locator(".handle"))
        expect(handle).to_have_attribute("aria-valuemax", "0.5")
        handle.focus()
        page.keyboard.press("End")
        with open_store(db) as store:
            low = store.value(TOO_LOW, 0.5)
        expect(handle).to_have_attribute("aria-valuetext", f"0.50 holds {low:,}")
        expect(page.locator(".figures")).to_contain_text(f"{low:,} score too low")
        page.get_by_text("Failures and sources").click()
        expect(page.get_by_role("columnheader", name="Left out")).to_be_visible()
        page.get_by_role("button", name=f"Plan to leave out {low:,} items").click()
        expect(page.locator(".figures b").first).to_have_text(f"{low:,}")
        expect(page.locator(".figures")).to_contain_text("to auto-rejected")
