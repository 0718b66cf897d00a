"""What a target may spell in more than one way: thoughts, call arguments, and which pairs it is made of.

Every target has its own choice, which the templates and loaders of its trainer read right; an option
overrules it where the trainer can read the other spelling too.
"""

from dataclasses import dataclass
from enum import StrEnum


class Thoughts(StrEnum):
    """Where an assistant turn's thought stands."""

    CONTENT = "content"
    REASONING = "reasoning_content"
    DROP = "drop"


class Arguments(StrEnum):
    """How the arguments of a call are written: as they are, or as a string of JSON."""

    OBJECT = "object"
    STRING = "string"


class Pairs(StrEnum):
    """What a preference is about."""

    ANSWERS = "answers"
    CALLS = "calls"
    PROMPTS = "prompts"


@dataclass(frozen=True, slots=True)
class Shape:
    """One choice of each."""

    thoughts: Thoughts = Thoughts.CONTENT
    arguments: Arguments = Arguments.OBJECT
    pairs: Pairs = Pairs.ANSWERS


USUAL = Shape()
