"""What people type: text that can be seen at all, the names that reviewers give themselves, and tags."""

import getpass
import re
import unicodedata

from core.errors import UserError

LONGEST_NAME = 60  # characters
LONGEST_TAG = 40
LONGEST_REQUEST = 20_000  # characters of an edit; as the pane has it (`editor.js`)
LONGEST_ANSWER = 200_000
LONGEST_NOTE = 2_000  # as the pane has it (`asks.js`)
# Letters, marks and symbols by category that draw nothing all the same: fillers, joiners, variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def can_be_seen(text: str) -> bool:
    """Whether `text` holds one letter, digit, sign or symbol that a screen draws."""
    return any(unicodedata.category(c)[0] in "LNPS" for c in _BLANK.sub("", text))


def too_long(request: str, answer: str | None) -> str:
    """Why an edit is too long to be kept, or nothing."""
    for what, text, most in (("request", request, LONGEST_REQUEST), ("answer", answer or "", LONGEST_ANSWER)):
        if len(text) > most:
            return f"the {what} has {len(text):,} characters; it may have {most:,}. Shorten it."
    return ""


def reviewer_name(given: str) -> str:
    """The one spelling under which a name is stored; raises `UserError` for what cannot be one."""
    return _plain(given, "A reviewer's name", LONGEST_NAME)


def tag_name(given: str) -> str:
    """The same for a tag, which holds no comma because commas stand between the tags of a run."""
    return _plain(given.replace(",", " "), "A tag", LONGEST_TAG)


def _plain(given: str, what: str, longest: int) -> str:
    """NFC, single blanks, nothing around it.

    Raises `UserError` for what is blank, longer than `longest`, or holds characters that a screen hides or
    obeys: two names that look the same must be the same.
    """
    name = " ".join(unicodedata.normalize("NFC", given).split())
    hidden = sorted({c for c in name if unicodedata.category(c)[0] == "C" or _BLANK.match(c)})
    if hidden:
        codes = ", ".join(f"U+{ord(c):04X}" for c in hidden[:3])
        raise UserError(f"{what} cannot hold invisible characters ({codes}). Type it anew.")
    if not can_be_seen(name):
        raise UserError(f"{what} needs at least one letter or digit.")
    if len(name) > longest:
        raise UserError(f"{what} has at most {longest} characters; this one has {len(name)}. Shorten it.")
    return name


def account_name() -> str:
    """The name of the account that runs this program, as a reviewer's name."""
    try:
        return reviewer_name(getpass.getuser())
    except (KeyError, OSError, UserError):  # a container without a user database
        return "reviewer"
