"""What a list would be without an offer or with another: against every list there could be."""

from itertools import combinations
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.allocate import ShortfallPrices
from service.engine.offers.second_best import SECOND_BEST, second_best
from tests.engine.offers.frames import pairs

TERMS = ShortfallPrices(floor_shortfall_price=0.1)
Row = dict[str, Any]

offer = st.fixed_dictionaries(
    {
        "value_cents": st.integers(-40, 80).map(lambda v: v / 2),
        "cost_cents": st.integers(0, 60),
        "face_value_cents": st.integers(1, 8).map(lambda v: 25 * v),
        "category_id": st.sampled_from([1, 2, 3]),
        "conflict_id": st.sampled_from([1, 2, 3, 4, None]),
    }
)
instances = st.tuples(
    st.lists(offer, min_size=1, max_size=6),
    st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=6, max_size=6),
    st.integers(1, 4),
    st.integers(1, 2),
    st.sampled_from([0, 100, 300]),
    st.sampled_from([150, 400, 1000]),
    st.randoms(use_true_random=False),
)


def fits(some: tuple[Row, ...], slots: int, category_max: int, ceiling: int) -> bool:
    categories = [each["category_id"] for each in some]
    conflicts = [each["conflict_id"] for each in some if each["conflict_id"] is not None]
    return (
        len(some) <= slots
        and all(categories.count(name) <= category_max for name in categories)
        and len(set(conflicts)) == len(conflicts)
        and sum(each["face_value_cents"] for each in some) <= ceiling
    )


@settings(max_examples=80, deadline=None)
@given(instances)
def test_it_is_the_best_of_all_lists(instance: Any) -> None:
    offers, prices, slots, category_max, floor, ceiling, random = instance
    rows: list[Row] = [
        {"household_id": 1, "offer_id": n, "price": prices[n], **each}
        for n, each in enumerate(offers)
    ]
    limit = (slots, category_max, ceiling)
    possible = [
        some
        for size in range(len(rows) + 1)
        for some in combinations(rows, size)
        if fits(some, *limit)
    ]
    held = random.choice(possible)
    kept = [each["offer_id"] for each in held]
    free = [each["offer_id"] for each in rows if random.random() < 0.7]

    def worth(some: tuple[Row, ...]) -> float:
        scores = sum(each["value_cents"] - each["price"] * each["cost_cents"] for each in some)
        faces = sum(each["face_value_cents"] for each in some)
        return float(scores) - 0.1 * max(0, floor - faces)

    shuffled = random.sample(rows, len(rows))
    found = second_best(
        pairs(*({k: v for k, v in each.items() if k != "price"} for each in shuffled)),
        kept,
        free,
        pl.DataFrame(
            {
                "offer_id": range(len(rows)),
                "budget_price": prices[: len(rows)],
                "circulation_price_cents": 0.0,
            },
            schema_overrides={"offer_id": pl.Int64},
        ),
        {
            "slots": slots, "category_max": category_max,
            "face_value_floor_cents": floor, "face_value_ceiling_cents": ceiling,
        },
        terms=TERMS,
    )  # fmt: skip
    assert found.schema == SECOND_BEST
    assert sorted(found["offer_id"]) == list(range(len(rows)))
    for offer_id, loss, instead in found.iter_rows():
        others = set(kept) - {offer_id}
        if offer_id in kept:
            lists = [
                some for some in possible
                if others <= {e["offer_id"] for e in some} <= (others | set(free)) - {offer_id}
            ]  # fmt: skip
            assert set(instead) <= set(free) - set(kept)
        else:
            lists = [
                some for some in possible
                if {offer_id} <= {e["offer_id"] for e in some} <= {*kept, offer_id}
            ]  # fmt: skip
            assert set(instead) <= set(kept)
        if not lists:
            assert loss is None
            continue
        assert loss == pytest.approx(worth(held) - max(map(worth, lists)), abs=1e-6)


def test_nothing_is_considered() -> None:
    limits = dict.fromkeys(
        ("slots", "category_max", "face_value_floor_cents", "face_value_ceiling_cents"), 1
    )
    empty = pairs({"household_id": 1, "offer_id": 1}).clear()
    prices = pl.DataFrame(schema={"offer_id": pl.Int64})
    assert second_best(empty, [], [], prices, limits, terms=TERMS).is_empty()
