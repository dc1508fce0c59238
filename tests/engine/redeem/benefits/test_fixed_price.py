"""Each unit for a price, to the cent."""

from service.engine.redeem import Covers, FixedPrice, Need
from tests.engine.redeem.baskets import by_line, opened, pieces, reasons, settle, weighed


def test_fixed_price_brings_each_unit_down() -> None:
    offer = opened(1, FixedPrice(99), [1, 2], uses=3)
    result = settle([pieces(1, 2, 301), pieces(2, 1, 90)], offer)
    assert by_line(result) == {(1, 1): (52, 51)}
    assert result.applied[0].uses == 2


def test_fixed_price_for_all_from_two_pieces() -> None:
    offer = opened(1, FixedPrice(100, covers=Covers.ALL), [1], needs=(Need(2000),))
    assert settle([pieces(1, 3, 450)], offer).total_cents == 150
    assert reasons(settle([pieces(1, 1, 150)], offer)) == {1: "quantity_short"}


def test_fixed_price_per_kilo_of_weighed_goods() -> None:
    offer = opened(1, FixedPrice(199, covers=Covers.ALL), [1], needs=(Need(1, "kg"),))
    assert by_line(settle([weighed(1, 1234, 369)], offer)) == {(1, 1): (123,)}


def test_fixed_price_per_piece_leaves_weighed_goods_alone() -> None:
    assert reasons(settle([weighed(1, 1234, 369)], opened(1, FixedPrice(99), [1]))) == {
        1: "not_in_basket"
    }
