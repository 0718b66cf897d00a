"""A `find` as a request: which files, where, and what is done with each; None where a condition cannot be told.

A condition left out would make the request ask for more than was done, so every test must have words.
"""

import re
from collections.abc import Callable, Sequence

_THINGS = {"f": "files", "d": "folders", "l": "symbolic links"}
_SAME = {"-print", "-print0", "-depth", "-mount", "-xdev", "-noleaf", "-follow", "(", ")", "-a", "-and"}
_UNITS = {"c": "bytes", "w": "words of two bytes", "b": "blocks", "": "blocks"}
_MEASURE = {"+": "of more than", "-": "of less than", "": "of exactly"}
_NOT = {"!", "-not"}
_OR = {"-o", "-or"}
_NAMES = {"-name", "-iname"}


def find_request(arguments: Sequence[str]) -> str | None:
    """`find all files named *.py changed in the last day under src and count the lines of each`."""
    tests, command, rest = _parts(arguments)
    first = next((at for at, word in enumerate(tests) if word.startswith("-") or word in _NOT | {"(", ")"}), len(tests))
    places, tests = tests[:first], tests[first:]
    told = _told(tests)
    if told is None or rest:
        return None
    things, which, depth = told
    where = " and ".join(places) if places and places != ["."] else "the current folder"
    request = f"find all {things}{which} {depth or 'under'} {where}"
    if not command:
        return request
    done = each_told(command)
    return f"{request} {done}" if done else None


def _parts(arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """(places and tests, the command run on each, what follows it)."""
    words = list(arguments)
    at = next((n for n, word in enumerate(words) if word in ("-exec", "-execdir", "-delete", "-ls", "-printf")), None)
    if at is None:
        return words, [], []
    if words[at] in ("-delete", "-ls"):
        return words[:at], ["rm"] if words[at] == "-delete" else ["ls", "-l"], words[at + 1 :]
    if words[at] == "-printf":
        names = words[at + 1 : at + 2] in (["%p\\n"], ["%f\\n"], ["%P\\n"])
        return words[:at], [], words[at + 2 :] if names else words[at:]
    end = next((n for n in range(at, len(words)) if words[n] in (";", "+", "\\;")), len(words))
    return words[:at], words[at + 1 : end], [word for word in words[end + 1 :] if word not in _SAME]


def _told(tests: list[str]) -> tuple[str, str, str] | None:
    """(the things, what they are like, how deep) of a find's tests."""
    things, depth, said = "", "", []
    names: list[str] = []
    at, no, either = 0, False, False
    while at < len(tests):
        word = tests[at]
        value = tests[at + 1] if at + 1 < len(tests) else ""
        at += 1
        if word in _SAME:
            continue
        if word in _NOT:
            no = True
            continue
        if word in _OR:
            if not names or value not in _NAMES:
                return None  # only names are told as alternatives
            either = True
            continue
        if word == "-empty":
            said.append(f"that are {'not ' if no else ''}empty")
        elif not value:
            return None
        elif word == "-type" and value in _THINGS and not no:
            things = _THINGS[value]
        elif word == "-maxdepth" and value == "1":
            depth = "directly in"
        elif word in _NAMES and not no and (either or not names):
            names.append(value)
        elif word in _CONDITIONS and (words := _CONDITIONS[word](value)):
            said.append(f"not {words}" if no else words)
        else:
            return None
        at += word != "-empty"
        no = either = False
    named = f" named {' or '.join(names)}" if names else ""
    things = things or ("files" if any("." in name for name in names) else "files and folders")
    return things, f"{named}{' ' if said else ''}{' and '.join(said)}", depth


def _size(value: str) -> str:
    found = re.fullmatch(r"([+-]?)(\d+)([bcwkMG]?)", value)
    if not found:
        return ""
    size = f"{found[2]}{found[3]}" if found[3] in ("k", "M", "G") else f"{found[2]} {_UNITS[found[3]]}"
    return f"{_MEASURE[found[1]]} {size}"


def _time(done: str, unit: str) -> Callable[[str], str]:
    def told(value: str) -> str:
        found = re.fullmatch(r"([+-]?)(\d+)", value)
        if not found:
            return ""
        span = f"{found[2]} {unit}{'' if found[2] == '1' else 's'}"
        return f"{done} " + {
            "-": f"in the last {unit if found[2] == '1' else span}", "+": f"more than {span} ago", "": f"{span} ago",
        }[found[1]]  # fmt: skip

    return told


def _path(value: str) -> str:
    inner = value.strip("*").strip("/")
    return f"with {inner} in the path" if inner and value.startswith("*") and value.endswith("*") else ""


_CONDITIONS: dict[str, Callable[[str], str]] = {
    "-size": _size,
    "-mtime": _time("changed", "day"),
    "-mmin": _time("changed", "minute"),
    "-atime": _time("read", "day"),
    "-amin": _time("read", "minute"),
    "-ctime": _time("changed or moved", "day"),
    "-newer": lambda value: f"newer than {value}",
    "-user": lambda value: f"owned by {value}",
    "-group": lambda value: f"of the group {value}",
    "-perm": lambda value: f"with the permissions {value}" if re.fullmatch(r"\d+", value) else "",
    "-path": _path,
    "-ipath": _path,
    "-wholename": _path,
    "-name": lambda value: f"named {value}",  # after a `not`
    "-iname": lambda value: f"named {value}",
}


def each_told(command: Sequence[str]) -> str | None:  # noqa: PLR0911 - one line a command
    """What is done with each file that was found, by `-exec` or `xargs`; None where it cannot be told."""
    words = [word for word in command if word not in ("{}", "-0", "-r")]
    if not words:
        return None
    name, flags = words[0], [word for word in words[1:] if word.startswith("-")]
    plain = [word for word in words[1:] if not word.startswith("-")]
    match name:
        case "grep" if len(plain) == 1 and not re.search(r"[\[\]\\^$*+?|(){}]", plain[0]):
            if any("c" in flag for flag in flags):
                return f'and count the lines with "{plain[0]}" in each'
            if any("l" in flag for flag in flags):
                return f'that hold "{plain[0]}"'
            return None if any("o" in flag for flag in flags) else f'and show the lines with "{plain[0]}" in them'
        case "wc":
            thing = {"-l": "lines", "-w": "words", "-m": "characters"}.get(flags[0] if flags else "")
            return f"and count the {thing} of each" if thing else "and give the size of each"
        case "cp" | "mv" if len(plain) == 1 and "-t" not in flags:
            where = "the current folder" if plain[0] == "." else plain[0]
            return f"and {'copy' if name == 'cp' else 'move'} them to {where}"
        case "chmod" if len(plain) == 1:
            return f"and set their permissions to {plain[0]}"
        case "chown" if len(plain) == 1:
            return f"and give them to {plain[0]}"
    fixed = _EACH.get(name)
    return fixed if fixed and not plain else None


_EACH = {
    "md5sum": "and compute the md5sum of each",
    "sha1sum": "and compute the sha1sum of each",
    "sha256sum": "and compute the sha256sum of each",
    "ls": "with their details",
    "stat": "with their details",
    "rm": "and delete them",
    "cat": "and show me what is in them",
    "du": "and tell me how much space each takes",
    "file": "and tell me the type of each",
    "gzip": "and compress each with gzip",
    "head": "and show me the first lines of each",
    "tail": "and show me the last lines of each",
    "basename": "with their names only",
    "touch": "and set their dates to now",
}
