"""Several units for a price, to the cent."""

from service.engine.redeem import BundlePrice, Need
from tests.engine.redeem.baskets import by_line, opened, pieces, reasons, settle


def test_three_for_a_price() -> None:
    offer = opened(1, BundlePrice(500), [1, 2], needs=(Need(3000),), uses=2)
    result = settle([pieces(1, 2, 400), pieces(2, 2, 380)], offer)
    assert by_line(result) == {(1, 1): (31, 30), (1, 2): (29,)}
    assert result.applied[0].uses == 1


def test_a_meal_for_a_price_takes_one_of_each_set() -> None:
    offer = opened(1, BundlePrice(600), [1], [2], uses=2)
    result = settle([pieces(1, 2, 1000), pieces(2, 1, 250)], offer)
    assert by_line(result) == {(1, 1): (100,), (1, 2): (50,)}


def test_one_product_cannot_count_for_two_sets() -> None:
    offer = opened(1, BundlePrice(100), [1, 2], [1])
    assert reasons(settle([pieces(1, 1, 200)], offer)) == {1: "quantity_short"}
    assert settle([pieces(1, 1, 200), pieces(2, 1, 150)], offer).total_cents == 250
    assert settle([pieces(1, 2, 400), pieces(2, 1, 150)], offer).total_cents == 300


def test_a_large_basket_is_no_burden() -> None:
    """A hundred uses at most, however many pieces and uses there are."""
    offer = opened(1, BundlePrice(150), [1, 2], needs=(Need(2000),), uses=5000)
    result = settle([pieces(1, 2000, 200_000), pieces(2, 2000, 202_000)], offer)
    assert result.applied[0].uses == 100
    assert result.total_cents == 100 * (202 - 150)
