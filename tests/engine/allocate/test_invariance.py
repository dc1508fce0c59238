"""What must not change an allocation: the unit of money, names, order, idle and split deals."""

from functools import cache

import numpy as np
import polars as pl
import polars.selectors as cs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.allocate import Allocation, ShortfallPrices, allocate
from tests.engine.allocate.instances import Frames, market

TERMS = ShortfallPrices(floor_shortfall_price=0.5, minimum_shortfall_price_cents=1000)
CLOSE = 5e-4
"""By how much a value may change where the arithmetic cannot be the same."""
LEAST = 1e-5
"""By how much the bound may, which is the least there is."""


@cache
def plain(households: int, deals: int) -> tuple[Frames, Allocation]:
    """A market and its allocation."""
    frames = market(households, deals, 11)
    return frames, allocate(*frames, terms=TERMS)


def close_to(one: Allocation, other: Allocation, *, unit: int = 1) -> bool:
    """Whether two allocations are worth the same, the second one in units of its own."""
    mine, its = one.certificate.primal_cents, other.certificate.primal_cents / unit
    return abs(mine - its) <= CLOSE * abs(mine)


@pytest.mark.parametrize("unit", [10, 10_000])
@pytest.mark.parametrize("households", [60, 400])
def test_the_unit_of_money_changes_nothing(unit: int, households: int) -> None:
    frames, one = plain(households, 30)
    scaled = (frame.with_columns(cs.ends_with("_cents") * unit) for frame in frames)
    terms = ShortfallPrices(0.5, TERMS.minimum_shortfall_price_cents * unit)
    other = allocate(*scaled, terms=terms)
    assert close_to(one, other, unit=unit)
    assert other.certificate.violations == 0
    bound = one.certificate.dual_bound_cents
    assert other.certificate.dual_bound_cents / unit == pytest.approx(bound, rel=LEAST)


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 1000), text=st.booleans())
def test_other_names_in_another_order_are_worth_the_same(seed: int, *, text: bool) -> None:
    frames, one = plain(400, 30)
    rng = np.random.default_rng(seed)
    for key, at in (("household_id", 2), ("offer_id", 1)):
        ids = frames[at][key]
        names = pl.Series("name", rng.permutation(len(ids)))
        new = pl.DataFrame([ids, names.cast(pl.String) if text else names])
        frames = tuple(  # type: ignore[assignment]
            frame.join(new, on=key).drop(key).rename({"name": key}) if key in frame else frame
            for frame in frames
        )
    mixed = (frame.sample(fraction=1.0, shuffle=True, seed=seed) for frame in frames)
    assert close_to(one, allocate(*mixed, terms=TERMS))


def test_where_groups_cross_and_penalties_outweigh_values_the_answer_is_the_same() -> None:
    candidates, offers, households = market(90, 24, 5)
    deal = pl.col("offer_id").rank("dense").cast(pl.Int64)
    frames = (
        candidates.with_columns(conflict_id=deal // 3, value_cents=pl.col("value_cents") / 7),
        offers,
        households.with_columns(face_value_floor_cents=pl.lit(4_000, pl.Int64)),
    )
    one = allocate(*frames, terms=TERMS)
    assert one.certificate.primal_cents < 0
    rng = np.random.default_rng(8)
    names = [
        pl.DataFrame([ids, pl.Series("name", rng.permutation(len(ids)))])
        for ids in (offers["offer_id"], households["household_id"])
    ]
    for new in names:
        key = new.columns[0]
        frames = tuple(  # type: ignore[assignment]
            frame.join(new, on=key).drop(key).rename({"name": key}) if key in frame else frame
            for frame in frames
        )
    scaled = (frame.with_columns(cs.ends_with("_cents") * 30) for frame in frames)
    mixed = (frame.sample(fraction=1.0, shuffle=True, seed=1) for frame in scaled)
    terms = ShortfallPrices(0.5, 30 * TERMS.minimum_shortfall_price_cents)
    other = allocate(*mixed, terms=terms)
    assert other.certificate.violations == 0
    mine, its = one.certificate, other.certificate
    assert its.primal_cents / 30 == pytest.approx(mine.primal_cents, rel=1e-9)
    assert its.dual_bound_cents / 30 == pytest.approx(mine.dual_bound_cents, rel=1e-9)
    renamed = one.pairs.join(names[0], on="offer_id").join(
        names[1], on="household_id", suffix="_of_household"
    )
    pairs = set(other.pairs.select("household_id", "offer_id").iter_rows())
    assert set(renamed.select("name_of_household", "name").iter_rows()) == pairs


@pytest.mark.parametrize("name", [-1, 999])
def test_a_deal_nobody_can_get_changes_nothing(name: int) -> None:
    (candidates, offers, households), one = plain(400, 30)
    idle = offers.head(1).with_columns(offer_id=pl.lit(name, offers["offer_id"].dtype))
    idle = idle.with_columns(circulation_min=pl.lit(None, offers["circulation_min"].dtype))
    other = allocate(candidates, pl.concat([idle, offers]), households, terms=TERMS)
    assert close_to(one, other)
    assert name not in other.pairs["offer_id"]


def test_a_budget_split_in_two_equal_deals_is_worth_the_same() -> None:
    (candidates, offers, households), one = plain(2_500, 40)
    limits = cs.by_name("budget_cents", "circulation_max", "circulation_min")
    # The deal whose budget is worth most, so that a split that costs anything would show.
    price = pl.col("budget_price") * pl.col("spent_cents")
    deal = one.prices.sort(price, descending=True)["offer_id"][0]
    half = offers.filter(pl.col("offer_id") == deal).with_columns(limits // 2)
    twin = half.with_columns(offer_id=pl.lit(999, offers["offer_id"].dtype))
    others = offers.filter(pl.col("offer_id") != deal)
    mine = candidates.filter(pl.col("offer_id") == deal)
    twins = mine.with_columns(offer_id=pl.lit(999, candidates["offer_id"].dtype))
    split = allocate(
        pl.concat([candidates, twins]), pl.concat([others, half, twin]), households, terms=TERMS
    )
    assert close_to(one, split)
    assert {deal, 999} <= set(split.pairs["offer_id"])
