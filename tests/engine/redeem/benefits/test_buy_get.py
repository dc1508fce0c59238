"""Buy some, get more, to the cent and to the unit."""

from service.engine.redeem import BuyGet, Need
from tests.engine.redeem.baskets import by_line, opened, pieces, reasons, settle


def test_buy_two_get_one_frees_the_cheapest_of_each_three() -> None:
    offer = opened(1, BuyGet(get=1), [1, 2], needs=(Need(2000),), uses=5)
    result = settle([pieces(1, 3, 900), pieces(2, 4, 400)], offer)
    assert by_line(result) == {(1, 1): (300,), (1, 2): (100,)}
    assert result.applied[0].uses == 2


def test_buy_one_get_one_half_price() -> None:
    offer = opened(1, BuyGet(get=1, basis_points=5000), [1])
    assert by_line(settle([pieces(1, 2, 199)], offer)) == {(1, 1): (50,)}


def test_buy_of_one_set_get_of_another() -> None:
    offer = opened(1, BuyGet(get=1, on=1), [1], [2], needs=(Need(2000), Need(0)))
    assert by_line(settle([pieces(1, 2, 500), pieces(2, 2, 360)], offer)) == {(1, 2): (180,)}
    assert reasons(settle([pieces(1, 2, 500)], offer)) == {1: "not_in_basket"}
    assert reasons(settle([pieces(1, 1, 500), pieces(2, 1, 180)], offer)) == {1: "quantity_short"}


def test_get_of_a_set_inside_the_bought_one_spares_enough_to_buy() -> None:
    """Line 2 is in both sets: with one bought piece of line 1 it may be the one got."""
    offer = opened(1, BuyGet(get=1, on=1), [1, 2], [2], needs=(Need(1000), Need(0)))
    assert by_line(settle([pieces(1, 1, 100), pieces(2, 1, 300)], offer)) == {(1, 2): (300,)}
    assert reasons(settle([pieces(2, 1, 300)], offer)) == {1: "quantity_short"}
    assert by_line(settle([pieces(2, 2, 600)], offer)) == {(1, 2): (300,)}
