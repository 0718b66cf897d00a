"""What stands in the place of an item where nothing waits, and the buttons that lead on."""

from datetime import UTC, datetime
from typing import Any

from core.models import ProposalState
from core.review.items import Desk
from core.review.left import Left, what_is_left
from core.store import Store
from core.store.filters import QueueFilter
from core.store.queue import state_counts, waiting
from core.store.trajectories import label_counts
from review_app.counted import counted
from review_app.pane.shown import line
from review_app.pane.words import STATE

CLEAR_FILTER = "clear-filter"
SHOW_WAITING = "show-waiting"
_NAMED = 5  # people who have the last items open


def empty_queue(store: Store, desk: Desk) -> dict[str, Any]:
    """Title, text and buttons `[(label, action)]`: what an empty queue means, and what to do about it."""
    if not label_counts(store)["all"]:
        text = "This database holds no trajectories yet. Import failed runs, then run the stages."
        return _said("Nothing here yet", text, ("Import runs", "go:import_run"))
    if not sum(state_counts(store).values()):
        text = "No trajectory has a proposal yet. Run the four stages over what was imported."
        return _said("No proposals yet", text, ("Run the stages", "go:import_run"))
    left = what_is_left(store, desk)
    pile = STATE[desk.pile][0].lower()
    if left.matching:
        return _held(left)
    if left.outside or desk.wanted.drawn:
        return _sample_done(store, desk) or _outside(left, pile)
    if desk.pile is not ProposalState.PENDING:
        text = "Filter, at the top, shows the other piles."
        return _said(f"Nothing {pile}", text, ("Show what waits", SHOW_WAITING))
    return _finished(left)


def _sample_done(store: Store, desk: Desk) -> dict[str, Any] | None:
    if not desk.wanted.drawn or waiting(store, QueueFilter(drawn=True), desk.annotator):
        return None
    text = "Every item of the sample has a verdict. What it shows stands on Bulk."
    return _said("The sample is through", text, ("Go to Bulk", "go:bulk"), ("Show what waits", SHOW_WAITING))


def _outside(left: Left, pile: str) -> dict[str, Any]:
    text = f"{counted(left.outside, 'item')} of this pile {_wait(left.outside)} outside the filter."
    return _said(f"Nothing {pile} matches the filter", text, ("Clear the filter", CLEAR_FILTER))


def _held(left: Left) -> dict[str, Any]:
    until = [
        f"{line(name, 40)} until {datetime.fromtimestamp(end, UTC):%H:%M} UTC"
        for name, end in list(left.held.items())[:_NAMED]
    ]
    others = [f"{counted(len(left.held) - _NAMED, 'other')}"] if len(left.held) > _NAMED else []
    who = f": {', '.join(until + others)}" if until else ""
    text = f"{counted(left.matching, 'item')} {_wait(left.matching)}, open at somebody else{who}. Work keeps it longer."
    return _said("Others have the rest open", text, ("Look again", "next"), ("See who has what open", "go:team"))


def _finished(left: Left) -> dict[str, Any]:
    buttons = [("Export what was approved", "go:export")]
    if left.my_deferred:
        buttons.append((f"Bring back my deferred ({left.my_deferred:,})", "return-deferred"))
    said = []
    if left.second:
        said.append(f"{counted(left.second, 'item')} of yours {_wait(left.second)} for a second person.")
    if left.put_aside:
        named = ", ".join(f"{n:,} {word}" for word, n in left.put_aside.items())
        said.append(f"Still open: {named}. Filter, at the top, shows these piles.")
    if left.all_reviewed:
        return _said("All reviewed", " ".join(said) or "Every proposal has a verdict.", *buttons)
    return _said("Nothing waits for you", " ".join(said) or "What is left is what you deferred.", *buttons)


def _said(title: str, text: str, *buttons: tuple[str, str]) -> dict[str, Any]:
    return {"title": title, "text": text, "buttons": list(buttons)}


def _wait(n: int) -> str:
    return "waits" if n == 1 else "wait"
