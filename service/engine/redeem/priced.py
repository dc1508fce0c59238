"""What goods cost with an offer, by the rules of the till."""

from typing import NamedTuple

from service.engine.redeem.eligible import EligibleUnits
from service.engine.redeem.terms import Terms
from service.engine.redeem.units import PIECE, BasketLine, Units


class Priced(NamedTuple):
    """What some pieces of one price cost together, without an offer and with one use of it."""

    pieces: int
    before_cents: int
    after_cents: int


def with_offer(terms: Terms, price_cents: int) -> Priced | None:
    """What the pieces of one use cost, bought by themselves.

    None where that is no single sum: several product sets, goods by weight, a minimum spend; and
    where nothing comes off.
    """
    condition, benefit = terms.condition, terms.benefit
    (need, *others) = condition.needs
    if others or need.unit != PIECE or condition.minimum_spend_cents or price_cents <= 0:
        return None
    pieces = need.quantity_milli // 1000 + benefit.pieces_given
    if not pieces:
        return None
    line = BasketLine(1, 0, pieces * 1000, PIECE, pieces * price_cents)
    eligible = EligibleUnits(Units([line], {1}), terms.requires, lines=[{1}], max_uses=1)
    saved = benefit.draw(eligible, eligible.reach).cents
    if not saved:
        return None
    return Priced(pieces, line.amount_cents, line.amount_cents - saved)
