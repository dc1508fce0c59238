"""What a till gave offline, held against arithmetic: its line, its offer, the products it names.

That the sale happened is never doubted. What cannot be right of it is in dispute for ever, and the
retailer bears it; the books and the household's basket know no more than a line cost.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from service.checkout.sales import Honoured, TillBasket
from service.engine.redeem import (
    Applied,
    BasketLine,
    OpenLine,
    Points,
    RefusalReason,
    Terms,
    settle_basket,
)
from service.engine.redeem.corrections import corrected
from service.engine.redeem.units import MAX_UNITS, PIECE


class Doubt(StrEnum):
    """Why a discount cannot be right, whatever else was sold; only replays know these reasons."""

    OTHER_PRODUCT = "other_product"
    ABOVE_LINE = "above_line"
    ABOVE_OFFER = "above_offer"


def at_most_its_line(basket: TillBasket, honoured: Sequence[Honoured]) -> list[Honoured]:
    """Each discount with no more cents and units than its basket line has, in their order.

    Where several are on a line, those of the first list line come first. A line that a correction
    cancelled has nothing left.
    """
    left = {line.line: line for line in corrected(basket.lines)}
    cents = {line.line: max(line.amount_cents, 0) for line in left.values()}
    found = list(honoured)

    def order(place: int) -> tuple[str, int, int, int]:
        each = honoured[place]
        return each.list_code, each.list_line, each.line, each.amount_cents

    for place in sorted(range(len(found)), key=order):
        each = honoured[place]
        amount = min(each.amount_cents, cents.get(each.line, 0))
        cents[each.line] = cents.get(each.line, 0) - amount
        units = _units(left.get(each.line), each.units, amount)
        found[place] = replace(each, amount_cents=amount, units=units)
    return found


def _units(line: BasketLine | None, said: int, amount_cents: int) -> int:
    """How many units of a line share a discount, so that none of them has more off than it cost."""
    if line is None or line.unit != PIECE or line.quantity_milli <= 0:
        return 1
    pieces, part = divmod(line.quantity_milli, 1000)
    if part or pieces > MAX_UNITS or not pieces:
        return 1
    price = line.amount_cents // pieces
    needed = -(-amount_cents // price) if price > 0 else pieces
    return min(max(said, needed), pieces)


def at_best(basket: TillBasket, open_line: OpenLine, *, made: int) -> Applied | RefusalReason:
    """The most that so many uses of a list line can come to in the basket, or why they cannot."""
    alone = open_line._replace(uses_left=max(made, 1), deal_left=None, voided=False, stopped=False)
    settlement = settle_basket(basket.lines, [alone], on=alone.valid_from)
    if settlement.refusals:
        return settlement.refusals[0].reason
    return settlement.applied[0]


def doubt(
    basket: TillBasket,
    open_line: OpenLine,
    best: Applied | RefusalReason,
    *,
    given: Sequence[Honoured],
    believed: Sequence[Honoured],
) -> Doubt | RefusalReason | None:
    """Why what a till gave for a list line cannot be right, or None."""
    named = frozenset[int]().union(*open_line.eligible)
    if any(each.line not in named for each in given):
        return Doubt.OTHER_PRODUCT
    if any(each.amount_cents > its.amount_cents for each, its in zip(given, believed, strict=True)):
        return Doubt.ABOVE_LINE
    cents = sum(each.amount_cents for each in given)
    if isinstance(best, RefusalReason):
        # Nothing is wrong with a use that took nothing off.
        return None if not cents and best is RefusalReason.NO_SAVING else best
    made = max([each.uses or 1 for each in given])
    if cents > best.amount_cents or made > max(best.uses, _most_uses(basket, open_line, made)):
        return Doubt.ABOVE_OFFER
    return None


def _most_uses(basket: TillBasket, open_line: OpenLine, made: int) -> int:
    """How often the basket meets the condition, at most `made` times, whatever it gives."""
    if made == 1:
        return 1
    terms = open_line.terms
    counted = Terms(terms.condition, Points(1), terms.uses_per_basket)
    best = at_best(basket, open_line._replace(terms=counted), made=made)
    return best.uses if isinstance(best, Applied) else 0
