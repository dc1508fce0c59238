"""Every reason why an offer is on a list or not holds for some list."""

from typing import Any

import pytest

from service.engine.offers.left_out import LeftOut
from service.engine.offers.why import Seen, Why, why_held, why_missed

Row = dict[str, Any]
_OFFER: Row = {
    "value_cents": 20.0, "cost_cents": 50, "face_value_cents": 100, "category_id": 7,
    "conflict_id": None, "kind": "product", "left_out": None, "pin": None, "gone": None,
    "budget_price": 0.0,
    "circulation_price_cents": 0.0, "loss_cents": 5.0, "instead": [],
}  # fmt: skip

ON_LIST: dict[Why, tuple[Row, Row]] = {
    Why.WORTH: ({}, {}),
    Why.FLOOR: ({"value_cents": -3.0}, {"floor_cents": 1000}),
    Why.PROMISED: ({"value_cents": -3.0, "circulation_price_cents": -9.0}, {}),
    Why.PINNED: ({"pin": 3, "kind": "partner"}, {}),
    Why.PARTNER: ({"kind": "partner"}, {}),
    Why.WITHIN_GAP: ({"budget_price": 1.0}, {}),
}
"""What is special about the offer and about the list."""

# Offer 2 is not on the list, offer 1 is.
NOT_ON_IT: dict[Why, tuple[Row, Row]] = {
    Why.HOLDOUT: ({"left_out": LeftOut.CONTROL}, {"is_held_out": True}),
    Why.BANNED: ({"left_out": LeftOut.BANNED}, {}),
    Why.TARGET: ({"left_out": LeftOut.TARGET}, {}),
    Why.CONTROL: ({"left_out": LeftOut.CONTROL}, {}),
    Why.UNLIKELY: ({"left_out": LeftOut.UNLIKELY}, {}),
    Why.USED_UP: ({"left_out": LeftOut.CONTROL}, {"used_up": frozenset({2})}),
    Why.CONFLICT: ({"conflict_id": 4, "instead": [1]}, {}),
    Why.BUDGET: ({"budget_price": 0.2, "loss_cents": 9.9}, {}),
    Why.COPIES: ({"circulation_price_cents": 6.0}, {}),
    Why.NEW: ({"loss_cents": -1.0, "gone": Why.NEW}, {}),
    Why.CATEGORY: ({"instead": [1]}, {"category_max": 1}),
    Why.CEILING: ({"loss_cents": None}, {}),
    Why.FULL: ({"instead": [1], "value_cents": 10.0}, {"slots": 1}),
    Why.FLOOR_FIRST: ({"instead": [1], "value_cents": 30.0}, {"slots": 1}),
    Why.NOT_WORTH_IT: ({}, {}),
    Why.WITHIN_GAP: ({"loss_cents": -1.0}, {}),
}


def seen(changes: Row, *, of: int, **list_changes: Any) -> Seen:
    """A list with offer 1; what is special is of offer 1 or 2."""
    first, second = ({**_OFFER, **(changes if of == n else {})} for n in (1, 2))
    first["conflict_id"] = 4 if of == 2 else first["conflict_id"]
    usual: Row = {
        "held": [1], "face_value_cents": 100, "floor_cents": 0, "slots": 12, "category_max": 2,
        "is_held_out": False, "used_up": frozenset(),
    }  # fmt: skip
    return Seen(offers={1: first, 2: second}, **{**usual, **list_changes})


@pytest.mark.parametrize("reason", Why)
def test_it_is_named_where_it_holds(reason: Why) -> None:
    found = []
    if reason in ON_LIST:
        offer, of_list = ON_LIST[reason]
        found.append(why_held(1, seen(offer, of=1, **of_list)))
    if reason in NOT_ON_IT:
        offer, of_list = NOT_ON_IT[reason]
        found.append(why_missed(2, seen(offer, of=2, **of_list)))
    if reason == Why.NO_LONGER_RUNS:
        found.append(why_held(3, seen({}, of=1)))
    assert found
    assert set(found) == {reason}


def test_a_deal_that_is_given_away_says_so_only_where_it_would_be_on_the_list() -> None:
    gone = {"gone": Why.COPIES, "loss_cents": -1.0}
    assert why_missed(2, seen(gone, of=2)) == Why.COPIES
    assert why_missed(2, seen({**gone, "loss_cents": 1.0}, of=2)) == Why.NOT_WORTH_IT


def test_a_list_without_slots_is_full_and_one_with_slots_meets_its_ceiling() -> None:
    assert why_missed(2, seen({"loss_cents": None}, of=2, slots=0)) == Why.FULL
    assert why_missed(2, seen({"instead": [1]}, of=2)) == Why.CEILING
