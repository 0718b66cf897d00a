"""A query as a question: from its columns, tables, filters, grouping and order.

Covers plain SELECTs; a query that cannot be told in one sentence (sub-queries, unions, CASE) gives
None, and the caller words it another way. The SQL itself never enters the request.
"""

import re

from core.stages.wording import join, plural, singular, spoken_key

_CLAUSES = re.compile(
    r"^\s*select\s+(?P<distinct>distinct\s+)?(?P<columns>.+?)\s+from\s+(?P<tables>.+?)(?:\s+where\s+(?P<where>.+?))?"
    r"(?:\s+group\s+by\s+(?P<group>.+?))?(?:\s+having\s+(?P<having>.+?))?(?:\s+order\s+by\s+(?P<order>.+?))?"
    r"(?:\s+limit\s+(?P<limit>\d+))?\s*;?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST = 2_000  # characters; a longer query is no one sentence
_AGGREGATES = {"avg": "average", "max": "highest", "min": "lowest", "sum": "total"}
_HOW_MANY = re.compile(r"(count\s*\([^)]*\)|\w+)\s*(>=|<=|=|>|<)\s*(\d+)", re.IGNORECASE)
_AMOUNTS = {"=": "exactly", ">": "more than", "<": "fewer than", ">=": "at least", "<=": "at most"}
_COMPARISONS = {
    "=": "is",
    "==": "is",
    "!=": "is not",
    "<>": "is not",
    ">": "is over",
    "<": "is under",
    ">=": "is at least",
    "<=": "is at most",
}


def sql_request(query: str, *, result: str = "") -> str | None:  # noqa: PLR0911
    """The question that a query answers, without its final mark unless it is a question; None if not tellable."""
    del result
    if len(query) > _LONGEST:
        return None
    text = " ".join(query.split())
    if found := re.match(r"show\s+tables", text, re.IGNORECASE):
        return "list the tables of the database"
    if found := re.match(
        r"(?:describe|desc|show\s+columns\s+(?:from|in)|pragma\s+table_info)\s*\(?\s*[`\"']?(\w+)", text, re.IGNORECASE
    ):
        return f"tell me which columns the {spoken_key(found[1])} table has"
    if found := re.match(r"show\s+databases", text, re.IGNORECASE):
        return "list the databases"
    parts = _CLAUSES.match(text)
    if parts is None or re.search(
        r"\bunion\b|\bcase\s+when\b|\bover\s*\(|\bintersect\b|\bexcept\b", text, re.IGNORECASE
    ):
        return None
    tables = _tables(parts["tables"])
    aliases = dict(filter(None, (_alias(c) for c in _split(parts["columns"]))))
    columns = [_column(c) or _alias_words(c) for c in _split(parts["columns"])]
    if not tables or not columns or any(c is None for c in columns):
        return None
    told = [c for c in columns if c]
    filters = _filters(parts["where"]) if parts["where"] else ""
    many = _HOW_MANY.fullmatch(parts["having"].strip()) if parts["having"] else None
    if many and not many[1].lower().startswith("count") and aliases.get(many[1].lower()) != "#count":
        many = None
    if filters is None or (parts["having"] and not many and _filters(parts["having"]) is None):
        return None
    having = f" and {_filters(parts['having'])}" if parts["having"] and not many else ""
    if many:
        least = f"{_AMOUNTS[many[2]]} {many[3]} {plural(singular(spoken_key(tables[-1])))}"
        grouped = [_bare(c) for c in _split(parts["group"])] if parts["group"] else []
        if len(grouped) == 1 and not parts["order"] and set(told) <= {*grouped, "#count"}:
            where = f" where {filters}" if filters else ""
            extra = ", and how many do they have" if "#count" in told else ""
            return f"which {plural(grouped[0])} have {least}{where}{extra}?"
        having = f", only those with {least}"
    return _sentence(told, tables, filters, parts, having, aliases)


def _alias_words(column: str) -> str | None:
    """The name that a column which cannot be told itself was given."""
    found = re.search(r"\s+as\s+[`\"']?(\w+)[`\"']?\s*$", column, re.IGNORECASE)
    return spoken_key(found[1]) if found else None


def _alias(column: str) -> tuple[str, str] | None:
    """The name that a column is given, and the column in words: the name may speak of the old goal."""
    found = re.search(r"\s+as\s+[`\"']?(\w+)[`\"']?\s*$", column, re.IGNORECASE)
    said = _column(column)
    return (found[1].lower(), said) if found and said else None


def _sentence(  # noqa: PLR0911 - one line a form
    told: list[str], tables: list[str], filters: str, parts: re.Match[str], having: str, aliases: dict[str, str]
) -> str:
    things = plural(singular(spoken_key(tables[0])))
    where = f" {'where' if filters else ''} {filters}".rstrip() if filters else ""
    order = _order(parts["order"], parts["limit"], aliases)
    group = (
        [aliases.get(c.strip().lower()) or _column(c) or _bare(c) for c in _split(parts["group"])]
        if parts["group"]
        else []
    )
    # The first and the last table are what a person speaks of; those between only tie them together.
    joined = f" with their {plural(singular(spoken_key(tables[-1])))}" if len(tables) > 1 else ""
    if told == ["#count"] and not group:
        return f"how many {things}{joined} are there{where}?"
    alone = all(c == "#count" or c in group for c in told)
    # Of joined tables the last holds what is counted.
    counted = plural(singular(spoken_key(tables[-1]))) if group else things + joined
    number = f"number of {counted}" if alone else "number"
    named = [number if c == "#count" else c for c in told]
    if top := _top(named, counted, parts, aliases, group):
        return f"{top}{where}{having}"
    if group and len(told) <= 1 + len(group) and "#count" in told and not order and not joined:
        return f"how many {things} are there for each {join(group)}{where}{having}?"
    if group:
        values = [c for c in named if c not in group] or named
        whose = "" if values == [number] and alone else f" of the {things}{joined}"
        return f"give the {join(values)}{whose} for each {join(group)}{where}{having}{order}"
    if any(c.split()[0] in _AGGREGATES.values() for c in named):
        return f"what is the {join(named)} of the {things}{joined}{where}?"
    if named == ["*"]:
        return f"list the {things}{joined}{where}{order}"
    return f"list the {join(named)} of the {things}{joined}{where}{order}"


def _top(named: list[str], things: str, parts: re.Match[str], aliases: dict[str, str], group: list[str]) -> str | None:
    """`the name and population of the 3 countries with the highest population`; for counts, who has most of them."""
    if not parts["order"] or not parts["limit"] or len(_split(parts["order"])) > 1:
        return None
    down = bool(re.search(r"\bdesc\b", parts["order"], re.IGNORECASE))
    plain = re.sub(r"\s+(?:asc|desc)\s*$", "", parts["order"].strip(), flags=re.IGNORECASE)
    column = aliases.get(plain.lower()) or _column(plain)
    count = int(parts["limit"])
    if column is None:
        return None
    if column == "#count" and len(group) == 1:
        number = "" if count == 1 else f"{count} "
        asked = f"which {number}{group[0] if count == 1 else plural(group[0])} {'has' if count == 1 else 'have'} the"
        return f"find out {asked} {'most' if down else 'fewest'} {things}" + (
            f", and how many {'it has' if count == 1 else 'they have'}" if len(named) > 1 else ""
        )
    if group or column == "#count":
        return None
    kept = "record" if named == ["*"] else join(named)
    whom = singular(things) if count == 1 else f"{count} {things}"
    return f"give the {kept} of the {whom} with the {'highest' if down else 'lowest'} {column}"


def _split(text: str) -> list[str]:
    """Split at commas that stand in no brackets."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def _bare(name: str) -> str:
    bare = _bare_words(name)
    return f"{bare.removesuffix(' on').removesuffix(' at')} date" if bare.endswith((" on", " at")) else bare


def _bare_words(name: str) -> str:
    words = spoken_key(name.strip().strip('`"[]').split(".")[-1].strip('`"[]'))
    return re.sub(r"^(?:num|nr|cnt) (?:of )?(?=\w)", "number of ", words)


def _tables(text: str) -> list[str]:
    names = re.split(
        r"\s+(?:inner\s+|left\s+(?:outer\s+)?|right\s+|cross\s+|natural\s+)?join\s+|,", text, flags=re.IGNORECASE
    )
    bare = [re.match(r"\s*[`\"]?(?:\w+\.)?(\w+)", name) for name in names]
    return [found[1] for found in bare if found] if all(bare) else []


def _column(text: str) -> str | None:  # noqa: PLR0911 - one line a form
    text = re.sub(r"\s+as\s+[`\"']?\w+[`\"']?\s*$", "", text, flags=re.IGNORECASE).strip()
    text = re.sub(r"\s*/\s*1\d*(?:\.\d+)?$", "", text)
    if found := re.fullmatch(r"round\s*\((.+),\s*\d+\s*\)", text, re.IGNORECASE):
        return _column(found[1])
    text = re.sub(r"^1\d*(?:\.\d+)?\s*\*\s*", "", text)
    if text == "*":
        return "*"
    if re.fullmatch(r"strftime\s*\(\s*'%Y-%m'\s*,\s*[\w.]+\s*\)", text, re.IGNORECASE):
        return "month"
    if re.fullmatch(r"strftime\s*\(\s*'%Y'\s*,\s*[\w.]+\s*\)|year\s*\([\w.]+\)", text, re.IGNORECASE):
        return "year"
    if re.fullmatch(r"count\s*\(\s*(?:\*|1|[\w.]+)\s*\)", text, re.IGNORECASE):
        return "#count"
    if found := re.fullmatch(r"count\s*\(\s*distinct\s+([\w.]+)\s*\)", text, re.IGNORECASE):
        return f"number of different {plural(_bare(found[1]))}"
    if found := re.fullmatch(
        r"(avg|max|min|sum)\s*\(\s*([\w.`\"]+)(?:\s*/\s*1\d*(?:\.\d+)?)?\s*\)", text, re.IGNORECASE
    ):
        return f"{_AGGREGATES[found[1].lower()]} {_bare(found[2])}"
    return _bare(text) if re.fullmatch(r"[\w.`\"]+", text) else None


def _filters(text: str) -> str | None:
    """`a = 1 AND b > 2` as words; None where it cannot be told."""
    text = re.sub(r"\bbetween\s+(\S+)\s+and\s+(\S+)", r"BETWEEN \1 ~ \2", text, flags=re.IGNORECASE)
    told = []
    for piece in re.split(r"\s+(and|or)\s+", text, flags=re.IGNORECASE):
        if piece.lower() in ("and", "or"):
            told.append(piece.lower())
            continue
        said = _filter(piece.strip().strip("()"))
        if said is None:
            return None
        told.append(said)
    return " ".join(told)


def _filter(piece: str) -> str | None:  # noqa: PLR0911 - one line a form
    # A text with wildcards is a pattern, and no value that a person would name.
    value = r"('[^'%?*]*'|\"[^\"%?*]*\"|-?\d+(?:\.\d+)?)"
    if found := re.fullmatch(rf"([\w.`\"]+)\s*(=|==|!=|<>|>=|<=|>|<)\s*{value}", piece):
        return f"the {_bare(found[1])} {_COMPARISONS[found[2]]} {_literal(found[3])}"
    if found := re.fullmatch(
        r"([\w.`\"]+)\s+(not\s+)?in\s*\(\s*select\s+(?:distinct\s+)?[\w.]+\s+from\s+(\w+)\s*", piece, re.IGNORECASE
    ):
        others = plural(singular(spoken_key(found[3])))
        return f"there {'are no' if found[2] else 'are'} {others} for the {_bare(found[1])}"
    if found := re.fullmatch(
        r"([\w.`\"]+)\s*(=|>|<)\s*\(\s*select\s+(avg|max|min)\s*\(([\w.]+)\)\s+from\s+\w+\s*", piece, re.IGNORECASE
    ):
        return f"the {_bare(found[1])} {_COMPARISONS[found[2]]} the {_AGGREGATES[found[3].lower()]} {_bare(found[4])}"
    if "select" in piece.lower():
        return None
    if found := re.fullmatch(r"([\w.`\"]+)\s+BETWEEN\s+(\S+)\s+~\s+(\S+)", piece):
        return f"the {_bare(found[1])} is between {_literal(found[2])} and {_literal(found[3])}"
    if found := re.fullmatch(r"([\w.`\"]+)\s+(not\s+)?like\s+['\"](%?)([^%_?*'\"]+)(%?)['\"]", piece, re.IGNORECASE):
        return f"the {_bare(found[1])} {_likeness(found)} {found[4]}"
    if found := re.fullmatch(r"([\w.`\"]+)\s+is\s+(not\s+)?null", piece, re.IGNORECASE):
        return f"the {_bare(found[1])} is {'set' if found[2] else 'missing'}"
    if found := re.fullmatch(
        r"([\w.`\"]+)\s+(not\s+)?in\s*\(?((?:'[^']*'|\d+)(?:\s*,\s*(?:'[^']*'|\d+))*)\)?", piece, re.IGNORECASE
    ):
        values = [_literal(v.strip()) for v in found[3].split(",")]
        return f"the {_bare(found[1])} is {'none' if found[2] else 'one'} of {join(values, last='or')}"
    return None


def _likeness(found: re.Match[str]) -> str:
    """How a value is like a pattern whose only wildcards are at its ends, with `not` as asked."""
    before, after = bool(found[3]), bool(found[5])
    if before == after:
        said = ("is not", "is") if not before else ("does not contain", "contains")
    else:
        said = ("does not start with", "starts with") if after else ("does not end with", "ends with")
    return said[0] if found[2] else said[1]


def _literal(text: str) -> str:
    return text.strip("'\"")


def _order(order: str | None, limit: str | None, aliases: dict[str, str]) -> str:
    if not order:
        return f", only the first {limit}" if limit else ""
    column = _split(order)[0]
    down = bool(re.search(r"\bdesc\b", column, re.IGNORECASE))
    plain = re.sub(r"\s+(?:asc|desc)\s*$", "", column, flags=re.IGNORECASE)
    bare = aliases.get(plain.strip().lower()) or _column(plain) or "that"
    name = "number" if bare == "#count" else bare
    if limit == "1":
        return f", only the one with the {'highest' if down else 'lowest'} {name}"
    top = f", only the first {limit}" if limit else ""
    return f", ordered by {name} {'from high to low' if down else 'from low to high'}{top}"
