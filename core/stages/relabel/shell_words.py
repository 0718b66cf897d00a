"""A shell command as a request: what a person would ask for who does not know the command."""

import re
import shlex

_LONGEST = 2_000  # characters; a longer command is no one sentence


def shell_request(command: str) -> str | None:
    """A clause for the main command and what its pipe adds; None for commands that have no plain wording."""
    if not command.strip() or len(command) > _LONGEST or len(command.splitlines()) > 1:
        return None
    if re.search(r"\$\(|`|<\(|\|\||\bfor\b|\bwhile\b", command):
        return None
    parts = [part.strip() for part in re.split(r"&&|(?<!\\);", command) if part.strip()]
    parts = [part for part in parts if not re.match(r"cd\s|export\s|set\s|echo\b", part)]
    clauses = [_pipeline(part) for part in parts]
    if not clauses or any(clause is None for clause in clauses) or len(clauses) > 3:
        return None
    return ", then ".join(clause for clause in clauses if clause)


def _pipeline(command: str) -> str | None:
    stages = [part.strip() for part in re.split(r"(?<!\|)\|(?!\|)", command)]
    request = _single(stages[0])
    if request is None:
        return None
    if len(stages) == 1:
        return request
    return _with_pipe(request, stages[1:])


def _words(stage: str) -> list[str] | None:
    try:
        return shlex.split(re.sub(r"\s\d?>{1,2}\s?(?:/dev/null|&1)", "", stage))
    except ValueError:
        return None


def _single(stage: str) -> str | None:  # noqa: PLR0911, PLR0912 - one line a command
    words = _words(stage)
    if not words:
        return None
    name, arguments = words[0], words[1:]
    flags = [w for w in arguments if w.startswith("-")]
    plain = [w for w in arguments if not w.startswith("-")]
    where = plain[-1] if plain else ""
    match name:
        case "ls":
            hidden = " including hidden ones" if any("a" in flag for flag in flags) else ""
            long = ", with their sizes and dates" if any("l" in flag for flag in flags) else ""
            long += ", and in all folders below" if any("R" in flag for flag in flags) else ""
            if any("d" in flag for flag in flags):
                return f"show me the details of {' and '.join(plain) or 'the current folder'} itself"
            return f"list the files in {where or 'the current folder'}{hidden}{long}"
        case "cat" | "less" | "more" if where:
            return f"show me what is in {' and '.join(plain)}"
        case "head" | "tail" if where:
            return f"show me the {'first' if name == 'head' else 'last'} lines of {where}"
        case "find":
            return _find(arguments)
        case "grep" | "egrep" | "rg" if (
            len(plain) >= 2 and not _is_pattern(plain[0]) and not any("o" in f for f in flags if not f.startswith("--"))
        ):
            return f'find the lines with "{plain[0]}" in {" ".join(plain[1:])}'
        case "wc" if where:
            thing = {"-l": "lines", "-w": "words", "-c": "bytes"}.get(flags[0] if flags else "-l", "lines")
            return f"count the {thing} in {' '.join(plain)}"
        case "du" if where:
            return f"tell me how much space {where} takes"
        case "df":
            return "tell me how much disk space is free"
        case "ps":
            return "list the running processes"
        case "pwd":
            return "tell me which folder we are in"
        case "mkdir" if where:
            return f"create the folder {' and '.join(plain)}"
        case "touch" if where:
            return f"create the file {' and '.join(plain)}"
        case "rm" | "rmdir" if where:
            return f"delete {' and '.join(plain)}"
        case "mv" | "cp" if len(plain) == 2:
            return f"{'move' if name == 'mv' else 'copy'} {plain[0]} to {plain[1]}"
        case "md5sum" | "sha256sum" | "sha1sum" if where:
            return f"compute the {name} of {' and '.join(plain)}"
        case "python" | "python3" | "node" | "sh" | "bash" if where and not {"-c", "-m"} & set(flags):
            return f"run {' '.join(plain)} and tell me what it prints"
        case "tar" if len(plain) >= 2 and any("c" in w for w in words[1:2]):
            names = plain if flags else plain[1:]
            if not all(re.fullmatch(r"[\w./~-]+", each) for each in names):
                return None
            return f"pack {' and '.join(names[1:])} into {names[0]}" if len(names) > 1 else None
        case "tar" if where and any("t" in w for w in words[1:2]):
            return f"list what is in {plain[0] if flags else plain[-1]}"
        case "strings" | "file" | "zcat" | "xxd" if where:
            what = {"strings": "readable text", "file": "file type", "xxd": "hex dump"}.get(name, "content")
            return f"show me the {what} of {' and '.join(plain)}"
        case "unzip" | "gunzip" if where and not any("l" in f for f in flags):
            return f"unpack {where}"
        case "diff" if len(plain) == 2:
            folders = any("r" in flag for flag in flags)
            return f"tell me how {'the folders ' if folders else ''}{plain[0]} and {plain[1]} differ"
        case "sort" if where and len(plain) == 1:
            return f"show me the lines of {where}, sorted{', each once' if any('u' in f for f in flags) else ''}"
        case "ln" if len(plain) == 2 and any("s" in flag for flag in flags):
            return f"make a symbolic link {plain[1]} to {plain[0]}"
        case "chmod" if len(plain) >= 2:
            return f"set the permissions of {' and '.join(plain[1:])} to {plain[0]}"
        case "which" | "type" if where:
            return f"tell me where {' and '.join(plain)} is installed"
        case "cut" if where:
            return f"show me one column of {where}"
        case "stat" if where:
            return f"show me the details of {where}"
        case "uname" | "whoami" | "hostname" | "date" | "uptime" | "env":
            return f"tell me what {name} says"
    return None


def _is_pattern(text: str) -> bool:
    """Whether a search word is a regular expression, which no person would say."""
    return bool(re.search(r"[\[\]\\^$*+?|(){}]", text))


def _find(arguments: list[str]) -> str | None:
    where = next((w for w in arguments[:3] if not w.startswith(("-", "(", "\\", "!"))), "the current folder")
    named = [arguments[i + 1] for i, w in enumerate(arguments[:-1]) if w in ("-name", "-iname")]
    kind = next((arguments[i + 1] for i, w in enumerate(arguments[:-1]) if w == "-type"), "f")
    known = {
        "-name",
        "-iname",
        "-type",
        "-print",
        "-maxdepth",
        "-exec",
        "-size",
        "-empty",
        "-o",
        "-ls",
        "-printf",
        "-print0",
    }
    tests = arguments[: arguments.index("-exec")] if "-exec" in arguments else arguments
    if any(w.startswith("-") and w not in known for w in tests) or arguments.count("-exec") > 1:
        return None  # a condition left out would make the request ask for more than was done
    things = "folders" if kind == "d" else "files"
    which = f" named {' or '.join(named)}" if named else ""
    size = next((arguments[i + 1] for i, w in enumerate(arguments[:-1]) if w == "-size"), "")
    if size:
        which += f" with size {size}"
    if "-empty" in arguments:
        things = f"empty {things}"
    request = f"find all {things}{which} under {where}"
    if "-exec" in arguments:
        run = arguments[arguments.index("-exec") + 1 :]
        told = {
            "wc": "and give the size of each",
            "md5sum": "and compute the md5sum of each",
            "ls": "with their details",
            "rm": "and delete them",
            "cat": "and show me what is in them",
            "grep": "",
            "stat": "with their details",
            "du": "and give the size of each",
        }
        what = told.get(run[0] if run else "")
        if what is None:
            return None
        if run[0] == "grep":
            pattern = next((w for w in run[1:] if not w.startswith("-")), "")
            what = f'that hold "{pattern}"'
        request = f"{request} {what}"
    return request


def _with_pipe(request: str, stages: list[str]) -> str | None:
    for stage in stages:
        words = _words(stage)
        if not words:
            return None
        name, flags = words[0], [w for w in words[1:] if w.startswith("-")]
        if name == "wc":
            thing = "words" if "-w" in flags else "lines" if not request.startswith(("find all", "list")) else ""
            if request.endswith(" and show me what is in them"):
                found = request.removeprefix("find ").removesuffix(" and show me what is in them")
                request = f"count the {'words' if '-w' in flags else 'lines'} in {found}"
                continue
            request = f"tell me how many there are: {request}" if not thing else f"{request} and count the {thing}"
        elif name == "grep" and len(words) > 1:
            pattern = next((w for w in words[1:] if not w.startswith("-")), "")
            if _is_pattern(pattern) or any("o" in f or "c" in f for f in flags):
                return None
            request = f'{request}, only those {"without" if "-v" in flags else "with"} "{pattern}"'
        elif name == "sort":
            request = f"{request}, sorted{' from high to low' if any('r' in f for f in flags) else ''}"
        elif name == "uniq":
            how = "with how often each occurs" if "-c" in flags else "each only once"
            request = f"{request.removesuffix(', sorted')}, {how}"
        elif name in ("head", "tail"):
            number = next((re.sub(r"\D", "", w) for w in words[1:] if re.search(r"\d", w)), "")
            which = "first" if name == "head" else "last"
            request = f"{request}, only the {which} {'one' if number == '1' else number or 'ones'}"
        elif name in ("xargs", "awk", "cut", "tr", "sed") and stage != stages[-1]:
            continue
        elif name in ("md5sum", "sha256sum"):
            request = f"{request}, and compute the {name} of that"
        else:
            return None
    return request
