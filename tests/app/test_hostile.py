"""Whatever agents, models, files and people write runs no script and fetches nothing, on every screen."""

import json
import re
import time

import pytest
from filled import fill, make_result, make_run
from payloads import EVIL, HIDDEN, MARKUP, PAYLOADS

from core.models import AgentStep, BulkAction, Decision, ProposalState, RejectReason, ReviewAction, StepKind
from core.review.bulk import drop_plan, plan_bulk
from core.review.guidelines import save_guidelines
from core.review.items import Desk, next_item
from core.review.many import assign, in_one_go, tag
from core.review.overlap import count_disputes, set_overlap
from core.review.thresholds import apply_policy
from core.review.verdicts import decide
from core.runs.importing import import_files
from core.store import open_store
from core.store.bulk import BulkPlan
from core.store.filters import QueueFilter
from core.store.many import Chosen
from core.store.queue import state_counts
from core.store.trajectories import all_trajectories

expect = pytest.importorskip("playwright.sync_api").expect
from at_work import QUIET, serving  # noqa: E402  it needs Playwright

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SPOILT = ", ".join(f'[{name}*="evil.invalid"]' for name in ("src", "srcset", "data", "poster", "action"))
ANN, BEN = "<i>ann</i>", "[ben](x) **b**"  # names that the app takes
LINKS = '[href*="evil.invalid"], [href^="javascript:"]'

# Every text that is drawn and holds one of the characters, with where it stands. Text boxes hold what is typed.
HIDES = """characters => {
  const found = [];
  const read = (root) => {
    for (const one of root.querySelectorAll("*")) if (one.shadowRoot) read(one.shadowRoot);
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { data, parentElement: around } = texts.currentNode;
      if (around?.closest("textarea, input, script, style")) continue;
      if ([...characters].some((one) => data.includes(one))) found.push((around?.outerHTML || data).slice(0, 200));
    }
  };
  read(document);
  return found;
}"""


def as_record(number, text):
    """A run that holds `text` in every field that a file can fill."""
    return make_run(number).model_copy(
        update={
            "trajectory_id": f"{number} {text}",
            "original_prompt": text,
            "system_prompt": text,
            "tools": ({"function": {"name": text, "description": text, "parameters": {"properties": {text: {}}}}},),
            "steps": (
                AgentStep(
                    thought=text,
                    action_name=text,
                    action_input={text: text, "nested": {"<b>": [text]}},
                    observation=f"2 results: {text}",
                    is_error=True,
                ),
                AgentStep(kind=StepKind.USER, text=text),
                AgentStep(kind=StepKind.MESSAGE, text=text),
            ),
            "final_answer": text,
            "failure_reason": text,
            "model": text,
            "metadata": {text: text},
        }
    )


def as_proposed(run):
    """A result that holds the run's text in every field that a model can fill."""
    text, made = run.original_prompt, make_result(run)
    attempt = made.relabeled.attempts[0]
    verdict = attempt.verdict.model_copy(update={"reason": text, "judge": text[:100]})
    more = {"hindsight_prompt": text, "rationale": text, "final_answer": text, "verdict": verdict, "model": text[:100]}
    [claim] = made.outcome.achievements
    return made.model_copy(
        update={
            "analysis": made.analysis.model_copy(update={"explanation": text}),
            "outcome": made.outcome.model_copy(
                update={"achievements": (claim.model_copy(update={"text": text}),), "limitations": text}
            ),
            "relabeled": made.relabeled.model_copy(update={"attempts": (attempt.model_copy(update=more),)}),
        }
    )


@pytest.fixture(scope="module")
def hostile_db(tmp_path_factory):
    """A database in which agents, models and reviewers have written every payload everywhere."""
    folder = tmp_path_factory.mktemp("hostile")
    runs = [json.dumps(as_record(n, text).model_dump(mode="python"), default=str) for n, text in enumerate(PAYLOADS, 1)]
    broken = [json.dumps([text]) for text in PAYLOADS]
    (folder / "runs.jsonl").write_text("\n".join(runs + broken))
    with open_store(folder / "team.db", create=True) as store:
        [report] = import_files(store, [folder / "runs.jsonl"], shown_as=f"{MARKUP[3]}.jsonl")
        assert (report.imported, report.rejected) == (len(PAYLOADS), len(PAYLOADS)), report
        fill(store, [(run, as_proposed(run)) for run in all_trajectories(store)])
        texts = [run.original_prompt for run in all_trajectories(store)]
        set_overlap(store, 1.0, set_by="<b>lead</b>")
        for name in (ANN, BEN):
            for number, text in enumerate(texts[: 3 * len(texts) // 4]):
                given = decide(store, opinion(store, name, number, text, rejects=name == ANN and number % 3))
                assert given.taken, given.message
        assert count_disputes(store)
        assert state_counts(store)[ProposalState.EDITED]
        for mark in (MARKUP[3][:40], "![x](y) :red[z]"):
            in_one_go(store, tag(mark, "<b>lead</b>"), Chosen(QueueFilter(), None))
        in_one_go(store, assign("[zoe](x)", ANN), Chosen(QueueFilter(search="evil"), ProposalState.ACCEPTED))
        for text in texts[:5]:  # planned and given up: nothing of it comes first in the queue
            plan = BulkPlan(BulkAction.ACCEPT, 0.0, 0.0, QueueFilter())
            batch = plan_bulk(store, plan, why=text, target=0.9, allowed=0, by="<i>lead</i>")
            drop_plan(store, batch, by="![x](y)")
        apply_policy(store, 0.4, 0.2, set_by="![x](y)", why=texts[0], random_share=0.0)
        for over, text in enumerate(("\n\n".join(texts[:45]), "\n\n".join(texts[45:]))):
            save_guidelines(store, text, author="<u>lead</u>", over=over)
        store.value("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "team.db").read_bytes()


def opinion(store, name, number, text, *, rejects):
    item = next_item(store, Desk(name))
    return Decision(
        op_id=f"{name}-{number}",
        proposal_id=item.proposal_id,
        revision=item.revision,
        annotator=name,
        action=ReviewAction.REJECT if rejects else ReviewAction.EDIT,
        reason=RejectReason.MISREAD if rejects else None,
        note=text[:300],
        **({} if rejects else {"hindsight_prompt": text, "final_answer": text, "first_step": 1, "last_step": 1}),
    )


class Watch:
    """One browser profile, in which everything that text could do to a page is noted."""

    def __init__(self, chromium, address):
        self.address, self.foreign, self.refused, self.said = address, [], [], []
        self.context = chromium.new_context(viewport={"width": 1280, "height": 800})
        self.context.expose_binding("__refused", lambda _, what: self.refused.append(what))
        self.context.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " e => __refused(e.effectiveDirective + ' ' + e.blockedURI))"
        )
        self.context.route("**/*", self._asked)
        self.page = self.context.new_page()
        self.page.on("dialog", self._dialog)
        self.page.on("websocket", lambda socket: self._ask(socket.url))
        self.context.on("page", lambda page: self.foreign.append(f"a window: {page.url}"))

    def _ask(self, url):
        if not url.replace("ws://", "http://").startswith((self.address, "data:", "blob:")):
            self.foreign.append(url)
            return False
        return True

    def _asked(self, route):
        if route.request.url == "http://control.invalid/":
            route.fulfill(body="".join(MARKUP), content_type="text/html")
        elif self._ask(route.request.url):
            route.continue_()
        else:
            route.abort()

    def _dialog(self, dialog):
        self.said.append(dialog.message)
        dialog.dismiss()

    def clean(self, *, links=False):
        """Nothing ran, nothing was asked for, nothing is drawn that a payload made, and nothing hides.

        `links`: the screen shows the team's own markdown, which may hold links.
        """
        page = self.page
        assert page.evaluate("window.hacked") is None
        assert self.foreign == []
        assert [told for told in self.refused if "evil" in told or "inline" in told] == []
        assert self.said == []
        assert page.locator(SPOILT).evaluate_all("found => found.map(one => one.outerHTML)") == []
        if not links:
            assert page.locator(LINKS).evaluate_all("found => found.map(one => one.outerHTML)") == []
        assert page.evaluate(HIDES, HIDDEN) == []


@pytest.fixture(scope="module")
def app(tmp_path_factory, hostile_db):
    with serving(tmp_path_factory.mktemp("served"), hostile_db) as served:
        yield served


@pytest.fixture
def watch(chromium, app):
    watching = Watch(chromium, app[0])
    yield watching
    watching.context.close()


def go(watch, screen):
    watch.page.get_by_role("link", name=screen, exact=True).click()
    expect(watch.page.get_by_role("heading", name=screen, exact=True)).to_be_visible()
    watch.page.wait_for_selector(QUIET)


def test_the_watch_sees_what_such_text_does_where_nothing_holds_it_back(watch):
    assert len(PAYLOADS) >= 40
    watch.page.goto("http://control.invalid/", wait_until="commit")
    expect(watch.page.locator("img").first).to_be_attached()
    wanted = [f"{EVIL}/{name}" for name in ("ran", "a.js", "a.png", "a.css", "frame")]
    until = time.monotonic() + 60
    while not all(name in "\n".join(watch.foreign) for name in wanted):
        assert time.monotonic() < until, watch.foreign
        watch.page.wait_for_timeout(100)  # Playwright tells of requests only while it waits


def test_the_watch_sees_what_the_content_policy_refuses(watch):
    watch.page.goto(f"{watch.address}/?as=eve")
    expect(watch.page.locator(".bar .name")).to_be_visible()
    watch.clean()
    watch.page.evaluate(
        "url => new Promise((told) => { document.addEventListener('securitypolicyviolation', () => told());"
        " new Image().src = url })",
        f"{EVIL}/beacon.png",
    )
    assert watch.refused[-1] == f"img-src {EVIL}/beacon.png"


def test_every_item_is_shown_as_text_wherever_it_is_opened(watch):
    page = watch.page
    page.goto(f"{watch.address}/?as=eve")
    seen, name = set(), page.locator(".bar .name")
    while not page.locator(".notice").count():  # back to where the pile begins
        now = name.inner_text()
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector(f".bar .name:not([title={json.dumps(now)}]), .notice")
        expect(page.locator(".root.busy")).to_have_count(0)
    while name.inner_text() not in seen:
        now = name.inner_text()
        seen.add(now)
        page.keyboard.press("o")
        unfold(page.locator(".root details:not([open]) > summary:visible"))
        for opened in ("x", "f", "e"):
            page.keyboard.press(opened)
            page.keyboard.press("Escape")
        watch.clean()
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(f".bar .name:not([title={json.dumps(now)}]), .notice")
        expect(page.locator(".root.busy")).to_have_count(0)
    assert page.locator(".bar .place").inner_text() == f"{len(seen)} waiting"
    watch.clean()


def test_every_other_screen_shows_it_as_text(watch):
    page = watch.page
    page.goto(f"{watch.address}/?as=eve")
    expect(page.locator(".bar .name")).to_be_visible()
    page.get_by_role("button", name="Guidelines").click()
    watch.clean(links=True)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Filter").click()
    watch.clean()
    go(watch, "Browse")
    page.get_by_role("button", name="Filter").click()
    for text in (MARKUP[3], "\"'*) OR (NEAR ^-", "ignore previous"):
        page.get_by_role("textbox", name="Search").fill(text)
        page.keyboard.press("Enter")
        page.wait_for_selector(QUIET)
        watch.clean()
        expect(page.locator("[class*=st-key-fault_]")).to_have_count(0)
    page.keyboard.press("Escape")
    go(watch, "Team")
    for view in ("Two people", "Disputed", "Open now", "Guidelines"):
        show(watch, view, links=view == "Guidelines")
    go(watch, "Thresholds")
    for view in ("Precision", "Failures and sources", "Differences", "Calibration"):
        show(watch, view)
    go(watch, "Bulk")
    page.get_by_role("button", name="Only some of them").click()
    watch.clean()
    page.keyboard.press("Escape")
    for view in ("Acts", "Policy history"):
        show(watch, view)
    for screen in ("Import & run", "Export"):
        go(watch, screen)
        open_all(watch)


def show(watch, view, *, links=False):
    watch.page.get_by_text(re.compile(f"^{view}")).first.click()
    watch.page.wait_for_selector(QUIET)
    open_all(watch, links=links)


def unfold(folds):
    while folds.count():
        folds.first.click()


def open_all(watch, *, links=False):
    unfold(watch.page.locator(".stMain details:not([open]) > summary:visible"))
    watch.page.wait_for_selector(QUIET)
    watch.clean(links=links)


def test_what_people_type_is_text_too(watch):
    page, whole = watch.page, "\n".join(text for text in PAYLOADS if "\ud800" not in text)
    page.goto(f"{watch.address}/?as=mal")
    name = page.locator(".bar .name")
    expect(name).to_be_visible()
    page.keyboard.press("/")
    for text in MARKUP[:8]:
        page.keyboard.insert_text(text)
        expect(page.locator(".tools .tally")).not_to_be_empty()
        page.keyboard.press("Control+a")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.locator("#edit-text").fill(whole)
    expect(page.locator(".saved")).to_contain_text("Draft saved")
    watch.clean()
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    page.keyboard.insert_text(whole)
    page.keyboard.press("Escape")
    watch.clean()
    go(watch, "Import & run")
    files = [
        {"name": f"{n}{text[:80]}", "mimeType": "application/json", "buffer": json.dumps([text]).encode()}
        for n, text in enumerate(PAYLOADS[: len(MARKUP) + 10])
    ]
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("could not be read").or_(page.get_by_text("skipped")).first).to_be_visible()
    page.wait_for_selector(QUIET)
    open_all(watch)
    for text in ("<img src=x onerror=alert(1)>", "![x](http://evil.invalid/n.png)"):
        page.locator(".st-key-desk button").first.click()
        page.get_by_label("Reviewing as").fill(text)
        page.keyboard.press("Enter")
        page.wait_for_selector(QUIET)
        watch.clean()
        page.keyboard.press("Escape")


@pytest.mark.parametrize("query", ["as={}", "as=zoe&item={}"])
def test_what_an_address_holds_is_text_too(watch, query):
    from urllib.parse import quote

    for text in (MARKUP[3], "![x](http://evil.invalid/q.png)", "a\u202eb", "\x00\x1b[31m"):
        watch.page.goto(f"{watch.address}/?{query.format(quote(text))}")
        watch.page.wait_for_selector(QUIET)
        watch.clean()
