"""Lines of one deal on several lists share what the household has left of it."""

from service.engine.redeem import AmountOff, Covers, OpenLine, PercentOff, Points
from tests.engine.redeem.baskets import opened, pieces, reasons, settle


def of_deal(open_line: OpenLine, left: int) -> OpenLine:
    return open_line._replace(deal_id=7, deal_left=left)


def used(*open_lines: OpenLine, pieces_bought: int = 4) -> dict[int, int]:
    found = settle([pieces(1, pieces_bought, 300 * pieces_bought)], *open_lines)
    return {each.list_line: each.uses for each in found.applied}


def test_a_line_is_used_no_more_often_than_its_deal_has_left() -> None:
    line = opened(1, AmountOff(100), [1], uses=3)
    assert used(of_deal(line, 2)) == {1: 2}
    found = settle([pieces(1, 1, 300)], of_deal(line, 0))
    assert reasons(found) == {1: "limit_reached"}
    assert found.refusals[0].detail == "this household has used the deal as often as it may"
    own = opened(1, AmountOff(100), [1], uses=0, limit=1)
    assert reasons(settle([pieces(1, 1, 300)], of_deal(own, 0))) == {1: "already_redeemed"}


def test_the_line_that_saves_more_has_the_uses_first_then_the_one_that_expires_first() -> None:
    low, high = opened(1, AmountOff(100), [1], uses=2), opened(2, AmountOff(150), [1], uses=2)
    assert used(of_deal(low, 2), of_deal(high, 2)) == {2: 2}
    assert used(of_deal(low, 3), of_deal(high, 3)) == {1: 1, 2: 2}
    assert used(of_deal(low, 1), of_deal(low._replace(list_line=2), 1)) == {1: 1}
    found = settle([pieces(1, 4, 1200)], of_deal(low, 1), of_deal(high, 1))
    assert reasons(found) == {1: "limit_reached"}
    assert found.refusals[0].detail == "another list of this household uses the deal in this basket"


def test_a_line_that_draws_nothing_takes_no_use_and_keeps_its_own_reason() -> None:
    absent, present = opened(1, AmountOff(100), [9]), opened(2, AmountOff(100), [1])
    found = settle([pieces(1, 1, 300)], of_deal(absent, 1), of_deal(present, 1))
    assert [each.list_line for each in found.applied] == [2]
    assert reasons(found) == {1: "not_in_basket"}


def test_points_are_shared_as_well_and_other_deals_are_left_alone() -> None:
    one, two = opened(1, Points(50), [1]), opened(2, Points(50), [1])
    assert used(of_deal(one, 1), of_deal(two, 1)) == {1: 1}
    assert used(of_deal(one, 1), two._replace(deal_id=8, deal_left=1)) == {1: 1, 2: 1}
    assert used(one, two) == {1: 1, 2: 1}


def test_what_is_left_depends_on_the_limit_each_was_printed_with() -> None:
    line = opened(1, PercentOff(1000, None, Covers.NEEDED), [1], uses=2)
    again = line._replace(list_line=2, uses_left=1)
    assert used(of_deal(line, 2), of_deal(again, 1)) == {1: 2}
    assert used(of_deal(line, 3), of_deal(again, 2)) == {1: 2}
    assert used(of_deal(line._replace(uses_left=1), 3), of_deal(again, 2)) == {1: 1, 2: 1}
