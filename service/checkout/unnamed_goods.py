"""Goods without a GTIN: no offer is for them, and they may count towards a minimum spend."""

from collections.abc import Iterable
from dataclasses import replace

from service.engine.redeem import BasketLine, OpenLine, Terms
from service.engine.redeem.corrections import corrected


def spent_on_unnamed(lines: Iterable[BasketLine]) -> int:
    """What the lines without a GTIN that were bought came to.

    A line taken off again cancels one of the same unit and unit price; what is paid back does not
    count.
    """
    # All are taken for one product here: what matters is what they come to.
    unnamed = corrected([line._replace(gtin=1) for line in lines if not line.gtin])
    return sum(
        [line.amount_cents for line in unnamed if line.quantity_milli > 0 and line.amount_cents > 0]
    )


def with_spent(open_line: OpenLine, cents: int, bought: Iterable[BasketLine]) -> OpenLine:
    """An offer with a minimum spend, of which so many cents are spent on other goods.

    They count once, however often the offer is used: with them the basket must reach the minimum
    for every use. A use still needs a cent of the offer's own goods.
    """
    terms = open_line.terms
    minimum = terms.condition.minimum_spend_cents
    counting = {
        number
        for place, members in enumerate(open_line.eligible)
        if place != terms.requires.not_spent
        for number in members
    }
    own = sum(
        [
            line.amount_cents
            for line in bought
            if line.line in counting and line.quantity_milli > 0 and line.amount_cents > 0
        ]
    )
    condition = replace(terms.condition, minimum_spend_cents=max(minimum - cents, 1))
    return open_line._replace(
        terms=Terms(condition, terms.benefit, terms.uses_per_basket),
        uses_left=min(open_line.uses_left, max((own + cents) // minimum, 1)),
    )
