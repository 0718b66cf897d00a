"""Places where a run talks to whoever reads it: orders to a model or judge, or parts of their format.

The prompts fence every text of a run off, so such a place changes no prompt; but a judge may be talked
over all the same. So the place is noted with the attempt, and a human decides instead of the pipeline.

Looked for as a reader sees it: width, accents, look-alike letters, invisible characters and the escapes
of JSON do not hide a sentence. What is not looked for: letters spaced out, ciphers, most languages.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from core.models import Evidence, FailedTrajectory, Field
from core.stages.hostile import SIGNS, SPEAKS, found_near
from core.stages.spans import cut, field_text

# What a tool gave back may not speak to anybody; what was told to the agent or is its own may, save to a judge.
_LOOKED_AT = (Field.OBSERVATION, Field.TEXT, Field.THOUGHT, Field.ACTION_INPUT, Field.ACTION_NAME)
_MOST = 20  # places noted of one run
_LONGEST = 300_000  # characters of one text that are read as a reader sees them; a longer one is read as it stands
# Said to a judge, whoever says it: in a thought or a message only these count.
_TO_JUDGE = re.compile(
    r"\bas (?:the|a|an|your) (?:judge|grader|evaluator|verifier|annotator|reviewer),? (?:you|i)\b"
    r"|\b(?:judge|grader|evaluator|verifier|annotator)s?,? (?:must|should|shall|ha(?:s|ve) to|will|please|is to|are to)"
    r" (?:now |only )?(?:accept|approve|say|answer|return|reply|mark|rate|score|give|ignore|set|treat|output)\b"
    r"|\b(?:mark|rate|score|treat|judge|grade|count) (?:this|the|my) (?:run|answer|trajectory|attempt|request)"
    r" (?:as |with |to be )?(?:valid|passed|pass|success\w*|correct|satisfied|complete\w*|100|1\.0|10/10)\b"
    r"|\bthis run (?:fully )?(?:satisfies|meets|fulfils|fulfills) (?:the|this|every|all)\b"
    r"|[\"']?is_valid[\"']?\s*[:=]\s*[\"']?(?:true|1|yes)"
    r"|[\"'](?:verdict|judge?ment)[\"']\s*:\s*[\"']?(?:true|yes|valid|pass\w*|accept\w*|correct|success\w*)\b"
    r"|\|\s*end of the recording\b",
    re.IGNORECASE,
)
_TO_MODEL = re.compile(
    r"</?(?:system|assistant|instructions?|tool_(?:call|response|result)|judge|verdict)\s*>"
    r"|\b(?:do not|don't|never) (?:tell|inform|(?:report|mention) (?:this |it )?to) the (?:judge|reviewer|grader)\b"
    r"|\bnew (?:system )?instructions?\s*:"
    r"|\b(?:ignoriere|vergiss|missachte)\b[^\n.]{0,40}\b(?:anweisung|regel|vorgabe)\w*"
    r"|\b(?:ignorez|oubliez|ignore)\b[^\n.]{0,40}\binstructions?\b"
    r"|\b(?:ignora|ignore|olvida|olvide)\b[^\n.]{0,40}\b(?:instrucciones|istruzioni|instru[cç](?:o|\u00f5)es)\b"
    r"|(?:\u5ffd\u7565|\u65e0\u89c6|\u5ffd\u8996|\u7121\u8996)[^\n]{0,12}(?:\u6307\u4ee4|\u6307\u793a|\u8bf4\u660e)",
    re.IGNORECASE,
)
_SIGNS_TO_JUDGE = (
    *("judge", "grader", "evaluator", "verifier", "annotator", "reviewer", "mark ", "rate ", "score ", "treat "),
    *("grade ", "count ", "this run ", "is_valid", "verdict", "judgment", "end of the recording"),
)
_SIGNS_TO_MODEL = (
    *("system", "assistant", "instru", "tool_", "judge", "verdict", "reviewer", "grader", "anweisung", "regel"),
    *("vorgabe", "istruzioni", "\u5ffd\u7565", "\u65e0\u89c6", "\u5ffd\u8996", "\u7121\u8996"),
)
_SAID = ((_TO_JUDGE, _SIGNS_TO_JUDGE), (_TO_MODEL, _SIGNS_TO_MODEL), (SPEAKS, SIGNS))
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([nrt]))")
# Letters of other alphabets that look like Latin ones (a selection of Unicode's confusables.txt).
_ALIKE = dict(
    zip(
        "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455\u0458\u0501\u04bb\u051b\u051d\u0475\u043a\u043c"
        "\u043d\u0442\u0432\u03bf\u03b1\u03b5\u03b9\u03bd\u03c1\u03c4\u03c5\u03c7\u03ba\u0131\u0261\u0251\u2502\uff5c",
        "aeopcyxisjdhqwvkmhtboaeivptuxkiga||",
        strict=True,
    )
)


def talk_in(trajectory: FailedTrajectory, *, first_step: int = 1, last_step: int | None = None) -> tuple[Evidence, ...]:
    """Places that talk to their reader, at most 20.

    Looked for in the system prompt (step 0) and in all of steps `first_step`..`last_step` (1-based, both
    included) that a judge is shown.
    """
    steps = range(first_step, (last_step or len(trajectory.steps)) + 1)
    looked_at = [(0, Field.SYSTEM), *((number, field) for number in steps for field in _LOOKED_AT)]
    found = (
        cut(trajectory, step=number, field=field, start=start, end=end)
        for number, field in looked_at
        for start, end in talk_spans(field_text(trajectory, number, field), result=field is Field.OBSERVATION)
    )
    return tuple(islice(found, _MOST))


def talk_spans(text: str, *, result: bool = True) -> list[tuple[int, int]]:
    """(start, end) of each such place in `text`, in order; with `result` false only of what is said to a judge."""
    said = _SAID if result else _SAID[:1]
    spans = [match.span() for pattern, signs in said for match in found_near(pattern, signs, text)]
    if len(text) <= _LONGEST and ("\\" in text or not text.isascii()):
        folded, places = _as_seen(text)
        spans += [
            (places[match.start()], places[match.end()])
            for pattern, signs in said
            for match in found_near(pattern, signs, folded)
            if match.end() > match.start()
        ]
    return list(_joined(sorted(spans)))


def _joined(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans that touch or overlap as one."""
    last: tuple[int, int] | None = None
    for start, end in spans:
        if last and start <= last[1]:
            last = (last[0], max(last[1], end))
            continue
        if last:
            yield last
        last = (start, end)
    if last:
        yield last


def _as_seen(text: str) -> tuple[str, list[int]]:
    """(`text` as it looks, the offset in `text` of each of its characters and of its end)."""
    seen: list[str] = []
    places: list[int] = []
    position = 0
    while position < len(text):
        end, look = position + 1, text[position]
        if look == "\\" and (escape := _ESCAPE.match(text, position)):
            end = escape.end()
            look = _look(chr(int(escape[1], 16))) if escape[1] else "\n"
        elif not look.isascii():
            look = _look(look)
        seen.append(look)
        places += [position] * len(look)
        position = end
    return "".join(seen), [*places, len(text)]


@lru_cache(maxsize=4096)
def _look(character: str) -> str:
    """What one character looks like in plain letters; nothing if it is invisible or an accent."""
    plain = unicodedata.normalize("NFKD", character).casefold()
    return "".join(
        _ALIKE.get(one, one) for one in plain if unicodedata.category(one) not in ("Cf", "Mn", "Me", "Cc", "Cs", "Co")
    )
