"""Writes docs/images: the screens, light and dark, of the real app on the sample data.

    python docs/make_screenshots.py

Needs Chromium (`CHROMIUM`, else /usr/bin/chromium) and the test extra.
"""

import tempfile
from pathlib import Path

from PIL import Image  # comes with Streamlit
from playwright.sync_api import Page

from benchmarks.browser import chromium, review_app, shown_item
from core.models import BulkAction, Decision, RejectReason, ReviewAction
from core.review.bulk import plan_bulk
from core.review.items import Desk, next_item
from core.review.thresholds import apply_policy
from core.review.verdicts import decide
from core.runs.importing import import_files
from core.runs.running import run_pipeline
from core.settings import Settings
from core.store import open_store
from core.store.bulk import BulkPlan

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
SHOWN = "travel-palma-gives-up"  # the item in the picture of the review screen
_UNREAD_MS = 600  # the pane takes no verdict before anybody can have read the item
_SETTLE_MS = 1200  # fonts, charts and the fade of a rerun


def main() -> None:
    """Make a database from the sample data, review some of it in the browser, take the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "team.db"
        with open_store(db, create=True) as store:
            list(import_files(store, [ROOT / "sample_data"]))
            run_pipeline(store, Settings())
        with review_app(db) as (address, _):
            with chromium(color_scheme="light") as page:
                _review_some(page, address)
            _review_more(db)
            _set_and_plan(db)
            for scheme in ("light", "dark"):
                with chromium(color_scheme=scheme) as page:
                    _take(page, address, scheme)


def _review_some(page: Page, address: str) -> None:
    """Eleven verdicts by key, so that Thresholds and Export have something to say."""
    page.goto(f"{address}/?as=anna")
    name = ""
    for key in ("a", "a", "x3", "a", "edit", "a", "x1", "a", "a", "x4", "a"):
        name = shown_item(page, after=name)
        if name == SHOWN:
            page.wait_for_timeout(_UNREAD_MS)
            page.keyboard.press(" ")
            name = shown_item(page, after=name)
        page.wait_for_timeout(_UNREAD_MS)
        if key == "edit":
            page.keyboard.press("e")
            page.keyboard.press("End")
            page.keyboard.type(" Please keep the answer short.")
            page.keyboard.press("Control+Enter")
        else:
            for one in key:
                page.keyboard.press(one)
    shown_item(page, after=name)


def _review_more(db: Path) -> None:
    """Five verdicts of a second person, so that Team has somebody to compare with."""
    with open_store(db) as store:
        for seconds, reason in ((21, None), (34, None), (17, RejectReason(5)), (26, None), (40, None)):
            item = next_item(store, Desk("ben"))
            if item is None:
                return
            given = Decision(
                op_id=f"ben-{item.proposal_id}",
                proposal_id=item.proposal_id,
                revision=item.revision,
                annotator="ben",
                action=ReviewAction.REJECT if reason else ReviewAction.ACCEPT,
                reason=reason,
                active_seconds=seconds,
            )
            decide(store, given)


def _set_and_plan(db: Path) -> None:
    """A threshold in force and a bulk act that waits for its sample, so that Bulk has something to show."""
    with open_store(db) as store:
        apply_policy(store, 0.5, 0.3, set_by="anna", why="The first week, to see what it lets in", random_share=0.1)
        plan = BulkPlan(BulkAction.REJECT, 0.5)
        plan_bulk(store, plan, why="Few of these were worth a look", target=0.8, allowed=0, by="anna")


def _take(page: Page, address: str, scheme: str) -> None:
    for name, path, selector in (
        ("review", f"/?item={SHOWN}&as=anna", ".bar .name"),
        ("team", "/team?as=anna", ".rows"),
        ("thresholds", "/thresholds?as=anna", ".histogram svg"),
        ("bulk", "/bulk?as=anna", ".rows"),
        ("acts", "/bulk?as=anna", ".st-key-act_1"),
        ("browse", "/browse?as=anna", "[data-testid=stDataFrame]"),
        ("import", "/import-run?as=anna", "[data-testid=stDataFrame]"),
        ("export", "/export?as=anna", "[data-testid=stTabs]"),
    ):
        page.goto(address + path)
        if name == "acts":
            page.get_by_text("Acts (1)").click()
        page.wait_for_selector(selector)
        page.wait_for_selector('[data-testid=stApp][data-test-script-state="notRunning"]')
        page.wait_for_timeout(_SETTLE_MS)
        page.mouse.move(640, 799)
        image = IMAGES / f"{name}-{scheme}.png"
        page.screenshot(path=image)
        _shrink(image)
        print(f"{image.relative_to(ROOT)}  {image.stat().st_size // 1000} kB")


def _shrink(image: Path) -> None:
    """Keep 255 colours: enough for flat screens, a third of the bytes."""
    with Image.open(image) as full:
        # by coverage: median cut gives a small mark the colour of its neighbours
        few = full.convert("RGB").quantize(255, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(image, optimize=True)


if __name__ == "__main__":
    main()
