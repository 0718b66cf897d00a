"""The handle of the histogram, with the mouse and with keys: what it says, what the server counts, what SQL says."""

import re

import pytest

from core.review.effects import effect_of
from core.store import open_store

expect = pytest.importorskip("playwright.sync_api").expect
from at_work import QUIET, serving  # noqa: E402  it needs Playwright

pytestmark = pytest.mark.browser


def test_a_handle_counts_while_it_moves_and_the_server_when_it_is_let_go(context, tmp_path, sample_db):
    with serving(tmp_path, sample_db) as (address, db):
        page = context.new_page()
        page.goto(f"{address}/thresholds?as=anna")
        handle = page.get_by_role("slider", name="Least score").and_(page.locator(".handle"))
        expect(handle).to_have_attribute("aria-valuenow", "0.5")

        def agrees(theta):
            """What the handle and the figures say is what SQL counts at `theta`."""
            expect(handle).to_have_attribute("aria-valuenow", f"{theta:g}")
            with open_store(db) as store:
                effect = effect_of(store, theta, 0.3)
            expect(handle).to_have_attribute("aria-valuetext", f"{theta:.2f} lets in {effect.auto_accepted:,}")
            expect(page.locator(".figures b").first).to_have_text(f"{effect.let_in:,}")
            expect(page.locator(".figures")).to_contain_text(f"{effect.auto_accepted:,} by the threshold alone")
            page.locator(QUIET).wait_for()

        agrees(0.5)
        handle.focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        agrees(0.53)
        page.keyboard.press("PageDown")
        agrees(0.48)

        before = page.locator(".figures").inner_text()
        box = page.locator(".handle.theta circle").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 150, y, steps=5)
        said = handle.get_attribute("aria-valuetext")
        theta = float(re.match(r"[\d.]+", said)[0])
        assert theta < 0.48
        with open_store(db) as store:
            assert said == f"{theta:.2f} lets in {effect_of(store, theta, 0.3).auto_accepted:,}"
        assert page.locator(".figures").inner_text() == before, "nothing is sent while it is dragged"
        page.mouse.up()
        agrees(theta)
        with open_store(db) as store:
            assert store.value("SELECT count(*) FROM policies") == 0, "looking changes nothing"
