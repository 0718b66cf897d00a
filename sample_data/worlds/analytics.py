"""A SQLite warehouse of a small subscription business, and a database that is not there."""

import sqlite3
from random import Random
from typing import Any

from sample_data.record import Tool

REGIONS = ("DACH", "Nordics", "Benelux", "UK&I")
PLANS = (("starter", 1900), ("team", 4900), ("business", 9900))


def _month(number: int) -> str:
    return f"{2024 + (number - 1) // 12}-{(number - 1) % 12 + 1:02d}"


def warehouse() -> sqlite3.Connection:
    """Customers, invoices, refunds and log-ins of 2024 to March 2025, the same in every build."""
    chance = Random(20250312).random
    db = sqlite3.connect(":memory:")
    db.executescript("""
        CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, company TEXT, region TEXT, plan TEXT, signup_month TEXT, churn_month TEXT);
        CREATE TABLE invoices (invoice_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers, issued_on TEXT, amount_cents INTEGER, status TEXT);
        CREATE TABLE refunds (refund_id INTEGER PRIMARY KEY, invoice_id INTEGER REFERENCES invoices, refunded_on TEXT, amount_cents INTEGER, reason TEXT);
        CREATE TABLE logins (customer_id INTEGER, day TEXT, user_count INTEGER);""")
    first = "Alder Birke Corvid Dahl Ember Fjell Gable Haven Isar Juniper Kestrel Linde Moor Nordvik Ostra Pike Quill Rowan Sund Tarn".split()
    last = "Logistics Studio Foods Clinic Labs Works Energy".split()
    for number in range(1, 141):
        company = f"{first[number % 20]} {last[(number * 3) % 7]}"
        signup = 1 + int(chance() * 14)
        plan, price = PLANS[int(chance() * chance() * 3)]
        churn = signup + 2 + int(chance() * 9) if chance() < 0.3 else 99
        db.execute("INSERT INTO customers VALUES (?,?,?,?,?,?)", [number, company, REGIONS[int(chance() ** 1.4 * 4)], plan,
                   _month(signup), _month(churn) if churn <= 15 else None])
        seats = 1 + int(chance() * 12)
        for month in range(signup, min(churn, 16)):
            status = "paid" if chance() < 0.93 else "void"
            cursor = db.execute("INSERT INTO invoices VALUES (NULL,?,?,?,?)", [number, f"{_month(month)}-01", price * seats, status])
            if status == "paid" and chance() < 0.07:
                reason = ("outage", "downgrade", "billing error")[int(chance() * 3)]
                db.execute("INSERT INTO refunds VALUES (NULL,?,?,?,?)", [cursor.lastrowid, f"{_month(month)}-{9 + int(chance() * 15):02d}",
                           price * seats // (1 + int(chance() * 2)), reason])
            db.executemany("INSERT INTO logins VALUES (?,?,?)", [(number, f"{_month(month)}-{day:02d}", 1 + int(chance() * seats))
                           for day in range(2, 29, 5) if chance() < 0.8])
    return db


class Analytics:
    """Read access to a warehouse through SQL, as a text table."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def run_sql(self, query: str) -> str:
        try:
            cursor = self.db.execute(query)
        except sqlite3.Error as fault:
            raise ValueError(f"{type(fault).__name__}: {fault}") from fault
        head, rows = [column[0] for column in cursor.description or []], cursor.fetchmany(50)
        if not rows:
            return "(0 rows)"
        cells = [head, *[["NULL" if value is None else str(value) for value in row] for row in rows]]
        widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
        lines = [" | ".join(value.ljust(width) for value, width in zip(line, widths)).rstrip() for line in cells]
        lines.insert(1, "-+-".join("-" * width for width in widths))
        return "\n".join([*lines, f"({len(rows)} row{'s' if len(rows) != 1 else ''})"])

    def list_tables(self) -> Any:
        return [row[0] for row in self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]

    def describe_table(self, table: str) -> str:
        row = self.db.execute("SELECT sql FROM sqlite_master WHERE name = ?", [table]).fetchone()
        if row is None:
            raise LookupError(f"no such table: {table}")
        return str(row[0])

    def toolbox(self) -> list[Tool]:
        """What an analyst may call."""
        return [
            Tool("list_tables", "Names of the tables in the warehouse.", {}, self.list_tables),
            Tool("describe_table", "The CREATE statement of a table.", {"table": "string Table name."}, self.describe_table),
            Tool("run_sql", "Run a read-only SQLite query; returns at most 50 rows as text.",
                 {"query": "string A SELECT statement."}, self.run_sql),
        ]


class MissingReplica:
    """A replica whose file is gone: connecting really fails, whatever is asked."""

    def _connect(self) -> Analytics:
        try:
            return Analytics(sqlite3.connect("file:/nonexistent/replica-eu.db?mode=ro", uri=True))
        except sqlite3.Error as fault:
            raise OSError(f"replica-eu: {type(fault).__name__}: {fault}") from fault

    def toolbox(self) -> list[Tool]:
        """The analyst's tools, over the broken connection."""
        return [
            Tool("list_tables", "Names of the tables in the warehouse.", {}, lambda: self._connect().list_tables()),
            Tool("describe_table", "The CREATE statement of a table.", {"table": "string Table name."},
                 lambda table: self._connect().describe_table(table)),
            Tool("run_sql", "Run a read-only SQLite query; returns at most 50 rows as text.",
                 {"query": "string A SELECT statement."}, lambda query: self._connect().run_sql(query)),
        ]
