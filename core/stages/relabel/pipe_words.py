"""What a stage of a pipe does to what comes before it, in words: counted, sorted, cut, changed, saved."""

import re

from core.stages.relabel.find_words import each_told

_FIELD = re.compile(r"\s*\{\s*print\s+\$(\d+|NF)\s*;?\s*\}\s*")
_SUM = re.compile(
    r"\s*\{\s*(\w+)\s*\+=\s*\$\w+\s*;?\s*\}\s*END\s*\{\s*print\s+\1(\s*/\s*(?:NR|\w+))?\s*;?\s*\}\s*", re.IGNORECASE
)
_SWAP = re.compile(r"s([/|#,])([^\\\[\]^$*+?.]+?)\1([^\\&]*?)\1(g?)")
_LINES = re.compile(r"(\d+)(?:,(\d+|\$))?p")
_CASES = {
    ("a-z", "A-Z"): "capital", ("[:lower:]", "[:upper:]"): "capital",
    ("A-Z", "a-z"): "small", ("[:upper:]", "[:lower:]"): "small",
}  # fmt: skip
# Stages that keep what a line says, so that a column that was cut out before them is still all that is shown.
_KEEPING = {"sort", "uniq", "head", "tail", "cat", "less", "more", "column", "nl", "tac"}
_BLANK = {" ", "\\n", "\n", "[:space:]", " \\n", "\\r", "\r"}


def is_pattern(text: str) -> bool:
    """Whether a search word is a regular expression, which no person would say."""
    return bool(re.search(r"[\[\]\\^$*+?|(){}]", text))


def shows(stages: list[list[str] | None]) -> bool:
    """Whether nothing more than order and number of the lines changes in the later `stages`."""
    return all(stage and stage[0] in _KEEPING for stage in stages)


def piped(request: str, words: list[str], *, last: bool) -> str | None:  # noqa: PLR0911, PLR0912 - one line a command
    """The request with what one more stage does; None where it cannot be told. `last`: what it shows is the answer."""
    name, flags = words[0], "".join(word[1:] for word in words[1:] if re.fullmatch(r"-[A-Za-z]+", word))
    plain = [word for word in words[1:] if not word.startswith("-")]
    match name:
        case "wc":
            return _counted(request, flags)
        case "grep" | "egrep" if plain and not is_pattern(plain[0]) and "o" not in flags and len(plain) == 1:
            if "c" in flags:
                return f'{request}, and count those with "{plain[0]}"'
            return f'{request}, only those {"without" if "v" in flags else "with"} "{plain[0]}"'
        case "sort":
            once = ", each only once" if "u" in flags else ""
            return f"{request}, sorted{' from high to low' if 'r' in flags else ''}{once}"
        case "uniq":
            how = f"each only once{', in upper or lower case' if 'i' in flags else ''}"
            if set(flags) & set("cdDu"):
                how = "with how often each occurs" if "c" in flags else "only those that occur once"
                how = "only those that occur more than once" if set(flags) & set("dD") else how
            return f"{request.removesuffix(', sorted')}, {how}"
        case "head" | "tail":
            number = next((re.sub(r"\D", "", word) for word in words[1:] if re.search(r"\d", word)), "")
            which = "first" if name == "head" else "last"
            return f"{request}, only the {which} {'one' if number == '1' else number or 'ones'}"
        case "md5sum" | "sha1sum" | "sha256sum":
            return f"{request}, and compute the {name} of that" if plain in ([], ["-"]) else None
        case "xargs":
            return _each(request, words[1:], last=last)
        case "tr" | "awk" | "sed":
            return _changed(request, name, flags, plain, last=last)
        case "cut":
            field = re.search(r"-f\s(\d+)\b(?!,|-)", " ".join(words[1:]))
            return _column(request, field[1] if field else "", last=last)
        case "nl":
            return f"{request}, with line numbers"
        case "rev" | "tac":
            return f"{request}, {'each line backwards' if name == 'rev' else 'from the last line to the first'}"
        case "column" | "cat" | "less" | "more":
            return request
    return None


def _counted(request: str, flags: str) -> str:
    thing = "words" if "w" in flags else "characters" if "m" in flags else "bytes" if "c" in flags else "lines"
    if request.endswith(" and show me what is in them"):
        found = request.removeprefix("find ").removesuffix(" and show me what is in them")
        return f"count the {thing} in {found}"
    if thing == "lines" and request.startswith(("find all ", "list ")):
        return f"count {request.partition(' ')[2]}"
    many = thing == "lines" and not request.startswith(("show me what is in", "take the text "))
    return f"tell me how many there are: {request}" if many else f"{request} and count the {thing}"


def _each(request: str, words: list[str], *, last: bool) -> str | None:
    """A command run on each line: on files, what is done with them; `xargs` alone only joins lines."""
    command = [word for word in words if word not in ("-I", "-I{}", "-0", "-r", "-n1", "-i")]
    command = command[1:] if command[:1] == ["{}"] else command
    if not command or command[0] == "echo":
        return request
    told = each_told(command)
    return f"{request} {told}" if told and request.startswith(("find ", "list ")) and last else None


def _changed(request: str, name: str, flags: str, plain: list[str], *, last: bool) -> str | None:  # noqa: PLR0911
    script = plain[0] if plain else ""
    if name == "tr":
        if "d" in flags:
            if script in ("\\n", "\n"):
                return f"{request}, all in one line"
            return request if script in _BLANK else f'{request}, without "{script}"' if script.isalnum() else None
        if (case := _CASES.get(tuple(plain))) is not None:  # type: ignore[arg-type]
            return f"{request}, all in {case} letters"
        return f'{request}, with "{plain[0]}" turned into "{plain[1]}"' if _letters(plain) else None
    if name == "sed":
        if "n" in flags and (found := _LINES.fullmatch(script)):
            end = f" to {'the last' if found[2] == '$' else found[2]}" if found[2] else ""
            return f"{request}, only line{'s' if end else ''} {found[1]}{end}"
        found = _SWAP.fullmatch(script)
        if not found or set(flags) - {"e", "E"}:
            return None
        if not found[3]:
            return f'{request}, without "{found[2]}"'
        return f'{request}, with "{found[2]}" replaced by "{found[3]}"'
    if found := _SUM.fullmatch(script):
        return f"{request}, and tell me {'the average' if found[2] else 'the sum'} of that"
    if re.fullmatch(r"\s*END\s*\{\s*print\s+NR\s*;?\s*\}\s*", script):
        return _counted(request, "l")
    if re.sub(r"\s", "", script).rstrip(";") in ("{$1=$1}1", "{$1=$1};1", "1"):
        return request
    return _column(request, found[1], last=last) if (found := _FIELD.fullmatch(script)) else None


def _letters(plain: list[str]) -> bool:
    return len(plain) == 2 and all(len(word) == 1 and word.isprintable() for word in plain)


def _column(request: str, field: str, *, last: bool) -> str | None:
    """One column: what stays of it only serves where more follows; at the end, the answer is that alone."""
    if not last:
        return request
    if not field or request.startswith(("find ", "list ")):
        return None  # which column of a listing that is, nobody would say by its number
    return f"{request}, only {'the last column' if field == 'NF' else f'column {field}'}"
