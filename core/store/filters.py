"""What somebody wants to see of the proposals: conditions, and words to search for.

A condition speaks of the columns of `proposals` by their bare names, so that it fits into any statement about it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ACCEPTED = "accepted"  # the choice "why it is here" of what the pipeline itself accepts
NOBODY = ""  # the choice "assigned to" of what belongs to nobody
LENGTHS = ((1, 5), (6, 10), (11, 20), (21, 50), (51, None))  # steps, from and to
# What is drawn for the audit of a bulk act that is planned or in force.
DRAWN = (
    "id IN (SELECT d.proposal_id FROM audit_draws d JOIN bulk_acts b ON b.id = d.batch_id"
    " WHERE b.stage IN ('planned', 'applying', 'applied'))"
)
_ENDLESS = 2**62
_WORDS_MOST = 20
_UNSENDABLE = re.compile(r"[\x00-\x1f\ud800-\udfff]")
_TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')
_BEGINNING = 3  # characters from which a word also finds those that begin with it


@dataclass(frozen=True)
class QueueFilter:
    """What a reviewer wants to see; None = anything. Ranges are inclusive; an unjudged item has no score."""

    failure_type: str | None = None
    source: str | None = None
    queue_reason: str | None = None  # a QueueReason, or `ACCEPTED`
    judge: str | None = None  # yes | no | unjudged
    score: tuple[float, float] | None = None
    steps: tuple[int, int | None] | None = None
    tag: str | None = None
    assigned_to: str | None = None  # a reviewer, or `NOBODY`
    drawn: bool = False  # only what is drawn for the audit of a bulk act
    search: str = ""  # words, all of which must stand in name, prompts or observations

    def where(self) -> tuple[str, list[Any]]:
        """(SQL conditions, each with its AND; parameters)."""
        return _joined([*self._facets().values(), *self._others()])

    def uncounted(self) -> tuple[str, list[Any]]:
        """The same without what `core.store.facets` counts choice by choice."""
        return _joined(self._others())

    def _facets(self) -> dict[str, "_Condition"]:
        found: dict[str, _Condition] = {}
        for column, wanted in (("failure_type", self.failure_type), ("source", self.source), ("judge", self.judge)):
            if wanted is not None:
                found[column] = (f"{COLUMNS[column]} = ?", [wanted])
        if self.queue_reason is not None:
            accepted = self.queue_reason == ACCEPTED
            found["queue_reason"] = (
                ("queue_reason IS NULL", []) if accepted else ("queue_reason = ?", [self.queue_reason])
            )
        if self.steps is not None:
            least, most = self.steps
            found["steps"] = (
                ("step_count >= ?", [least]) if most is None else ("step_count BETWEEN ? AND ?", [least, most])
            )
        return found

    def _others(self) -> list["_Condition"]:
        found: list[_Condition] = []
        if self.score is not None:
            found.append(("score BETWEEN ? AND ?", list(self.score)))
        if self.drawn:
            found.append((DRAWN, []))
        if self.tag is not None:
            found.append(("trajectory_key IN (SELECT trajectory_key FROM tags WHERE tag = ?)", [self.tag]))
        if self.assigned_to == NOBODY:
            found.append(("trajectory_key NOT IN (SELECT trajectory_key FROM assignments)", []))
        elif self.assigned_to is not None:
            mine = "trajectory_key IN (SELECT trajectory_key FROM assignments WHERE reviewer = ?)"
            found.append((mine, [self.assigned_to]))
        if self.search.strip():
            words = search_words(self.search)
            matching = "id IN (SELECT rowid FROM proposal_words WHERE proposal_words MATCH ?)"
            found.append((matching, [words]) if words else (_NOTHING, []))
        return found


_Condition = tuple[str, list[Any]]
_NOTHING = "id IN (SELECT 0 WHERE 0)"  # not a plain 0, under which no index can be named
COLUMNS = {
    "failure_type": "failure_type",
    "source": "source",
    "queue_reason": "queue_reason",
    "judge": "judge_says",
    "steps": "step_count",
}


def search_words(typed: str) -> str:
    """What was typed as an FTS5 query; empty where it holds no letter and no digit.

    Every word stands in quotes, so nothing that is typed is read as an operator. Words must all be there, in any
    order; those in quotes as they stand; a word of three characters or more also finds what begins with it.
    """
    terms = []
    for whole, word in _TERM.findall(_UNSENDABLE.sub(" ", typed)):
        text = whole or word
        if any(character.isalnum() for character in text):
            beginning = " *" if word and len(word) >= _BEGINNING and word[-1].isalnum() else ""
            terms.append(f'"{text}"{beginning}')
    return " ".join(terms[:_WORDS_MOST])


def _joined(conditions: Sequence[_Condition]) -> tuple[str, list[Any]]:
    return "".join(f" AND {sql}" for sql, _ in conditions), [value for _, values in conditions for value in values]
