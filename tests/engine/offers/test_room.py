"""What offers still have to give."""

import polars as pl
import pytest

from service.engine.offers.room import room

OFFERS = pl.DataFrame(
    {
        "offer_id": [2, 1, 3],
        "budget_cents": [1000, None, 50],
        "circulation_max": [10, 5, None],
        "circulation_min": [4, None, 1],
    }
)
COMMITTED = pl.DataFrame(
    {"offer_id": [1, 2, 3], "spent_cents": [700, 301, 60], "issued": [5, 3, 2]}
)


@pytest.mark.parametrize(
    ("share", "left"),
    [
        (1.0, [(1, None, 0, None), (2, 699, 7, 1), (3, 0, None, 0)]),
        (0.5, [(1, None, 0, None), (2, 349, 3, 0), (3, 0, None, 0)]),
    ],
)
def test_limits_less_what_is_promised_never_below_nothing(
    share: float, left: list[tuple[int | None, ...]]
) -> None:
    assert room(OFFERS, COMMITTED, share=share).rows() == left
