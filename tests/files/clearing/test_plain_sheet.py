"""Rows of a workbook that are written as XML at once read back as they were given."""

import io
from decimal import Decimal

import openpyxl
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from service.files.clearing.plain_sheet import PlainSheet, Value

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
AMOUNTS = st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents).scaleb(-2))
ROWS = st.lists(st.tuples(TEXTS, st.integers(-(10**9), 10**9), AMOUNTS), max_size=6)


@given(ROWS)
def test_what_is_written_is_read_again(rows: list[tuple[Value, ...]]) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        money = book.add_format({"num_format": "#,##0.00"})
        sheet = book.add_worksheet("Lines", worksheet_class=PlainSheet)
        for column, name in enumerate(("title", "count", "amount")):
            sheet.write_string(0, column, name)
        sheet.add_plain(rows, money=money)
    read = openpyxl.load_workbook(out)["Lines"]
    found = [*read.iter_rows(values_only=True)]
    assert found[0] == ("title", "count", "amount")
    assert found[1:] == [(text or None, count, float(amount)) for text, count, amount in rows]
    assert read.dimensions == f"A1:C{len(rows) + 1}"
    assert all(cell.number_format == "#,##0.00" for cell in read["C"][1:])


def test_a_control_character_is_left_out_and_a_formula_is_a_text() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Lines", worksheet_class=PlainSheet)
        sheet.write_string(0, 0, "title")
        sheet.add_plain([["=1+1\x07"]], money=book.add_format())
    cell = openpyxl.load_workbook(out)["Lines"]["A2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
