"""The amount paid for a POSLog line, in whole minor units.

By the standard, `ExtendedAmount` is what the customer paid for the line after its price modifiers.
Many tills write the amount before the modifiers instead. The line itself shows which of the two it
is: the amount before is the regular unit price times the quantity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from service.engine import money

_ONE = Decimal(1)
_HUNDRED = Decimal(100)
MAX_CENTS = 10**11


@dataclass(frozen=True, slots=True)
class Modifier:
    """A price modifier of a line: a discount in minor units or in percent.

    A negative amount is a surcharge. With `replaces`, the amount is the new unit price.
    """

    cents: Decimal | None = None
    percent: Decimal | None = None
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class LinePrice:
    """The stated prices of a line, in minor units and without sign; None when not stated."""

    quantity: Decimal
    extended: int | None
    actual: Decimal | None
    regular: Decimal | None
    discount: int | None
    modifiers: tuple[Modifier, ...] = ()


def decimal(text: str) -> Decimal | None:
    """A decimal number; None for anything else."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < MAX_CENTS else None


def whole_cents(amount: Decimal, *, exponent: int) -> int | None:
    """An amount in minor units; None when it is not a whole number of them."""
    minor = amount.scaleb(exponent)
    whole = int(minor)
    return whole if whole == minor and abs(whole) <= MAX_CENTS else None


def line_cents(price: LinePrice) -> int | None:
    """The amount of a line after its own discounts; None when it states no price.

    It is negative when the discounts exceed the price.
    """
    regular = price.regular
    for modifier in price.modifiers:
        if modifier.replaces:
            regular = modifier.cents
    before = _multiply(regular, price.quantity)
    discount = _total_discount(price, before)
    stated = price.extended
    if stated is None:
        stated = _multiply(price.actual, price.quantity)
    if stated is None:
        return None if before is None else before - discount
    if (
        discount
        and before is not None
        and _is_before(stated, before, discount=discount, price=price)
    ):
        return stated - discount
    return stated


def spread_discount(amounts: Sequence[int], discount: int) -> list[int] | None:
    """The amounts of sale lines less their shares of a discount on all of them.

    The shares are in proportion to the amounts and add up to the discount exactly (largest
    remainder). None when the discount exceeds the sum of the amounts.
    """
    if discount > sum(amounts):
        return None
    return [
        amount - part for amount, part in zip(amounts, money.spread(discount, amounts), strict=True)
    ]


def percent_of(cents: int, percent: Decimal) -> int:
    """A percentage of an amount, half a minor unit rounded up."""
    return int((cents * percent / _HUNDRED).quantize(_ONE, ROUND_HALF_UP))


def _multiply(unit_price: Decimal | None, quantity: Decimal) -> int | None:
    if unit_price is None:
        return None
    return int((unit_price * quantity).quantize(_ONE, ROUND_HALF_UP))


def _total_discount(price: LinePrice, before: int | None) -> int:
    """The discount of a line: its stated total, or else the sum of its modifiers."""
    if price.discount:
        return price.discount
    discount = 0
    for modifier in price.modifiers:
        if modifier.replaces:
            continue
        if modifier.cents is not None:
            discount += int(modifier.cents)
        elif modifier.percent is not None:
            base = before if before is not None else price.extended or 0
            discount += percent_of(base, modifier.percent)
    return discount


def _is_before(stated: int, before: int, *, discount: int, price: LinePrice) -> bool:
    """Whether an amount is nearer to the price before the discounts than to the price after."""
    amounts_after = [before - discount]
    of_all_units = int((discount * price.quantity).quantize(_ONE, ROUND_HALF_UP))
    if not price.discount and of_all_units:
        # Some tills state the discount of one unit.
        amounts_after.append(before - of_all_units)
    unrounded = 1 + int(price.quantity / 2)
    distance = abs(stated - before)
    return distance <= unrounded and distance < min(abs(stated - after) for after in amounts_after)
