"""A shell command as a request: what a person would ask for who does not know the command."""

import re
import shlex
from itertools import pairwise

from core.stages.relabel.find_words import find_request
from core.stages.relabel.pipe_words import is_pattern, piped, shows

_LONGEST = 2_000  # characters; a longer command is no one sentence
_PIECE = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.|&&|\|\||[;|]|[^'\"\\;|&]+|[&'\"\\]", re.DOTALL)
_GLOB = re.compile(r"(?<!\S)([\w./~-]*[\w~])/\*(/ itself|/)?(?=[\s,]|$)")
_SILENT = re.compile(r"(?:cd|export|set|sleep|true|:|echo)(?:\s|$)")  # says nothing that is asked for
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def shell_request(command: str) -> str | None:
    """A clause for the main command and what its pipe adds; None for commands that have no plain wording."""
    if not command.strip() or len(command) > _LONGEST or len(command.strip().splitlines()) > 1:
        return None
    if re.search(r"\$\(|`|<\(|<<", command):
        return None
    lines = _pipelines(command)
    if lines is None:
        return None
    clauses, folder = [], ""
    for stages in lines:
        if found := re.fullmatch(r"cd\s+([\w./~-]+)", stages[0]):
            folder = found[1]
        elif len(stages) > 1 or not _SILENT.match(stages[0]) or _redirected(stages[0])[1]:
            clauses.append(_inside(folder, _pipeline(stages)))
    if not clauses or any(clause is None for clause in clauses) or len(clauses) > 3:
        return None
    return _GLOB.sub(_everything, ", then ".join(clause for clause in clauses if clause))


def _everything(found: re.Match[str]) -> str:
    """`logs/*` and `logs/*/` as a person says them."""
    return f"{'each folder' if found[2] else 'all files'} in {found[1]}"


def _inside(folder: str, clause: str | None) -> str | None:
    """The clause with the folder that the shell went to before, where it names no place of its own."""
    if not clause or not folder or re.search(r"[ \"][/~]", clause):
        return clause
    here = "the current folder"
    return clause.replace(here, folder) if here in clause else f"{clause}, in {folder}"


def _pipelines(command: str) -> list[list[str]] | None:
    """The commands of a line, each as the stages of its pipe, cut outside quotes; None where one decides on another."""
    lines = [[""]]
    for piece in _PIECE.findall(command.strip()):
        if piece in ("||", "&"):
            if piece == "&" and lines[-1][-1].rstrip().endswith(">"):  # 2>&1
                lines[-1][-1] += piece
                continue
            return None
        if piece in ("&&", ";"):
            lines.append([""])
        elif piece == "|":
            lines[-1].append("")
        else:
            lines[-1][-1] += piece
    stripped = [[stage.strip() for stage in stages] for stages in lines]
    kept = [stages for stages in stripped if any(stages)]
    return kept if all(all(stages) for stages in kept) else None


def _pipeline(stages: list[str]) -> str | None:
    last, into = _redirected(stages[-1])
    words = [_words(stage) for stage in (*stages[:-1], last)]
    request = _single(words[0]) if words[0] else None
    for place, stage in enumerate(words[1:], 2):
        request = piped(request, stage, last=shows(words[place:])) if request and stage else None
    return f"{request}{into}" if request else None


def _redirected(stage: str) -> tuple[str, str]:
    """A stage without the file that its output goes to, and that file in words."""
    found = re.fullmatch(r"(.*[^\d&>\s])\s*(>{1,2})\s*([\w./~-]+)", stage, re.DOTALL)
    if not found or found[3] == "/dev/null":
        return stage, ""
    return found[1], f", and {'add that to' if found[2] == '>>' else 'save that in'} {found[3]}"


def _words(stage: str) -> list[str] | None:
    try:
        return shlex.split(re.sub(r"\s\d?>{1,2}\s?(?:/dev/null|&\d)|\s<(?=\s*[\w./~])", " ", stage))
    except ValueError:
        return None


def _single(words: list[str]) -> str | None:  # noqa: PLR0911, PLR0912, PLR0915 - one line a command
    name, arguments = words[0], words[1:]
    flags = [w for w in arguments if w.startswith("-")]
    plain = [w for w in arguments if not w.startswith("-")]
    where = plain[-1] if plain else ""
    match name:
        case "sudo":
            return _single(arguments) if arguments and not arguments[0].startswith("-") else None
        case "echo" if plain:
            return f'take the text "{" ".join(plain)}"'
        case "ls":
            return _listing(flags, plain)
        case "cat" | "less" | "more" if where:
            return f"show me what is in {' and '.join(plain)}{_cat(flags)}"
        case "head" | "tail" if where:
            count = next((re.sub(r"\D", "", w) for w in arguments[:-1] if re.search(r"\d", w)), "")
            which = "first" if name == "head" else "last"
            return f"show me the {which} {'line' if count == '1' else f'{count} lines'.strip()} of {where}"
        case "find":
            return find_request(arguments)
        case "grep" | "egrep" | "rg" if len(plain) >= 2 and not is_pattern(plain[0]):
            return _grep(plain[0], plain[1:], "".join(f[1:] for f in flags if not f.startswith("--")))
        case "wc" if where:
            thing = {"-l": "lines", "-w": "words", "-c": "bytes", "-m": "characters"}.get(flags[0] if flags else "-l")
            return f"count the {thing} in {' '.join(plain)}" if thing else None
        case "du" if where:
            each = ", with each folder below" if any("a" in f or "d" in f for f in flags if f != "--all") else ""
            what = [f"each file and folder in {w[:-2]}" if w.endswith("/*") else w for w in plain]
            return f"tell me how much space {' and '.join(what)} takes{each}"
        case "df":
            disk = f" on the disk of {'the current folder' if where == '.' else where}" if where else ""
            return f"tell me how much disk space is available{disk}"
        case "ps" | "pstree":
            return "list the running processes" if name == "ps" else "show me the tree of running processes"
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
        case "tar":
            return _tar(words, plain, named=bool(flags))
        case "strings" | "file" | "zcat" | "xxd" | "hexdump" | "od" if where:
            return _content(name, arguments, flags, plain)
        case "unzip" | "gunzip" | "gzip" if where and not any("l" in f for f in flags):
            return f"{'compress' if name == 'gzip' else 'take everything out of'} {where}"
        case "diff" | "cmp" if len(plain) == 2:
            folders = any("r" in flag for flag in flags)
            return f"tell me how {'the folders ' if folders else ''}{plain[0]} and {plain[1]} differ"
        case "sort" if where and len(plain) == 1:
            return f"show me the lines of {where}, sorted{', each once' if any('u' in f for f in flags) else ''}"
        case "uniq" | "nl" | "tac" | "rev" if where and len(plain) == 1:
            return piped(f"show me what is in {where}", [name, *flags], last=True)
        case "sed" | "awk" | "tr" | "cut" if len(plain) >= 2:
            return piped(f"show me what is in {where}", [name, *arguments[:-1]], last=True)
        case "ln" if len(plain) == 2 and any("s" in flag for flag in flags):
            return f"make a symbolic link {plain[1]} to {plain[0]}"
        case "chmod" if len(plain) >= 2:
            return f"set the permissions of {' and '.join(plain[1:])} to {plain[0]}"
        case "which" | "type" if where:
            return f"tell me where {' and '.join(plain)} is installed"
        case "stat" if where:
            return f"show me the details of {where}"
        case "tree":
            return f"show me the tree of folders and files under {where or 'the current folder'}"
        case "cal" if len(plain) == 2 and plain[0] in map(str, range(1, 13)) and plain[1].isdigit() and not flags:
            return f"show me the days of {_MONTHS[int(plain[0]) - 1]} {plain[1]}"
        case "seq" if plain and len(plain) <= 2 and not flags:
            return f"count from {plain[0] if len(plain) == 2 else '1'} to {where}"
        case "dig" | "host" | "nslookup" if where and not plain[0].startswith(("+", "@")):
            return f"look up the address or name of {plain[0]}"
        case "ping" if where:
            return f"tell me whether {where} answers"
        case "curl" | "wget" if url := next((word for word in plain if re.match(r"https?://", word)), ""):
            into = next((after for word, after in pairwise(arguments) if word in ("-o", "--output", "-O")), "")
            return f"download {url} to {into}" if into and into != url else f"fetch {url}"
        case "pip" | "pip3" if plain[:1] == ["install"] and len(plain) > 1:
            return f"install {' and '.join(plain[1:])}"
        case "man" if where:
            return f"tell me how to use {where}"
        case "env" | "printenv" if not arguments:
            return "tell me which variables are set"
        case "uname" | "whoami" | "hostname" | "date" | "uptime" | "id" | "free" | "who" | "w":
            return f"tell me what {name} says"
    return None


def _listing(flags: list[str], plain: list[str]) -> str:
    hidden = " including hidden ones" if any("a" in flag for flag in flags) else ""
    long = ", with their sizes and dates" if any("l" in flag for flag in flags) else ""
    long += ", and in all folders below" if any("R" in flag for flag in flags) else ""
    long += ", sorted by date" if any("t" in flag for flag in flags) else ""
    long += ", sorted by size" if any("S" in flag for flag in flags) else ""
    if any("d" in flag for flag in flags):
        return f"show me the details of {' and '.join(plain) or 'the current folder'} itself"
    return f"list the files in {' and '.join(plain) or 'the current folder'}{hidden}{long}"


def _cat(flags: list[str]) -> str:
    said = "".join(flags)
    return ", with line numbers" if "n" in said else ", with what cannot be seen shown too" if said else ""


def _grep(pattern: str, places: list[str], flags: str) -> str | None:
    if "o" in flags:
        return None
    where = " and ".join(places)
    below = "all files under " if "r" in flags or "R" in flags else ""
    if "l" in flags:
        return f'find the files that hold "{pattern}" {"under" if below else "among"} {where}'
    case = " in upper or lower case" if "i" in flags else ""
    number = ", with line numbers" if "n" in flags else ""
    verb = "count" if "c" in flags else "find"
    return f'{verb} the lines {"without" if "v" in flags else "with"} "{pattern}"{case} in {below}{where}{number}'


def _tar(words: list[str], plain: list[str], *, named: bool) -> str | None:
    what = words[1] if len(words) > 1 else ""
    names = plain if named else plain[1:]
    if any(re.search(r"[^cxtzjvfpa-]", word) for word in words[1:] if word.startswith("-")):
        return None  # -C, --transform: the word behind it is no member
    if "c" in what and len(names) > 1 and all(re.fullmatch(r"[\w./~-]+", each) for each in names):
        return f"put {' and '.join(names[1:])} into {names[0]}"
    if "t" in what and names:
        return f"list what is in {names[0]}"
    return f"take everything out of {names[0]}" if "x" in what and len(names) == 1 else None


def _content(name: str, arguments: list[str], flags: list[str], plain: list[str]) -> str | None:
    if name in ("od", "hexdump"):
        if any(re.match(r"-[A-Zn]*[jN]", flag) for flag in flags):
            return None  # only some of the bytes
        style = {"c": " as characters", "a": " as named characters", "x": " in hexadecimal"}
        kinds = [f[1:] for f in flags] + [second for first, second in pairwise(arguments) if first == "-t"]
        if any(kind.startswith("f") for kind in kinds):
            return None  # as numbers of some size
        how = next((words for kind in kinds for key, words in style.items() if kind.startswith(key)), "")
        return f"show me the bytes of {plain[-1]}{how}"
    what = {"strings": "text", "file": "file type", "xxd": "bytes"}.get(name, "content")
    return f"show me the {what} of {' and '.join(plain)}"
