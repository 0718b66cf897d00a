"""A page of prose that a search brought, as the question that its opening answers.

A person does not ask to "find out about Kent Baer" but who that is. The question names the topic that was
searched for and what sort of thing the page tells first (who directed, when released, where located); the
answer is the page's own sentence, so that neither states more than the page.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from core.models import AgentStep
from core.stages.grounding.values import fold
from core.stages.results import read_result

_TOPIC_KEYS = ("query", "q", "entity", "topic", "title", "input", "term", "search_query", "keyword")
IN_PAGE = re.compile(r"^\(Result \d+ ?/ ?\d+\)\s*")  # before a place that a word was found at in an open page
_OPENING = 1_500  # characters of a page in which its first sentences stand
_LONGEST_TOPIC = 100
_SENTENCES = 3
_END = re.compile(
    r"(?<=[a-z0-9)\]\"\u201d%][.!?])(?<!\bSt\.)(?<!\bMr\.)(?<!\bDr\.)(?<!\bMrs\.)(?<!\bvs\.)\s*(?=[A-Z\"\u201c])"
)
_BORN = re.compile(r"\(?\b(?:born|n\u00e9e)\b[^)]{0,80}\d{4}")
_LIVED = re.compile(r"\([^()]{0,80}\d{4}\s?[\u2013\u2014-][^()]{0,60}\d{4}\)")  # a war's dates look the same
# What a page says of a person alone: he or she, or a word for what people are, as the end of what is told.
_PRONOUN = re.compile(r"\b(?:he|she|his|her)\b", re.IGNORECASE)
_ROLE = re.compile(
    r"\b(?:is|was) (?:an?|the|one of the)\b(?:[ -][\w-]+,?){0,8}? "
    r"[a-z]*(?:er|or|ist|ian|man|woman|ress|coach|attorney|saint)s?"
    r"(?=[,.;]| (?:and|who|known|from|of|best|at|for|in)\b)"
)
_NAME_LIKE = re.compile(r"(?:[A-Z][\w.'\u2019-]*)(?: (?:[A-Z][\w.'\u2019-]*|de|van|von|al|bin)){1,4}")
_KNOWN = re.compile(r"\bknown for\b")
_COPULA = re.compile(r"\b(is|was|are|were|refers to)\b")
_YEAR = r"[^.;]{0,30}?\b\d{4}\b"
# What a page about a thing tells, and the question that asks for it; at most two are asked.
_ASKS = (
    (re.compile(r"\bdirected by\b"), "who directed {}"),
    (re.compile(r"\b(written|created|developed|founded|designed|recorded) by\b"), "who {verb} {}"),
    (re.compile(rf"\b(released|published) (?:on|in|by [^.;]{{1,60}}? (?:on|in))\b{_YEAR}"), "when was {} {verb}"),
    (
        re.compile(rf"\b(founded|established|formed|opened|launched|built|incorporated) (?:on|in)\b{_YEAR}"),
        "when was {} {verb}",
    ),
    (re.compile(r"\b(located|situated|based|headquartered) in\b"), "where is {} {verb}"),
    (re.compile(r"\bawarded (?:jointly )?to\b"), "who was {} awarded to"),
)  # fmt: skip


_PAST = {"written": "wrote"}


@dataclass(frozen=True)
class Page:
    """A question without its mark, and the spans of the sentences that answer it: `observation[start:end]`."""

    question: str
    sentences: tuple[tuple[int, int], ...]


def page_of(step: AgentStep) -> Page | None:
    """The question that the page of a working search answers; None if it brought no page about its topic."""
    topic = next((step.action_input[key] for key in _TOPIC_KEYS if isinstance(step.action_input.get(key), str)), "")
    topic = topic.strip().strip("\"'\u201c\u201d")
    result = read_result(step)
    if not topic or len(topic) > _LONGEST_TOPIC or not result.informative or result.data is not None:
        return None
    spans = _sentences(step.observation)
    if not spans:
        return None
    opening = step.observation[spans[0][0] : spans[0][1]]
    copula = _COPULA.search(opening)
    if copula is None or not _is_about(topic, opening):
        return None
    name = _spoken(topic, opening)
    verb = copula[1] if copula[1] != "refers to" else "is"
    if _is_person(topic, step.observation[: spans[-1][1]]) and name != f"the {topic}":
        return _person(name, verb, step.observation, spans)
    return _thing(name, verb, step.observation, spans)


def _is_person(topic: str, opening: str) -> bool:
    topic = re.sub(r"\s*\([^)]*\)$", "", topic)
    if _BORN.search(opening[:200]) or (_LIVED.search(opening[:200]) and _PRONOUN.search(opening)):
        return True
    if topic.startswith("The ") or any(pattern.search(opening[:300]) for pattern, _ in _ASKS[:2]):
        return False  # a work by somebody; he or she is who made it or whom it tells of
    return bool(_NAME_LIKE.fullmatch(topic) and _ROLE.search(opening[:200]))


def _person(name: str, verb: str, text: str, spans: list[tuple[int, int]]) -> Page:
    told = next((span for span in spans if _KNOWN.search(text[span[0] : span[1]])), None)
    if told:
        return Page(f"what {verb} {name} known for", tuple(dict.fromkeys((spans[0], told))))
    return Page(f"who {verb} {name}", (spans[0],))


def _thing(name: str, verb: str, text: str, spans: list[tuple[int, int]]) -> Page:
    asked: list[str] = []
    told = [spans[0]]
    for pattern, question in _ASKS:
        for start, end in spans:
            found = pattern.search(text[start:end])
            if not found or len(asked) == 2:
                continue
            about = "it" if asked else name
            asked.append(
                question.replace("{verb}", _PAST.get(found[1], found[1]) if pattern.groups else "").replace("{}", about)
            )
            told.append((start, end))
            break
    # "Who" is for people and "what" for things; of a horse, or somebody of no known trade, neither is sure.
    alive = _PRONOUN.search(text[: spans[-1][1]]) and name[:1].isupper()
    many = verb in ("are", "were") and not name.endswith("s")  # the page names it otherwise, in the plural
    question = ", and ".join(asked) or (f"what is known about {name}" if alive or many else f"what {verb} {name}")
    return Page(question, tuple(sorted(set(told))))


def _sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the first sentences of prose; none for lists, tables and single words."""
    start = len(text) - len(text.lstrip())
    head = text[start : start + _OPENING]
    bounds = [0, *(match.end() for match in _END.finditer(head)), len(head)]
    spans = []
    for one, other in pairwise(bounds):
        piece = head[one:other].rstrip()
        if len(piece.split()) >= 5 and piece.endswith((".", "!", "?", '"', "\u201d")):
            spans.append((start + one, start + one + len(piece)))
    return spans[:_SENTENCES]


def _is_about(topic: str, opening: str) -> bool:
    """Whether the page begins with what was searched for, up to a first name or a middle one."""
    words = re.findall(r"\w+", fold(re.sub(r"\([^)]*\)", "", topic)))
    head = re.findall(r"\w+", fold(opening[:120]))
    return bool(words) and words[-1] in head and 2 * sum(word in head for word in words) >= len(words)


def _spoken(topic: str, opening: str) -> str:
    """`Ian Hunter (singer)` -> `the singer Ian Hunter`; with the article that the page itself gives it."""
    if found := re.fullmatch(r"(.+?)\s*\(([^)]+)\)", topic):
        name, sort = found.groups()
        if sort[0].islower() or sort.startswith("TV "):
            return f"the {sort} {name}"
        the = re.match(rf"the (?:\w+ )?{re.escape(fold(name))}\b", fold(opening))  # a place says which of them
        return f"the {topic}" if the else topic
    for article in ("the", "a", "an"):
        if re.search(rf"\b{article} {re.escape(fold(topic))}\b", fold(opening[:200])):
            return f"{article} {topic}"
    return topic
