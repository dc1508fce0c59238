"""What lists come to by worth of their households."""

import polars as pl

from service.engine.offers.arms import Arm
from service.engine.offers.worth import by_worth
from tests.engine.offers.frames import households


def test_lists_are_summed_by_decile_and_the_held_out_left_aside() -> None:
    homes = households(
        *({"household_id": n, "worth_decile": decile, "face_value_floor_cents": 300, "arm": arm}
          for n, decile, arm in ((1, 2, Arm.EXPOSED), (2, 2, Arm.EXPOSED), (3, 1, Arm.EXPOSED),
                                 (4, 2, Arm.HOLDOUT)))
    )  # fmt: skip
    chosen = pl.DataFrame({"household_id": [1, 1, 2, 4], "face_value_cents": [150, 155, 100, 999]})
    assert by_worth(homes, chosen).to_dicts() == [
        {"worth_decile": 1, "households": 1, "floor_cents": 300, "ceiling_cents": 1000,
         "offers": 0, "face_value_cents": 0, "mean_face_value_cents": 0, "below_floor": 1,
         "shortfall_cents": 300},
        {"worth_decile": 2, "households": 2, "floor_cents": 300, "ceiling_cents": 1000,
         "offers": 3, "face_value_cents": 405, "mean_face_value_cents": 202, "below_floor": 1,
         "shortfall_cents": 200},
    ]  # fmt: skip
