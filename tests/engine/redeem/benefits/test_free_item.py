"""One unit free, to the cent."""

from service.engine.redeem import FreeItem, Need
from tests.engine.redeem.baskets import by_line, opened, pieces, reasons, settle


def test_free_item_with_a_spend() -> None:
    offer = opened(1, FreeItem(on=1), [1], [2], needs=(Need(0), Need(0)), spend=2000)
    assert by_line(settle([pieces(1, 1, 2000), pieces(2, 2, 500)], offer)) == {(1, 2): (250,)}
    assert reasons(settle([pieces(1, 1, 1999), pieces(2, 1, 250)], offer)) == {1: "spend_short"}


def test_free_item_is_worth_at_most_its_cap() -> None:
    offer = opened(1, FreeItem(cap_cents=200), [1], needs=(Need(0),))
    assert by_line(settle([pieces(1, 1, 250)], offer)) == {(1, 1): (200,)}
    assert by_line(settle([pieces(1, 1, 150)], offer)) == {(1, 1): (150,)}
    assert reasons(settle([pieces(2, 1, 150)], offer)) == {1: "not_in_basket"}
