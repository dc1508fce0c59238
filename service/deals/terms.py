"""Reads the terms of a row: what must be bought, and what comes off."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from service.deals.product_sets import ReportFault
from service.deals.readers import Number
from service.engine.redeem import BENEFITS, Benefit, Condition, Covers, Need, Terms
from service.engine.redeem.benefits.row import DoesNotFit, SheetRow
from service.engine.redeem.units import PIECE
from service.errors import InvalidInput

_ONE = Number(Decimal(1), is_percent=False)
_SOME_BENEFITS = ("get_quantity", "benefit_cap", "covers")
TERMS_COLUMNS = (
    "benefit", "value", *_SOME_BENEFITS, "min_quantity", "unit", "min_spend",
    "uses_per_basket", "with_quantity",
)  # fmt: skip
"""The columns of the terms; whether there is a second set matters too."""


def read_terms(
    values: Mapping[str, Any], *, has_second: bool, digits: int, report: ReportFault
) -> Terms | None:
    """The terms of a row, or None after reporting what does not fit.

    `digits` are the decimals that amounts of money have.
    """
    kind = BENEFITS[values["benefit"]]
    fits = True
    for column in _SOME_BENEFITS:
        if column in values and column not in kind.row_columns:
            report(column, f"does not fit {values['benefit']}", "leave it empty")
            fits = False
    if "with_quantity" in values and not has_second:
        report("with_quantity", "says how many, but not of what", "fill in with_gtins")
        fits = False
    benefit = _read_benefit(kind, values, digits, report)
    needs = _read_needs(kind, values, has_second=has_second, report=report)
    if benefit is None or needs is None or not fits:
        return None
    try:
        terms = Terms(
            Condition(needs, minimum_spend_cents=values.get("min_spend", 0)),
            benefit,
            values.get("uses_per_basket"),
        )
        return Terms.from_dict(terms.to_dict())
    except InvalidInput as error:
        report("benefit", error.detail.removeprefix("terms."), "")
        return None


def _read_benefit(
    kind: type[Benefit], values: Mapping[str, Any], digits: int, report: ReportFault
) -> Benefit | None:
    number, is_percent, is_money = values["value"]
    covers = values.get("covers")
    row = SheetRow(
        number,
        is_percent,
        is_money,
        digits=digits,
        get_quantity=values.get("get_quantity"),
        benefit_cap=values.get("benefit_cap"),
        covers=None if covers is None else Covers(covers),
    )
    try:
        return kind.from_row(row)
    except DoesNotFit as error:
        shown = f"{number:f}{'%' if is_percent else ''}"
        shown = f"an amount of money ({shown})" if is_money else shown
        report("value", f"{shown} does not fit {values['benefit']}", error.remedy)
        return None


def _read_needs(
    kind: type[Benefit], values: Mapping[str, Any], *, has_second: bool, report: ReportFault
) -> tuple[Need, ...] | None:
    """One need per product set. A first set that is given away needs no quantity bought."""
    unit = values.get("unit", PIECE)
    amount, is_percent, is_money = values.get("min_quantity", _ONE)
    milli = amount * 1000
    if is_percent or is_money or milli != int(milli) or not 0 < milli <= 10**6:
        report("min_quantity", f"{amount:f} is not a quantity from 0.001 to 1000", "write 2")
        return None
    if unit == PIECE and milli % 1000:
        report("min_quantity", f"{amount:f} is part of a piece", "write whole pieces, or a unit")
        return None
    second = (Need(1000 * values.get("with_quantity", 1)),) if has_second else ()
    if not kind.gives_first_set(has_second=has_second):
        return (Need(int(milli), unit), *second)
    fits = True
    for column in ("min_quantity", "unit", *(() if has_second else ("min_spend",))):
        if column in values and values[column] not in (_ONE, PIECE, 0):
            remedy = "leave it empty; what must be bought is the second set, with_gtins"
            report(column, f"does not fit {values['benefit']}", remedy)
            fits = False
    return (Need(0), *second) if fits else None
