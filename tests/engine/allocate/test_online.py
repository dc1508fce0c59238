"""One household against stored prices."""

import polars as pl
import pytest

from service.engine.allocate import (
    PriceBook,
    ShortfallPrices,
    allocate,
    allocate_each,
    allocate_household,
)
from service.errors import InvalidInput
from tests.engine.allocate.test_allocate import TERMS, market

LIMITS = {
    "slots": 8,
    "category_max": 2,
    "face_value_floor_cents": 300,
    "face_value_ceiling_cents": 1000,
}


def test_one_household_online_gets_nearly_what_the_batch_gave_it() -> None:
    candidates, offers, households = market(600, 30, 11)
    batch = allocate(candidates, offers, households, terms=TERMS)
    book = PriceBook(batch.prices)
    keys = ["household_id", "offer_id"]
    online = pl.concat(
        allocate_household(group, book, households.row(int(home), named=True), terms=TERMS)
        for (home,), group in candidates.group_by("household_id", maintain_order=True)
    )
    shared = online.join(batch.pairs, on=keys, how="semi")
    together = allocate_each(candidates, book, households, terms=TERMS)
    assert together.sort(keys).equals(online.sort(keys))
    assert len(shared) > 0.95 * len(batch.pairs)


def test_no_deal_is_given_beyond_its_room() -> None:
    candidates, offers, households = market(20, 25, 12)
    book = PriceBook(allocate(candidates, offers, households, terms=TERMS).prices)
    mine = candidates.filter(pl.col("household_id") == 3)
    free = allocate_household(mine, book, LIMITS, terms=TERMS)
    first, second, third = free["offer_id"].to_list()[:3]
    cost = free["cost_cents"].to_list()
    room = {first: (0, None), second: (None, cost[1] - 1), third: (1, cost[2])}
    narrow = allocate_household(mine, book, LIMITS, terms=TERMS, room=room)["offer_id"].to_list()
    assert first not in narrow
    assert second not in narrow
    assert third in narrow


def test_limits_of_the_household_hold_and_none_means_no_limit() -> None:
    rows = {"household_id": [1] * 4, "offer_id": [1, 2, 3, 4], "value_cents": [9.0, 8.0, 7.0, -1.0]}
    candidates = pl.DataFrame(
        rows | {"cost_cents": 5, "face_value_cents": 40, "category_id": 1, "conflict_id": None}
    )
    book = PriceBook(
        pl.DataFrame(
            {"offer_id": [1, 2, 3, 4], "budget_price": 0.0, "circulation_price_cents": 0.0}
        )
    )
    none = dict.fromkeys(LIMITS)
    assert allocate_household(candidates, book, none, terms=ShortfallPrices())[
        "offer_id"
    ].to_list() == [
        1,
        2,
        3,
    ]
    tight = none | {"face_value_ceiling_cents": 80}
    assert allocate_household(candidates, book, tight, terms=ShortfallPrices())[
        "offer_id"
    ].to_list() == [
        1,
        2,
    ]
    two = none | {"category_max": 1}
    assert allocate_household(candidates, book, two, terms=ShortfallPrices())[
        "offer_id"
    ].to_list() == [1]
    empty = none | {"slots": 0}
    assert allocate_household(candidates, book, empty, terms=ShortfallPrices()).is_empty()


def test_a_deal_without_a_price_is_refused() -> None:
    candidates, offers, households = market(20, 25, 13)
    book = PriceBook(allocate(candidates, offers, households, terms=TERMS).prices.head(3))
    with pytest.raises(InvalidInput, match="unknown in prices"):
        allocate_household(candidates.head(20), book, LIMITS, terms=TERMS)
