"""Ugly spreadsheets: the interpretation of each, or everything that is wrong with it.

The expected summary of each file lies beside it in tests/data/deals/. The workbooks were written by
LibreOffice.
"""

import io
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from service.deals import Order, Preview, ReadOptions, add_remarks, preview_deals
from service.errors import InvalidInput
from service.files.products import load_products
from service.store import migrate
from service.store.session import Database
from tests.files.files import write_file

FOLDER = Path(__file__).parents[1] / "data" / "deals"
AS_OF = date(2026, 3, 1)
FILES = sorted(path.name for path in FOLDER.iterdir() if not path.name.endswith(".summary.txt"))
DEAL = {
    "deal_id": "D1", "supplier": "Dale Foods", "title": "Milk", "eligible_gtins": "2000000000015",
    "benefit": "amount_off", "value": "1.00", "funding_share_percent": "100", "budget": "1200",
    "mail_from": "2026-04-01", "mail_to": "2026-04-30", "redeem_from": "2026-04-01",
    "redeem_to": "2026-05-14",
}  # fmt: skip
PRODUCTS = """gtin,description,brand,private_label,item,category,department,supplier,price_cents
2000000000015,Dale Milk 1 l,Dale,false,Milk,Dairy,Chilled,Dale Foods,120
2000000000053,Dale Cream,Dale,false,Cream,Dairy,Chilled,Dale Foods,200
036000291452,Dale Butter,Dale,false,Butter,Dairy,Chilled,Dale Foods,250
00123457,Dale Yeast,Dale,false,Yeast,Baking,Grocery,Dale Foods,80
2000000000022,Oven Bread 500 g,Oven,false,Bread,Bakery,Grocery,Oven Works,250
2000000000039,House Soap,House,true,Soap,Care,Household,House Brand,300
"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A catalogue that no test changes."""
    folder = tmp_path_factory.mktemp("shelf")
    database = Database(f"sqlite:///{folder / 'larder.db'}")
    migrate.upgrade(database)
    load_products(database, write_file(folder / "products.csv", PRODUCTS))
    return database


def options(name: str) -> ReadOptions:
    country = name.partition("-")[0]
    return ReadOptions(
        encoding="gb18030" if "gb18030" in name else "cp1252",
        currency={"chinese": "CNY", "german": "EUR"}.get(country, "USD"),
        as_of=AS_OF,
    )


def summarize(found: Preview) -> str:
    lines = [
        f"{found.rows} rows, {found.faults} faults",
        *(f"note: {note}" for note in found.notes),
    ]
    lines += [f"{deal.place} {deal.deal_id}: {deal.sentence}" for deal in found.deals]
    lines += [str(problem) for problem in found.problems]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", FILES)
def test_the_summary_of_a_file(catalogue: Database, name: str) -> None:
    found = preview_deals(catalogue, name, (FOLDER / name).read_bytes(), options=options(name))
    assert summarize(found) == (FOLDER / f"{name}.summary.txt").read_text(encoding="utf-8")


def test_dates_that_could_be_read_both_ways_are_read_as_one_is_told(catalogue: Database) -> None:
    body = (FOLDER / "faults.csv").read_bytes()
    for order, day in ((Order.DAY_FIRST, "2026-04-03"), (Order.MONTH_FIRST, "2026-03-04")):
        mended = body.replace(b"2000000000016;3600029145|amount_off|1,234", b"4011|amount_off|1")
        found = preview_deals(catalogue, "f.csv", mended, options=ReadOptions(dates=order))
        assert not [each for each in found.problems if "J4, column mail_from" in each.where], day
        assert f"dates: {order.replace('_', ' ')}; no date tells which comes first" in "".join(
            map(str, found.notes)
        )


def test_a_file_in_an_encoding_it_is_not_in_says_so(catalogue: Database) -> None:
    body = (FOLDER / "german-cp1252.csv").read_bytes()
    found = preview_deals(catalogue, "g.csv", body, options=ReadOptions(encoding="cp1250"))
    assert found.notes[0].text.startswith("text is not UTF-8; read as cp1250: Frühjahr")


def test_a_column_that_is_missing_is_one_fault_whatever_the_rows_say(catalogue: Database) -> None:
    head, first = "deal_id,supplier,title,mail_from,mail_to", "D1,Dale Foods,Milk,2026-04-01,"
    found = preview_deals(catalogue, "m.csv", f"{head}\n{first}2026-04-25\n".encode())
    assert [str(problem).partition(" (")[0] for problem in found.problems] == [
        f"m.csv, row 1, column {name}: column {name} is missing"
        for name in ("benefit", "value", "funding_share_percent", "redeem_from", "redeem_to")
    ]


def workbook(change: dict[str, object], *, hide: str = "") -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(list(DEAL))
    sheet.append(list((DEAL | change).values()))
    if hide:
        sheet.column_dimensions[hide].hidden = True
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def replace_in_package(body: bytes, old: bytes, new: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as given, zipfile.ZipFile(out, "w") as made:
        for entry in given.infolist():
            made.writestr(entry.filename, given.read(entry).replace(old, new))
    return out.getvalue()


def package_with(part: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(part, "x")
    return out.getvalue()


def test_a_formula_nobody_worked_out_is_no_empty_cell(catalogue: Database) -> None:
    found = preview_deals(
        catalogue, "f.xlsx", workbook({"budget": "=600*2", "title": '="Mi"&"lk"'})
    )
    assert [str(problem) for problem in found.problems] == [
        f"f.xlsx, Sheet!{cell}: is a formula whose value is not in the file "
        "(open it in a spreadsheet program and save it)"
        for cell in ("C2, column title", "H2, column budget")
    ]
    assert found.deals == ()


def test_a_hidden_column_is_named_and_one_with_a_limit_is_refused(catalogue: Database) -> None:
    found = preview_deals(catalogue, "h.xlsx", workbook({"value": "", "title": ""}, hide="F"))
    assert "sheet Sheet: hidden columns were not read: value" in map(str, found.notes)
    found = preview_deals(catalogue, "h.xlsx", workbook({}, hide="H"))
    assert [str(problem) for problem in found.problems] == [
        "h.xlsx, Sheet!H1, column budget: 'budget' is hidden, and its limit would be lost "
        "(show the column, or remove it)"
    ]


CORNER = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
FORMATTED = CORNER.replace(b"><v>1</v></c>", b' s="0"/>')


def test_a_cell_in_the_last_corner_is_refused_and_a_format_there_is_not(
    catalogue: Database,
) -> None:
    far = replace_in_package(workbook({}), b"</sheetData>", CORNER)
    with pytest.raises(InvalidInput) as caught:
        preview_deals(catalogue, "far.xlsx", far)
    assert str(caught.value.problems[0]).startswith(
        "far.xlsx, sheet Sheet: reaches to XFD1,048,576 (delete the rows"
    )
    found = preview_deals(
        catalogue, "far.xlsx", replace_in_package(workbook({}), b"</sheetData>", FORMATTED)
    )
    assert (found.rows, found.faults) == (1, 0)


def test_a_part_that_is_longer_than_its_package_says_is_not_unpacked(catalogue: Database) -> None:
    body = bytearray(workbook({}))
    entry = body.rindex(b"PK\x01\x02", 0, body.rindex(b"xl/worksheets/sheet1.xml"))
    size = int.from_bytes(body[entry + 24 : entry + 28], "little")
    body[entry + 24 : entry + 28] = (size - 5).to_bytes(4, "little")
    with pytest.raises(InvalidInput, match="not a workbook that can be read"):
        preview_deals(catalogue, "lie.xlsx", bytes(body))


@pytest.mark.parametrize(
    ("name", "body", "detail"),
    [
        ("a.ods", package_with("content.xml"),
         "is an OpenDocument spreadsheet (.ods) (save it as .xlsx)"),
        ("a.xlsb", package_with("xl/workbook.bin"),
         "is a binary workbook (.xlsb) (save it as .xlsx)"),
        ("a.zip", package_with("deals.csv"),
         "is an archive, not a workbook (unpack it and send what is in it)"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
         "is an .xls file, or has a password (save it as .xlsx without one)"),
        ("b.xls", b"\r\n<html><table>", "is a web page or XML, whatever its name says "
         "(open it in a spreadsheet program and save it as .xlsx)"),
        ("a.pdf", b"%PDF-1.7\n\x81",
         "is a PDF (open it in a spreadsheet program and save it as .xlsx)"),
        ("a.csv", b"\n" * 1_048_577, "has 1,048,577 rows and more, of up to 0 cells (split it)"),
    ],
)  # fmt: skip
def test_what_is_no_table_says_what_to_do(
    catalogue: Database, name: str, body: bytes, detail: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        preview_deals(catalogue, name, body)
    assert str(caught.value.problems[0]) == f"{name}: {detail}"


def test_a_table_without_deals_says_so(catalogue: Database) -> None:
    found = preview_deals(catalogue, "none.csv", f"{','.join(DEAL)}\n,,\n".encode())
    assert found.rows == 0
    assert list(map(str, found.notes)) == ["there are no deals below the names of the columns"]


def test_what_looks_like_a_formula_comes_back_as_text(catalogue: Database) -> None:
    words = ["=cmd|' /C calc'!A0", "+1", "-2", "@SUM(A1)"]
    rows = [";".join((DEAL | {"deal_id": word, "title": word}).values()) for word in words]
    body = "\n".join([";".join(DEAL), *rows]).encode()
    workbook = openpyxl.load_workbook(io.BytesIO(add_remarks(catalogue, "f.csv", body)))
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.column_letter == "A"] == ["deal_id", *words]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
