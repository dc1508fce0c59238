"""Loading the catalogue, on both databases."""

from collections.abc import Callable
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from service.errors import InvalidInput, NotAccepted
from service.files import rows
from service.files.products import load_products
from service.store.session import Database
from tests.files.files import PRODUCTS, write_file

Ask = Callable[[str], list[tuple[object, ...]]]

CATALOGUE = """SELECT p.gtin, p.description, i.name, c.name, c.department, s.name, p.price_cents
               FROM product p JOIN item i ON i.id = p.item_id
               JOIN category c ON c.id = p.category_id
               JOIN supplier s ON s.id = p.supplier_id ORDER BY p.gtin"""
MILK = (2000000000015, "Dale Milk 1 l", "Milk", "Dairy", "Chilled", "Dale Foods", 120)
BREAD = (2000000000022, "Oven Bread 500 g", "Bread", "Bakery", "Grocery", "Oven Works", 250)
HEADER = PRODUCTS.partition("\n")[0]


def test_a_file_becomes_the_catalogue_and_again_changes_nothing(
    database: Database, tmp_path: Path, read_only: Ask
) -> None:
    path = write_file(tmp_path / "products.csv", PRODUCTS)
    for _ in range(2):
        report = load_products(database, path)
        assert (report.read, report.taken, report.known, report.refused) == (2, 2, 0, 0)
        assert read_only(CATALOGUE) == [MILK, BREAD]
        assert read_only("SELECT count(*) FROM item") == [(2,)]


def test_defaults_of_what_is_not_given(database: Database, tmp_path: Path, read_only: Ask) -> None:
    load_products(database, write_file(tmp_path / "p.csv", PRODUCTS.replace(",120", ",")))
    found = read_only(
        "SELECT brand, private_label, package_size, restriction, price_cents, cost_cents "
        "FROM product ORDER BY gtin"
    )
    assert [tuple(row) for row in found] == [
        ("", 0, "", "", None, None),
        ("", 0, "", "", 250, None),
    ]


def test_what_the_file_has_no_column_for_stays_and_an_empty_cell_means_none(
    database: Database, tmp_path: Path, read_only: Ask
) -> None:
    optional = "brand,private_label,package_size,restriction,price_cents,cost_cents"
    columns = f"SELECT {optional} FROM product"
    required = "2000000000015,Rum 1 l,Rum,Spirits,Wine,Dale Foods"
    head = "gtin,description,item,category,department,supplier"
    full = f"{head},{optional}\n{required},Dale,true,1 l,alcohol,900,611\n"
    load_products(database, write_file(tmp_path / "p.csv", full))
    load_products(database, write_file(tmp_path / "p.csv", f"{head}\n{required}\n"))
    assert read_only(columns) == [("Dale", True, "1 l", "alcohol", 900, 611)]
    emptied = write_file(tmp_path / "p.csv", f"{head},{optional}\n{required},,,,,,\n")
    with pytest.raises(NotAccepted) as caught:
        load_products(database, emptied)
    (asked,) = caught.value.asked
    assert "1 restricted products lose their restriction and may be on lists: row 2" in asked
    assert read_only(columns) == [("Dale", True, "1 l", "alcohol", 900, 611)]
    load_products(database, emptied, accept=caught.value.digest)
    assert read_only(columns) == [("", False, "", "", None, None)]


@pytest.mark.parametrize("cost", ["-1", "1.81", "10000000000"])
def test_a_cost_is_a_whole_number_of_cents_and_may_pass_the_price(
    database: Database, tmp_path: Path, read_only: Ask, cost: str
) -> None:
    head = "gtin,description,item,category,department,supplier,price_cents,cost_cents"
    lines = [f"{number},Plums,Plums,Fruit,Fresh,Dale,269,{cents}\n"
             for number, cents in ((4011, cost), (4012, 300), (4013, 0))]  # fmt: skip
    report = load_products(database, write_file(tmp_path / "p.csv", f"{head}\n{''.join(lines)}"))
    assert [str(problem).partition("row ")[2] for problem in report.problems] == [
        f"2, column cost_cents: {cost!r} is not a whole number of cents from 0"
    ]
    assert read_only("SELECT gtin, cost_cents FROM product ORDER BY gtin") == [
        (4012, 300),
        (4013, 0),
    ]


def test_items_are_numbered_in_the_order_of_their_names_whatever_was_loaded_before(
    database: Database, tmp_path: Path, read_only: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK_ROWS", 2)
    head = "gtin,description,item,category,department,supplier"
    of_item = {"b": 2000000000015, "a": 2000000000022, "Ä": 2000000000039, "B": 2000000000046}
    lines = [f"{gtin},x,{item},c{item},d,s{item}\n" for item, gtin in of_item.items()]
    load_products(database, write_file(tmp_path / "p.csv", f"{head}\n{''.join(lines[:2])}"))
    load_products(database, write_file(tmp_path / "p.csv", f"{head}\n{''.join(lines * 2)}"))
    numbered = [(1, "a"), (2, "b"), (3, "B"), (4, "Ä")]
    assert read_only("SELECT id, name FROM item ORDER BY id") == numbered
    for table, letter in (("category", "c"), ("supplier", "s")):
        found = read_only(f"SELECT id, name FROM {table} ORDER BY id")
        assert found == [(number, letter + name) for number, name in numbered]


def test_a_changed_row_renews_the_product(
    database: Database, tmp_path: Path, read_only: Ask
) -> None:
    load_products(database, write_file(tmp_path / "p.csv", PRODUCTS))
    changed = f"{HEADER}\n2000000000015,Dale Milk 2 l,Milk,Dairy,Fresh,New Dairy,\n"
    load_products(database, write_file(tmp_path / "p2.csv", changed))
    renewed = (2000000000015, "Dale Milk 2 l", "Milk", "Dairy", "Fresh", "New Dairy", None)
    assert read_only(CATALOGUE) == [renewed, BREAD]


def test_parquet_with_numbers_gives_the_same_catalogue(
    database: Database, tmp_path: Path, read_only: Ask
) -> None:
    frame = pl.read_csv(write_file(tmp_path / "p.csv", PRODUCTS))
    assert frame.schema["gtin"] == pl.Int64
    frame.write_parquet(tmp_path / "p.parquet")
    report = load_products(database, tmp_path / "p.parquet")
    assert (report.taken, report.refused) == (2, 0)
    assert read_only(CATALOGUE) == [MILK, BREAD]


def test_one_product_twice_is_known_if_alike_and_a_fault_otherwise(
    database: Database, tmp_path: Path, read_only: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in its UPC and EAN forms, and where the rows lie in two chunks."""
    tissue = "Tissue,Paper,Household,Maker"
    rows_ = (
        f"036000291452,First,{tissue},1\n4011,Plums,Plums,Fruit,Fresh,Dale,9\n"
        f"0036000291452,Second,{tissue},2\n4011,Plums,Plums,Fruit,Fresh,Dale,9\n"
    )
    path = write_file(tmp_path / "p.csv", f"{HEADER}\n{rows_}")
    for chunk_rows, taken in ((50_000, 1), (2, 2)):
        monkeypatch.setattr(rows, "CHUNK_ROWS", chunk_rows)
        report = load_products(database, path)
        assert (report.read, report.taken, report.refused) == (4, taken, 2)
        assert [str(problem) for problem in report.problems] == [
            f"{path}, row {row}, column gtin: 36000291452 comes with other contents in "
            f"row {other} (keep the row that is right)"
            for row, other in ((2, 4), (4, 2))
        ]
        assert read_only("SELECT gtin FROM product") == [(4011,)]


BAD = (
    ("2000000000016,Milk,Milk,Dairy,Chilled,Dale,1", "gtin: '2000000000016' is not a GTIN of 8"),
    ("200000000001,Milk,Milk,Dairy,Chilled,Dale,1", "gtin: '200000000001' is not a GTIN of 8, 12"),
    ("2E+12,Milk,Milk,Dairy,Chilled,Dale,1", "gtin: '2E+12' is not a GTIN"),
    ("0,Milk,Milk,Dairy,Chilled,Dale,1", "gtin: '0' is not a GTIN"),
    ("4011,,Milk,Dairy,Chilled,Dale,1", "description: is empty (give text)"),
    (
        "4011,Bananas,Bananas,Fruit,Fresh,Dale,-1",
        "price_cents: '-1' is not a whole number of cents",
    ),
    ("4011,Bananas,Bananas,Fruit,Fresh,Dale,9999999999", "price_cents: '9999999999' is not"),
    ("4011,Bananas,Bananas,Fruit,Fresh,Dale,1.99", "price_cents: '1.99' is not a whole number"),
)


def test_bad_rows_are_refused_by_row_and_column_and_the_others_are_loaded(
    database: Database, tmp_path: Path, read_only: Ask
) -> None:
    path = write_file(tmp_path / "p.csv", PRODUCTS + "".join(f"{row}\n" for row, _ in BAD))
    report = load_products(database, path)
    assert (report.read, report.taken, report.refused) == (2 + len(BAD), 2, len(BAD))
    for number, (problem, (_, expected)) in enumerate(
        zip(report.problems, BAD, strict=True), start=4
    ):
        assert str(problem).startswith(f"{path}, row {number}, column {expected}")
    assert read_only(CATALOGUE) == [MILK, BREAD]


def test_an_item_keeps_its_first_category_across_chunks(
    database: Database, tmp_path: Path, read_only: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK_ROWS", 1)
    moved = "4011,Milk drink,Milk,Drinks,Grocery,Dale Foods,1\n"
    load_products(database, write_file(tmp_path / "p.csv", f"{PRODUCTS}{moved}"))
    assert read_only(
        "SELECT i.name, c.name FROM item i JOIN category c ON c.id = i.category_id ORDER BY 1"
    ) == [("Bread", "Bakery"), ("Milk", "Dairy")]


def test_text_of_every_script_is_kept(database: Database, tmp_path: Path, read_only: Ask) -> None:
    row = '4011,"茶叶 ""Jasmin""; O\'Neill\\x","Té\nverde",Κατηγορία,Отдел,Ünï 🍵,1\n'
    load_products(database, write_file(tmp_path / "p.csv", f"{HEADER}\n{row}"))
    assert read_only(CATALOGUE) == [
        (4011, '茶叶 "Jasmin"; O\'Neill\\x', "Té verde", "Κατηγορία", "Отдел", "Ünï 🍵", 1)
    ]


def test_names_that_lists_cannot_print_are_refused(
    database: Database, tmp_path: Path, read_only: Ask
) -> None:
    wrong = PRODUCTS.replace("Dale Milk 1 l", "Dale\u2011Milk \U0001f95b \u0905").replace(
        "Bakery,Grocery", f"Bakery,{'Grocery' * 40}"
    )
    report = load_products(database, write_file(tmp_path / "p.csv", wrong))
    assert (report.read, report.taken, report.refused) == (2, 0, 2)
    assert [str(problem).split(": ")[0] for problem in report.problems] == [
        "p.csv, row 2, column description", "p.csv, row 3, column department",
    ]  # fmt: skip
    assert "U+0905 DEVANAGARI LETTER A" in report.problems[0].detail
    assert "too long to be printed" in report.problems[1].detail
    assert read_only("SELECT count(*) FROM product") == [(0,)]


@pytest.mark.parametrize(
    "header",
    ["restrictions", "Restricton", "Age limit", "Min. Age", "FSK", "Alcohol", "over 18",
     "No coupons", "max per household", "Price", "Brandd"],
)  # fmt: skip
def test_a_header_that_is_nearly_a_column_or_a_limit_is_a_fault(
    database: Database, tmp_path: Path, header: str
) -> None:
    head = "gtin,description,item,category,department,supplier"
    path = write_file(tmp_path / "p.csv", f"{head},{header}\n4011,Rum,Rum,Rum,Wine,Dale,alcohol\n")
    with pytest.raises(InvalidInput) as caught:
        load_products(database, path)
    assert f"column {header}" in caught.value.problems[0].where


FORMS = ("utf-8-sig", "utf-16", "utf-16-le", "cp1252")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_the_same_table_in_any_form_and_spelling_gives_the_same_rows(
    database: Database, tmp_path: Path, read_only: Ask, separator: str
) -> None:
    head = "GTIN,Déscription,ITEM, Category ,Department,Supplier,Private Label,RESTRICTION,Shelf"
    text = f"{head}\n4011,Crème,Cream,Dairy,Chilled,Dale,true,alcohol,7\n".replace(",", separator)
    book = openpyxl.Workbook()
    for line in text.splitlines():
        book.active.append(line.split(separator))
    book.save(tmp_path / "p.xlsx")
    files = [write_file(tmp_path / f"{form}.csv", text.encode(form)) for form in FORMS]
    asked = "SELECT gtin, description, private_label, restriction FROM product"
    for path in (*files, tmp_path / "p.xlsx"):
        report = load_products(database, path)
        assert (report.taken, report.refused) == (1, 0)
        assert str(report.notes[-1]) == "columns not used: Shelf"
        assert [tuple(row) for row in read_only(asked)] == [(4011, "Crème", True, "alcohol")]


def test_rows_above_the_header_and_prices_in_whole_units(
    database: Database, tmp_path: Path
) -> None:
    rows_ = "".join(f"40{n},Plum {n},Plums,Fruit,Fresh,Dale,{n - 9}\n" for n in range(11, 17))
    path = write_file(tmp_path / "p.csv", f"Our catalogue,,,,,,\n{HEADER}\n{rows_}")
    with pytest.raises(NotAccepted, match="1 note to accept") as caught:
        load_products(database, path)
    assert "price_cents may be in whole units of money" in caught.value.asked[0]
    report = load_products(database, path, accept="all")
    assert (report.taken, str(report.notes[0])) == (6, "row 1 above the column names passed over")


def _marked_catalogue(path: Path) -> Path:
    """Rows 3 to 8 are marked each in a way of its own; row 2 and 9 to 20 are not."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append([*HEADER.split(","), "Note"])
    for number in range(2, 21):
        sheet.append([str(4000 + number), "Plum", "Plums", "Fruit", "Fresh", "Dale", "300", "x"])
    for cell in sheet[3]:
        cell.font = Font(strike=True)
    sheet["B4"] = CellRichText(TextBlock(InlineFont(strike=True), "Plum"))
    for cell in sheet[5]:
        cell.font = Font(color="FF999999")
    for cell in sheet[6]:
        cell.fill = PatternFill("solid", fgColor="FFFF0000")
    sheet["A7"].comment = Comment("delisted in May", "Jim")
    sheet.auto_filter.ref = "A1:G20"
    sheet.auto_filter.add_filter_column(0, ["4002"])
    sheet.row_dimensions[8].hidden = True
    sheet.column_dimensions["G"].hidden = True
    for title, row in (("Old", HEADER.split(",")), ("Notes", ["call Jim"])):
        other = book.create_sheet(title)
        other.append(row)
        other.sheet_state = "hidden"
    book.save(path)
    return path


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_workbook_marks_as_off_asks_and_is_read(
    database: Database, tmp_path: Path, read_only: Ask
) -> None:
    path = _marked_catalogue(tmp_path / "p.xlsx")
    with pytest.raises(NotAccepted) as caught:
        load_products(database, path)
    assert list(caught.value.asked) == [
        "sheet Old is hidden and was passed over with its table",
        "row 8: hidden by a filter, and read all the same",
        "hidden columns are read as well: price_cents",
        "rows 3, 4: struck through, and read all the same",
        "row 5: written in grey, and read all the same",
        "row 6: on a grey or red ground, and read all the same",
        "Sheet!A7: the cell has a comment: 'delisted in May'",
    ]
    assert read_only("SELECT count(*) FROM product") == [(0,)]
    report = load_products(database, path, accept=caught.value.digest)
    assert (report.taken, report.refused) == (19, 0)
    assert "sheet Notes is hidden and was passed over" in map(str, report.notes)


def test_what_is_in_a_product_is_known_to_be_none_or_not_known(
    database: Database, tmp_path: Path, read_only: Ask
) -> None:
    head = "gtin,description,item,category,department,supplier,allergens,diets"
    cells = {4011: '"Nuts, milk",vegetarian', 4012: "none,none", 4013: ",", 4014: "nut,vegan"}
    lines = [f"{number},Bars,Bars,Sweets,Dry,Dale,{each}\n" for number, each in cells.items()]
    path = write_file(tmp_path / "p.csv", f"{head}\n{''.join(lines)}")
    (fault,) = load_products(database, path).problems
    assert "column allergens: 'nut' is not none, or some of gluten, " in str(fault)
    found = "SELECT gtin, allergens, diets FROM product ORDER BY gtin"
    known = [(4011, "milk nuts", "vegetarian"), (4012, "", ""), (4013, None, None)]
    assert read_only(found) == known
    lost = write_file(tmp_path / "p.csv", f"{head}\n{lines[0].replace('Nuts, ', '')}")
    with pytest.raises(NotAccepted) as caught:
        load_products(database, lost)
    (asked,) = caught.value.asked
    assert "1 products lose an allergen and may be on lists of who must not eat it: row 2" in asked
    assert read_only(found) == known
