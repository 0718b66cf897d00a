"""Where one browser tab is. All that must survive is in the file, so a reload costs nothing."""

from dataclasses import dataclass, field
from typing import Any

from core.review.items import ReviewItem


@dataclass(frozen=True)
class Refusal:
    """A verdict that was not taken: said until it was read, since another may have been given meanwhile."""

    op_id: str
    proposal_id: int  # 0: nothing in this file
    name: str
    text: str


@dataclass
class Tab:
    """Where one browser tab is.

    `live` is what the next payload says: notice, trouble, check, saved_at, expanded, mine.
    """

    item: ReviewItem | None = None
    ahead: ReviewItem | None = None  # what comes after `item`; the browser shows it at the key, before the answer
    live: dict[str, Any] = field(default_factory=dict)
    told: bool = False  # `live` has been in a payload: the next act begins it anew
    refused: list[Refusal] = field(default_factory=list)  # the newest last; the browser says which were read
    views: dict[int, tuple[ReviewItem, dict[str, Any]]] = field(default_factory=dict)  # of item and ahead, by id
    shown: dict[str, Any] | None = None  # the last payload: it stays on screen while the file cannot be read
    go_to: str = ""  # a button of the empty queue: the screen to show
    widen: str = ""  # a button of the empty queue: `CLEAR_FILTER` or `SHOW_WAITING`

    def say(self, level: str, text: str) -> None:
        """Say one more thing in the next payload: acts that come in one message are all answered."""
        before, words = self.live.get("notice") or (level, "")
        self.live["notice"] = ("error" if "error" in (before, level) else level, f"{words} {text}".strip())

    def hear(self) -> None:
        """An act has come: what was said before it has been read."""
        if self.told:
            self.live, self.told = {}, False
