"""Ugly spreadsheets: each with all that it is understood to mean, or all that is wrong with it.

Beside each file in tests/data/deals/ stands what must be said of it. The workbooks were written by
LibreOffice.
"""

from pathlib import Path

import pytest

from service.deals import Order, Preview, Reading, preview_deals
from service.ingest.products import load_products
from service.store import migrate
from service.store.session import Database
from tests.ingest.files import written

FOLDER = Path(__file__).parent / "data" / "deals"
FILES = sorted(path.name for path in FOLDER.iterdir() if not path.name.endswith(".said.txt"))
PRODUCTS = """gtin,description,brand,private_label,item,category,department,supplier,price_cents
2000000000015,Dale Milk 1 l,Dale,false,Milk,Dairy,Chilled,Dale Foods,120
2000000000053,Dale Cream,Dale,false,Cream,Dairy,Chilled,Dale Foods,200
036000291452,Dale Butter,Dale,false,Butter,Dairy,Chilled,Dale Foods,250
00123457,Dale Yeast,Dale,false,Yeast,Baking,Grocery,Dale Foods,80
2000000000022,Oven Bread 500 g,Oven,false,Bread,Bakery,Grocery,Oven Works,250
2000000000039,House Soap,House,true,Soap,Care,Household,House Brand,300
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A catalogue that no test changes."""
    folder = tmp_path_factory.mktemp("shelf")
    database = Database(f"sqlite:///{folder / 'larder.db'}")
    migrate.upgrade(database)
    load_products(database, written(folder / "products.csv", PRODUCTS))
    return database


def reading(name: str) -> Reading:
    return Reading(encoding="gb18030" if "gb18030" in name else "cp1252")


def said(found: Preview) -> str:
    lines = [
        f"{found.rows} rows, {found.faults} faults",
        *(f"note: {note}" for note in found.notes),
    ]
    lines += [f"{deal.place} {deal.deal_id}: {deal.sentence}" for deal in found.deals]
    lines += [str(problem) for problem in found.problems]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", FILES)
def test_all_that_is_said_of_a_file(shelf: Database, name: str) -> None:
    found = preview_deals(shelf, name, (FOLDER / name).read_bytes(), reading=reading(name))
    assert said(found) == (FOLDER / f"{name}.said.txt").read_text(encoding="utf-8")


def test_dates_that_could_be_read_both_ways_are_read_as_one_is_told(shelf: Database) -> None:
    body = (FOLDER / "faults.csv").read_bytes()
    for order, day in ((Order.DAY_FIRST, "2026-04-03"), (Order.MONTH_FIRST, "2026-03-04")):
        mended = body.replace(b"2000000000016;3600029145|amount_off|1,234", b"4011|amount_off|1")
        found = preview_deals(shelf, "f.csv", mended, reading=Reading(dates=order))
        assert not [each for each in found.problems if "J4, column mail_from" in each.where], day
        assert f"dates: {order.replace('_', ' ')}; no date tells which comes first" in "".join(
            found.notes
        )


def test_a_file_in_an_encoding_it_is_not_in_says_so(shelf: Database) -> None:
    body = (FOLDER / "german-cp1252.csv").read_bytes()
    found = preview_deals(shelf, "g.csv", body, reading=Reading(encoding="cp1250"))
    assert found.notes[0].startswith("text is not UTF-8; read as cp1250: Frühjahr")


def test_a_column_that_is_missing_is_one_fault_whatever_the_rows_say(shelf: Database) -> None:
    head, first = "deal_id,supplier,title,mail_from,mail_to", "D1,Dale Foods,Milk,2026-04-01,"
    found = preview_deals(shelf, "m.csv", f"{head}\n{first}2026-04-25\n".encode())
    assert [str(problem).partition(" (")[0] for problem in found.problems] == [
        f"m.csv, row 1, column {name}: column {name} is missing"
        for name in ("benefit", "value", "funding_share_percent", "redeem_from", "redeem_to")
    ]
