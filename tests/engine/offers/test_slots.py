"""A partner's slot is worth its fee, to everybody it is for."""

import polars as pl

from service.engine.offers import LeftOut
from service.engine.offers.slots import slots
from tests.engine.offers.frames import running


def test_every_household_is_considered_once_for_every_slot() -> None:
    found = slots(pl.Series([2, 1, 2]), running(), seed=0)
    columns = ("household_id", "offer_id", "value_cents", "cost_cents", "use_cents",
               "reserved_cents", "uses", "face_value_cents", "expected_redemptions",
               "left_out")  # fmt: skip
    assert found.select(columns).rows() == [
        (1, 3, 15.0, 15, 15, 15, 1, 0, 0.0, None),
        (2, 3, 15.0, 15, 15, 15, 1, 0, 0.0, None),
    ]
    assert found["why"].unique().to_list() == ["paid for by a partner"]


def test_nobody_has_bought_of_a_slot_so_all_are_new_buyers() -> None:
    for buyers, left_out in (("new", None), ("current", LeftOut.TARGET)):
        aimed = running(targets=f'{{"buyers":["{buyers}"]}}')
        found = slots(pl.Series([1, 2]), aimed, seed=0)
        assert found["left_out"].to_list() == [left_out] * 2


def test_a_shop_without_partners_has_no_slots() -> None:
    assert slots(pl.Series([1, 2]), running(kind="product"), seed=0).is_empty()
