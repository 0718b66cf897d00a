"""From a quote that a model gives to a span that code has found, or to nothing.

Models copy with small slips: a line break for a space, another case, quotation marks around it.
Those are forgiven, because the span that is kept is the trajectory's own text.
"""

import re
from collections.abc import Sequence

from core.models import Evidence, FailedTrajectory, Field
from core.stages.spans import cut, field_text, find_quote

SHOWN = (Field.OBSERVATION, Field.ACTION_INPUT, Field.TEXT)  # what the extractor sees, best evidence first
_AROUND = " \t\r\n\"'`\u201c\u201d\u2018\u2019\u2026"
_SHORT = 4  # characters; a shorter quote must be a whole word, or "4" would be found in "1945"


def locate(trajectory: FailedTrajectory, *, step: int, quote: str, fields: Sequence[Field] = SHOWN) -> Evidence | None:
    """Find `quote` in one step (1-based): word for word, else up to case and white space."""
    return _find(trajectory, step, quote, fields) if 1 <= step <= len(trajectory.steps) else None


def locate_rule(trajectory: FailedTrajectory, quote: str) -> Evidence | None:
    """Find `quote` in the system prompt, as `locate` does."""
    return _find(trajectory, 0, quote, (Field.SYSTEM,))


def _find(trajectory: FailedTrajectory, step: int, quote: str, fields: Sequence[Field]) -> Evidence | None:
    wanted = [text for text in dict.fromkeys((quote, quote.strip(_AROUND))) if text.strip()]
    for text in wanted:
        if len(text) < _SHORT:
            continue
        for field in fields:
            if found := find_quote(trajectory, step=step, field=field, quote=text):
                return found
    for text in wanted:
        pattern = _loosely(text)
        for field in fields:
            if match := pattern.search(field_text(trajectory, step, field)):
                return cut(trajectory, step=step, field=field, start=match.start(), end=match.end())
    return None


def _loosely(text: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(word) for word in text.split())
    return re.compile(rf"(?<!\w){words}(?!\w)" if len(text) < _SHORT else words, re.IGNORECASE)
