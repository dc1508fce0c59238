"""The workbook that marketing and suppliers fill in: the form, its rules, and the benefits."""

import io
from datetime import UTC, datetime

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from service.deals.columns import COLUMNS, CellKind, Required, SheetColumn, expected
from service.deals.form import EXAMPLE
from service.deals.remarks import row_height
from service.engine.redeem import BENEFITS

_ROWS = 2000
# A fixed time, so that one version always writes the same bytes.
_MADE = datetime(2026, 1, 1, tzinfo=UTC)
_WINDOW = {
    "mail_from": "2026-04-01", "mail_to": "2026-04-30", "redeem_from": "2026-04-01",
    "redeem_to": "2026-05-14",
}  # fmt: skip
EXAMPLES: tuple[dict[str, str], ...] = (
    {"deal_id": "EXAMPLE 1", "supplier": "Dale Foods", "title": "Dale Milk 1 l",
     "title_es": "Leche Dale 1 l", "eligible_gtins": "2000000000015; 2000000000053",
     "benefit": "amount_off", "value": "1.00", "funding_share_percent": "100",
     "handling_fee": "0.08", "budget": "1200.00", "circulation_max": "5000", **_WINDOW},
    {"deal_id": "EXAMPLE 2", "supplier": "Dale Foods", "title": "all Dale dairy",
     "eligible_brands": "Dale", "eligible_categories": "Dairy", "excluded_gtins": "2000000000053",
     "benefit": "percent_off", "value": "20", "benefit_cap": "3.00", "face_value": "0.60",
     "funding_share_percent": "50", "funding_cap": "0.40", "budget": "800.00",
     "target_buyers": "new; lapsed", "control_share_percent": "10", **_WINDOW},
    {"deal_id": "EXAMPLE 3", "supplier": "Dale Foods", "title": "Dale Cream",
     "eligible_gtins": "2000000000053", "benefit": "amount_off", "value": "0.50",
     "face_value_national_brand_heavy": "0.25", "face_value_switcher_heavy": "1.00",
     "face_value_store_brand_heavy": "1.00", "funding_share_percent": "100",
     "circulation_min": "500", **_WINDOW},
    {"deal_id": "EXAMPLE 4", "supplier": "House Brand", "title": "House Soap",
     "eligible_brands": "House", "eligible_items": "Soap", "benefit": "buy_get", "value": "100",
     "min_quantity": "2", "get_quantity": "1", "face_value": "3.00", "funding_share_percent": "0",
     "legal_text": "While stocks last.", **_WINDOW},
    {"deal_id": "EXAMPLE 5", "supplier": "Bright Dry Cleaners", "kind": "partner",
     "title": "Bright Dry Cleaners, 4 High Street", "value_text": "first shirt free",
     "copy_fee": "0.15", "budget": "300.00", "target_tiers": "most_valuable; most_growable",
     "mail_from": "2026-04-01", "mail_to": "2026-04-30"},
)  # fmt: skip
_RULES = (
    "One row is one deal. A row that comes again with the same supplier and deal_id revises it.",
    f"Rows whose deal_id begins with {EXAMPLE} are passed over: leave them or remove them.",
    "Amounts are in the main unit of the currency: 1.00 is one dollar. Dates include both ends.",
    "Columns may stand in any order; those you do not need may be left out.",
    "Keep the GTIN columns formatted as text, so that no leading zero is lost.",
)


def make_template() -> bytes:
    """Make the workbook: the form with examples on the first sheet, the meaning of each column on
    the second, the value of each benefit on the third."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"title": "Deals", "created": _MADE})
        head = book.add_format({"bold": True, "bg_color": "#1F4E5F", "font_color": "#FFFFFF",
                                "valign": "vcenter", "border": 1})  # fmt: skip
        optional = book.add_format({"bold": True, "bg_color": "#DDE8EC", "valign": "vcenter",
                                    "border": 1})  # fmt: skip
        text = book.add_format({"num_format": "@"})
        example = book.add_format({"num_format": "@", "italic": True, "font_color": "#6B6B6B"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        _write_form(
            book.add_worksheet("Deals"), head=head, optional=optional, text=text, example=example
        )
        _write_rules(book.add_worksheet("Rules"), head=head, wrapped=wrapped)
        _write_benefits(book.add_worksheet("Benefits"), head=head, wrapped=wrapped)
    return out.getvalue()


def template_columns() -> list[str]:
    """The columns of the first sheet; one title in another language is an example for all."""
    listed = [column.name for column in COLUMNS]
    listed.insert(listed.index("title") + 1, "title_es")
    return listed


def _write_form(
    sheet: Worksheet, *, head: Format, optional: Format, text: Format, example: Format
) -> None:
    known = {column.name: column for column in COLUMNS}
    for place, name in enumerate(template_columns()):
        column = known.get(name)
        required = column is not None and column.required is not Required.NONE
        sheet.write_string(0, place, name, head if required else optional)
        longest = max(len(name), *(len(each.get(name, "")) for each in EXAMPLES))
        sheet.set_column(place, place, min(longest, 34) + 2, text)
        if column is not None:
            sheet.write_comment(0, place, column.meaning.replace("`", ""))
            if column.kind is CellKind.CHOICE:
                allowed = {"validate": "list", "source": list(column.choices)}
                sheet.data_validation(1, place, _ROWS, place, allowed)
        for row, each in enumerate(EXAMPLES, start=1):
            if name in each:
                sheet.write_string(row, place, each[name], example)
    sheet.set_row(0, 24)
    sheet.freeze_panes(1, 1)


def _write_rules(sheet: Worksheet, *, head: Format, wrapped: Format) -> None:
    for row, rule in enumerate(_RULES):
        sheet.merge_range(row, 0, row, 6, rule)
    first = len(_RULES) + 1
    columns = ("Column", "Must be filled in", "What it means", "How it is written", "Example",
               "When empty", "Other names that are understood")  # fmt: skip
    widths = (36, 16, 56, 46, 30, 12, 70)
    for place, (name, width) in enumerate(zip(columns, widths, strict=True)):
        sheet.write_string(first, place, name, head)
        sheet.set_column(place, place, width, wrapped)
    for row, column in enumerate(COLUMNS, start=first + 1):
        cells = _describe_column(column)
        for place, cell in enumerate(cells):
            sheet.write_string(row, place, cell, wrapped)
        tall = max(row_height(cell, width) for cell, width in zip(cells, widths, strict=True))
        sheet.set_row(row, tall)
    sheet.freeze_panes(first + 1, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _describe_column(column: SheetColumn) -> tuple[str, ...]:
    meaning = column.meaning.replace("`", "")
    if column.name == "title":
        meaning += "; add title_es, title_fr, ... for other languages"
    if column.name == "legal_text":
        meaning += "; add legal_text_es, ... for other languages"
    return (
        column.name, str(column.required), meaning, expected(column), column.example,
        column.default, ", ".join(column.also),
    )  # fmt: skip


def _write_benefits(sheet: Worksheet, *, head: Format, wrapped: Format) -> None:
    for place, (name, width) in enumerate(
        (("Benefit", 20), ("What value holds", 80), ("Example", 12))
    ):
        sheet.write_string(0, place, name, head)
        sheet.set_column(place, place, width, wrapped)
    for row, (kind, benefit) in enumerate(BENEFITS.items(), start=1):
        for place, cell in enumerate((kind, benefit.value_means, benefit.value_example)):
            sheet.write_string(row, place, cell, wrapped)
