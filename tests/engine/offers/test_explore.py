"""Shaking the worth of pairs: by hash alone, by no more than its share, and proved as it was."""

import polars as pl
import pytest
from hypothesis import given, settings

from service.engine.allocate import ShortfallPrices, allocate
from service.engine.offers.explore import MOST_COST, NO_EXPLORATION, Exploration
from tests.engine.allocate.instances import Frames, instances
from tests.engine.allocate.reference import optimum


def market(homes: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Each home has three slots for twenty deals of which each has copies for a tenth of them."""
    pairs = pl.DataFrame(
        {
            "household_id": [n for n in range(homes) for _ in range(20)],
            "offer_id": [offer for _ in range(homes) for offer in range(20)],
        }
    ).with_columns(
        (20.0 + (pl.col("household_id") * 7 + pl.col("offer_id") * 11) % 60).alias("value_cents"),
        pl.lit(10, pl.Int64).alias("cost_cents"),
        pl.lit(50, pl.Int64).alias("face_value_cents"),
        pl.col("offer_id").alias("category_id"),
        pl.col("offer_id").alias("conflict_id"),
    )
    none = pl.lit(None, pl.Int64)
    room = pl.DataFrame({"offer_id": list(range(20))}).with_columns(
        none.alias("budget_cents"),
        pl.lit(homes // 10, pl.Int64).alias("circulation_max"),
        none.alias("circulation_min"),
    )
    households = pl.DataFrame({"household_id": list(range(homes))}).with_columns(
        pl.lit(3, pl.Int64).alias("slots"),
        *(none.alias(name) for name in ("category_max", "face_value_floor_cents",
                                        "face_value_ceiling_cents")),
    )  # fmt: skip
    return pairs, room, households


def test_worth_is_shaken_evenly_by_no_more_than_the_share_whatever_the_order() -> None:
    pairs, _, _ = market(500)
    shaken = Exploration(0.05, "2026-03-02:0").shaken(pairs)
    off = (shaken["value_cents"] / pairs["value_cents"] - 1).to_numpy() / 0.05

    assert abs(off).max() <= 1
    assert off.mean() == pytest.approx(0, abs=0.02)
    assert off.var() == pytest.approx(1 / 3, abs=0.01)
    turned = Exploration(0.05, "2026-03-02:0").shaken(pairs[::-1])[::-1]
    assert turned.equals(shaken)
    other = Exploration(0.05, "2026-03-09:0").shaken(pairs)
    assert not other.equals(shaken)
    assert NO_EXPLORATION.shaken(pairs) is pairs


def test_what_exploring_costs_is_in_the_gap_and_is_little() -> None:
    pairs, room, households = market(300)
    terms = ShortfallPrices()
    explore = Exploration(0.05, "a")
    best = allocate(pairs, room, households, terms=terms).certificate
    found = explore.certified(
        allocate(explore.shaken(pairs), room, households, terms=terms), pairs, room, households,
        terms=terms,
    )  # fmt: skip

    proof = found.certificate
    worth = found.pairs.join(pairs, on=["household_id", "offer_id"])["value_cents_right"]
    assert found.pairs["value_cents"].equals(worth.rename("value_cents"))
    assert proof.value_cents == pytest.approx(worth.sum())
    assert best.primal_cents <= proof.dual_bound_cents + 1e-6
    assert best.primal_cents - proof.primal_cents <= proof.dual_bound_cents - proof.primal_cents
    assert proof.explore_cost_cents > 0
    assert proof.violations == 0
    # Deals worth whole cents to hundreds of alike homes cost more to shake than real ones do.
    gentler = explore.within(found)
    assert gentler is not None
    again = gentler.certified(
        allocate(gentler.shaken(pairs), room, households, terms=terms), pairs, room, households,
        terms=terms,
    )  # fmt: skip
    cost = again.certificate.explore_cost_cents
    assert 0 <= cost <= MOST_COST * again.certificate.value_cents
    assert gentler.within(again) is None


@settings(max_examples=40, deadline=None)
@given(instances())
def test_the_bound_holds_of_the_best_allocation_of_what_pairs_are_worth(
    case: tuple[Frames, ShortfallPrices],
) -> None:
    """Against the exact optimum of odd instances: guarantees, floors, conflicts, no limits."""
    (pairs, room, households), terms = case
    explore = Exploration(0.2, "odd")
    shaken = allocate(explore.shaken(pairs), room, households, terms=terms)
    proof = explore.certified(shaken, pairs, room, households, terms=terms).certificate

    best = optimum(pairs, room, households, terms)
    assert proof.primal_cents <= best + 1e-5
    assert best <= proof.dual_bound_cents + 1e-5
