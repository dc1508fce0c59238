"""What a plan comes to, by offer and by supplier."""

import polars as pl

from service.engine.offers.outlook import by_offer, by_supplier
from tests.engine.offers.frames import pairs

OFFERS = pl.DataFrame(
    {
        "offer_id": [1, 2, 3],
        "deal_id": ["A", "B", "SLOT"],
        "supplier": ["Dale", "Dale", "Cleaners"],
        "title": ["Milk", "Soap", "Shirts"],
    }
)
ROOM = pl.DataFrame(
    {
        "offer_id": [1, 2, 3],
        "budget_cents": [150, None, 30],
        "circulation_max": [None, 5, None],
        "circulation_min": [4, None, None],
    }
)
PRICES = pl.DataFrame({"offer_id": [1, 2, 3], "binds": ["budget", "nothing", "budget"]})
CHOSEN = pairs(
    *({"household_id": n, "offer_id": 1, "uses": 2, "cost_cents": 100} for n in (1, 2)),
    {"household_id": 1, "offer_id": 3, "kind": "partner", "cost_cents": 15, "use_cents": 15,
     "face_value_cents": 0, "expected_redemptions": 0.0},
)  # fmt: skip


def outlook(scale: float = 1.0) -> pl.DataFrame:
    return by_offer(OFFERS, CHOSEN, ROOM, PRICES, scale=scale)


def test_an_offer_comes_to_its_copies_and_one_without_is_among_them() -> None:
    milk, soap, slot = outlook().to_dicts()
    # Two copies of two uses at 50 cents each, half a use of each expected.
    assert milk == {
        "offer_id": 1, "deal_id": "A", "supplier": "Dale", "title": "Milk", "copies": 2,
        "expected_cost_cents": 50, "reserved_cents": 200, "worst_cost_cents": 200,
        "face_value_cents": 100, "expected_redemptions": 1.0, "budget_left_cents": 150,
        "overspend_chance": milk["overspend_chance"], "missing_copies": 2, "binds": "budget",
    }  # fmt: skip
    assert 0 < milk["overspend_chance"] < 1
    assert (soap["copies"], soap["budget_left_cents"], soap["overspend_chance"]) == (0, None, None)
    # A partner pays for the print, whatever is bought.
    assert (slot["expected_cost_cents"], slot["expected_redemptions"]) == (15, 0.0)
    assert slot["overspend_chance"] == 0.0


def test_a_sample_is_scaled_to_all() -> None:
    milk = outlook(2.0).to_dicts()[0]
    assert (milk["copies"], milk["expected_redemptions"], milk["missing_copies"]) == (4, 2.0, 4)
    assert (milk["reserved_cents"], milk["budget_left_cents"]) == (400, 300)
    assert milk["overspend_chance"] == outlook()["overspend_chance"][0]


def test_a_supplier_comes_to_the_sum_of_its_deals() -> None:
    assert by_supplier(outlook()).to_dicts() == [
        {"supplier": "Cleaners", "deals": 1, "copies": 1, "expected_redemptions": 0.0,
         "expected_cost_cents": 15, "reserved_cents": 15, "worst_cost_cents": 15,
         "face_value_cents": 0, "missing_copies": 0},
        {"supplier": "Dale", "deals": 2, "copies": 2, "expected_redemptions": 1.0,
         "expected_cost_cents": 50, "reserved_cents": 200, "worst_cost_cents": 200,
         "face_value_cents": 100, "missing_copies": 2},
    ]  # fmt: skip
