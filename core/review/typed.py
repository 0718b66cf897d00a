"""What people type: text that can be seen at all, and the names that reviewers give themselves."""

import getpass
import re
import unicodedata

from core.errors import UserError

LONGEST_NAME = 60  # characters
# Letters, marks and symbols by category that draw nothing all the same: fillers, joiners, variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def can_be_seen(text: str) -> bool:
    """Whether `text` holds one letter, digit, sign or symbol that a screen draws."""
    return any(unicodedata.category(c)[0] in "LNPS" for c in _BLANK.sub("", text))


def reviewer_name(given: str) -> str:
    """The one spelling under which a name is stored: NFC, single blanks, nothing around it.

    Raises `UserError` for a name that is blank, longer than `LONGEST_NAME`, or holds characters that a
    screen hides or obeys: two names that look the same must be the same.
    """
    name = " ".join(unicodedata.normalize("NFC", given).split())
    hidden = sorted({c for c in name if unicodedata.category(c)[0] == "C" or _BLANK.match(c)})
    if hidden:
        codes = ", ".join(f"U+{ord(c):04X}" for c in hidden[:3])
        raise UserError(f"A reviewer's name cannot hold invisible characters ({codes}). Type the name anew.")
    if not can_be_seen(name):
        raise UserError("A reviewer's name needs at least one letter or digit. Type a name.")
    if len(name) > LONGEST_NAME:
        raise UserError(
            f"A reviewer's name has at most {LONGEST_NAME} characters; this one has {len(name)}. Shorten it."
        )
    return name


def account_name() -> str:
    """The name of the account that runs this program, as a reviewer's name."""
    try:
        return reviewer_name(getpass.getuser())
    except (KeyError, OSError, UserError):  # a container without a user database
        return "reviewer"
