"""What stands above a request: badges, the verdict in force, and who else asks for the same."""

from collections.abc import Sequence
from typing import Any

from core.models import Attempt, FailedTrajectory, ProposalState, QueueReason, RejectReason
from core.store.kin import COUNTED, Alike
from core.store.standing import STATE_AFTER, ReviewRow
from review_app.pane import words
from review_app.pane.shown import line


def badges(attempt: Attempt, queue_reason: QueueReason | None, state: ProposalState) -> list[dict[str, str]]:
    """Say why the pipeline did not let it in by itself, and what else is to be known before reading."""
    found = []
    if state in (ProposalState.AUTO_ACCEPTED, ProposalState.AUTO_REJECTED):
        text, tone = words.STATE[state]
        why = "A bulk act did this; no person has seen the item. A verdict of yours counts instead."
        found.append({"text": text, "tone": tone, "why": why})
    if queue_reason:
        text, tone, why = words.QUEUE[queue_reason]
        found.append({"text": text, "tone": tone, "why": why})
    else:
        found.append({"text": "Passed every check", "tone": "good", "why": "The pipeline itself would accept it."})
    if attempt.grounding.leaks:
        found.append(
            {"text": "Gives the answer away", "tone": "bad", "why": "It names a value that only a result shows."}
        )
    if attempt.model == "rules":
        found.append({"text": "Written by rules", "tone": "plain", "why": "A draft by rules, not by a model."})
    return found


def record_badges(trajectory: FailedTrajectory) -> list[dict[str, str]]:
    """What import found noteworthy about the record itself."""
    found = (words.MARK[mark] for mark in trajectory.marks)
    return [{"text": text, "tone": tone, "why": why} for text, tone, why in found]


def verdict_view(given: ReviewRow, state: ProposalState) -> dict[str, str]:
    """Who decided what, and when: an item that is looked at again is not an open one."""
    after = STATE_AFTER[given.action]
    text, tone = words.STATE[after]
    waits = f"{words.STATE[state][0]}. " if state is ProposalState.SECOND else ""
    settled = "Settled: two people differed. " if given.settles else ""
    return {
        "state": after.value,
        "text": text,
        "tone": tone,
        "by": line(given.annotator, 60),
        "at": given.created_at,
        "note": line(waits + settled + said_with(given), 400),
    }


def dispute_view(differing: Sequence[ReviewRow], reader: str) -> dict[str, Any]:
    """Who differs, and what the next verdict does; `own`: the reader is one of them."""
    text, tone = words.STATE[ProposalState.DISPUTED]
    return {
        "state": ProposalState.DISPUTED.value,
        "text": text,
        "tone": tone,
        "by": line(" and ".join(row.annotator for row in differing), 130),
        "at": differing[-1].created_at,
        "note": "Your verdict settles it.",
        "each": [line(_opinion(row), 600) for row in differing],
        "own": reader in {row.annotator for row in differing},
    }


def _opinion(given: ReviewRow) -> str:
    """Who said what, with the words of an edit: they are what two edits differ in."""
    said = said_with(given) or (f"\u201c{given.hindsight_prompt}\u201d" if given.hindsight_prompt else "")
    return f"{given.annotator}: {words.STATE[STATE_AFTER[given.action]][0].lower()}. {said}".strip()


def said_with(given: ReviewRow) -> str:
    """The reason and the note of a verdict, in words."""
    note = f"{RejectReason(given.reason).label}. " if given.reason else ""
    return note + given.note


def alike_view(alike: Alike) -> dict[str, Any]:
    """Others that ask for the same: the first by name, and how many more there are."""
    more = alike.count - len(alike.named)
    or_more = " or more" if alike.count >= COUNTED else ""
    return {
        "words": f"The same request as {'another item' if alike.count == 1 else f'{alike.count}{or_more} others'}:",
        "named": [
            {"id": number, "name": line(name, 60), "state": words.STATE[state][0].lower()}
            for number, name, state in alike.named
        ],
        "more": f"and {more}{or_more} more" if more else "",
    }
