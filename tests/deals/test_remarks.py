"""What goes back to suppliers: the same workbook with remarks, and the template."""

import contextlib
import io
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.deals import add_remarks, load_body, make_template, preview_deals
from service.deals.columns import COLUMNS, REMARKS
from service.deals.template import EXAMPLES
from service.errors import InvalidInput
from service.files import layouts
from service.store.actor import Actor
from service.store.session import Database
from tests.deals.test_sheets import FOLDER, catalogue, summarize

__all__ = ["catalogue"]


def cells(body: bytes) -> dict[str, dict[str, tuple[object, str]]]:
    """Every cell with something in it, by sheet and address: value or formula, and its format."""
    book = openpyxl.load_workbook(io.BytesIO(body))
    return {
        sheet.title: {
            cell.coordinate: (cell.value, cell.number_format)
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        }
        for sheet in book.worksheets
    }


def remarks(body: bytes, sheet: str) -> list[str]:
    """The last column."""
    rows = openpyxl.load_workbook(io.BytesIO(body))[sheet].iter_rows(values_only=True)
    return [str(row[-1]) for row in rows if row[-1] is not None]


@pytest.mark.parametrize("name", ["libreoffice-faults.xlsx", "libreoffice-merged.xlsx"])
def test_every_cell_of_a_workbook_is_as_it_came(catalogue: Database, name: str) -> None:
    sent = (FOLDER / name).read_bytes()
    back = add_remarks(catalogue, name, sent)
    before, after = cells(sent), cells(back)
    for sheet, given_cells in before.items():
        assert after[sheet].items() >= given_cells.items()
    widths = [openpyxl.load_workbook(io.BytesIO(body)).worksheets[0] for body in (sent, back)]
    assert {str(each) for each in widths[0].merged_cells} == {
        str(each) for each in widths[1].merged_cells
    }


def test_remarks_stand_in_their_rows(catalogue: Database) -> None:
    back = add_remarks(catalogue, "f.xlsx", (FOLDER / "libreoffice-faults.xlsx").read_bytes())
    north = remarks(back, "North")
    assert north[0] == REMARKS
    assert north[1].startswith("Dale Foods gives $1.00 off Dale Milk (1 product)")
    assert north[2:] == [
        "C6, supplier: there is no supplier 'Dal Foods' (did you mean 'Dale Foods'?)\n"
        "I6, budget: is an error of the spreadsheet, such as #REF! (mend its formula)",
        "E7, eligible_gtins: '2000000000023' is not a GTIN: the check digit is 3 and should be 2 "
        "(look it up again)",
    ]


def test_a_text_file_comes_back_as_a_workbook_with_its_very_texts(catalogue: Database) -> None:
    sent = (FOLDER / "faults.csv").read_bytes()
    back = add_remarks(catalogue, "faults.csv", sent)
    rows = list(openpyxl.load_workbook(io.BytesIO(back)).active.iter_rows(values_only=True))
    for row, line in zip(rows, sent.decode().splitlines(), strict=True):
        assert [cell or "" for cell in row[:-1]] == line.split("|")
    assert str(rows[0][-1]).startswith(f"{REMARKS}\nH1, budgt: 'budgt' is not known")


def test_remarks_are_not_read_and_not_piled_up(catalogue: Database) -> None:
    body = (FOLDER / "libreoffice-merged.xlsx").read_bytes()
    once = add_remarks(catalogue, "m.xlsx", body)
    assert summarize(preview_deals(catalogue, "m.xlsx", once)) == summarize(
        preview_deals(catalogue, "m.xlsx", body)
    )
    twice = add_remarks(catalogue, "m.xlsx", once)
    headers = [value for value, _ in cells(twice)["Deals"].values() if value == REMARKS]
    assert len(headers) == 1


def test_the_template_itself_uploads_clean(database: Database) -> None:
    found = preview_deals(database, "deals.xlsx", make_template())
    assert (found.rows, found.faults) == (0, 0)
    assert str(found.notes[-1]) == "sheet Deals: 5 rows called EXAMPLE ... were passed over"
    assert make_template() == make_template()
    report = load_body(database, "deals.xlsx", make_template(), uploaded_by=Actor("tests"))
    assert (report.rows, report.added) == (0, 0)


def test_the_examples_of_the_template_are_deals_once_they_are_named(catalogue: Database) -> None:
    named = [{**each, "deal_id": each["deal_id"].replace("EXAMPLE", "D")} for each in EXAMPLES]
    columns = {name: pl.String for each in named for name in each}
    body = pl.DataFrame(named, schema=columns).write_csv().encode()
    found = preview_deals(catalogue, "deals.csv", body)
    assert [str(problem) for problem in found.problems] == []
    assert found.added == len(EXAMPLES)


def test_the_template_has_every_column_and_its_rules() -> None:
    book = openpyxl.load_workbook(io.BytesIO(make_template()))
    form, rules, benefits = book.worksheets
    assert [form.title, rules.title, benefits.title] == ["Deals", "Rules", "Benefits"]
    header = [cell.value for cell in form[1]]
    assert [name for name in header if name != "title_es"] == [column.name for column in COLUMNS]
    described = [row[0] for row in rules.iter_rows(values_only=True)]
    assert described[described.index("Column") + 1 :] == [column.name for column in COLUMNS]


DEAL = {
    "deal_id": "D1", "supplier": "Dale Foods", "title": "Milk", "eligible_gtins": "2000000000015",
    "benefit": "amount_off", "value": "1.00", "funding_share_percent": "100",
    "mail_from": "2026-01-01", "mail_to": "2026-12-31", "redeem_from": "2026-01-01",
    "redeem_to": "2026-12-31",
}  # fmt: skip
PRINTED = "".join(
    character
    for character in sorted(layouts.stationery().faces["larder-sans-semibold"].advances)
    if character.isprintable() and not character.isspace()
)
TEXTS = st.text(PRINTED, min_size=1, max_size=12)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.fixed_dictionaries(
            {"title": TEXTS, "budget": st.integers(0, 10**9), "day": st.dates(
                min_value=date(2000, 1, 1),
                max_value=date(2099, 12, 31),
            )}
        ),
        min_size=1, max_size=4,
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)  # fmt: skip
def test_a_clean_frame_means_the_same_as_text_and_as_a_workbook(
    catalogue: Database, given_rows: list[dict[str, object]], separator: str, encoding: str
) -> None:
    rows = [
        {**DEAL, "deal_id": f"D{n}", "title": str(row["title"]), "budget": f"{row['budget']}.25",
         "redeem_to": "2099-12-31", "mail_from": "2000-01-01", "mail_to": str(row["day"])}
        for n, row in enumerate(given_rows)
    ]  # fmt: skip
    frame = pl.DataFrame(rows)
    as_text = frame.write_csv(separator=separator, quote_style="always").encode(encoding)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([frame.columns, *frame.rows()]):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell)
    found = [
        preview_deals(catalogue, name, body)
        for name, body in (("a.csv", as_text), ("a.xlsx", out.getvalue()))
    ]
    assert [each.faults for each in found] == [0, 0]
    first, second = ([deal.sentence for deal in each.deals] for each in found)
    assert first == second
    assert [str(row["title"]) in text for row, text in zip(rows, first, strict=True)] == [
        True
    ] * len(rows)


WORKBOOK = (FOLDER / "libreoffice-merged.xlsx").read_bytes()
BROKEN = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=300).map(lambda tail: b"PK\x03\x04" + tail),
    st.binary(max_size=300).map(lambda tail: b"PAR1" + tail),
    st.binary(max_size=100).map(lambda tail: b"deal_id,supplier,title,value\n" + tail),
    st.tuples(st.integers(0, len(WORKBOOK) - 1), st.integers(0, 255)).map(
        lambda at: WORKBOOK[: at[0]] + bytes([at[1]]) + WORKBOOK[at[0] + 1 :]
    ),
    st.integers(0, len(WORKBOOK)).map(lambda size: WORKBOOK[:size]),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BROKEN)
def test_any_bytes_are_read_or_refused_in_words(catalogue: Database, body: bytes) -> None:
    try:
        found = preview_deals(catalogue, "x", body)
    except InvalidInput:
        return
    assert found.rows >= 0
    with contextlib.suppress(InvalidInput):
        assert add_remarks(catalogue, "x", body).startswith(b"PK")


def test_a_missing_file_of_the_folder_would_be_seen() -> None:
    assert {path.suffix for path in Path(FOLDER).iterdir()} == {".csv", ".txt", ".xlsx"}
