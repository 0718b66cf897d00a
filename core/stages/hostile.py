"""Text of a result that is not told on: it speaks to whoever reads it next, or is no plain text.

A page, a review or a mail may hold sentences meant for the model or the judge ("ignore all previous
instructions", a heading of its own for the final answer), markup that acts where it is shown, or
characters that make a text look like another. A rule-written answer that copied them would put them before
the judge, the reviewer and at last the trained model as the agent's own words.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

SPEAKS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^\n.]{0,40}\b(?:instructions?|prompts?|rules|above|messages?)\b"
    r"|\b(?:system|hidden|developer) prompt\b"
    r"|\byou are (?:now |the )+(?:judge|grader|model|assistant|a\b|an\b|in\b)"
    r"|\b(?:dear|note to|attention|hey),? (?:the )?(?:ai|llm|model|assistant|judge|grader|reviewer|agent)\b"
    r"|^\W{0,8}(?:final answer|observation|thought|action input)\b\W{0,4}(?::|$)"
    r"|\b(?:is_valid|hindsight_prompt|final_answer)\b"
    r"|\b(?:reply|respond|answer|output) (?:only )?(?:with|yes|\{)[^\n]{0,40}(?:[\"'{]|\byes\b|\bvalid\b|\baccept)"
    r"|#{1,6}\s?(?:final answer|observation|thought|system|instructions?)\b"
    r"|<\|\w{1,30}\|>|\[/?INST\]|<</?SYS>>|^\W{0,4}(?:system|assistant|human)\s?:",
    re.IGNORECASE | re.MULTILINE,
)
# Each of its matches holds one of these, folded.
SIGNS = (
    *("ignore", "disregard", "forget", "override", "prompt", "you are", "dear", "note to", "attention", "hey", "#"),
    *("final answer", "observation", "thought", "action input", "is_valid", "final_answer", "reply", "respond"),
    *("answer", "output", "<|", "inst]", "sys>>", "system", "assistant", "human"),
)
_SHORT = 20_000  # characters of a text that is read whole
_BEFORE, _BEHIND = 100, 400  # characters around a sign in which a match lies
_MARKUP = re.compile(
    r"</?(?:[a-z][a-z0-9]{0,15}(?=[\s/>])|!--|!doctype)|!\[[^\]\n]{0,200}\]\(|\bjavascript:|\bon(?:error|load|click)\s?="
    r"|\\u(?:200[b-f]|202[89a-e]|206\d|feff|061c|00(?:0[0-8bcef]|1[0-9a-f]|7f))"  # as JSON writes them
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]",
    re.IGNORECASE,
)


# Not among them: what turns the order of letters round or colours a terminal, which is no accident in a name.
_BREAKS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\u2028\u2029\u2400]+")
_UNSEEN = re.compile(r"[\u061c\u200b-\u200f\u2060-\u2064\ufeff]+")


def plain_text(text: str) -> str:
    """The text without characters that nobody sees, and a space for each that breaks a line where none is meant."""
    if text.isascii() and text.isprintable():
        return text
    return _BREAKS.sub(" ", _UNSEEN.sub("", text))


def found_near(pattern: re.Pattern[str], signs: tuple[str, ...], text: str) -> Iterator[re.Match[str]]:
    """Matches of a pattern all of whose matches hold one of `signs`: a long text is read around these alone."""
    folded = text.casefold() if len(text) > _SHORT else ""
    if len(folded) != len(text):
        yield from pattern.finditer(text)
        return
    done = 0
    for at in sorted(_places(signs, folded)):
        end = min(at + _BEHIND, len(text))
        for match in pattern.finditer(text, max(done, at - _BEFORE), end):
            if match.end() < end or end == len(text):
                yield match
                done = match.end()


def _places(signs: tuple[str, ...], text: str) -> Iterator[int]:
    for sign in signs:
        at = text.find(sign)
        while at >= 0:
            yield at
            at = text.find(sign, at + _BEFORE)  # what stands nearer is read with it


def speaks_to_reader(text: str) -> bool:
    """Whether a text gives orders to a model or a judge, or sets a part of their format."""
    return next(found_near(SPEAKS, SIGNS, text), None) is not None


def is_hostile(text: str) -> bool:
    """Whether a text speaks to its reader, or holds markup or characters that do more than stand there."""
    return _is_long_hostile(text) if len(text) > _SHORT else _is_hostile(text)


def _is_hostile(text: str) -> bool:
    return bool(_MARKUP.search(text)) or speaks_to_reader(text)


_is_long_hostile = lru_cache(maxsize=8)(_is_hostile)  # each attempt asks again of the same result


__all__ = ["SIGNS", "SPEAKS", "found_near", "is_hostile", "plain_text", "speaks_to_reader"]
