"""Public layouts of baskets, each loaded with one command's options; on SQLite."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from service.errors import InvalidInput, NotAccepted, NotFound
from service.files import rows
from service.files.basket_layouts import layout_of, names
from service.files.basket_rows import BasketOptions, read_items
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.products import load_products
from service.files.report import LoadReport
from service.files.rows import PLAIN_TEXT
from service.settings import Settings
from service.store import baskets, households
from service.store.session import Database
from tests.files.files import BASKETS, HOUSEHOLDS, PRODUCTS, write_file

Ask = Callable[[str], list[tuple[object, ...]]]

MILK = 2000000000015
LINES = """SELECT coalesce(h.ref, ''), b.store_id, b.number, l.line, l.gtin, l.code,
                  l.quantity_milli, l.amount_cents
           FROM basket b JOIN basket_line l ON l.basket_id = b.id
           LEFT JOIN household h ON h.id = b.household_id ORDER BY b.number, l.line"""
INVOICES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850.0,United Kingdom
536365,22423,STAND,1,12/13/2010 8:26,3.39,17850.0,United Kingdom
C536379,85123A,HEART,-1,12/1/2010 9:41,2.55,,United Kingdom
"""
FILES = {
    "online_retail": INVOICES,
    "ta_feng": "TRANSACTION_DT,CUSTOMER_ID,AGE_GROUP,PIN_CODE,PRODUCT_SUBCLASS,PRODUCT_ID,AMOUNT,"
    "ASSET,SALES_PRICE\n11/13/2000,01104905,45-49,115,110411,4710199010372,2,24,30\n"
    "11/13/2000,01104905,45-49,115,110411,4710265849066,1,24,12\n",
    "dunnhumby_journey": "household_key,BASKET_ID,DAY,PRODUCT_ID,QUANTITY,SALES_VALUE,STORE_ID,"
    "RETAIL_DISC,TRANS_TIME,WEEK_NO,COUPON_DISC,COUPON_MATCH_DISC\n"
    "2375,26984851472,2,1004906,1,1.39,364,-0.6,931,1,0,0\n",
    "dunnhumby_sort_of_real": "SHOP_DATE,SHOP_HOUR,QUANTITY,SPEND,PROD_CODE,CUST_CODE,BASKET_ID,"
    "STORE_CODE\n20060413,20,1,0.93,PRD0900530,CUST0000,994100100398294,STORE00001\n",
    "ordered_baskets": "order_id,user_id,order_number,days_since_prior_order,order_hour_of_day,"
    "product_id,add_to_cart_order\n11,7,1,,8,196,1\n12,7,2,15.0,7,196,1\n12,7,2,15.0,7,10258,2\n"
    "13,7,3,21.0,12,196,1\n",
    "days": f"household_id,day,gtin,quantity\nH1,2026-03-01,{MILK},2\nH1,2026-03-01,4011,1\n",
}  # fmt: skip
EXPECTED = {
    "online_retail": [
        ("17850", "online", "536365", 1, 0, "85123A", 6000, 1530),
        ("17850", "online", "536365", 2, 0, "22423", 1000, 339),
        ("", "online", "C536379", 1, 0, "85123A", -1000, -255),
    ],
    "ta_feng": [
        ("01104905", "ta-feng", "01104905/2000-11-13", 1, 0, "4710199010372", 2000, 3000),
        ("01104905", "ta-feng", "01104905/2000-11-13", 2, 0, "4710265849066", 1000, 1200),
    ],
    "dunnhumby_journey": [("2375", "364", "26984851472", 1, 0, "1004906", 1000, 139)],
    "dunnhumby_sort_of_real": [
        ("CUST0000", "STORE00001", "994100100398294", 1, 0, "PRD0900530", 1000, 93)
    ],
    "ordered_baskets": [
        ("7", "online", "11", 1, 0, "196", 1000, 0),
        ("7", "online", "12", 1, 0, "196", 1000, 0),
        ("7", "online", "12", 2, 0, "10258", 1000, 0),
        ("7", "online", "13", 1, 0, "196", 1000, 0),
    ],
    "days": [
        ("H1", "0", "H1/2026-03-01", 1, MILK, "", 2000, 240),
        ("H1", "0", "H1/2026-03-01", 2, 4011, "", 1000, 0),
    ],
}


def options(name: str, **more: object) -> BasketOptions:
    return BasketOptions(
        layout=layout_of(name), zone="UTC", first_day=date(2016, 1, 1), last_day=date(2016, 12, 31),
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def folder(database: Database, settings: Settings, tmp_path: Path) -> Path:
    """A folder, and a database with three households and two products."""
    people = write_file(tmp_path / "households.csv", HOUSEHOLDS)
    load_households(database, people, secret_key=settings.secret_key, language="en")
    load_products(database, write_file(tmp_path / "products.csv", PRODUCTS))
    return tmp_path


def load(database: Database, path: Path, given: BasketOptions, accept: str = "all") -> LoadReport:
    return load_baskets(database, path, timezone="UTC", options=given, accept=accept)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_layout_loads_alone_in_any_chunks_and_again_changes_nothing(
    database: Database, folder: Path, read_only: Ask, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = write_file(folder / "b.csv", FILES[name])
    report = load(database, path, options(name))
    assert (report.refused, report.problems) == (0, [])
    assert [tuple(line) for line in read_only(LINES)] == EXPECTED[name]
    assert [note.text for note in report.notes if note.text in layout_of(name).assumed]
    monkeypatch.setattr(rows, "CHUNK_ROWS", 1)
    again = load(database, path, options(name))
    assert (again.taken, again.known, again.refused) == (0, len(EXPECTED[name]), 0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_days_count_back_from_the_last_order(
    database: Database, folder: Path, read_only: Ask
) -> None:
    path = write_file(folder / "b.csv", FILES["ordered_baskets"])
    load(database, path, options("ordered_baskets"))
    found = read_only("SELECT business_date FROM basket ORDER BY number")
    assert [str(day) for (day,) in found] == ["2016-11-25", "2016-12-10", "2016-12-31"]
    with pytest.raises(InvalidInput, match="has no dates"):
        load(database, path, BasketOptions(layout=layout_of("ordered_baskets"), zone="UTC"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_item_numbers_become_gtins_by_a_file_and_households_are_asked_for(
    database: Database, folder: Path, read_only: Ask
) -> None:
    path = write_file(folder / "b.csv", INVOICES)
    with pytest.raises(NotAccepted, match="1 note to accept"):
        load(database, path, options("online_retail"), accept="")
    assert read_only("SELECT count(*) FROM basket") == [(0,)]
    items = write_file(folder / "i.csv", f"item_number;gtin\n85123A;{MILK}\n")
    mapped = options("online_retail", items=read_items(items, PLAIN_TEXT))
    load(database, path, mapped)
    assert [line[4:6] for line in read_only(LINES)] == [(MILK, ""), (0, "22423"), (MILK, "")]
    twice = f"item_number,gtin\n1,{MILK}\n1,2000000000022\n2,5\n"
    with pytest.raises(InvalidInput) as caught:
        read_items(write_file(folder / "i.csv", twice), PLAIN_TEXT)
    assert [str(each).rpartition("csv, ")[2][:25] for each in caught.value.problems] == [
        "row 4, column gtin: '5' i", "row 3, column item_number",
    ]  # fmt: skip


def test_a_layout_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="known are days, dunnhumby_journey"):
        layout_of("../layouts/classic-a4")
    wrong = write_file(tmp_path / "own.json", '{"columns": {"basket": []}}')
    with pytest.raises(InvalidInput, match="basket is not known"):
        layout_of(str(wrong))


HEAD = BASKETS.partition("\n")[0]


@pytest.mark.parametrize("chunk_rows", [1, 50_000])
def test_what_contradicts_an_earlier_line_is_a_fault(
    database: Database, folder: Path, read_only: Ask, monkeypatch: pytest.MonkeyPatch,
    chunk_rows: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(rows, "CHUNK_ROWS", chunk_rows)
    at = "0042,07,2026-03-01T10:00:00Z"
    lines = [f"H1,1,{at},1,{MILK},1,each,120", f"H2,1,{at},2,{MILK},1,each,120",
             f"H1,1,{at},1,2000000000022,1,each,120", f"H1,1,{at},1,{MILK},1,each,120",
             f",1,{at},3,{MILK},1,each,120"]  # fmt: skip
    path = write_file(folder / "b.csv", "\n".join([HEAD, *lines]) + "\n")
    report = load(database, path, BasketOptions())
    assert (report.read, report.taken, report.known, report.refused) == (5, 2, 1, 2)
    assert sorted(str(each).rpartition("csv, ")[2].partition(" (")[0] for each in report.problems
    ) == ["row 3, column basket_id: another household has the transaction '1'",
          "row 4, column line: line 1 of '1' is there with other contents"]  # fmt: skip
    assert [(line[0], line[3]) for line in read_only(LINES)] == [("H1", 1), ("H1", 3)]


@pytest.mark.parametrize(
    ("row", "asked"),
    [
        ("H1,1,0042,07,2071-03-01T10:00:00Z,1,4011,1,each,9", "of days to come: row 2"),
        ("H1,1,0042,07,1970-01-01T00:00:00Z,1,4011,1,each,9", "from before 1990: row 2"),
        ("H1,1,0042,07,2026-03-01T10:00:00Z,1,4011,80995,each,9", "1,000 or more: row 2"),
        (f"H1,1,0042,07,2026-03-01T10:00:00Z,1,{MILK},1,each,1", "below the catalogue's price"),
        (f"H1,1,0042,07,2026-03-01T10:00:00Z,1,{MILK},1,each,12000", "above the catalogue's price"),
        ("25.0,1,0042,07,2026-03-01T10:00:00Z,1,4011,1,each,9", "as a spreadsheet's number"),
        (",1,0042,7,2026-03-01T10:00:00Z,1,4011,1,each,9\n"
         ",2,42,7,2026-03-01T10:00:00Z,1,4011,1,each,9", "42 (0042 is there too)"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_looks_wrong_asks_and_loads_nothing(
    database: Database, folder: Path, read_only: Ask, row: str, asked: str
) -> None:
    with database.write() as session:
        households.ensure(session, ["25"], language="en")
    path = write_file(folder / "b.csv", f"{HEAD}\n{row}\n")
    with pytest.raises(NotAccepted) as caught:
        load(database, path, BasketOptions(), accept="")
    (note,) = caught.value.asked
    assert asked in note
    assert read_only("SELECT count(*) FROM basket") == [(0,)]
    assert load(database, path, BasketOptions(), accept=caught.value.digest).refused == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2026-03-01T10:00:00", "2026-03-01T15:00"),
        ("3/13/2026 10:00", "2026-03-13T14:00"),
        ("3/13/2026 10:00:30 PM", "2026-03-14T02:00"),
        ("2026-03-01", "2026-03-01T17:00"),
        ("2026-03-01T10:00:00+00:00", "2026-03-01T10:00"),
    ],
)
def test_moments_without_an_offset_are_on_the_clocks_of_the_zone_that_is_named(
    database: Database, folder: Path, written: str, stored: str
) -> None:
    path = write_file(folder / "b.csv", f"{HEAD}\nH1,1,0042,07,{written},1,4011,1,each,9\n")
    if "+" not in written:
        assert load(database, path, BasketOptions()).refused == 1
    given = BasketOptions(zone="America/New_York")
    assert load(database, path, given).refused == 0
    with database.read() as session:
        found = baskets.newest_moments(session, list(households.ids_by_ref(session).values()))
    assert [f"{moment:%Y-%m-%dT%H:%M}" for moment in found.values()] == [stored]
