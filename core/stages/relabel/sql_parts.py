"""The parts of a query in words: columns, what is computed of them, and conditions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from core.stages.wording import join, plural, singular, spoken_key

COUNT = "#count"  # how many rows; what they are called hangs on the sentence
_AGGREGATES: dict[type[exp.Expr], str] = {exp.Avg: "average", exp.Max: "highest", exp.Min: "lowest", exp.Sum: "total"}
_OF_DATES: dict[type[exp.Expr], str] = {exp.Max: "latest", exp.Min: "earliest"}
_SAID = {*_AGGREGATES.values(), *_OF_DATES.values()}
_DATE_NAME = re.compile(r"\b(?:date|day|time|born|birthday)\b|\b(?:month|year|week)$")
# What a table's name says of the table and not of its rows.
_OF_TABLES = re.compile(r"^(?:ref|tbl|dim|fact) (?=\w)|(?<=\w) (?:data|list|table|info|records)$")
_DATE = re.compile(r"\d{4}(?:-\d{2}){0,2}(?:[T ][\d:.]+)?")
_COMPARED: dict[type[exp.Expr], tuple[str, str]] = {  # of numbers, of dates
    exp.EQ: ("is", "is"),
    exp.NEQ: ("is not", "is not"),
    exp.GT: ("is over", "is after"),
    exp.LT: ("is under", "is before"),
    exp.GTE: ("is at least", "is on or after"),
    exp.LTE: ("is at most", "is on or before"),
}
AMOUNTS = {exp.EQ: "exactly", exp.GT: "more than", exp.LT: "fewer than", exp.GTE: "at least", exp.LTE: "at most"}
_SCALE = re.compile(r"10*(?:\.0*)?")
_MONEY = r"eur|euros?|usd|dollars?|gbp|chf"


class NoWords(Exception):
    """Something in the query that no sentence tells."""


@dataclass(frozen=True)
class Tables:
    """The tables of a query: `main` is what it speaks of, `alias` gives a table's name for each name in force."""

    main: str
    alias: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)  # words of a column by the name that the query gives it

    @property
    def others(self) -> list[str]:
        """The other tables, in their order."""
        return [name for name in dict.fromkeys(self.alias.values()) if name != self.main]

    def owner(self, column: exp.Column) -> str:
        """The table of a column; the main one where the query does not say."""
        return self.alias.get(column.table.lower(), self.main)


def things(table: str) -> str:
    """Rows of a table: `countries`."""
    return plural(singular(_OF_TABLES.sub("", spoken_key(table))))


def thing(table: str) -> str:
    """One row of a table: `country`."""
    return singular(things(table))


def is_date(words: str) -> bool:
    """Whether a column is of dates, by its name."""
    return bool(_DATE_NAME.search(words))


def spoken(name: str) -> str:
    """The words of a column's name: `num_people` is the number of people, `issued_on` the issued date."""
    words = re.sub(r"^(?:num|nr|cnt) (?:of )?(?=\w)", "number of ", spoken_key(name))
    if re.search(r" \d+$", words):
        return name  # `line_2`, whose number is none
    return f"{words.removesuffix(' on').removesuffix(' at')} date" if words.endswith((" on", " at")) else words


def column_words(column: exp.Column, tables: Tables, *, whole: bool = False) -> str:
    """A column in words: with its table where that is another one, without where its name begins with its own."""
    words, owner = spoken(column.name), tables.owner(column)
    own = f"{thing(owner)} "
    if owner != tables.main:
        return words if whole or words.startswith(own) or len(words.split()) > 2 else own + words
    return words if whole else _without_own(words, column, tables)


def _without_own(words: str, column: exp.Column, tables: Tables) -> str:
    """`pet age` of pets is their age, where the query leaves no doubt whose it is."""
    rest = words.removeprefix(f"{thing(tables.main)} ")
    return rest if rest[:1].isalpha() and (column.table or not tables.others) else words


def many(words: str) -> str:
    """The plural of a column's words: `dates of treatment`."""
    head, of, rest = words.partition(" of ")
    return f"{plural(head)}{of}{rest}"


def listed(words: Sequence[str]) -> str:
    """Several values in a row: `the average and highest age`, where two are of the same column."""
    by_base: dict[str, list[str]] = {}
    for one in words:
        first, _, base = one.partition(" ")
        told = first in _SAID and base
        by_base.setdefault(base if told else one, []).append(first if told else "")
    return join([f"{join(firsts)} {base}".strip() for base, firsts in by_base.items()])


def value_words(value: exp.Expr, tables: Tables, *, name: str = "") -> str:
    """What one selected expression is, or the name that the query gives it; raises `NoWords`."""
    if isinstance(value, exp.Alias):
        return value_words(value.this, tables, name=value.alias)
    try:
        return _words(value, tables, name)
    except NoWords:
        if not name:
            raise
        return spoken_key(name)  # what cannot be told itself


def _words(value: exp.Expr, tables: Tables, name: str) -> str:  # noqa: PLR0911 - one line a form
    value = _plain(value)
    unit = re.search(rf"(?:^|_)({_MONEY})(?:$|_)", name, re.IGNORECASE)
    match value:
        case exp.Star():
            return "*"
        case exp.Column():
            return tables.given.get(value.name.lower(), "") or column_words(value, tables)
        case exp.Count(this=exp.Distinct(expressions=[exp.Column() as counted])):
            return f"number of different {plural(column_words(counted, tables))}"
        case exp.Count(this=exp.Star() | exp.Literal() | exp.Column()):
            return COUNT
        case exp.Div(this=whole, expression=exp.Literal() as by) if _SCALE.fullmatch(by.name):
            words = re.sub(r" in cents$", "", value_words(whole, tables))
            return f"{words} in {unit[1].upper()[:3]}" if unit and len(unit[1]) == 3 else words
    if type(value) in _AGGREGATES:
        of = value_words(value.this, tables)
        if of in (COUNT, "*"):
            raise NoWords
        said = (_OF_DATES if is_date(of) else _AGGREGATES).get(type(value), _AGGREGATES[type(value)])
        return of if of.startswith(said) else f"{said} {of}"
    if found := re.search(
        r"(?i)(?:strftime|date_format)\('%y(-%m)?'|time_to_str\([^)]*'%y(-%m)?'|^(year)\(", value.sql()
    ):
        return "month" if "%m" in found[0].lower() else "year"
    raise NoWords


def _plain(value: exp.Expr) -> exp.Expr:
    """Without brackets, rounding and a factor that only scales."""
    while True:
        match value:
            case exp.Paren() | exp.Round() | exp.Cast() | exp.Coalesce():
                value = value.this
            case exp.Mul(this=exp.Literal() as scale) if _SCALE.fullmatch(scale.name):
                value = value.expression
            case exp.Mul(expression=exp.Literal() as scale) if _SCALE.fullmatch(scale.name):
                value = value.this
            case _:
                return value


def conditions(where: exp.Expr, tables: Tables) -> str:
    """`whose a is 1 and whose b is over 2`; raises `NoWords`."""
    parts = list(_flat(where))
    said, last = "", ""
    met = set()
    for joint, part in parts:
        subject, rest = condition(part, tables)
        if (subject, rest) in met:
            continue
        met.add((subject, rest))
        if not said:
            said = f"{subject} {rest}"
        elif subject == last and rest.startswith("is ") and joint == "and":
            said += f" and {rest.removeprefix('is ')}"
        else:
            said += f" {joint} {subject} {rest}"
        last = subject
    return said


def _flat(where: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    """Conditions in their order with what joins each to the one before; raises where brackets change the sense."""
    where = where.this if isinstance(where, exp.Paren) else where
    if not isinstance(where, exp.And | exp.Or):
        yield "", where
        return
    joint = "and" if isinstance(where, exp.And) else "or"
    for number, part in enumerate(where.flatten()):
        inner = part.this if isinstance(part, exp.Paren) else part
        if isinstance(inner, exp.And | exp.Or):
            raise NoWords
        yield joint if number else "", inner


def condition(part: exp.Expr, tables: Tables) -> tuple[str, str]:
    """(of what, what is said of it); raises `NoWords`."""
    turned = isinstance(part, exp.Not)
    part = part.this if turned else part
    match part:
        case exp.Is(this=exp.Column() as column, expression=exp.Null()):
            return _subject(column, tables), "is set" if turned else "is missing"
        case exp.Between(this=exp.Column() as column) if not turned:
            low, high = literal(part.args["low"]), literal(part.args["high"])
            return _subject(column, tables), f"is between {low} and {high}"
        case exp.Like(this=exp.Column() as column, expression=exp.Literal() as pattern):
            return _subject(column, tables), _like(pattern.name, turned=turned)
        case exp.In(this=exp.Column() as column) if part.args.get("query"):
            return _there_are(column, part.args["query"], turned=turned)
        case exp.In(this=exp.Column() as column, expressions=values):
            said = join([literal(value) for value in values], last="or")
            return _subject(column, tables), f"is {'not ' if turned else ''}{said}"
        case exp.Binary(this=left, expression=right) if type(part) in _COMPARED and not turned:
            return _compared(part, left, right, tables)
    raise NoWords


def _compared(part: exp.Expr, left: exp.Expr, right: exp.Expr, tables: Tables) -> tuple[str, str]:
    words = value_words(left, tables)
    if words in (COUNT, "*"):
        raise NoWords
    subject = _subject(left, tables) if isinstance(left, exp.Column) else f"whose {words}"
    if isinstance(right, exp.Subquery):
        inner = right.this
        chosen = _plain(inner.expressions[0]) if isinstance(inner, exp.Select) and len(inner.expressions) == 1 else None
        if chosen is None or type(chosen) not in _AGGREGATES or inner.args.get("where"):
            raise NoWords
        own = Tables(tables.main)
        return subject, f"{_COMPARED[type(part)][0]} the {_words(chosen, own, '')}"
    value = literal(right)
    return subject, f"{_COMPARED[type(part)][bool(_DATE.fullmatch(value)) or is_date(words)]} {value}"


def _there_are(column: exp.Column, query: exp.Expr, *, turned: bool) -> tuple[str, str]:
    """`that have no friends`: the rows of another table that name them."""
    inner = query.this if isinstance(query, exp.Subquery) else query
    if not isinstance(inner, exp.Select) or any(inner.args.get(part) for part in ("where", "joins", "group", "limit")):
        raise NoWords
    table = inner.find(exp.Table)
    if table is None or not re.search(r"(?i)id$|code$", column.name):
        raise NoWords
    return "that", f"have {'no ' if turned else ''}{things(table.name)}"


def _subject(column: exp.Column, tables: Tables) -> str:
    owner = tables.owner(column)
    if (given := tables.given.get(column.name.lower())) and not column.table:
        return f"whose {given}"
    words = spoken(column.name)
    if owner == tables.main:
        return f"whose {_without_own(words, column, tables)}"
    return f"whose {words}" if words.startswith(f"{thing(owner)} ") else f"whose {thing(owner)}'s {words}"


def _like(pattern: str, *, turned: bool) -> str:
    bare = pattern.strip("%")
    if not bare or re.search(r"[%_?*]", bare):
        raise NoWords  # a pattern is no value that a person would name
    before, after = pattern.startswith("%"), pattern.endswith("%")
    if after and not before and _DATE.fullmatch(bare.rstrip("-")) and not turned:
        return f"is in {bare.rstrip('-')}"
    if before == after:
        return f"{'does not contain' if turned else 'contains'} {bare}" if before else f"is{' not' * turned} {bare}"
    verb = "start with" if after else "end with"
    return f"does not {verb} {bare}" if turned else f"{verb.replace(' ', 's ', 1)} {bare}"


def literal(value: exp.Expr) -> str:
    """A constant as it is written; raises `NoWords` for anything else, and for a pattern."""
    if isinstance(value, exp.Neg) and isinstance(value.this, exp.Literal):
        return f"-{value.this.name}"
    if not isinstance(value, exp.Literal) or not value.name.strip() or re.search(r"[%?*]", value.name):
        raise NoWords
    return str(value.name)
