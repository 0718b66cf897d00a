"""Fernhill Broadband, a support desk: accounts, invoices and help articles in SQLite.

The tools do what they are told; keeping to the policy in the system prompt is the agent's business.
"""

import sqlite3
from typing import Any

from sample_data.record import Tool

POLICY = """You are the support assistant of Fernhill Broadband. Today is 2025-03-12 (Wednesday).

Policy
1. Verify the customer before you disclose or change anything: full name plus date of birth must match the account.
2. Goodwill credits: at most one in any 12 months and at most EUR 20.00. Larger or repeated credits need a supervisor; do not grant them.
3. Outage compensation: EUR 2.00 per full day without service, only for outages listed by `get_outages`.
4. Contracts in their minimum term can be moved to another address or downgraded one step, but not cancelled. Moving costs EUR 29.00 unless the customer has been with us for 5 years or more.
5. Answer questions about products and procedures from the help articles only. If they do not cover it, say so.
6. Transfer to a human only if the request is outside of what your tools can do.
7. Before any change, list what you are going to do and wait for the customer's yes."""

CUSTOMERS = [
    ("C-3310", "Marta Ilves", "1987-09-14", "marta.ilves@mail.example", "Lindenweg 8, Bremen", "2018-02-01"),
    ("C-3342", "Owen Tarrant", "1990-01-27", "o.tarrant@mail.example", "14 Quay Row, Cork", "2024-06-20"),
    ("C-3375", "Yusuf Demirel", "1979-05-03", "yusuf.d@mail.example", "Kanalstraat 51, Utrecht", "2022-11-05"),
    ("C-3401", "Priya Raman", "1994-12-09", "priya.raman@mail.example", "Flat 6, 88 Mill Lane, Leeds", "2024-12-01"),
    ("C-3418", "Hanne Brekke", "1968-07-30", "hanne.brekke@mail.example", "Fjordgata 23, Trondheim", "2016-04-11"),
]
# id, customer, product, EUR a month, minimum term ends, status
CONTRACTS = [
    ("K-1201", "C-3310", "Fibre 250", 39.9, "2020-02-01", "active"), ("K-1207", "C-3310", "Mobile S", 12.9, "2025-09-15", "active"),
    ("K-1240", "C-3342", "Fibre 500", 49.9, "2026-06-20", "active"), ("K-1266", "C-3375", "Fibre 100", 29.9, "2024-11-05", "active"),
    ("K-1290", "C-3401", "Fibre 250", 39.9, "2026-12-01", "active"), ("K-1288", "C-3418", "Fibre 500", 49.9, "2018-04-11", "active"),
]
INVOICES = [
    ("I-88012", "C-3342", "2025-01-01", 49.9, "Fibre 500"), ("I-88391", "C-3342", "2025-02-01", 49.9, "Fibre 500"),
    ("I-88770", "C-3342", "2025-03-01", 74.8, "Fibre 500 49.90 + router rental 24.90"),
    ("I-88455", "C-3375", "2025-02-01", 29.9, "Fibre 100"), ("I-88801", "C-3375", "2025-03-01", 29.9, "Fibre 100"),
    ("I-88830", "C-3418", "2025-03-01", 49.9, "Fibre 500"), ("I-88841", "C-3310", "2025-03-01", 52.8, "Fibre 250 39.90 + Mobile S 12.90"),
]
CREDITS = [("C-3342", "2024-10-04", 20.0, "goodwill"), ("C-3418", "2023-01-18", 10.0, "goodwill")]
OUTAGES = [("Utrecht", "2025-03-03", "2025-03-07", 4), ("Leeds", "2025-02-20", "2025-02-20", 0)]
ARTICLES = [
    ("router-return", "Returning a rented router", "Send the router back within 14 days after the contract ends. The label is in your account under Devices. A router that does not arrive is charged at EUR 89.00."),
    ("move-home", "Moving home with your contract", "We move your contract to any address that our network reaches. Tell us at least 10 days ahead. Your speed and price stay the same."),
    ("static-ip", "Static IPv4 address", "Static addresses are available on Business Fibre only."),
    ("delete-account", "Deleting your account", "After your last contract has ended you can delete your account in the profile menu. Invoices are kept for ten years as the law demands."),
    ("usage-export", "Exporting your usage records", "Open Usage, choose the months, then Export. You receive a CSV with day, megabytes down and megabytes up. Up to 24 months are kept."),
    ("wifi-slow", "Slow Wi-Fi", "Place the router in the open, prefer the 5 GHz band, and measure with a cable first. If the cable is slow as well, contact support."),
]


class SupportDesk:
    """The accounts and what an assistant may do with them."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.row_factory = sqlite3.Row
        self.db.executescript("""
            CREATE TABLE customers (id TEXT, name TEXT, born TEXT, email TEXT, address TEXT, since TEXT);
            CREATE TABLE contracts (id TEXT, customer TEXT, product TEXT, monthly_eur REAL, term_ends TEXT, status TEXT);
            CREATE TABLE invoices (id TEXT, customer TEXT, date TEXT, total_eur REAL, lines TEXT);
            CREATE TABLE credits (customer TEXT, date TEXT, amount_eur REAL, reason TEXT);
            CREATE TABLE outages (area TEXT, start TEXT, end TEXT, full_days INT);
            CREATE TABLE articles (slug TEXT, title TEXT, body TEXT);""")
        for table, rows in (("customers", CUSTOMERS), ("contracts", CONTRACTS), ("invoices", INVOICES), ("credits", CREDITS),
                            ("outages", OUTAGES), ("articles", ARTICLES)):
            self.db.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)

    def _all(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self.db.execute(query, values).fetchall()]

    def _one(self, what: str, query: str, value: str) -> dict[str, Any]:
        if not (rows := self._all(query, value)):
            raise LookupError(f"no {what} {value}")
        return rows[0]

    def find_customer(self, name: str) -> Any:
        return self._one("customer named", "SELECT * FROM customers WHERE name = ?", name)

    def get_contracts(self, customer_id: str) -> Any:
        return self._all("SELECT id, product, monthly_eur, term_ends, status FROM contracts WHERE customer = ?", customer_id)

    def get_invoices(self, customer_id: str) -> Any:
        return self._all("SELECT id, date, total_eur, lines FROM invoices WHERE customer = ? ORDER BY date DESC", customer_id)

    def get_credits(self, customer_id: str) -> Any:
        return self._all("SELECT date, amount_eur, reason FROM credits WHERE customer = ?", customer_id)

    def get_outages(self, area: str) -> Any:
        return self._all("SELECT area, start, end, full_days FROM outages WHERE area = ?", area)

    def grant_credit(self, customer_id: str, amount_eur: float, reason: str) -> Any:
        self._one("customer", "SELECT id FROM customers WHERE id = ?", customer_id)
        self.db.execute("INSERT INTO credits VALUES (?,'2025-03-12',?,?)", [customer_id, amount_eur, reason])
        return {"customer": customer_id, "credited_eur": amount_eur, "reason": reason, "shown_on": "next invoice"}

    def move_contract(self, contract_id: str, new_address: str, from_date: str, fee_eur: float) -> Any:
        row = self._one("contract", "SELECT * FROM contracts WHERE id = ?", contract_id)
        return {"contract": contract_id, "product": row["product"], "new_address": new_address, "from": from_date, "fee_eur": fee_eur, "status": "scheduled"}

    def change_contract(self, contract_id: str, action: str, product: str = "") -> Any:
        row = self._one("contract", "SELECT * FROM contracts WHERE id = ?", contract_id)
        self.db.execute("UPDATE contracts SET status = ?, product = ? WHERE id = ?",
                        ["cancelled" if action == "cancel" else "active", product or row["product"], contract_id])
        return self._one("contract", "SELECT id, product, term_ends, status FROM contracts WHERE id = ?", contract_id)

    def search_help(self, query: str) -> Any:
        words = [word.lower().strip("?,.") for word in query.split() if len(word) > 3]
        hits = [(sum(w in f"{a['title']} {a['body']}".lower() for w in words), a) for a in self._all("SELECT * FROM articles")]
        return [article for score, article in sorted(hits, key=lambda hit: -hit[0]) if score][:3]

    def transfer_to_human(self, summary: str) -> Any:
        return {"transferred": True, "queue": "general", "position": 14, "summary": summary}

    def toolbox(self, *names: str) -> list[Tool]:
        """The tools with these names; all if none is named."""
        who = {"customer_id": "string Customer id, e.g. C-3310."}
        what = {"contract_id": "string Contract id, e.g. K-1201."}
        every = [
            Tool("find_customer", "Look up an account by the customer's full name.", {"name": "string Full name."}, self.find_customer),
            Tool("get_contracts", "Contracts of a customer.", who, self.get_contracts),
            Tool("get_invoices", "Invoices of a customer, newest first.", who, self.get_invoices),
            Tool("get_credits", "Credits granted to a customer so far.", who, self.get_credits),
            Tool("get_outages", "Outages in a city in the last 60 days.", {"area": "string City."}, self.get_outages),
            Tool("grant_credit", "Put a credit on the next invoice.", {**who, "amount_eur": "number Amount in EUR.",
                 "reason": "string goodwill, outage or billing_error."}, self.grant_credit),
            Tool("move_contract", "Move a contract to a new address.", {**what, "new_address": "string New address.",
                 "from_date": "string YYYY-MM-DD.", "fee_eur": "number Moving fee."}, self.move_contract),
            Tool("change_contract", "Cancel a contract or change its product.", {**what, "action": "string cancel or change.",
                 "product?": "string New product."}, self.change_contract),
            Tool("search_help", "Search the help articles.", {"query": "string Search words."}, self.search_help),
            Tool("transfer_to_human", "Hand the conversation over to a person.", {"summary": "string What it is about."}, self.transfer_to_human),
        ]
        return [tool for tool in every if not names or tool.name in names]
