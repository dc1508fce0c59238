"""Goods without a GTIN count once towards a minimum spend."""

from datetime import date

import pytest

from service.checkout.unnamed_goods import spent_on_unnamed, with_spent
from service.engine.redeem import (
    AmountOff,
    BasketLine,
    Condition,
    Need,
    OpenLine,
    Terms,
    settle_basket,
)

DAY = date(2026, 3, 5)
TERMS = Terms(Condition((Need(0),), minimum_spend_cents=1000), AmountOff(100))


def discount(own: int, other: int, *, uses: int = 5) -> int:
    lines = [BasketLine(1, 4011, 1000, "each", own), BasketLine(2, 0, 1000, "each", other)]
    offer = OpenLine("L", 1, 1, TERMS, "", (frozenset([1]),), uses, DAY, DAY)
    return settle_basket(lines, [with_spent(offer, other, lines)], on=DAY).total_cents


@pytest.mark.parametrize(
    ("own", "other", "cents"),
    [
        (1000, 0, 100),
        (999, 0, 0),
        (700, 300, 100),
        (700, 299, 0),
        (1, 5000, 1),
        (1500, 500, 200),
        (1500, 499, 100),
        (2500, 500, 300),
    ],
)
def test_the_basket_must_reach_the_minimum_for_every_use(own: int, other: int, cents: int) -> None:
    assert discount(own, other) == cents


def test_what_comes_back_and_what_has_a_gtin_is_not_counted() -> None:
    lines = [
        BasketLine(1, 0, 1000, "each", 100),
        BasketLine(2, 0, -1000, "each", -50),
        BasketLine(3, 4011, 1000, "each", 10),
        BasketLine(4, 0, 250, "kg", 20),
    ]
    assert spent_on_unnamed(lines) == 120
    assert spent_on_unnamed([*lines, BasketLine(5, 0, -1000, "each", -100)]) == 20
