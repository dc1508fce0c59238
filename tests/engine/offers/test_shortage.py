"""Each household with few offers counts for the first reason that holds."""

from typing import Any

import polars as pl
import pytest

from service.engine.offers.arms import Arm
from service.engine.offers.left_out import LeftOut
from service.engine.offers.shortage import Shortage, shortages
from tests.engine.offers.frames import households, pairs

# What household 1 is considered for, apart from household 2, and what of it was chosen.
CASES: dict[Shortage, tuple[list[dict[str, Any]], list[int]]] = {
    Shortage.NO_DEAL: ([], []),
    Shortage.FEW_DEALS: ([{"offer_id": 1}], [1]),
    Shortage.NOT_TARGETED: ([{"offer_id": 1}, {"offer_id": 2, "left_out": LeftOut.TARGET}], [1]),
    Shortage.BANNED: ([{"offer_id": 1}, {"offer_id": 2, "left_out": LeftOut.BANNED}], [1]),
    Shortage.UNLIKELY: ([{"offer_id": 1}, {"offer_id": 2, "left_out": LeftOut.UNLIKELY}], [1]),
    Shortage.CONTROL: ([{"offer_id": 1}, {"offer_id": 2, "left_out": LeftOut.CONTROL}], [1]),
    Shortage.CONFLICTS: ([{"offer_id": 1}, {"offer_id": 2, "conflict_id": 71}], [1]),
    Shortage.CEILING: ([{"offer_id": 1}, {"offer_id": 2, "face_value_cents": 951}], [1]),
    Shortage.FULL: ([{"offer_id": 1}, {"offer_id": 9}], [1]),
    Shortage.NOT_WORTH_IT: ([{"offer_id": 1}, {"offer_id": 9, "value_cents": -1.0}], [1]),
}
ROOM = pl.DataFrame(
    {"offer_id": [1, 2, 9], "budget_cents": [None, 5000, 99], "circulation_max": [None, None, 7]}
)


@pytest.mark.parametrize("reason", Shortage)
def test_a_household_with_one_offer_of_two(reason: Shortage) -> None:
    considered, taken = CASES[reason]
    found = shortages(
        households({"household_id": 1}, {"household_id": 2}, {"household_id": 3, "arm": "holdout"}),
        pairs(
            {"household_id": 2, "offer_id": 9, "conflict_id": 7},
            {"household_id": 2, "offer_id": 1, "conflict_id": 8},
            *({"household_id": 1, "conflict_id": 71 + n} | row for n, row in enumerate(considered)),
        ),
        # Offer 9 has 99 cents: the copy of household 2 takes 50, another would pass that.
        pairs(
            {"household_id": 2, "offer_id": 9},
            {"household_id": 2, "offer_id": 1},
            *({"household_id": 1, "offer_id": offer} for offer in taken),
        ),
        ROOM,
        fewer_than=2,
    )
    assert found.rows() == [(1, reason)]


def test_whoever_has_enough_or_is_held_out_counts_for_nothing() -> None:
    homes = households({"household_id": 1}, {"household_id": 3, "arm": Arm.HOLDOUT})
    mine = pairs({"household_id": 1, "offer_id": 1})
    assert shortages(homes, mine, mine, ROOM, fewer_than=1).is_empty()
