"""Waypoint, a travel desk: flights, trains and hotels in SQLite, bookings that really take seats and rooms."""

import sqlite3
from typing import Any

from sample_data.record import Tool

# number, from, to, date, departs, arrives, EUR, seats
FLIGHTS = [
    ("WP 218", "Berlin", "Lisbon", "2025-05-16", "06:40", "09:20", 148, 9), ("WP 222", "Berlin", "Lisbon", "2025-05-16", "17:05", "19:45", 119, 4),
    ("WP 219", "Lisbon", "Berlin", "2025-05-19", "10:15", "14:40", 132, 7), ("WP 223", "Lisbon", "Berlin", "2025-05-19", "20:30", "00:55", 96, 12),
    ("AQ 71", "Berlin", "Porto", "2025-05-16", "08:10", "10:45", 101, 6), ("AQ 72", "Porto", "Berlin", "2025-05-19", "18:20", "22:45", 94, 3),
    ("NV 14", "Oslo", "Amsterdam", "2025-06-03", "07:00", "08:55", 121, 5), ("NV 18", "Oslo", "Amsterdam", "2025-06-03", "11:20", "13:15", 84, 11),
    ("FS 330", "Helsinki", "Amsterdam", "2025-06-03", "06:20", "08:00", 163, 2), ("FS 334", "Helsinki", "Amsterdam", "2025-06-03", "10:40", "12:20", 109, 8),
    ("IB 902", "Madrid", "Amsterdam", "2025-06-03", "06:05", "08:45", 134, 6), ("IB 910", "Madrid", "Amsterdam", "2025-06-03", "12:50", "15:30", 77, 10),
    ("WP 401", "Hamburg", "Palma", "2025-07-05", "05:50", "08:35", 189, 3), ("WP 405", "Hamburg", "Palma", "2025-07-05", "15:10", "17:55", 142, 8),
]
# number, from, to, date, departs, arrives, EUR second class, seats left
TRAINS = [
    ("ICE 77", "Hamburg", "Basel", "2025-08-02", "08:24", "15:12", 59, 12), ("EC 7", "Hamburg", "Basel", "2025-08-02", "10:46", "17:47", 49, 0),
    ("IC 1069", "Basel", "Lugano", "2025-08-03", "09:03", "12:16", 44, 30), ("EC 317", "Lugano", "Milan", "2025-08-04", "10:04", "11:17", 24, 18),
    ("FR 9727", "Milan", "Venice", "2025-08-05", "11:45", "14:12", 29, 9), ("FR 9735", "Milan", "Venice", "2025-08-05", "14:45", "17:12", 19, 2),
    ("RJ 132", "Venice", "Vienna", "2025-08-07", "15:56", "23:05", 39, 6), ("NJ 40236", "Venice", "Vienna", "2025-08-07", "21:05", "06:56", 69, 0),
    ("RJ 78", "Vienna", "Prague", "2025-08-09", "12:10", "16:12", 25, 14), ("EC 172", "Prague", "Hamburg", "2025-08-11", "10:28", "17:03", 46, 0),
    ("かがやき 505号", "東京", "金沢", "2025-11-22", "08:12", "10:46", 88, 4), ("はくたか 559号", "東京", "金沢", "2025-11-22", "10:32", "13:29", 86, 21),
    ("かがやき 538号", "金沢", "東京", "2025-11-24", "17:53", "20:24", 88, 6),
]
# id, city, name, area, stars, EUR a night, rooms left, remarks
HOTELS = [
    ("H-211", "Lisbon", "Casa do Tejo", "Alfama", 3, 138, 0, "breakfast, no lift"), ("H-212", "Lisbon", "Miradouro Suites", "Graça", 4, 171, 2, "breakfast, river view"),
    ("H-214", "Lisbon", "Pensão Aurora", "Anjos", 2, 94, 0, "shared bathroom"), ("H-230", "Porto", "Ribeira Loft Hotel", "Ribeira", 4, 112, 3, "breakfast, river view"),
    ("H-233", "Porto", "Hostel Bolhão", "Baixa", 2, 58, 6, "private rooms"), ("H-301", "Basel", "Rheinblick", "Kleinbasel", 3, 104, 2, "breakfast"),
    ("H-310", "Lugano", "Albergo Ceresio", "Paradiso", 3, 118, 4, "lake view"), ("H-322", "Milan", "Locanda Isola", "Isola", 3, 97, 5, "breakfast"),
    ("H-330", "Venice", "Ca' Bragadin", "Cannaregio", 3, 131, 1, "breakfast"), ("H-333", "Venice", "Hotel Laguna Mestre", "Mestre", 3, 79, 8, "10 min by tram"),
    ("H-340", "Vienna", "Pension Lerchenfeld", "Neubau", 3, 92, 3, "breakfast"), ("H-350", "Prague", "Hotel U Mostu", "Malá Strana", 3, 84, 2, "breakfast"),
    ("H-701", "金沢", "旅館 雪見亭", "東山", 4, 210, 1, "夕食・朝食付き、露天風呂"), ("H-702", "金沢", "ホテル百万石", "香林坊", 3, 95, 9, "朝食付き"),
    ("H-410", "Palma", "Hostal Sa Roqueta", "Portixol", 3, 124, 0, "pool"), ("H-412", "Palma", "Finca Son Amar", "Inland", 4, 182, 2, "pool, car needed"),
]


class TravelDesk:
    """Timetables and hotels, and the bookings made on them."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.row_factory = sqlite3.Row
        self.db.executescript("""
            CREATE TABLE flights (number TEXT, origin TEXT, destination TEXT, date TEXT, departs TEXT, arrives TEXT, price INT, seats INT);
            CREATE TABLE trains (number TEXT, origin TEXT, destination TEXT, date TEXT, departs TEXT, arrives TEXT, price INT, seats INT);
            CREATE TABLE hotels (id TEXT, city TEXT, name TEXT, area TEXT, stars INT, price INT, rooms INT, remarks TEXT);
            CREATE TABLE bookings (id TEXT, what TEXT, date TEXT, who TEXT, total INT, status TEXT);""")
        for table, rows in (("flights", FLIGHTS), ("trains", TRAINS), ("hotels", HOTELS)):
            self.db.executemany(f"INSERT INTO {table} VALUES (?,?,?,?,?,?,?,?)", rows)

    def _journeys(self, table: str, origin: str, destination: str, date: str) -> list[dict[str, Any]]:
        rows = self.db.execute(f"SELECT * FROM {table} WHERE origin = ? AND destination = ? AND date = ? ORDER BY departs",
                               [origin, destination, date]).fetchall()
        return [{"number": r["number"], "departs": r["departs"], "arrives": r["arrives"], "price_eur": r["price"],
                 "seats_left": r["seats"]} for r in rows]

    def search_flights(self, origin: str, destination: str, date: str) -> Any:
        return self._journeys("flights", origin, destination, date)

    def search_trains(self, origin: str, destination: str, date: str) -> Any:
        return self._journeys("trains", origin, destination, date)

    def search_hotels(self, city: str, max_price: float | None = None) -> Any:
        rows = self.db.execute("SELECT * FROM hotels WHERE city = ? AND price <= ? ORDER BY price", [city, max_price or 10**6]).fetchall()
        return [{"id": r["id"], "name": r["name"], "area": r["area"], "stars": r["stars"], "eur_per_night": r["price"],
                 "rooms_left": r["rooms"], "remarks": r["remarks"]} for r in rows]

    def _book(self, what: str, date: str, who: str, total: int) -> Any:
        number = f"R{41270 + 13 * self.db.execute('SELECT count(*) FROM bookings').fetchone()[0]}"
        self.db.execute("INSERT INTO bookings VALUES (?,?,?,?,?,'confirmed')", [number, what, date, who, total])
        return {"booking": number, "what": what, "date": date, "for": who, "total_eur": total, "status": "confirmed"}

    def _seats(self, table: str, number: str, date: str, travellers: list[str]) -> Any:
        row = self.db.execute(f"SELECT * FROM {table} WHERE number = ? AND date = ?", [number, date]).fetchone()
        if row is None:
            raise LookupError(f"{number} does not run on {date}")
        if row["seats"] < len(travellers):
            raise ValueError(f"{number} on {date}: {row['seats']} seats left, {len(travellers)} requested")
        self.db.execute(f"UPDATE {table} SET seats = seats - ? WHERE number = ? AND date = ?", [len(travellers), number, date])
        return self._book(f"{number} {row['origin']} - {row['destination']} {row['departs']}", date,
                          ", ".join(travellers), row["price"] * len(travellers))

    def book_flight(self, number: str, date: str, travellers: list[str]) -> Any:
        return self._seats("flights", number, date, travellers)

    def book_train(self, number: str, date: str, travellers: list[str]) -> Any:
        return self._seats("trains", number, date, travellers)

    def book_hotel(self, hotel_id: str, check_in: str, nights: int, guest: str) -> Any:
        row = self.db.execute("SELECT * FROM hotels WHERE id = ?", [hotel_id]).fetchone()
        if row is None:
            raise LookupError(f"no hotel {hotel_id}")
        if not row["rooms"]:
            raise ValueError(f"{row['name']} has no room on {check_in}")
        self.db.execute("UPDATE hotels SET rooms = rooms - 1 WHERE id = ?", [hotel_id])
        return self._book(f"{row['name']}, {row['city']}, {nights} night{'s' * (nights > 1)}", check_in, guest, row["price"] * nights)

    def list_bookings(self) -> Any:
        rows = self.db.execute("SELECT * FROM bookings ORDER BY rowid").fetchall()
        return {"bookings": [dict(r) for r in rows], "total_eur": sum(r["total"] for r in rows if r["status"] == "confirmed")}

    def cancel_booking(self, booking: str) -> Any:
        if not self.db.execute("UPDATE bookings SET status = 'cancelled' WHERE id = ?", [booking]).rowcount:
            raise LookupError(f"no booking {booking}")
        return {"booking": booking, "status": "cancelled"}

    def toolbox(self, *names: str) -> list[Tool]:
        """The tools with these names; all if none is named."""
        route = {"origin": "string City of departure.", "destination": "string City of arrival.", "date": "string YYYY-MM-DD."}
        seat = {"number": "string Flight or train number.", "date": "string YYYY-MM-DD.", "travellers": "string[] Full names."}
        every = [
            Tool("search_flights", "Flights between two cities on a day.", route, self.search_flights),
            Tool("search_trains", "Direct trains between two cities on a day.", route, self.search_trains),
            Tool("search_hotels", "Hotels in a city, cheapest first.",
                 {"city": "string City.", "max_price?": "number Upper limit per night in EUR."}, self.search_hotels),
            Tool("book_flight", "Book seats on a flight.", seat, self.book_flight),
            Tool("book_train", "Book seats on a train.", seat, self.book_train),
            Tool("book_hotel", "Book a room.", {"hotel_id": "string Hotel id.", "check_in": "string YYYY-MM-DD.",
                 "nights": "integer Number of nights.", "guest": "string Name of the guest."}, self.book_hotel),
            Tool("list_bookings", "All bookings made so far and their total.", {}, self.list_bookings),
            Tool("cancel_booking", "Cancel a booking.", {"booking": "string Booking number."}, self.cancel_booking),
        ]
        return [tool for tool in every if not names or tool.name in names]
