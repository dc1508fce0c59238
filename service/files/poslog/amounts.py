"""What a POSLog line came to, in whole minor units.

`ExtendedAmount` is by the standard what the customer paid for the line, its price modifiers taken
off. Many tills write there what the line would have cost without them. Which of the two a till
means is seen from the line itself: the amount before is the regular unit price times the quantity.
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
    """A price modifier of a line: an amount in minor units, or a percent, that comes off.

    `replaces` says that the amount is the new unit price; one that is negative is put on.
    """

    cents: Decimal | None = None
    percent: Decimal | None = None
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Priced:
    """What a line says of its price, in minor units and without sign; None is not said."""

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
    """An amount of the main unit in minor units; None when it has a part smaller than one."""
    minor = amount.scaleb(exponent)
    whole = int(minor)
    return whole if whole == minor and abs(whole) <= MAX_CENTS else None


def line_cents(priced: Priced) -> int | None:
    """What a line came to after its own discounts; None when it names no price.

    A negative result means that more comes off than the line cost.
    """
    regular = priced.regular
    for modifier in priced.modifiers:
        if modifier.replaces:
            regular = modifier.cents
    before = _times(regular, priced.quantity)
    off = _off(priced, before)
    stated = priced.extended
    if stated is None:
        stated = _times(priced.actual, priced.quantity)
    if stated is None:
        return None if before is None else before - off
    if off and before is not None and _is_before(stated, before, off=off, priced=priced):
        return stated - off
    return stated


def spread_discount(amounts: Sequence[int], discount: int) -> list[int] | None:
    """Amounts of sale lines less a discount on all of them, spread by what they came to.

    The parts add up to the discount exactly (largest remainder). None when it is more than the
    lines came to.
    """
    if discount > sum(amounts):
        return None
    return [
        amount - part for amount, part in zip(amounts, money.spread(discount, amounts), strict=True)
    ]


def percent_of(cents: int, percent: Decimal) -> int:
    """A percent of an amount, half a minor unit rounding up."""
    return int((cents * percent / _HUNDRED).quantize(_ONE, ROUND_HALF_UP))


def _times(price: Decimal | None, quantity: Decimal) -> int | None:
    if price is None:
        return None
    return int((price * quantity).quantize(_ONE, ROUND_HALF_UP))


def _off(priced: Priced, before: int | None) -> int:
    """All that comes off: as the line sums it up, else what its modifiers add up to."""
    if priced.discount:
        return priced.discount
    off = 0
    for modifier in priced.modifiers:
        if modifier.replaces:
            continue
        if modifier.cents is not None:
            off += int(modifier.cents)
        elif modifier.percent is not None:
            base = before if before is not None else priced.extended or 0
            off += percent_of(base, modifier.percent)
    return off


def _is_before(stated: int, before: int, *, off: int, priced: Priced) -> bool:
    """Whether an amount is nearer to the price before than to the price after the discounts."""
    afters = [before - off]
    of_each = int((off * priced.quantity).quantize(_ONE, ROUND_HALF_UP))
    if not priced.discount and of_each:
        # Some tills write what comes off each unit.
        afters.append(before - of_each)
    unrounded = 1 + int(priced.quantity / 2)
    distance = abs(stated - before)
    return distance <= unrounded and distance < min(abs(stated - after) for after in afters)
