"""A chain's shop for measuring the till: its tables filled, and the baskets its tills send."""

import random
from typing import Any, NamedTuple

import psycopg

from service.digests import identity_digest
from service.engine import codes
from service.engine.redeem import (
    AmountOff,
    Benefit,
    BundlePrice,
    BuyGet,
    Condition,
    Need,
    PercentOff,
    Terms,
)
from service.settings import Settings
from service.store.session import Database

SECRET = "a key for measuring only, with no household behind it"
STORE, DAY = "0042", "2026-03-05"
OFFERS, PRODUCTS, LINES, BASKET = 300, 2000, 12, 20
GTIN = 2_000_000_000_000
GCN = codes.gcn("952123400001")
CARD = "9521234{:011d}"


class Deal(NamedTuple):
    """What an offer asks and gives, how often, and what a basket has of its products."""

    pieces: int
    benefit: Benefit
    uses: int
    bought: tuple[int, ...]

    @property
    def terms(self) -> str:
        """As stored."""
        return Terms(Condition((Need(1000 * self.pieces),), 0), self.benefit).to_json()


DEALS = (
    Deal(1, AmountOff(50), 1, (1,)),
    Deal(2, PercentOff(2000), 3, (4,)),
    Deal(1, AmountOff(50), 3, (2,)),
    Deal(2, BuyGet(1, 0, 10000), 3, (3,)),
    Deal(3, BundlePrice(600), 2, (2, 1)),
    Deal(1, PercentOff(1500), 1, (1,)),
)
"""A list has two offers of each, and a basket meets one of each: by the piece, by several pieces,
with several uses in one basket, and over two products."""


def _by_deal(values: list[str], number: str) -> str:
    """SQL for what an offer's kind of deal decides."""
    cases = " ".join([f"WHEN {place} THEN {value}" for place, value in enumerate(values)])
    return f"CASE {number} % {len(DEALS)} {cases} END"


NUMBERED = ("supplier", "category", "item", "upload", "offer", "household", "shopping_list")
"""Tables whose rows bring their own numbers: PostgreSQL counts on from there."""


def fill(database: Database, households: int, cards: int) -> None:
    """Households with a card each, and a list of 12 open lines for the first `households`."""
    lite = database.is_sqlite
    series = (
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}) "
        "SELECT i FROM n) AS n"
        if lite
        else "generate_series(1, {n}) AS n(i)"
    )
    serial = "printf('%012d', i)" if lite else "lpad(i::text, 12, '0')"
    now = "0" if lite else "now()"
    terms = _by_deal([f"'{deal.terms}'" for deal in DEALS], "i")
    uses = [str(deal.uses) for deal in DEALS]
    blob = "hex(zeroblob(1500))" if lite else "repeat('x', 3000)"

    offer = f"1 + (i * 7 + line * 25) % {OFFERS}"

    def many(count: int) -> str:
        return series.format(n=count)

    statements = [
        f"INSERT INTO store (id, timezone) VALUES ('{STORE}', 'UTC') ON CONFLICT DO NOTHING",
        f"INSERT INTO supplier (id, name) SELECT i, 's' || i FROM {many(20)}",
        f"INSERT INTO category (id, name, department) SELECT i, 'c' || i, 'd' FROM {many(20)}",
        f"INSERT INTO item (id, name, category_id) SELECT i, 'i' || i, 1 + i % 20 FROM {many(200)}",
        f"""INSERT INTO product (gtin, description, brand, private_label, item_id, category_id,
                supplier_id, package_size, price_cents, restriction)
            SELECT {GTIN} + i, 'p' || i, 'b', i < 0, 1 + i % 200, 1 + i % 20, 1 + i % 20, '',
                300, ''
            FROM {many(PRODUCTS)}""",
        f"""INSERT INTO upload (id, name, sha256, uploaded_at, uploaded_by, rows)
            VALUES (1, 'u', 'u', {now}, 'bench', 1)""",
        f"""INSERT INTO offer (id, supplier_id, deal_ref, revision, state, upload_id, digest, title,
                category_id, terms, face_value_cents, limit_per_household, funding_share,
                control_share, handling_fee_cents, mail_from, mail_to, redeem_from, redeem_to,
                legal, private_label, price_cents)
            SELECT i, 1 + i % 20, 'd' || i, 1, 'running', 1, 'd', 'Offer ' || i, 1 + i % 20,
                {terms}, 50, {_by_deal(uses, "i")}, 80, 0, 8, '2026-01-01', '2026-12-31',
                '2026-01-01', '2026-12-31', '', 1 > 2, 300 FROM {many(OFFERS)}""",
        f"""INSERT INTO offer_product (offer_id, set_number, gtin)
            SELECT 1 + i / 5, 0, {GTIN} + 1 + i FROM {many(OFFERS * 5 - 5)}""",
        f"""INSERT INTO household (id, ref, language) SELECT i, 'h' || i, 'en'
            FROM {many(max(cards, households))}""",
        f"""INSERT INTO shopping_list (id, code, household_id, state, valid_from, valid_to,
                document, written_at)
            SELECT i, '255{GCN}' || {serial}, i, 'issued', '2026-03-02', '2026-03-15', {blob}, {now}
            FROM {many(households)}""",
        # List after list, so that the tables grow at their ends, however many there are.
        f"""INSERT INTO list_line (list_id, line, kind, offer_id, text, face_value_cents, uses,
                reserved_cents, reason)
            SELECT i, line, 'offer', {offer}, 'An offer with a text as printed', 50,
                {_by_deal(uses, f"({offer})")}, 48, ''
            FROM {many(households)} CROSS JOIN (SELECT i AS line FROM {many(LINES)}) AS m""",
    ]
    with database.alter() as connection:
        if not lite:
            # Rows are right by how they are made: no reference is looked up.
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%") if not lite else statement)
        for table in () if lite else NUMBERED:
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
    _cards(database, cards)


def _cards(database: Database, cards: int) -> None:
    key = settings_of(database.url).secret_key
    rows = (("card", identity_digest(key, "card", CARD.format(i)), i) for i in range(1, cards + 1))
    with database.alter() as connection:
        raw: Any = connection.connection.driver_connection
        if database.is_sqlite:
            raw.executemany(
                "INSERT INTO identity (kind, digest, household_id) VALUES (?,?,?)", rows
            )
            return
        into = "COPY identity (kind, digest, household_id) FROM STDIN"
        with raw.cursor() as cursor, cursor.copy(into) as copy:
            for each in rows:
                copy.write_row(each)


def settle_tables(database: Database) -> None:
    """What a database in service has had done to it long ago."""
    if database.is_sqlite:
        with database.driver(write=True) as connection:
            connection.execute("ANALYZE")
        return
    with psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def settings_of(url: str) -> Settings:
    return Settings(_env_file=None, database_url=url, secret_key=SECRET, code_key=SECRET)


def body(household: int, *, shown: str = "list") -> dict[str, Any]:
    """A basket of 20 lines that meets 6 of the household's 12 offers, one of each kind of deal."""
    draw = random.Random(household)
    bought = []
    for line in range(1, len(DEALS) + 1):
        offer = 1 + (household * 7 + line * 25) % OFFERS
        # Products of offer o are 5 (o - 1) + 1 ... 5 o; those past 1500 belong to none.
        pieces = DEALS[offer % len(DEALS)].bought
        products = draw.sample(range(5 * offer - 4, 5 * offer + 1), len(pieces))
        gtins = [GTIN + min(each, 5 * OFFERS - 5) for each in products]
        bought += zip(gtins, pieces, strict=True)
    others = BASKET - len(bought)
    bought += [(GTIN + 1501 + draw.randrange(PRODUCTS - 1501), 1) for _ in range(others)]
    value = codes.list_code(GCN, f"{household:012d}") if shown == "list" else CARD.format(household)
    return {
        "transaction": {
            "store": STORE,
            "terminal": "1",
            "business_date": DAY,
            "number": f"{shown}{household}",
            "at": f"{DAY}T17:04:12+00:00",
        },
        "presented": [{"kind": shown, "value": value}],
        "lines": [
            {
                "line": line,
                "gtin": str(gtin),
                "quantity": pieces,
                "unit": "each",
                "amount_cents": (250 + line) * pieces,
            }
            for line, (gtin, pieces) in enumerate(bought, start=1)
        ],
    }
