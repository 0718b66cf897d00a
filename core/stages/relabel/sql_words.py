"""A query as a question or an order, from its columns, tables, filters, grouping and order.

A query that one sentence does not tell (a union, a window, a query in the place of a table) gives None, and the
caller words it another way. The SQL itself never enters the request.
"""

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from core.stages.relabel.sql_parts import (
    AMOUNTS,
    COUNT,
    NoWords,
    Tables,
    column_words,
    conditions,
    is_date,
    listed,
    literal,
    many,
    thing,
    things,
    value_words,
)
from core.stages.wording import join, plural, singular, spoken_key

_LONGEST = 2_000  # characters; a longer query is no one sentence
_LOOKS = (
    (re.compile(r"show\s+tables", re.IGNORECASE), "list the tables of the database"),
    (re.compile(r"show\s+databases", re.IGNORECASE), "list the databases"),
    (
        re.compile(
            r"(?:describe|desc|show\s+columns\s+(?:from|in)|pragma\s+table_info)\s*\(?\s*[`\"']?(\w+)", re.IGNORECASE
        ),
        "tell me which columns the {} table has",
    ),
)
_NAMES_IT = re.compile(r"(?:^|(?<=\w) )(?:ID|name|title)$")
_A_NAME = re.compile(r"\b(?:name|title|city|country|region|surname)$")


def sql_request(query: str) -> str | None:
    """What a query answers, without a final mark unless it is a question; None if not tellable."""
    text = " ".join(query.split())
    for pattern, said in _LOOKS:
        if found := pattern.match(text):
            return said.format(*(spoken_key(name) for name in found.groups()))
    if len(query) > _LONGEST or not re.match(r"select\b", text, re.IGNORECASE):
        return None
    try:
        tree = sqlglot.parse_one(text, read="mysql")
        return _Query(tree).told() if isinstance(tree, exp.Select) else None
    except (SqlglotError, NoWords):
        return None


class _Query:
    """A SELECT of plain tables, its parts in words."""

    def __init__(self, tree: exp.Select) -> None:
        if tree.args.get("with_") or tree.find(exp.Window) or tree.find(exp.Union):
            raise NoWords
        sources = [tree.args["from_"].this if tree.args.get("from_") else None]
        sources += [joined.this for joined in tree.args.get("joins") or ()]
        if not all(isinstance(source, exp.Table) for source in sources):
            raise NoWords
        alias = {source.alias_or_name.lower(): source.name for source in sources if source}
        plain = [value for value in tree.expressions if isinstance(value, exp.Column) and value.table]
        owners = {alias.get(value.table.lower()) for value in plain if len(plain) == len(tree.expressions)}
        first = next(iter(alias.values()))
        tables = Tables(main=owners.pop() or first if len(owners) == 1 else first, alias=alias)
        self.tree = tree
        told = {value.alias.lower(): value_words(value, tables) for value in tree.expressions if value.alias}
        keys = tree.args["group"].expressions if tree.args.get("group") else []
        self.tables = Tables(tables.main, alias, told)
        self.values = [value_words(value, self.tables) for value in tree.expressions]
        by = [self._selected(key) for key in keys]
        self.keys = list(dict.fromkeys(self._key(key) for key in by))
        told_of = [
            words for value, words in zip(tree.expressions, self.values, strict=True) if value.unalias() not in by
        ]
        own = f"{self.keys[0]} " if len(self.keys) == 1 else ""
        # Of a grouped query, beside its keys and the number.
        self.others = [words.removeprefix(own) for words in told_of if words != COUNT]
        self.counts = COUNT in told_of
        self.counted = self._counted(by)
        where = tree.args.get("where")
        self.filter = f" {conditions(where.this, self.tables)}" if where else ""
        self.least, self.plain_groups = self._least()
        self.limit = _number(tree.args["limit"].expression) if tree.args.get("limit") else 0

    def _selected(self, key: exp.Expr) -> exp.Expr:
        """What a key of GROUP BY is: it may be the place or the name of a selected value."""
        if isinstance(key, exp.Literal):
            place = _number(key)
            if not 0 < place <= len(self.tree.expressions):
                raise NoWords
            selected: exp.Expr = self.tree.expressions[place - 1].unalias()
            return selected
        named: dict[str, exp.Expr] = {value.alias.lower(): value.this for value in self.tree.expressions if value.alias}
        return named.get(key.name.lower(), key) if isinstance(key, exp.Column) and not key.table else key

    def _key(self, key: exp.Expr) -> str:
        """What the groups are: `country`; whoever is grouped by name or ID is the conductor or the customer."""
        if not isinstance(key, exp.Column):
            return value_words(key, self.tables)
        words = column_words(key, self.tables, whole=True)
        if not _NAMES_IT.search(words):
            return words
        return _NAMES_IT.sub("", words).strip() or thing(self.tables.owner(key))

    def _counted(self, keys: list[exp.Expr]) -> str:
        """What a number in a group is of: the rows of the last table that the group is not by."""
        by = {self.tables.owner(key) for key in keys if isinstance(key, exp.Column)}
        rest = [table for table in (self.tables.main, *self.tables.others) if table not in by]
        return things(rest[-1] if rest else self.tables.main)

    def told(self) -> str:
        """The whole query as one clause."""
        if self.tree.args.get("order") and self.limit and (top := self._top()):
            return top
        if self.keys:
            return self._grouped()
        of = f"{things(self.tables.main)}{self._tied()}{self.filter}"
        if self.values == [COUNT]:
            whom, whose, rest = of.partition(" whose ")
            return f"how many {whom} are there{whose}{rest}?"
        if any(value.find(exp.AggFunc) for value in self.tree.expressions):
            named = ["number" if value == COUNT else value for value in self.values]
            return f"what {'is' if len(named) == 1 else 'are'} the {listed(named)} of the {of}?"
        if self.values == ["*"]:
            return f"list the {of}{self._order()}"
        different = "different " if self.tree.args.get("distinct") else ""
        return f"list the {different}{join([many(value) for value in self.values])} of the {of}{self._order()}"

    def _tied(self) -> str:
        """`that have orders`, where rows of another table must exist and nothing else speaks of that table."""
        parts = (*self.tree.expressions, *(self.tree.args.get(name) for name in ("where", "order", "having")))
        columns = (column for part in parts if part for column in part.find_all(exp.Column))
        spoken_of = {self.tables.owner(column) for column in columns}
        others = self.tables.others
        return f" that have {things(others[-1])}" if others and not spoken_of & set(others) else ""

    def _grouped(self) -> str:
        of = f"{self.counted}{self.filter}"
        least = self.least
        if least and not self.others and len(self.keys) == 1 and not self.tree.args.get("order"):
            extra = ", and how many" if self.counts else ""
            return f"which {plural(self.keys[0])} have {least} {of}{extra}?"
        only = f", only those with {least} {self.counted}" if least else self._having()
        each = f"{',' if self.filter else ''} for each {join([_one(key) for key in self.keys])}"
        if self.others:
            named = listed([*self.others, *(["number"] if self.counts else [])])
            if things(self.tables.main) == self.counted == plural(join(self.keys)):
                return f"give the {named} of each {self.keys[0]}{self.filter}{only}{self._order()}"
            return f"give the {named} of the {of}{each}{only}{self._order()}"
        if only or self.tree.args.get("order") or self.filter:
            return f"give the number of {of}{each}{only}{self._order()}"
        return f"how many {of} are there{each}?"

    def _least(self) -> tuple[str, bool]:
        """`at least 3`, of a HAVING that counts, and whether HAVING says nothing else; every group has one row."""
        having = self.tree.args.get("having")
        if having is None:
            return "", True
        if type(having.this) not in AMOUNTS:
            return "", False
        left, right = having.this.this, having.this.expression
        counts = isinstance(left, exp.Count) or self.tables.given.get(left.name.lower()) == COUNT
        said = f"{AMOUNTS[type(having.this)]} {literal(right)}" if counts else ""
        return "" if said in ("more than 0", "at least 1") else said, counts

    def _having(self) -> str:
        return "" if self.plain_groups else f", only those {conditions(self.tree.args['having'].this, self.tables)}"

    def _ordered(self) -> tuple[str, bool]:
        """What the rows are sorted by first, and whether the most comes first."""
        by = self.tree.args["order"].expressions[0]
        column = by.this
        given = self.tables.given.get(column.name.lower()) if isinstance(column, exp.Column) else None
        return given or value_words(column, self.tables), bool(by.args.get("desc"))

    def _order(self) -> str:
        first = f", only the first {self.limit}" if self.limit else ""
        if not self.tree.args.get("order"):
            return first
        name, down = self._ordered()
        name = "number" if name == COUNT else name
        if is_date(name):
            how = f"by {name}, {'newest' if down else 'oldest'} first"
        elif _A_NAME.search(name):
            how = f"by {name} from {'Z to A' if down else 'A to Z'}"
        else:
            how = f"by {name} from {'high to low' if down else 'low to high'}"
        return f", ordered {how}{first}"

    def _top(self) -> str | None:
        """`which 3 grades have the most students`, `the name of the singer with the highest age`."""
        if len(self.keys) > 1 or self.least or not self.plain_groups:
            return None
        by, down = self._ordered()
        several = self.limit > 1
        number = f"{self.limit} " if several else ""
        if self.keys:
            return self._top_group(by, number, down=down)
        if by == COUNT:
            return None
        whom = things(self.tables.main) if several else thing(self.tables.main)
        kept = "record" if self.values == ["*"] else join([many(value) if several else value for value in self.values])
        return f"give the {kept} of the {number}{whom}{self._tied()}{self.filter} with the {_end(by, down=down)}"

    def _top_group(self, by: str, number: str, *, down: bool) -> str | None:
        whom = plural(self.keys[0]) if number else self.keys[0]
        among = f", counting only the {self.counted}{self.filter}" if self.filter else ""
        different = by.removeprefix("number of different ")
        others = [value for value in self.others if value != by]
        if by != COUNT and different == by:
            return (
                None
                if self.counts or not self.others
                else (f"give the {join(self.others)} of the {number}{whom} with the {_end(by, down=down)}{among}")
            )
        most = f"the {'most' if down else 'fewest'} {self.counted}" if by == COUNT else f"the {_end(by, down=down)}"
        how_many = f"{among}, and how many" if COUNT in self.values or by in self.values else among
        if others:
            return f"give the {join(others)} of the {number}{whom} with {most}{how_many}"
        return f"which {number}{whom} {'have' if number else 'has'} {most}{how_many}?"


def _number(value: exp.Expr) -> int:
    if not literal(value).isdecimal():
        raise NoWords
    return int(literal(value))


def _end(by: str, *, down: bool) -> str:
    bare = re.sub(r"^(?:highest|lowest|latest|earliest) ", "", by)
    return f"{('latest' if down else 'earliest') if is_date(by) else ('highest' if down else 'lowest')} {bare}"


def _one(key: str) -> str:
    """What stands behind `for each`; a key that is a plural is a value."""
    last = key.rsplit(maxsplit=1)[-1]
    return key if last == singular(last) else f"value of {key}"
