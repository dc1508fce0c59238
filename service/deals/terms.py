"""The terms of a row: what must be bought, and what comes off."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from service.deals.goods import Tell
from service.engine.redeem import (
    AmountOff,
    Benefit,
    BundlePrice,
    BuyGet,
    Condition,
    FixedPrice,
    FreeItem,
    Need,
    PercentOff,
    Points,
    Terms,
)
from service.engine.redeem.terms import BenefitKind, Covers
from service.engine.redeem.units import PIECE
from service.errors import InvalidInput

_ONLY_FOR = {
    "get_quantity": (BenefitKind.BUY_GET,),
    "benefit_cap": (BenefitKind.PERCENT_OFF,),
    "covers": (BenefitKind.PERCENT_OFF, BenefitKind.FIXED_PRICE),
}
_CENTS = 100
TERMS_COLUMNS = (
    "benefit", "value", "get_quantity", "benefit_cap", "covers", "min_quantity", "unit",
    "min_spend", "uses_per_basket", "with_quantity",
)  # fmt: skip
"""The columns that the terms are made of, beside whether there is a second set."""


def terms_of(values: Mapping[str, Any], *, has_second: bool, tell: Tell) -> Terms | None:
    """The terms that a row gives, or None after telling what does not fit."""
    kind = BenefitKind(values["benefit"])
    fits = True
    for column, kinds in _ONLY_FOR.items():
        if column in values and kind not in kinds:
            tell(column, f"does not fit {kind}", "leave it empty")
            fits = False
    if "with_quantity" in values and not has_second:
        tell("with_quantity", "says how many, but not of what", "fill in with_gtins")
        fits = False
    benefit = _benefit(kind, values, tell)
    needs = _needs(kind, values, has_second=has_second, tell=tell)
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
        tell("benefit", error.detail.removeprefix("terms."), "")
        return None


def _benefit(kind: BenefitKind, values: Mapping[str, Any], tell: Tell) -> Benefit | None:
    number, is_percent = values["value"]
    cents = number * _CENTS

    def refuse(remedy: str) -> None:
        shown = f"{number:f}{'%' if is_percent else ''}"
        tell("value", f"{shown} does not fit {kind}", remedy)

    if kind in (BenefitKind.PERCENT_OFF, BenefitKind.BUY_GET):
        if not 0 < number <= _CENTS or cents != int(cents):
            refuse("write a per cent from 1 to 100, as 20")
            return None
        if number < 1 and not is_percent:
            refuse(f"write {number * 100:f}".rstrip("0").rstrip(".") + " for per cent")
            return None
        if kind is BenefitKind.PERCENT_OFF:
            covers = Covers(values.get("covers", Covers.NEEDED))
            return PercentOff(int(cents), values.get("benefit_cap"), covers)
        return BuyGet(values.get("get_quantity", 1), basis_points=int(cents))
    if (
        is_percent
        or cents != int(cents)
        or not 0 <= cents <= 10**9
        or (cents == 0 and kind is not BenefitKind.FIXED_PRICE)
    ):
        refuse("write an amount, as 1.00")
        return None
    if kind is BenefitKind.POINTS:
        if number != int(number):
            refuse("write a whole number")
            return None
        return Points(int(number))
    whole = int(cents)
    if kind is BenefitKind.FIXED_PRICE:
        return FixedPrice(whole, Covers(values.get("covers", Covers.NEEDED)))
    if kind is BenefitKind.FREE_ITEM:
        return FreeItem(cap_cents=whole)
    return AmountOff(whole) if kind is BenefitKind.AMOUNT_OFF else BundlePrice(whole)


def _needs(
    kind: BenefitKind, values: Mapping[str, Any], *, has_second: bool, tell: Tell
) -> tuple[Need, ...] | None:
    """One need a product set. What is given away is the first set, which then asks for nothing."""
    unit = values.get("unit", PIECE)
    amount, is_percent = values.get("min_quantity", (Decimal(1), False))
    milli = amount * 1000
    if is_percent or milli != int(milli) or not 0 < milli <= 10**6:
        tell("min_quantity", f"{amount:f} is not a quantity from 0.001 to 1000", "write 2")
        return None
    if unit == PIECE and milli % 1000:
        tell("min_quantity", f"{amount:f} is part of a piece", "write whole pieces, or a unit")
        return None
    second = (Need(1000 * values.get("with_quantity", 1)),) if has_second else ()
    given_away = kind is BenefitKind.FREE_ITEM or (kind is BenefitKind.BUY_GET and has_second)
    if not given_away:
        return (Need(int(milli), unit), *second)
    fits = True
    for column in ("min_quantity", "unit", *(() if has_second else ("min_spend",))):
        if column in values and values[column] not in ((Decimal(1), False), PIECE, 0):
            remedy = "leave it empty; what must be bought is the second set, with_gtins"
            tell(column, f"does not fit {kind}", remedy)
            fits = False
    return (Need(0), *second) if fits else None
