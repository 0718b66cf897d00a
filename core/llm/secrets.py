"""Keys and passwords in what a server says: hidden before any of it leaves this package.

A server may answer with the request that it got, key and all; a fault text goes to the terminal and
into the database, and from there to whoever gets a copy.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

_SHOWN = "***"
_LONG = 8  # characters from which a secret is hidden inside longer words too; `none` is a key as well
# What keys of well-known services look like, a scheme with a token, and JSON web tokens.
_LOOKS_LIKE_A_KEY = (
    r"\bsk-[\w*.\-]{4,}"
    r"|\b(?:rk|pk|gsk|xai|hf)[-_](?=[\w\-]{0,64}\d)[\w\-]{16,}"
    r"|(?<=[Bb]earer )[\w.~+/\-]{8,}=*"
    r"|(?<![\w\-])eyJ[\w\-]{10,}+\.[\w.\-]+"
)


def secrets_of(key: str | None, address: str | None) -> list[str]:
    """What must not be shown of a key and an address with an account in it, in every spelling on the wire."""
    found = [key or ""]
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return found
    if parts.username is not None:
        account, _, _ = parts.netloc.rpartition("@")
        found += [parts.password or parts.username, b64encode(unquote(account).encode()).decode()]
    return [spelling for secret in found for spelling in {secret, unquote(secret)} if spelling]


class Hide:
    """Puts *** in place of each secret, and of whatever looks like a key."""

    def __init__(self, secrets: Iterable[str]) -> None:
        ordered = sorted(set(secrets), key=len, reverse=True)
        long = [re.escape(secret) for secret in ordered if len(secret) >= _LONG]
        short = [rf"(?<!\w){re.escape(secret)}(?!\w)" for secret in ordered if len(secret) < _LONG]
        self._all = re.compile("|".join([*long, *short, _LOOKS_LIKE_A_KEY]))
        self._sure = re.compile("|".join(long) or r"(?!)")

    def __call__(self, text: str) -> str:
        """A text about a fault, of which nothing is lost by hiding too much."""
        return self._all.sub(_SHOWN, text)

    def in_answer(self, text: str) -> str:
        """A text that is used: the word `ollama`, which is a key as well, stays, as does what only looks like one."""
        return self._sure.sub(_SHOWN, text)
