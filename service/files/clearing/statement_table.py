"""A claim's lines as a table for machines: CSV, and XLSX with a sheet of what they come to.

Names of columns and forms of values are the same in every language; amounts are in the account's
currency, with a decimal point.
"""

import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import xlsxwriter

from service.currencies import minor_digits
from service.engine.clearing.claim import Claim, ClaimLine
from service.engine.clearing.retailer import Retailer
from service.files.clearing.plain_sheet import PlainSheet, Value
from service.files.clearing.words import words_of
from service.files.csv_cells import to_csv

_OF_ALL = ("document", "cancels", "account", "agreement", "agreement_revision", "currency")
"""What all lines share, which a workbook says once."""
_OF_LINE = (
    "line", "supplier", "deal_ref", "deal_revision", "title", "store", "late_of", "circulation",
    "redemptions", "redeemed", "share", "fee", "slots", "slot_amount", "adjustment", "total",
)  # fmt: skip
COLUMNS = _OF_ALL + _OF_LINE
_AMOUNTS = frozenset({"redeemed", "share", "fee", "slot_amount", "adjustment", "total"})
_COUNTS = frozenset(
    {"agreement_revision", "line", "circulation", "redemptions", "slots", "deal_revision"}
)


def statement_rows(claim: Claim, *, is_credit: bool) -> list[dict[str, object]]:
    """The lines with all that names them; a credit has the signs reversed."""
    digits = minor_digits(claim.account.currency)
    sign = -1 if is_credit else 1
    head = {
        "document": (claim.credit_number if is_credit else claim.number) or "",
        "cancels": claim.number if is_credit else "",
        "account": claim.account.number,
        "agreement": claim.agreement.ref,
        "agreement_revision": claim.agreement.revision,
        "currency": claim.account.currency,
    }

    def amount(cents: int) -> Decimal:
        return Decimal(sign * cents).scaleb(-digits)

    def row(line: ClaimLine) -> dict[str, object]:
        return head | {
            "line": line.line,
            "supplier": line.supplier,
            "deal_ref": line.deal_ref,
            "deal_revision": line.revision,
            "title": line.title,
            "store": line.store_id or "",
            "late_of": line.late_of or "",
            "circulation": line.circulation,
            "redemptions": sign * line.redemptions,
            "redeemed": amount(line.redeemed_cents),
            "share": amount(line.share_cents),
            "fee": amount(line.fee_cents),
            "slots": sign * line.slots,
            "slot_amount": amount(line.slot_cents),
            "adjustment": amount(line.adjustment_cents),
            "total": amount(line.total_cents),
        }

    return [row(line) for line in claim.lines]


def statement_csv(claim: Claim, *, is_credit: bool = False) -> bytes:
    """The lines as CSV; no spreadsheet takes a text for a formula."""
    rows = statement_rows(claim, is_credit=is_credit)
    digits = minor_digits(claim.account.currency)
    columns = [
        pl.Series(name, [row[name] for row in rows], dtype=_kind(name, digits)) for name in COLUMNS
    ]
    return to_csv(pl.DataFrame(columns), bom=True)


def statement_xlsx(claim: Claim, retailer: Retailer, *, is_credit: bool = False) -> bytes:
    """The same in a workbook, whose first sheet says what the document is and comes to."""
    rows = statement_rows(claim, is_credit=is_credit)
    issued_on = claim.cancelled_on if is_credit else claim.issued_on
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False,
               "strings_to_urls": False}  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        day = issued_on or claim.drawn_at.date()
        book.set_properties(
            {"author": retailer.legal_name, "created": datetime(day.year, day.month, day.day)}  # noqa: DTZ001
        )
        digits = minor_digits(claim.account.currency)
        shape = "#,##0" + ("." + "0" * digits if digits else "")
        money = book.add_format({"num_format": shape})
        bold = book.add_format({"bold": True})
        summary = book.add_worksheet("Summary")
        summary.set_column(0, 0, 34)
        summary.set_column(1, 1, 40, money)
        for place, (label, value) in enumerate(_summary(claim, retailer, is_credit=is_credit)):
            summary.write_string(place, 0, label, bold)
            if isinstance(value, Decimal):
                summary.write_number(place, 1, float(value), money)
            else:
                summary.write_string(place, 1, value)
        sheet = book.add_worksheet("Lines", worksheet_class=PlainSheet)
        for column, name in enumerate(_OF_LINE):
            sheet.write_string(0, column, name, bold)
            sheet.set_column(column, column, 40 if name == "title" else 13)
        sheet.add_plain([[_value(row[name]) for name in _OF_LINE] for row in rows], money=money)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(_OF_LINE) - 1)
    return out.getvalue()


def _value(cell: object) -> Value:
    return cell if isinstance(cell, int | Decimal) else str(cell)


def _kind(name: str, digits: int) -> pl.DataType:
    """Amounts are written with all the decimals of their currency."""
    if name in _AMOUNTS:
        return pl.Decimal(24, digits)
    return pl.Int64() if name in _COUNTS else pl.String()


def _summary(
    claim: Claim, retailer: Retailer, *, is_credit: bool
) -> Sequence[tuple[str, str | Decimal]]:
    words = words_of(claim.account.language, claim.account.currency)
    digits = minor_digits(claim.account.currency)
    sign = -1 if is_credit else 1

    def amount(cents: int) -> Decimal:
        return Decimal(sign * cents).scaleb(-digits)

    def iso(day: date | None) -> str:
        return day.isoformat() if day else ""

    number = claim.credit_number if is_credit else claim.number
    said: list[tuple[str, str | Decimal]] = [
        (words["statement_credit" if is_credit else "statement"], number or words["draft"]),
        (words["date"], iso(claim.cancelled_on if is_credit else claim.issued_on)),
        (words["due"], "" if is_credit else iso(claim.due_on)),
        (words["account"], f"{claim.account.number} {claim.account.legal_name}"),
        (words["agreement"], f"{claim.agreement.ref} / {claim.agreement.revision}"),
        (words["period"], f"{iso(claim.first_day)} – {iso(claim.last_day)}"),
        (words["share"], amount(claim.share_cents)),
        (words["corrections"], amount(claim.adjustment_cents)),
        (words["services"], amount(claim.fee_cents + claim.slot_cents)),
        (words["services_tax"], amount(claim.tax_cents)),
        (words.say("claim_total", number=number or ""), amount(claim.total_cents)),
    ]
    return [("", retailer.legal_name), *said]
