"""Correcting a cell means what a file with that cell means: the same reader reads both."""

import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from service.deals import ReadOptions, preview_deals
from service.deals.corrections import Correction
from service.errors import InvalidInput
from service.settings import Settings
from service.store.session import Database
from tests.shop import DEALS, open_shop

BAD = DEALS.replace("100.00", "tbd").replace("Oven Works", "Oven Wroks")
PLACES = ((1, 10, "100.00"), (2, 1, "Oven Works"))


def workbook(text: str) -> bytes:
    book = openpyxl.Workbook()
    for line in text.strip().split("\n"):
        book.active.append(line.split(","))
    book.active.title = "Deals"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("is_workbook", [False, True])
def test_a_corrected_cell_reads_as_if_it_had_been_sent(
    database: Database, settings: Settings, tmp_path: Path, is_workbook: bool
) -> None:
    open_shop(database, settings, tmp_path)
    sheet = "Deals" if is_workbook else ""
    name = "a.xlsx" if is_workbook else "a.csv"
    good, bad = ((workbook(t) if is_workbook else t.encode()) for t in (DEALS, BAD))
    fixes = tuple(Correction(sheet, *place) for place in PLACES)
    plain = preview_deals(database, name, good)
    faulty = preview_deals(database, name, bad)
    assert (faulty.faults, [row.place for row in faulty.faulty]) == (
        2, [f"{sheet}{'!' if sheet else ''}{row}" for row in (2, 3)],
    )  # fmt: skip
    for order in (fixes, fixes[::-1]):
        mended = preview_deals(database, name, bad, options=ReadOptions(corrections=order))
        assert (mended.deals, mended.totals, mended.faults) == (plain.deals, plain.totals, 0)
        corrected = [str(note) for note in mended.notes if "corrected from" in str(note)]
        assert corrected == [
            f"{sheet}{'!' if sheet else ''}K2: corrected from 'tbd' to '100.00'",
            f"{sheet}{'!' if sheet else ''}B3: corrected from 'Oven Wroks' to 'Oven Works'",
        ]
    # One that says what is there already is none; of two for a cell the last counts.
    first = replace(fixes[0], text="5.00")
    both = preview_deals(database, name, bad, options=ReadOptions(corrections=(first, *fixes)))
    assert both.totals == plain.totals
    same = ReadOptions(corrections=(Correction(sheet, 1, 10, "tbd"),))
    assert preview_deals(database, name, bad, options=same) == faulty
    for wrong in (Correction(sheet, 99, 0, "x"), Correction("Other", 1, 1, "x")):
        with pytest.raises(InvalidInput, match="no such cell"):
            preview_deals(database, name, bad, options=ReadOptions(corrections=(wrong,)))
