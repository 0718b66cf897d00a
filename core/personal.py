"""Secrets and personal data in a text, found by plain rules: no model, no network, the same answer every time.

Rules and not a library: the scanners for secrets read source files line by line, those for personal data bring
language models. A rule asks for a form that ordinary text does not have, and for a check digit where there is one;
names and street addresses have no such form and are not looked for.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

_KEYS = re.compile(
    r"\bsk-(?:[a-z]{2,10}\d*-){0,2}[\w-]{20,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bgh[oprsu]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20,}"
    r"|\bxox[abeoprs]-[\w-]{10,}"
    r"|\bAIza[\w-]{35}"
    r"|\b[prs]k_(?:live|test)_\w{16,}"
    r"|\bhf_[A-Za-z0-9]{30,}|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgEI[\w-]{50,}|\bSG\.[\w-]{16,}\.[\w-]{16,}"
    r"|\beyJ[\w-]{10,}+\.[\w-]{10,}+\.[\w-]{10,}+"
    r"|(?<=[Bb]earer )[\w.~+/-]{16,}=*"
)
_KEY_SIGNS = (
    *("sk-", "AKIA", "ASIA", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-", "xox", "AIza"),
    *("k_live_", "k_test_", "hf_", "npm_", "pypi-AgEI", "SG.", "eyJ", "earer "),
)
# Each rule begins with a look for what its finds cannot do without: a plain look is many times faster than a pattern,
# and a pattern that begins with a set of characters many times faster than one that first looks behind itself.
_SECRET_SIGNS = ("passw", "passphrase", "secret", "key", "token")
_MAY_BE_IBAN = re.compile(r"[A-Z][A-Z]\d\d")
_MAY_BE_CARD = re.compile(r"\d[\d -]{11,}\d")
_MAY_BE_PHONE = re.compile(r"\d[-.]\d{4}")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_CALLED_SO = (
    r"passw(?:or)?d|passphrase|secret|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|(?:access|auth|bearer|refresh|session|api|bot)[_-]?token"
)
# Of an argument as a whole; in a text these words stand before much else.
_WHOLE_NAME = re.compile(r"token|pwd|bearer|credentials?|authori[sz]ation", re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"(?:{_CALLED_SO})\\?[\"']?\s{{0,3}}[:=]\s{{0,3}}"
    r"(?:\\?[\"']([^\s\"'\\]{6,200})|(?=[^\s\"'\\]{0,40}\d)([\w@#$%^&*+!~-]{8,200})(?![\w.(\[]))",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"://[^\s/:@\"']{1,64}:([^\s/@\"']{3,200})@")
_EMAIL = re.compile(r"(?<![\w.%+-])(?!git@)[\w.%+-]{1,64}+@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}\b")
_IBAN = re.compile(r"(?<![A-Za-z0-9])(?=([A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}))")  # two may stand side by side
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)")
_NETWORKS = re.compile(
    r"4\d{12}(?:\d{3}(?:\d{3})?)?|(?:5[1-5]\d\d|2(?:2[2-9]|[3-6]\d|7[01])\d|2720|222[1-9])\d{12}|3[47]\d{13}"
    r"|(?:6011|65\d\d|64[4-9]\d|35[2-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}"
)
_PHONE = re.compile(
    r"(?<![\w.+/-])\+[1-9]\d{0,2}(?:[ .-]?\(?\d{2,4}\)?){2,5}(?![\w-]|\.\d)"
    r"|(?<![\w.+/-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}(?![\w-]|\.\d)"
)
# Characters of an IBAN by country (ISO 13616 registry).
_IBAN_LENGTHS = {
    code: length
    for length, codes in {
        15: "NO", 16: "BE", 18: "DK FO FI GL NL", 19: "MK SI", 20: "AT BA EE KZ LT LU XK", 21: "HR LV LI CH",
        22: "BH BG CR GE DE IE ME RS GB VA", 23: "GI IL TL AE", 24: "AD CZ MD PK RO SA SK ES SE TN VG",
        25: "PT", 26: "IS TR", 27: "BI FR GR IT MR MC SM", 28: "AL AZ BY CY DO GT HU LB PL", 29: "BR EG PS QA UA",
        30: "JO KW MU", 31: "MT SC", 32: "LC",
    }.items()
    for code in codes.split()
}  # fmt: skip

SECRET = frozenset({"private_key", "api_key", "password"})  # kinds that open something; the others speak of a person
_SHORT = 300  # characters; such texts repeat from row to row: names, descriptions and arguments of tools

Spans = Iterator[tuple[int, int]]
Finds = tuple[tuple[int, int, str], ...]


def names_secret(key: str, value: str) -> bool:
    """Whether `value` is a secret because of the name that it stands under in an object."""
    return _calls_secret(key) and _is_secret(value) and " " not in value


@lru_cache(maxsize=4096)
def _calls_secret(name: str) -> bool:
    return bool(re.search(_CALLED_SO, name, re.IGNORECASE) or _WHOLE_NAME.fullmatch(name))


def find_personal(text: str) -> Finds:
    """(start, end, kind) of each find, in order and without overlaps; where two rules agree, the earlier rule's.

    Kinds: private_key, password, api_key, email, iban, card, phone.
    """
    return _found_in_short(text) if len(text) <= _SHORT else _found(text)


def _found(text: str) -> Finds:
    found: list[tuple[int, int, str]] = []
    for kind, rule in _RULES.items():
        for start, end in rule(text):
            if all(end <= other_start or other_end <= start for other_start, other_end, _ in found):
                found.append((start, end, kind))
    return tuple(sorted(found))


_found_in_short = lru_cache(maxsize=16_384)(_found)


def _private_keys(text: str) -> Spans:
    if "PRIVATE KEY-----" in text:
        yield from (match.span() for match in _PRIVATE_KEY.finditer(text))


def _api_keys(text: str) -> Spans:
    if any(sign in text for sign in _KEY_SIGNS):
        yield from (match.span() for match in _KEYS.finditer(text))


def _passwords(text: str) -> Spans:
    if "://" in text and "@" in text:
        yield from (match.span(1) for match in _IN_ADDRESS.finditer(text))
    if ("=" in text or ":" in text) and _speaks_of_secrets(text):
        for match in _ASSIGNED.finditer(text):
            group = 1 if match[1] else 2
            if _is_secret(match[group]):
                yield match.span(group)


def _speaks_of_secrets(text: str) -> bool:
    folded = text.casefold()
    return any(sign in folded for sign in _SECRET_SIGNS)


def _is_secret(value: str) -> bool:
    """A word of letters alone is rather a type or a sample, and stars, brackets or a variable stand for a secret."""
    plain = value.isalpha() or len(value) < 6 or value[0] in "<{[$*%(" or value.lower().startswith(("your", "example"))
    return not plain and any(character.isalnum() for character in value) and "***" not in value


def _emails(text: str) -> Spans:
    if "@" in text:
        yield from (match.span() for match in _EMAIL.finditer(text))


def _ibans(text: str) -> Spans:
    for match in _IBAN.finditer(text) if _MAY_BE_IBAN.search(text) else ():
        length = _IBAN_LENGTHS.get(match[1][:2], 0)
        places = [place for place, character in enumerate(match[1]) if character != " "]
        if not length or len(places) < length:
            continue
        end = places[length - 1] + 1
        code = match[1][:end].replace(" ", "")
        if int("".join(str(int(character, 36)) for character in code[4:] + code[:4])) % 97 == 1:
            yield match.start(), match.start() + end


def _cards(text: str) -> Spans:
    for match in _CARD.finditer(text) if _MAY_BE_CARD.search(text) else ():
        digits = re.sub(r"[ -]", "", match[0])
        if digits.isascii() and _NETWORKS.fullmatch(digits) and _luhn(digits):
            yield match.span()


def _luhn(digits: str) -> bool:
    """Check digit of payment cards (ISO/IEC 7812-1)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(int(digit) for digit in digits[::-2])) % 10 == 0


def _phones(text: str) -> Spans:
    for match in _PHONE.finditer(text) if "+" in text or _MAY_BE_PHONE.search(text) else ():
        if 8 <= sum(character.isdigit() for character in match[0]) <= 15:
            yield match.span()


_RULES: dict[str, Callable[[str], Spans]] = {
    "private_key": _private_keys,
    "api_key": _api_keys,
    "password": _passwords,
    "email": _emails,
    "iban": _ibans,
    "card": _cards,
    "phone": _phones,
}
