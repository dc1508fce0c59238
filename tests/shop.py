"""A small shop for tests: four products, three households, three offers, two issued lists.

Products, households and deals come in through the service's own doors. Lists are issued directly,
so that a test knows every line: line 1 is 1.00 off milk, once (funded 100 % plus a fee of 8
cents); line 2 is 20 % off bread, twice (funded 50 %); line 3 is 2.00 off two soaps, once (funded
by the retailer alone); line 4 reminds of milk.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from service.admin.keys import add_key
from service.deals import load_deals
from service.engine import codes
from service.engine.ledger import EntryKind, reserve
from service.engine.records import ListDocument, OfferLine, ReminderLine
from service.files.households import load_households
from service.files.products import load_products
from service.settings import Settings
from service.store import catalogue, cycles, households, issued, ledger, lists
from service.store.actor import Actor
from service.store.offers import revisions
from service.store.session import Database
from service.store.tables.access import Role
from service.store.tables.cycle import Cycle

MILK, BREAD, SOAP, SALT = "2000000000015", "2000000000022", "2000000000039", "2000000000046"
STORE = "0042"
VALID_FROM, VALID_TO = date(2026, 3, 2), date(2026, 3, 15)
SHOPPING_DAY = date(2026, 3, 5)
H1, H2, H3 = "H1", "H2", "H3"
CARDS = {H1: "952123400000000017", H2: "952123400000000024", H3: "952123400000000031"}
PHONES = {H1: "+1 502 555 0101", H2: "+1 502 555 0102", H3: "+1 502 555 0103"}

PRODUCTS = f"""gtin,description,brand,private_label,item,category,department,supplier,price_cents
{MILK},Dale Milk 1 l,Dale,false,Milk,Dairy,Chilled,Dale Foods,120
{BREAD},Oven Bread 500 g,Oven,false,Bread,Bakery,Grocery,Oven Works,250
{SOAP},House Soap,House,true,Soap,Care,Household,House Brand,300
{SALT},House Salt,House,true,Salt,Spices,Grocery,House Brand,80
"""
HOUSEHOLDS = "household_id,name,street,postcode,city,country,card,phone,mail_consent\n" + "".join(
    f"{ref},Person {ref},1 Elm Street,4280{n},Applecroft,US,{CARDS[ref]},{PHONES[ref]},true\n"
    for n, ref in enumerate((H1, H2, H3))
)
DEALS = f"""deal_id,supplier,title,eligible_gtins,benefit,value,min_quantity,face_value,\
funding_share_percent,handling_fee,budget,mail_from,mail_to,redeem_from,redeem_to,\
limit_per_household
MILK-1,Dale Foods,Dale Milk,{MILK},amount_off,1.00,1,,100,0.08,100.00,2026-01-01,2026-12-31,\
2026-01-01,2026-12-31,1
BREAD-1,Oven Works,Oven Bread,{BREAD},percent_off,20,1,0.50,50,0,,2026-01-01,2026-12-31,\
2026-01-01,2026-12-31,2
SOAP-1,House Brand,House Soap,{SOAP},amount_off,2.00,2,,0,0,,2026-01-01,2026-12-31,\
2026-01-01,2026-12-31,1
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """What was set up: list codes by household (H3 has no list), and the ids of the offers."""

    lists: dict[str, str]
    milk_offer: int
    bread_offer: int
    soap_offer: int


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    """A fresh shop of this test."""
    return open_shop(database, settings, tmp_path)


def open_shop(database: Database, settings: Settings, folder: Path) -> Shop:
    """Load the shop, make API key number 1, and issue a list each to H1 and H2."""
    for name, content in (
        ("products.csv", PRODUCTS),
        ("households.csv", HOUSEHOLDS),
        ("deals.csv", DEALS),
    ):
        (folder / name).write_text(content, encoding="utf-8")
    load_products(database, folder / "products.csv")
    load_households(
        database, folder / "households.csv", secret_key=settings.secret_key, language="en"
    )
    load_deals(database, folder / "deals.csv", uploaded_by=Actor("tests"))
    add_key(database, settings, role=Role.ADMIN)
    with database.write() as session:
        catalogue.ensure_stores(session, [STORE], timezone="UTC")
        ids = households.ids_by_ref(session)
        loaded = dict(revisions.current(session).select("deal_ref", "offer_id").iter_rows())
        products = catalogue.products(session)
        milk_item = products.filter(pl.col("gtin") == int(MILK))["item_id"][0]
        offered = [loaded[ref] for ref in ("MILK-1", "BREAD-1", "SOAP-1")]
        cycle_id = cycles.add(
            session,
            Cycle(
                as_of=VALID_FROM,
                seed=0,
                valid_from=VALID_FROM,
                valid_to=VALID_TO,
                issued_at=datetime(2026, 3, 1, tzinfo=UTC),
                usage_bounds=[],
                summary={"lists": 2},
            ),
        )
        documents = {
            ref: _document(number, offered, milk_item) for number, ref in ((1, H1), (2, H2))
        }
        listed = pl.DataFrame(
            {
                "code": [document.list_code for document in documents.values()],
                "household_id": [ids[ref] for ref in documents],
                "document": [document.to_json() for document in documents.values()],
            }
        ).with_columns(
            pl.lit(cycle_id, pl.Int64).alias("cycle_id"),
            pl.lit(VALID_FROM).alias("valid_from"),
            pl.lit(VALID_TO).alias("valid_to"),
            pl.lit(datetime(2026, 3, 1, tzinfo=UTC))
            .cast(pl.Datetime("us", "UTC"))
            .alias("written_at"),
        )
        lines = pl.concat(
            [_lines(document.list_code, offered, milk_item) for document in documents.values()]
        )
        lists.issue(session, listed, lines)
        held = (
            lines.drop_nulls("offer_id")
            .group_by("offer_id")
            .agg(
                (pl.col("reserved_cents") * pl.col("uses")).sum(),
                pl.len().cast(pl.Int64).alias("copies"),
                pl.col("face_value_cents").sum(),
                pl.lit(0.5).alias("expected_uses"),
            )
            .sort("offer_id")
        )
        issued.add(session, cycle_id, held)
        ledger.post_by_offer(
            session,
            f"cycle-{cycle_id}",
            EntryKind.ISSUE,
            held.select("offer_id", "reserved_cents").iter_rows(),
            reserve,
            at=datetime(2026, 3, 1, tzinfo=UTC),
        )
    return Shop({ref: document.list_code for ref, document in documents.items()}, *offered)


def issue_again(
    database: Database,
    shop: Shop,
    ref: str,
    number: int,
    *,
    valid_from: date = VALID_FROM,
    valid_to: date = VALID_TO,
    offered: list[int] | None = None,
) -> str:
    """Issue a further list to a household, with this serial; its code.

    Its lines are the same, of these offers if said.
    """
    offered = offered or [shop.milk_offer, shop.bread_offer, shop.soap_offer]
    with database.write() as session:
        milk_item = catalogue.products(session).filter(pl.col("gtin") == int(MILK))["item_id"][0]
        document = _document(number, offered, milk_item)
        listed = pl.DataFrame(
            {
                "code": [document.list_code],
                "household_id": [households.ids_by_ref(session)[ref]],
                "document": [document.to_json()],
                "cycle_id": [cycles.newest(session).id],
                "valid_from": [valid_from],
                "valid_to": [valid_to],
                "written_at": [datetime(2026, 3, 1, tzinfo=UTC)],
            }
        )
        lines = _lines(document.list_code, offered, milk_item)
        lists.issue(session, listed, lines)
        held = [
            (offer_id, cents * uses)
            for offer_id, cents, uses in lines.drop_nulls("offer_id")
            .sort("offer_id")
            .select("offer_id", "reserved_cents", "uses")
            .iter_rows()
        ]
        ledger.post_by_offer(
            session,
            f"again-{number}",
            EntryKind.ISSUE,
            held,
            reserve,
            at=datetime(2026, 3, 1, tzinfo=UTC),
        )
    return document.list_code


def list_code(number: int) -> str:
    """A code with a right check digit and this serial."""
    return codes.list_code(codes.gcn("952123400001"), f"{number:012d}")


def _document(number: int, offered: list[int], milk_item: int) -> ListDocument:
    titles = (
        ("Dale Milk", "$1.00 off", 100),
        ("Oven Bread", "20% off", 50),
        ("House Soap", "$2.00 off", 200),
    )
    return ListDocument(
        list_code=list_code(number),
        language="en",
        currency="USD",
        retailer="Test Market",
        greeting="",
        issued_on=VALID_FROM,
        valid_from=VALID_FROM,
        valid_to=VALID_TO,
        offers=tuple(
            OfferLine(line, offer_id, title, "", cents, value, "Grocery", "")
            for line, (offer_id, (title, value, cents)) in enumerate(
                zip(offered, titles, strict=True), start=1
            )
        ),
        reminders=(
            ReminderLine(
                4,
                milk_item,
                "Milk",
                "Dale Milk 1 l",
                "Chilled",
                120,
                date(2026, 3, 6),
                "about every 5 days; last bought 27 Feb",
            ),
        ),
        worth_cents=350,
        tip="",
        legal="",
    )


def _lines(code: str, offered: list[int], milk_item: int) -> pl.DataFrame:
    kinds = (
        (1, "offer", None, offered[0], "Dale Milk: $1.00 off", "", 100, 1, 108, None),
        (2, "offer", None, offered[1], "Oven Bread: 20% off", "", 50, 2, 25, None),
        (3, "offer", None, offered[2], "House Soap: $2.00 off", "", 200, 1, 0, None),
        (4, "reminder", milk_item, None, "Milk", "", 0, 0, 0, 0.7),
    )
    schema = {
        "line": pl.Int64,
        "kind": pl.String,
        "item_id": pl.Int64,
        "offer_id": pl.Int64,
        "text": pl.String,
        "reason": pl.String,
        "face_value_cents": pl.Int64,
        "uses": pl.Int64,
        "reserved_cents": pl.Int64,
        "p_purchase": pl.Float64,
    }
    return pl.DataFrame(kinds, schema=schema, orient="row").with_columns(pl.lit(code).alias("code"))
