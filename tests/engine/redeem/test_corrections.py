"""Corrections cancel what they correct, and nothing else, in whatever order the lines come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.redeem import BasketLine
from service.engine.redeem.corrections import corrected

TEA, COFFEE = 4011, 4012
Sold = tuple[int, int, str, int]


def lines(*sold: Sold) -> list[BasketLine]:
    return [BasketLine(number, *each) for number, each in enumerate(sold, start=1)]


@pytest.mark.parametrize(
    ("sold", "left"),
    [
        # The whole line, a part of it, a part with its odd cent, more than there is.
        ([(TEA, 3000, "each", 1000), (TEA, -3000, "each", -1000)], []),
        ([(TEA, 3000, "each", 360), (TEA, -1000, "each", -120)], [(1, 2000, 240)]),
        ([(TEA, 3000, "each", 1000), (TEA, -1000, "each", -334)], [(1, 2000, 666)]),
        ([(TEA, 2000, "each", 240), (TEA, -3000, "each", -360)], [(2, -1000, -120)]),
        ([(TEA, 1234, "kg", 246), (TEA, -234, "kg", -47)], [(1, 1000, 199)]),
        # The line of its own price, though it comes later; over two lines.
        (
            [(TEA, 1000, "each", 100), (TEA, -1000, "each", -120), (TEA, 1000, "each", 120)],
            [(1, 1000, 100)],
        ),
        (
            [(TEA, 1000, "each", 120), (TEA, -2000, "each", -240), (TEA, 2000, "each", 240)],
            [(3, 1000, 120)],
        ),
        # Another price, product or unit; no quantity; only a price below zero.
        *(
            ([(TEA, 1000, "each", 120), other], [(1, 1000, 120), (2, *other[1::2])])
            for other in (
                (TEA, -1000, "each", -121),
                (COFFEE, -1000, "each", -120),
                (TEA, -1000, "kg", -120),
                (TEA, 0, "each", -120),
                (TEA, 1000, "each", -120),
            )
        ),
    ],
)
def test_a_correction_takes_off_what_has_its_price(
    sold: list[Sold], left: list[tuple[int, int, int]]
) -> None:
    found = corrected(lines(*sold))
    assert [(each.line, each.quantity_milli, each.amount_cents) for each in found] == left


@given(
    st.lists(
        st.tuples(
            st.sampled_from([TEA, COFFEE]),
            st.sampled_from([-3000, -2000, -1000, 1000, 2000, 3000]),
            st.just("each"),
            st.sampled_from([33, 34, 100, 1000]),
        ),
        max_size=12,
    ),
    st.randoms(),
)
def test_neither_order_nor_sums_matter(sold: list[Sold], random: object) -> None:
    basket = lines(*[(g, q, u, cents * q // 1000) for g, q, u, cents in sold])
    found = corrected(basket)
    for product in (TEA, COFFEE):
        for place in (2, 4):
            assert sum(each[place] for each in found if each.gtin == product) == sum(
                each[place] for each in basket if each.gtin == product
            )
    shuffled = basket[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = corrected([each._replace(line=n) for n, each in enumerate(shuffled, start=1)])
    assert sorted(each[1:] for each in again) == sorted(each[1:] for each in found)
