"""Points take no unit from another offer."""

from service.engine.redeem import AmountOff, Points
from tests.engine.redeem.baskets import opened, pieces, settle


def test_points_leave_the_units_to_other_offers() -> None:
    result = settle(
        [pieces(1, 2, 400)],
        opened(1, Points(50), [1], uses=3),
        opened(2, AmountOff(30), [1], uses=2),
    )
    assert (result.points, result.total_cents) == (100, 60)
    assert [(a.list_line, a.uses) for a in result.applied] == [(1, 2), (2, 2)]
