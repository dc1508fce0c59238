"""Take the corrections off a basket.

A till that cancels a scanned line may send a further line with negative quantity and amount. It
cancels as much of the positive lines of the same product, unit and unit price.
"""

from collections.abc import Sequence
from typing import NamedTuple

from service.engine.redeem.units import BasketLine


class _Left(NamedTuple):
    """What is left of a basket line; tuples sort in the order in which lines are matched.

    Of lines that are equal in all but their number it does not matter which is cancelled.
    """

    quantity_milli: int
    amount_cents: int
    line: int


def corrected(lines: Sequence[BasketLine]) -> Sequence[BasketLine]:
    """The lines that are left; in any order of the lines the same goods at the same prices.

    A correction of part of a line may differ from its share of the line by less than a cent, from
    rounding. A correction that matches no line does not change: returned goods or a deposit.
    Neither the quantity nor the cents of a product change in sum. Goods without a GTIN are never
    matched: two lines of them need not be the same.
    """
    if not any(line.quantity_milli < 0 for line in lines):
        return lines
    by_goods: dict[tuple[int, str], tuple[list[_Left], list[_Left]]] = {}
    for line in lines:
        if not line.gtin:
            continue
        bought, back = by_goods.setdefault((line.gtin, line.unit), ([], []))
        if line.quantity_milli > 0 and line.amount_cents > 0:
            bought.append(_Left(line.quantity_milli, line.amount_cents, line.line))
        elif line.quantity_milli < 0 and line.amount_cents < 0:
            back.append(_Left(line.quantity_milli, line.amount_cents, line.line))
    left: dict[int, _Left] = {}
    for bought, back in by_goods.values():
        if bought and back:
            left |= _without(bought, back)
    return [
        line._replace(quantity_milli=found.quantity_milli, amount_cents=found.amount_cents)
        for line in lines
        for found in (left.get(line.line) or _Left(line.quantity_milli, line.amount_cents, 0),)
        if found.quantity_milli or line.line not in left
    ]


def _without(bought: list[_Left], back: list[_Left]) -> dict[int, _Left]:
    """What is left of the lines of one product, by number."""
    bought.sort()
    # The largest first: a correction of a whole line finds it before parts of it are gone.
    back.sort()
    for is_exact in (True, False):
        for place, correction in enumerate(back):
            back[place] = _cancel(bought, correction, is_exact=is_exact)
    return {each.line: each for each in (*bought, *back)}


def _cancel(bought: list[_Left], correction: _Left, *, is_exact: bool) -> _Left:
    """Take a correction off the lines it matches; what is left of it."""
    while correction.quantity_milli < 0:
        place = _match(bought, correction, is_exact=is_exact)
        if place is None:
            break
        line = bought[place]
        milli = min(line.quantity_milli, -correction.quantity_milli)
        is_all = milli == -correction.quantity_milli
        cents = -correction.amount_cents if is_all else line.amount_cents
        bought[place] = line._replace(
            quantity_milli=line.quantity_milli - milli, amount_cents=line.amount_cents - cents
        )
        correction = correction._replace(
            quantity_milli=correction.quantity_milli + milli,
            amount_cents=correction.amount_cents + cents,
        )
    return correction


def _match(bought: list[_Left], correction: _Left, *, is_exact: bool) -> int | None:
    """The place of the line whose unit price the correction has, the closest and smallest first."""
    wanted, cents = correction.quantity_milli, correction.amount_cents
    best, found = None, None
    for place, (quantity, amount, number) in enumerate(bought):
        # The difference of the unit prices times both quantities, so that integers compare them.
        off = abs(amount * wanted - cents * quantity)
        cent = max(quantity, -wanted)
        if not quantity or (off and (is_exact or off >= cent)):
            continue
        key = (off / cent, quantity, amount, number)
        if best is None or key < best:
            best, found = key, place
    return found
