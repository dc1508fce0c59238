"""Files made to cost far more than they weigh are refused, or read at the price of their bytes."""

import io
import resource
import time
import zipfile

import polars as pl
import pytest
import xlsxwriter

from service.deals.sheets import read_document
from service.errors import InvalidInput
from service.files import package
from tests.deals.hostile import HOSTILE, MAIN, SHEET, cells, parquet, placed, repack, workbook

CPU_SECONDS = 5
MEMORY_KIB = 300_000
HARMLESS = {"rows without a place", "a long tag"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_costs_little(kind: str) -> None:
    body = HOSTILE[kind]()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + MEMORY_KIB
    began = time.process_time()
    if kind in HARMLESS:
        assert read_document("a", body, encoding="cp1252").sheets[0].frame.width <= 1
    else:
        with pytest.raises(InvalidInput) as refused:
            read_document("a", body, encoding="cp1252")
        assert refused.value.problems[0].remedy
    assert time.process_time() - began < CPU_SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < most


@pytest.mark.parametrize(
    ("row", "reach"),
    [
        (cells(3), (1, 3)),
        ('<row r="7"><c/><c r="D9"><v>1</v></c><c><v>2</v></c></row>', (9, 5)),
        ("<x:row><x:c><x:v>1</x:v></x:c></x:row><:row r = '4'/><row><c><v>1</v></c></row>", (5, 1)),
        ('<row spans="1:9" r="2"><c s="1" r="C2"><v>1</v></c></row>', (2, 3)),
        ('<row r="1"><c r="A1" x="&gt;"><v>1</v></c></row><row r="5"/>', (5, 1)),
    ],
)
def test_what_is_read_is_measured_however_it_is_written(row: str, reach: tuple[int, int]) -> None:
    extent = package._check_extent("a", "a", row.encode())
    assert (extent.rows, extent.columns) == reach


@pytest.mark.parametrize(
    "row",
    [
        '<row r="1"><c x=">" r="XFD1048576"><v>1</v></c></row>',
        '<row r="1"><c x=\'"\' y=">" r=\'XFD1048576\'><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c></row><c <c <c',
    ],
)
def test_what_hides_a_place_from_us_is_no_workbook(row: str) -> None:
    with pytest.raises(InvalidInput, match="not a workbook"):
        read_document("a.xlsx", workbook(row), encoding="cp1252")


def test_a_sheet_that_nobody_lists_counts_too() -> None:
    far = f'<worksheet xmlns="{MAIN}"><sheetData>{cells(9000)}</sheetData></worksheet>'
    with pytest.raises(InvalidInput, match="too large"):
        read_document("a.xlsx", repack({"xl/worksheets/sheet7.xml": far}), encoding="cp1252")
    twice = io.BytesIO(workbook(placed(1, 1)))
    with zipfile.ZipFile(twice, "a") as packed:
        packed.writestr(SHEET.upper(), far)
    with pytest.raises(InvalidInput, match="not a workbook"):
        read_document("a.xlsx", twice.getvalue(), encoding="cp1252")


def test_a_part_that_is_longer_than_it_says_is_no_workbook() -> None:
    body = bytearray(workbook(placed(50, 5)))
    at = body.rindex(SHEET.encode()) - 46
    assert body[at : at + 4] == b"PK\x01\x02"
    body[at + 24 : at + 28] = (100).to_bytes(4, "little")
    with pytest.raises(InvalidInput, match="not a workbook"):
        read_document("a.xlsx", bytes(body), encoding="cp1252")


def test_large_honest_files_are_read() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        format_ = book.add_format({"bold": True})
        sheet = book.add_worksheet("Deals")
        sheet.set_column(0, 16_383, 9, format_)
        sheet.write_blank(900_000, 9000, None, format_)
        for row in range(300):
            sheet.write_row(row, 0, ["the same long text " * 40] * 40)
        sheet.merge_range("A2:A9", "merged")
    [sheet] = read_document("a.xlsx", out.getvalue(), encoding="cp1252").sheets
    assert (sheet.frame.shape, sheet.frame["A"][8]) == ((300, 40), "merged")
    frame = pl.DataFrame({f"c{n}": ["x" * 100] * 5000 for n in range(50)})
    [sheet] = read_document("a.parquet", parquet(frame), encoding="cp1252").sheets
    assert sheet.frame.shape == (5001, 50)
