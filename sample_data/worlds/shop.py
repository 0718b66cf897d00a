"""Harbor & Pine, a small web shop: a SQLite catalogue, one customer's cart and orders."""

import json
import sqlite3
from typing import Any

from sample_data.record import Tool

TODAY = "2025-03-12"

# id, title, brand, category, cents, in stock, days to deliver, rating, options, description
PRODUCTS = [
    ("AU-1042", "Quietline 300 wireless over-ear headphones", "Tessen", "headphones", 7490, 0, 2, 4.4, {}, "Active noise cancelling, 32 h battery, folds flat. Black."),
    ("AU-1055", "Hush Pro over-ear headphones", "Orrin", "headphones", 9490, 18, 2, 4.6, {"colour": ["black", "sand"]}, "Hybrid active noise cancelling, 40 h battery, USB-C and 3.5 mm."),
    ("AU-1061", "Basso Lite over-ear headphones", "Orrin", "headphones", 4990, 44, 2, 3.9, {"colour": ["black", "white"]}, "Closed back, passive isolation, 24 h battery. No noise cancelling."),
    ("AU-1077", "Murmur ANC over-ear headphones", "Kallio", "headphones", 6990, 6, 9, 4.1, {}, "Active noise cancelling, 28 h battery. Ships from the Rotterdam warehouse."),
    ("AU-1090", "Pebble 2 true wireless earbuds", "Tessen", "headphones", 5990, 71, 2, 4.3, {}, "In-ear, active noise cancelling, 7 h + 21 h case."),
    ("KI-2003", "Volterra Mini espresso machine", "Volterra", "coffee", 18900, 9, 3, 4.2, {"colour": ["steel", "red"]}, "15 bar pump, 1 l tank, steam wand. 14 cm wide."),
    ("KI-2007", "Volterra Uno espresso machine", "Volterra", "coffee", 24900, 5, 3, 4.5, {}, "15 bar pump, PID temperature control, steam wand."),
    ("KI-2011", "Burrhaus M2 hand grinder", "Burrhaus", "coffee", 6900, 23, 2, 4.7, {}, "Steel conical burrs, 25 g, stepped. Fine enough for espresso."),
    ("KI-2014", "Burrhaus E5 electric grinder", "Burrhaus", "coffee", 12900, 12, 2, 4.4, {}, "40 mm conical burrs, 31 settings, 250 g hopper."),
    ("KI-2020", "Moka Classica 6 cups", "Lumina", "coffee", 2890, 60, 2, 4.6, {}, "Aluminium stovetop pot. Not for induction."),
    ("SH-3001", "Ridgeback GTX trail running shoe (men)", "Fjordline", "shoes", 13900, 14, 2, 4.5, {"eu_size": ["41", "42", "43", "45", "46"]}, "Waterproof membrane, 6 mm drop, 310 g."),
    ("SH-3002", "Ridgeback trail running shoe (men)", "Fjordline", "shoes", 11900, 20, 2, 4.4, {"eu_size": ["41", "42", "43", "44", "45"]}, "Breathable mesh, not waterproof, 6 mm drop, 285 g."),
    ("SH-3005", "Talus Dry trail running shoe (men)", "Corrie", "shoes", 14900, 3, 2, 4.2, {"eu_size": ["42", "44"]}, "Waterproof, 8 mm drop, 330 g, wide fit."),
    ("GI-4001", "Beeswax candle set, 3 pieces", "Harbor & Pine", "gifts", 2400, 35, 2, 4.8, {}, "Hand poured, 18 h each."),
    ("GI-4004", "Linen tea towel, botanical print", "Harbor & Pine", "gifts", 1600, 52, 2, 4.6, {}, "100% linen, 50 x 70 cm."),
    ("GI-4007", "Wildflower honey, 500 g", "Ostrow Apiary", "gifts", 1150, 0, 2, 4.9, {}, "Raw honey. Seasonal."),
    ("GI-4009", "Dark chocolate with sea salt, 3 bars", "Mirov", "gifts", 1290, 80, 2, 4.5, {}, "72% cocoa, vegan."),
    ("GI-4012", "Gardening gloves, leather palm", "Harbor & Pine", "gifts", 2190, 17, 2, 4.3, {"size": ["S", "M", "L"]}, "Goatskin and cotton."),
    ("GI-4015", "Seed tin 'Bees & Butterflies'", "Harbor & Pine", "gifts", 1850, 26, 2, 4.7, {}, "Eight varieties for about 4 m2."),
    ("GI-4018", "Gift box with ribbon", "Harbor & Pine", "gifts", 490, 200, 2, 4.4, {}, "30 x 22 x 10 cm, kraft."),
    ("OF-5002", "Northlight 27 monitor, 1440p", "Northlight", "office", 22900, 8, 4, 4.3, {}, "27 inch IPS, 2560 x 1440, 75 Hz, HDMI and DisplayPort. No USB-C."),
    ("OF-5003", "Northlight 27C monitor, 1440p, USB-C", "Northlight", "office", 28900, 4, 4, 4.5, {}, "27 inch IPS, 2560 x 1440, 100 Hz, USB-C with 65 W charging, height adjustable."),
    ("OF-5006", "Deskmate 7-in-1 USB-C hub", "Deskmate", "office", 3990, 31, 2, 3.6, {}, "HDMI 4K60, 3x USB-A, SD, microSD, 100 W pass-through."),
    ("OF-5009", "Armada monitor arm", "Deskmate", "office", 5900, 15, 3, 4.1, {}, "Clamp mount, up to 9 kg, VESA 75/100."),
]
COUPONS = {"SPRING10": (10, 8000), "WELCOME5": (5, 0)}  # percent off, smallest subtotal in cents


class Shop:
    """The catalogue and one customer's cart, gift card and orders."""

    def __init__(self, gift_card_cents: int = 0, reviews: list[tuple[str, int, str, str]] = ()) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.row_factory = sqlite3.Row
        self.db.executescript("""
            CREATE TABLE products (id TEXT PRIMARY KEY, title TEXT, brand TEXT, category TEXT, cents INT, stock INT,
                days INT, rating REAL, options TEXT, description TEXT);
            CREATE TABLE reviews (product_id TEXT, stars INT, author TEXT, text TEXT);
            CREATE TABLE cart (product_id TEXT, quantity INT, options TEXT);
            CREATE TABLE orders (id TEXT, total_cents INT, paid_with TEXT, delivery TEXT, items TEXT);""")
        self.db.executemany("INSERT INTO products VALUES (?,?,?,?,?,?,?,?,?,?)",
                            [(*p[:8], json.dumps(p[8]), p[9]) for p in PRODUCTS])
        self.db.executemany("INSERT INTO reviews VALUES (?,?,?,?)", reviews)
        self.gift_card_cents, self.coupon = gift_card_cents, ""

    def _product(self, product_id: str) -> sqlite3.Row:
        row = self.db.execute("SELECT * FROM products WHERE id = ?", [product_id]).fetchone()
        if row is None:
            raise LookupError(f"no product with id {product_id}")
        return row

    def search_products(self, query: str, max_price: float | None = None, sort: str = "relevance") -> Any:
        order = {"price": "cents", "rating": "rating DESC"}.get(sort, "rowid")
        text = "lower(title || ' ' || brand || ' ' || category || ' ' || description)"
        words = query.lower().split()
        where = " AND ".join([f"{text} LIKE ?" for _ in words] + ["cents <= ?"])
        limit = round(max_price * 100) if max_price is not None else 10**9
        rows = self.db.execute(f"SELECT * FROM products WHERE {where} ORDER BY {order} LIMIT 6",
                               [*(f"%{word}%" for word in words), limit]).fetchall()
        return {"query": query, "total": len(rows), "results": [
            {"id": r["id"], "title": r["title"], "price_usd": r["cents"] / 100, "rating": r["rating"],
             "in_stock": r["stock"] > 0} for r in rows]}

    def get_product(self, product_id: str) -> Any:
        r = self._product(product_id)
        return {"id": r["id"], "title": r["title"], "brand": r["brand"], "price_usd": r["cents"] / 100,
                "stock": r["stock"], "delivery_days": r["days"], "rating": r["rating"],
                "options": json.loads(r["options"]), "description": r["description"]}

    def get_reviews(self, product_id: str) -> Any:
        self._product(product_id)
        rows = self.db.execute("SELECT stars, author, text FROM reviews WHERE product_id = ?", [product_id]).fetchall()
        return "\n\n".join(f"{r['author']} gave {r['stars']} of 5\n{r['text']}" for r in rows) or "No reviews yet."

    def add_to_cart(self, product_id: str, quantity: int = 1, options: str = "") -> Any:
        product = self._product(product_id)
        if product["stock"] < quantity:
            raise ValueError(f"{product_id} is out of stock" if not product["stock"] else f"only {product['stock']} left of {product_id}")
        for name, allowed in json.loads(product["options"]).items():
            if options not in allowed:
                raise ValueError(f"option {name!r} must be one of {', '.join(allowed)}")
        self.db.execute("INSERT INTO cart VALUES (?,?,?)", [product_id, quantity, options])
        return self.view_cart()

    def remove_from_cart(self, product_id: str) -> Any:
        if not self.db.execute("DELETE FROM cart WHERE product_id = ?", [product_id]).rowcount:
            raise LookupError(f"{product_id} is not in the cart")
        return self.view_cart()

    def view_cart(self) -> Any:
        rows = self.db.execute("SELECT p.id, p.title, c.quantity, c.options, p.cents FROM cart c "
                               "JOIN products p ON p.id = c.product_id ORDER BY c.rowid").fetchall()
        subtotal = sum(r["cents"] * r["quantity"] for r in rows)
        discount = subtotal * COUPONS[self.coupon][0] // 100 if self.coupon else 0
        lines = [{"id": r["id"], "title": r["title"], "qty": r["quantity"], **({"option": r["options"]} if r["options"] else {}),
                  "line_usd": r["cents"] * r["quantity"] / 100} for r in rows]
        return {"items": lines, "subtotal_usd": subtotal / 100, "discount_usd": discount / 100,
                "total_usd": (subtotal - discount) / 100}

    def apply_coupon(self, code: str) -> Any:
        if code not in COUPONS:
            raise ValueError(f"coupon {code} is not valid")
        if self.view_cart()["subtotal_usd"] * 100 < COUPONS[code][1]:
            raise ValueError(f"coupon {code} needs a subtotal of at least ${COUPONS[code][1] / 100:.2f}")
        self.coupon = code
        return self.view_cart()

    def place_order(self, delivery: str = "standard", pay_with: str = "card") -> Any:
        cart = self.view_cart()
        if not cart["items"]:
            raise ValueError("the cart is empty")
        if pay_with == "gift_card" and self.gift_card_cents < cart["total_usd"] * 100:
            raise ValueError(f"gift card balance is ${self.gift_card_cents / 100:.2f}, order total is ${cart['total_usd']:.2f}")
        days = max(self._product(item["id"])["days"] for item in cart["items"]) - (1 if delivery == "express" else 0)
        number = f"HP-{70418 + self.db.execute('SELECT count(*) FROM orders').fetchone()[0]}"
        arrives = f"2025-03-{12 + days:02d}"
        self.db.execute("INSERT INTO orders VALUES (?,?,?,?,?)",
                        [number, round(cart["total_usd"] * 100), pay_with, arrives, json.dumps(cart["items"])])
        self.db.execute("DELETE FROM cart")
        return {"order": number, "items": [i["id"] for i in cart["items"]], "total_usd": cart["total_usd"],
                "paid_with": pay_with, "arrives": arrives}

    def toolbox(self) -> list[Tool]:
        """What the shopping assistant may call."""
        product = {"product_id": "string Product id, e.g. KI-2003."}
        return [
            Tool("search_products", "Search the catalogue. All words must match.",
                 {"query": "string Search words.", "max_price?": "number Upper price limit in USD.",
                  "sort?": "string relevance, price or rating."}, self.search_products),
            Tool("get_product", "Price, stock, delivery time, options and description of a product.", product, self.get_product),
            Tool("get_reviews", "Customer reviews of a product.", product, self.get_reviews),
            Tool("add_to_cart", "Put a product into the cart.", {**product, "quantity?": "integer How many.",
                 "options?": "string Chosen option such as a size or colour."}, self.add_to_cart),
            Tool("remove_from_cart", "Take a product out of the cart.", product, self.remove_from_cart),
            Tool("view_cart", "What is in the cart, with totals.", {}, self.view_cart),
            Tool("apply_coupon", "Apply a coupon code to the cart.", {"code": "string Coupon code."}, self.apply_coupon),
            Tool("place_order", "Order what is in the cart. Cannot be undone.",
                 {"delivery?": "string standard or express.", "pay_with?": "string card or gift_card."}, self.place_order),
        ]
