"""Which offers are considered for whom, and what they are worth."""

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from service.engine.allocate.value import ResponseModel
from service.engine.offers import LeftOut
from tests.engine.offers.frames import considered, running

KEYS = ("household_id", "offer_id")


def values(frame: pl.DataFrame) -> dict[tuple[int, int], float]:
    return {row[:2]: row[2] for row in frame.select(*KEYS, "value_cents").iter_rows()}


def test_a_household_is_considered_for_offers_on_items_it_has_bought_and_for_slots() -> None:
    found = considered(running())
    assert found.select(*KEYS).rows() == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 3)]
    assert found.select("kind", "cell", "uses").rows() == [
        ("product", "national_brand_light", 2),
        ("product", "national_brand_light", 1),
        ("partner", None, 1),
        ("product", "national_brand_light", 2),
        ("partner", None, 1),
    ]
    assert found["conflict_id"].to_list() == [
        supplier * (1 << 24) + category
        for supplier, category in ((4, 7), (5, 8), (6, 9), (4, 7), (6, 9))
    ]


def test_a_copy_carries_what_is_left_and_a_deal_that_is_used_up_is_left_out() -> None:
    used = pl.DataFrame({"household_id": [1, 1, 2], "offer_id": [1, 2, 1], "used": [1, 1, 2]})
    found = considered(replace(running(), used=used))
    assert found.select(*KEYS, "uses", "cost_cents").rows() == [
        (1, 1, 1, 58),
        (1, 3, 1, 15),
        (2, 3, 1, 15),
    ]


def test_what_a_copy_costs_is_what_it_reserves_to_the_cent() -> None:
    found = considered(running()).filter(pl.col("household_id") == 1)
    # Half of 1.00 and the fee, twice; 2.00 capped at 1.20 and the fee; the slot's fee.
    assert found.select("use_cents", "reserved_cents", "cost_cents").rows() == [
        (58, 58, 116),
        (128, 128, 128),
        (15, 15, 15),
    ]
    bold = considered(running(), safety=1.0).filter(pl.col("household_id") == 1)
    wanted = bold["expected_redemptions"] * bold["use_cents"] / bold["uses"]
    assert bold["reserved_cents"].to_list()[:2] == [int(wanted[0]) + 1, int(wanted[1]) + 1]
    assert bold["cost_cents"].to_list() == (bold["reserved_cents"] * bold["uses"]).to_list()


def test_a_deal_is_worth_less_to_who_buys_the_brand_anyway() -> None:
    found = values(considered(running(limit_per_household=1)))
    loyal, rival = found[1, 1], found[2, 1]
    assert loyal < 0 < rival


def test_whom_a_deal_is_not_for_is_said_and_stays_among_the_candidates() -> None:
    aimed = considered(running(targets='{"buyers":["new"]}'))
    assert aimed.select(*KEYS, "left_out").rows() == [
        (1, 1, LeftOut.TARGET),
        (1, 2, LeftOut.TARGET),
        (1, 3, None),
        (2, 1, None),
        (2, 3, None),
    ]
    kept_away = considered(running(control_share=100))
    assert set(kept_away["left_out"]) == {LeftOut.CONTROL}


def test_a_cell_may_have_a_face_value_of_its_own() -> None:
    nine = str([50] + [10] * 8)
    found = considered(running(face_values=nine)).filter(pl.col("kind") == "product")
    assert found["face_value_cents"].to_list() == [50, 50, 50]


def test_costs_that_leave_the_assumed_margin_change_no_candidate() -> None:
    assert_frame_equal(
        considered(running(costs={1: (400, 300), 2: (800, 600)})),
        considered(running()),
        check_exact=True,
    )


@pytest.mark.parametrize("cost", [0, 200, 300, 400, 500])
def test_a_deal_is_worth_what_its_added_sales_earn(cost: int) -> None:
    """A cent of cost takes away a cent for each unit more that is sold."""
    assumed = considered(running())
    found = considered(running(costs={1: (400, cost)}))
    units = assumed.filter(pl.col("offer_id") == 1)["expected_gain"]
    difference = [values(found)[key] - values(assumed)[key] for key in ((1, 1), (2, 1))]
    assert difference == pytest.approx([(300 - cost) * each for each in units])
    rest = pl.col("offer_id") > 1
    assert_frame_equal(found.filter(rest), assumed.filter(rest), check_exact=True)


def test_a_deal_on_goods_sold_at_a_loss_is_worth_less_than_nothing() -> None:
    found = values(considered(running(costs={1: (400, 401), 2: (800, 800)}, funding_share=100,
                                      handling_fee_cents=0)))  # fmt: skip
    assert max(found[1, 1], found[2, 1]) < 0
    # Sold at cost: nothing is earned, and what the loyal get is wasted.
    assert found[1, 2] <= 0


def test_in_another_unit_of_money_all_is_worth_so_many_times_as_much() -> None:
    costs: dict[int, tuple[int, int | None]] = {1: (400, 310), 2: (800, None)}
    one = considered(running(costs=costs))
    other = considered(
        running(costs=costs, unit=100), response=ResponseModel(half_face_cents=100.0 * 100)
    )
    for name in ("value_cents", "cost_cents", "use_cents", "face_value_cents"):
        assert other[name].to_list() == pytest.approx((one[name] * 100).to_list())
    rest = ["expected_gain", "expected_redemptions", "why", "left_out", *KEYS]
    assert_frame_equal(one.select(rest), other.select(rest))
