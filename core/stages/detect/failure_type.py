"""Which of the six types a failure is, from evidence: all that hold, most telling first.

Only the source's own statement of the reason is read for words: it is written about the failure.
Request, thoughts and observations are not, because "error" or "timeout" there means nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from core.models import Evidence, FailedTrajectory, FailureType, Field, StepKind, input_text
from core.stages.grounding import check_prompt
from core.stages.grounding.values import find_values, fold
from core.stages.spans import cut
from core.stages.tool_kind import name_words

if TYPE_CHECKING:
    from core.stages.detect.rules import Signs


@dataclass(frozen=True)
class Finding:
    """A type, one sentence why, and the spans that say so."""

    failure_type: FailureType
    reason: str
    evidence: tuple[Evidence, ...] = ()


_REASONS = (
    (
        FailureType.HALLUCINATION,
        r"hallucinat|appears? nowhere|fabricat|made[ -]up|invent(?:s|ed)\b|not (?:supported|backed) by|"
        r"never (?:saw|returned|appeared)|no source",
    ),
    (
        FailureType.TOOL_ERROR,
        r"tool (?:error|failure|crash)|api (?:error|fail|down|issue)|tim(?:ed|e) ?out|"
        r"service (?:is |was )?(?:down|unavailable)|crash|connection|rate limit",
    ),
    (
        FailureType.CONSTRAINT_VIOLATION,
        r"constraint|told not to|hard limit|against (?:the )?(?:rule|polic|wish)|"
        r"violat|policy|exceed|over (?:the )?(?:budget|limit|price)|"
        r"too (?:expensive|late|long|many)|wrong (?:file )?format|instead of the (?:requested|required)|"
        r"not allowed|budget|limit|must (?:not )?",
    ),
    (
        FailureType.OFF_TOPIC,
        r"off[ -]topic|asked for [^.]+, answered|question [^.]*is not answered|"
        r"unrelated|irrelevant|different (?:task|question|topic)|drift|"
        r"wrong (?:task|topic|question)|not what (?:was|the user) asked",
    ),
    (
        FailureType.INCOMPLETE,
        r"incomplete|unfinished|not (?:finish|complet)|gave up|gives up|ran out|"
        r"stopp?ed (?:early|before|halfway|after)|only (?:part|some|half|one)|"
        r"never (?:got|did|made|finished|reached|looked)|missing|left out|partial",
    ),
    (
        FailureType.WRONG_RESULT,
        r"wrong|incorrect|does not match|mismatch|inaccura|mistake|off by|miscount|differs",
    ),
)


_READ = 2_000  # characters of a reason; what it says, it says at its beginning
_MOST_LIMITS = 20  # limits of one request that are held against the answer


def types_of(trajectory: FailedTrajectory, signs: Signs) -> tuple[Finding, ...]:
    """One finding for each type that the evidence shows; wrong_result where nothing more telling is found."""
    looks = (_nothing_worked, _stated, _claims_undone, _limit_broken, _unfounded, _gave_up, _off_topic)
    found: dict[FailureType, Finding] = {}
    for look in looks:
        if finding := look(trajectory, signs):
            found.setdefault(finding.failure_type, finding)
    if not found:
        return (Finding(FailureType.WRONG_RESULT, "The run ends with an answer that is not what was asked for."),)
    return tuple(found.values())


def _nothing_worked(_: FailedTrajectory, signs: Signs) -> Finding | None:
    if signs.calls and len(signs.errors) == signs.calls:
        return Finding(FailureType.TOOL_ERROR, "Every call failed.", tuple(signs.evidence.values()))
    return None


def _stated(trajectory: FailedTrajectory, signs: Signs) -> Finding | None:
    said = f"{trajectory.failure_reason} {trajectory.label.reason}".strip()[:_READ]
    if not said:
        return None
    for failure_type, pattern in _REASONS:
        if re.search(pattern, said, re.IGNORECASE):
            if failure_type is FailureType.TOOL_ERROR and not signs.errors:
                continue
            return Finding(failure_type, "")
    return None


def _claims_undone(_: FailedTrajectory, signs: Signs) -> Finding | None:
    if not signs.undone:
        return None
    quote = signs.undone[0].quote
    return Finding(FailureType.HALLUCINATION, f"The answer claims what no call did: {quote!r}.", signs.undone)


_LIMIT = re.compile(
    r"\b(?P<way>under|below|less than|at most|no more than|up to|not (?:more|over) than|max(?:imum)?(?: of)?|"
    r"cheaper than|"
    r"over|above|at least|more than|no less than|min(?:imum)?(?: of)?)\s+(?P<cur>[$€£]?)(?P<num>\d[\d,]*(?:\.\d+)?)",
    re.IGNORECASE,
)
_UPWARD = {"over", "above", "at least", "more than", "no less than", "min", "minimum", "min of", "minimum of"}


def _limit_broken(trajectory: FailedTrajectory, signs: Signs) -> Finding | None:
    """A limit of the request that the answer steps over, or a file or value asked for that no call took up."""
    for match in islice(_LIMIT.finditer(trajectory.original_prompt), _MOST_LIMITS):
        limit = float(match["num"].replace(",", ""))
        upward = match["way"].lower() in _UPWARD
        if match["cur"]:
            for found in re.finditer(rf"{re.escape(match['cur'])}\s?(\d[\d,]*(?:\.\d+)?)", trajectory.final_answer):
                named = float(found[1].replace(",", ""))
                if named < limit if upward else named > limit:
                    span = cut(trajectory, step=0, field=Field.FINAL_ANSWER, start=found.start(), end=found.end())
                    asked = cut(trajectory, step=0, field=Field.PROMPT, start=match.start(), end=match.end())
                    return Finding(
                        FailureType.CONSTRAINT_VIOLATION,
                        f"The request says {match.group()!r}, the answer names {found.group()!r}.",
                        (asked, span),
                    )
    if not signs.achieved or signs.quits:
        return None
    for value in check_prompt(trajectory.original_prompt, trajectory).values:
        if value.asked_only and value.kind == "id" and re.search(r"\w\.[a-z]{2,5}$", value.text):
            asked = cut(trajectory, step=0, field=Field.PROMPT, start=value.start, end=value.end)
            return Finding(
                FailureType.CONSTRAINT_VIOLATION, f"No call took up {value.text!r} of the request.", (asked,)
            )
    return None


def _gave_up(trajectory: FailedTrajectory, signs: Signs) -> Finding | None:
    if signs.quits:
        return Finding(FailureType.INCOMPLETE, f"The answer gives up: {signs.quits.quote!r}.", (signs.quits,))
    if not signs.calls:
        return Finding(FailureType.INCOMPLETE, "")
    if signs.untold:
        return Finding(FailureType.INCOMPLETE, "The run ends without an answer.")
    last = trajectory.actions[-1][0]
    if last in signs.unhandled:
        return Finding(
            FailureType.INCOMPLETE, "The last call failed and nothing made it good.", (signs.evidence[last],)
        )
    return None


def _unfounded(trajectory: FailedTrajectory, signs: Signs) -> Finding | None:
    if not signs.unfounded:
        return None
    spans = []
    for text in signs.unfounded[:5]:
        start = trajectory.final_answer.find(text)
        spans.append(cut(trajectory, step=0, field=Field.FINAL_ANSWER, start=start, end=start + len(text)))
    listed = ", ".join(repr(text) for text in signs.unfounded[:5])
    return Finding(FailureType.HALLUCINATION, f"The answer names what no result holds: {listed}.", tuple(spans))


_COMMON = {
    "a", "all", "an", "and", "any", "are", "as", "at", "be", "been", "by", "can", "could", "did", "do", "does",
    "file", "find", "for", "from", "get", "give", "had", "has", "have", "hello", "help", "hi", "how", "i", "if", "in",
    "input", "is", "it", "its", "like", "list", "make", "me", "my", "name", "need", "no", "not", "of", "on", "or",
    "our", "please", "query", "search", "should", "show", "so", "tell", "than", "that", "the", "their", "them",
    "then", "there", "these", "they", "this", "those", "to", "us", "use", "using", "want", "was", "we", "web", "were",
    "what", "when", "where", "which", "who", "will", "with", "would", "you", "your",
}  # fmt: skip


def _off_topic(trajectory: FailedTrajectory, signs: Signs) -> Finding | None:
    """Only if nothing that the run did shares a word with anything that the user said."""
    if not signs.calls:
        return None
    turns = (step.text for step in trajectory.steps if step.kind is StepKind.USER)
    asked = _content(" ".join([trajectory.original_prompt, *turns]))
    done = " ".join(
        f"{' '.join(name_words(s.action_name))} {input_text(s)} {s.observation[:5000]}" for _, s in trajectory.actions
    )
    if len(asked) >= 3 and not asked & _content(f"{done} {trajectory.final_answer}"):
        return Finding(FailureType.OFF_TOPIC, "Nothing that the run did shares a word with the request.")
    return None


def _content(text: str) -> set[str]:
    words = re.findall(r"[^\W\d_]{3,}", fold(text))
    return {word[:5] for word in words if word not in _COMMON} | {fold(v.text) for v in find_values(text[:20_000])}
