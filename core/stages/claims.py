"""What an answer claims: that it gives up, that something was done, that a value holds.

A claim counts as unsupported only where a string can show it: the thing said to be changed turns
up in no working call, or the value in no text of the run. Never "false", only "not found".
"""

import re
from collections.abc import Iterator

from core.models import AgentStep, CheckedValue, FailedTrajectory, StepKind, input_text
from core.stages.grounding import check_answer
from core.stages.grounding.index import Origin, Place, index_of
from core.stages.grounding.values import ValueKind, find_values
from core.stages.results import read_result
from core.stages.tool_kind import ToolKind, kind_of, name_words, reads_only

GIVE_UP = re.compile(
    r"\b(?:(?:i\s+(?:was|am|'m|have been)\s+|currently\s+)?(?:unable|not able)\s+to\s+\w+"
    r"|i\s+(?:could\s?n[o']t|can\s?not|can't|was\s?n't\s+able\s+to|were\s?n't)\s+\w+"
    r"|(?:could|can)(?:\s?not|n't)\s+(?:be\s+)?(?:found|find|complete|retrieve|access|locate|determine|process|"
    r"proceed|fulfil|verify|finish)\w*"
    r"|failed\s+to\s+\w+|no\s+(?:suitable|matching|such)\s+\w+|gave\s+up|giv(?:e|ing)\s+up"
    r"|ran\s+out\s+of\s+(?:time|steps|turns)|did\s?n[o']t\s+(?:manage|finish|find)|need\s+more\s+(?:time|steps|"
    r"information)"
    r"|transferr?(?:ed|ing)?\s+(?:you\s+)?to\s+a\s+human|unfortunately)\b",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    r"(?<![\w'\u2019-])(?P<thing>(?:[\w'\u2019-]{1,40}+[ \t]{1,9}+){1,5})(?:has|"
    r"have)\s+(?:now\s+)?(?:been\s+)(?:successfully\s+)?(?P<verb>[a-z]+(?:ed|en|nt|ut|de|ld|t))\b",
    re.IGNORECASE,
)
_ACTIVE = re.compile(
    r"\bI(?:'ve|\s+have|\s+also|\s+just)?\s+(?:successfully\s+|now\s+|also\s+)*"
    r"(?P<verb>booked|cancell?ed|added|updated|changed|refunded|sent|removed|deleted|created|upgraded|processed|"
    r"submitted|"
    r"scheduled|moved|renamed|ordered|exchanged|returned|placed|issued|applied|saved|wrote|"
    r"written)\s+(?P<thing>(?:[\w'\u2019-]+\s*){1,5})",
    re.IGNORECASE,
)
_DOING = {
    "booked", "cancelled", "canceled", "added", "updated", "changed", "refunded", "sent", "removed", "deleted",
    "created", "upgraded", "processed",
    "submitted", "scheduled", "moved", "renamed", "ordered", "exchanged", "returned", "placed",
    "issued", "applied", "saved", "written", "downgraded", "modified", "reserved", "charged", "credited", "waived",
}  # fmt: skip
_MONEY = {
    "pay",
    "payment",
    "charg",
    "charge",
    "refund",
    "differenc",
    "difference",
    "cost",
    "price",
    "amount",
    "balanc",
    "fee",
}
_SMALL = {
    "the", "a", "an", "your", "my", "our", "this", "that", "these", "those", "one", "two", "three", "new", "all", "it",
    "also", "and", "additionally", "any", "full", "free", "of", "to", "on", "in", "for", "with", "was", "is", "details",
    "changes", "change", "request", "everything", "action", "following", "here", "successfully", "which", "same",
}  # fmt: skip


_CLAUSE = 200  # characters before a span in which its clause begins
_CLAUSE_END = re.compile(
    r"[.!?;:]\s|\n|\bbut\b|\bso\b|\band\s(?=(?:i|the|your)\b)|,\s+(?:and|yet|i|you|the|it|there|here|which|however)\b|[\u2013\u2014]",
    re.IGNORECASE,
)
_DENIAL = re.compile(r"\b(?:no|not|none|nothing|nobody|never|neither|nor|cannot)\b|n['\u2019]t\b", re.IGNORECASE)


def give_up(answer: str) -> re.Match[str] | None:
    """Where an answer says that the task was not done, or None."""
    return GIVE_UP.search(answer.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


def denies(answer: str, start: int, end: int) -> bool:
    """Whether the clause of a span says that something is *not* so: `no train leaves before noon`."""
    clause = _CLAUSE_END.split(answer[max(0, start - _CLAUSE) : end].strip())[-1]
    return bool(_DENIAL.search(clause))


def undone_claims(answer: str, steps: tuple[AgentStep, ...]) -> Iterator[re.Match[str]]:
    """Places where the answer says that something was changed though no working call touched it."""
    done = [
        step for step in steps if step.kind is StepKind.ACTION and not reads_only(step) and not read_result(step).failed
    ]
    # Names and arguments of the changes, not their results: a record shows fields that no call touched.
    touched = " ".join(f"{' '.join(name_words(step.action_name))} {input_text(step)}" for step in done)
    words = {_stem(word) for word in re.findall(r"[A-Za-z]{3,}", touched.replace("_", " "))}
    for pattern in (_PASSIVE, _ACTIVE):
        for match in pattern.finditer(answer):
            if match["verb"].lower() not in _DOING or denies(answer, match.start(), match.end()):
                continue
            things = [_stem(word) for word in re.findall(r"[A-Za-z]{3,}", match["thing"]) if word.lower() not in _SMALL]
            if done and things and things[-1] in _MONEY:
                continue  # money moves with any change
            if not done or (things and not any(_same(thing, word) for thing in things[-2:] for word in words)):
                yield match


def unfounded_values(
    answer: str, trajectory: FailedTrajectory, *, first_step: int = 1, last_step: int | None = None
) -> tuple[CheckedValue, ...]:
    """Values of an answer that stand nowhere in the run.

    Left out: dates and times, which come in too many forms, and the last digits of an id that the run knows.
    """
    checked = check_answer(answer, trajectory, first_step=first_step, last_step=last_step)
    return tuple(
        value
        for value in checked
        if value.evidence is None
        and value.kind in ("number", "id")
        and not _is_small(value)
        and not _ends_an_id(value.text, trajectory)
    )


def invented_values(answer: str, trajectory: FailedTrajectory) -> tuple[CheckedValue, ...]:
    """The unfounded values of a final answer that are no sum or difference of figures the run saw."""
    found = unfounded_values(answer, trajectory)
    if not found:
        return ()
    seen = " ".join(step.observation for _, step in trajectory.actions[-6:])[-60_000:]
    figures = sorted({float(text) for text in _FIGURE.findall(seen)})[-300:]
    return tuple(value for value in found if not _is_computed(value.text, figures))


_SHORT_ANSWER = 12  # words; of a longer one the names may be greetings


def names_from_nowhere(answer: str, trajectory: FailedTrajectory) -> tuple[str, ...]:
    """Names that a short answer consists of, though nobody but the agent ever wrote them."""
    if not answer.strip() or len(answer.split()) > _SHORT_ANSWER or not trajectory.actions:
        return ()
    index = index_of(trajectory)
    named = [v for v in find_values(answer) if v.kind in (ValueKind.NAME, ValueKind.ID, ValueKind.QUOTED)]
    return tuple(
        value.text
        for value in named
        if not any(_by_others(place, trajectory) for key in value.keys for place, _, _ in index.find(key))
    )


def _by_others(place: Place, trajectory: FailedTrajectory) -> bool:
    """Whether a place was written by user, system prompt or environment; a hand-in only echoes the agent."""
    if place.origin is not Origin.OBSERVATION:
        return place.origin is not Origin.INPUT
    return kind_of(trajectory.steps[place.step - 1]) is not ToolKind.NOISE


# Small figures add up to anything, so only telling ones count.
_FIGURE = re.compile(r"(?<![\w.-])[1-9]\d{1,5}(?:\.\d{1,2})?(?![\w-])")


def _is_computed(text: str, figures: list[float]) -> bool:
    digits = re.sub(r"[^\d.]", "", text).strip(".")
    if len(digits) < 2 or digits.count(".") > 1:
        return False
    value = float(digits)
    known = set(figures)
    sums = value >= 10 and any(round(value - times * one, 2) in known for one in figures for times in (1, 2))
    differences = value >= 10 and any(round(value + one, 2) in known for one in figures)
    multiples = value >= 10 and any(round(value / times, 2) in known for times in (2, 3, 4, 5))
    return sums or differences or multiples


def _ends_an_id(text: str, trajectory: FailedTrajectory) -> bool:
    """Whether four or more digits are the end of a longer id: `the card ending in 6644`."""
    if not re.fullmatch(r"\d{4,}", text):
        return False
    pattern = re.compile(rf"\w{text}\b")
    return any(pattern.search(step.observation) for _, step in trajectory.actions)


def _is_small(value: CheckedValue) -> bool:
    digits = re.sub(r"\D", "", value.text)
    return value.kind == "number" and len(digits) < 2 and not re.search(r"[$€£%]", value.text)


def _stem(word: str) -> str:
    word = word.lower()
    for ending in (
        "ments",
        "ment",
        "ations",
        "ation",
        "ages",
        "age",
        "ings",
        "ing",
        "ers",
        "er",
        "ies",
        "es",
        "s",
        "ed",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _same(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= 3 and long.startswith(short)
