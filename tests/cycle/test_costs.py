"""Deals are valued by what their products cost, in a cycle and in a household's draft alike."""

from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from service.cycle.inputs import read_inputs, read_purchases
from service.cycle.plan import Sample, plan_cycle
from service.settings import Settings
from service.store.session import Database
from tests.market import AS_OF, DEALS, HOUSEHOLDS, open_market, silent


@pytest.fixture
def market(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_market(database, settings, tmp_path)


def set_costs(database: Database, cents: str, where: str = "true") -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE product SET cost_cents = {cents} WHERE {where}"
        )


class Planned(NamedTuple):
    """The candidates of a plan, and those that it gives."""

    pairs: pl.DataFrame
    chosen: pl.DataFrame


def planned(database: Database, settings: Settings) -> Planned:
    """What a plan of everybody gives, without a floor; nothing is written."""
    relaxed = settings.model_copy(
        update={
            "margin_percent": 25,
            "face_value_floor_least_cents": 0,
            "face_value_floor_best_cents": 0,
        }
    )
    everybody = Sample(range(1, HOUSEHOLDS + 1), 1.0)
    with plan_cycle(
        database, relaxed, as_of=AS_OF, seed=0, progress=silent, sample=everybody
    ) as plan:
        return Planned(plan.shards.every_pair(), plan.chosen)


def copies(plan: Planned) -> dict[int, int]:
    return dict(plan.chosen.group_by("offer_id").len().iter_rows())


def test_costs_that_leave_the_assumed_margin_give_the_same_lists(
    database: Database, settings: Settings, market: None
) -> None:
    without = planned(database, settings)
    set_costs(database, "price_cents * 3 / 4")
    known = planned(database, settings)
    assert known.chosen.height > 100
    for one, two in zip(known, without, strict=True):
        assert_frame_equal(one, two, check_exact=True)


def test_a_deal_on_goods_sold_at_a_loss_is_given_to_nobody(
    database: Database, settings: Settings, market: None
) -> None:
    before = planned(database, settings)
    given = sorted(copies(before))
    lost = given[0]
    set_costs(
        database,
        "price_cents + 1",
        f"gtin IN (SELECT gtin FROM offer_product WHERE offer_id = {lost})",
    )
    after = planned(database, settings)
    assert lost not in copies(after)
    assert set(given) - {lost} <= set(copies(after))
    others = pl.col("offer_id") != lost
    assert_frame_equal(after.pairs.filter(others), before.pairs.filter(others), check_exact=True)


def test_a_household_alone_sees_the_margins_that_all_see(
    database: Database, settings: Settings, market: None
) -> None:
    set_costs(database, "price_cents - 100", "price_cents < 700")
    seen = []
    with database.read() as session:
        whole = read_inputs(session, settings, as_of=AS_OF).running.offers
        for household_id in (3, HOUSEHOLDS):
            bought = read_purchases(session, settings, before=AS_OF, household_ids=[household_id])
            alone = read_inputs(session, settings, as_of=AS_OF, bought=bought).running
            mine = pl.col("offer_id").is_in(alone.items["offer_id"].unique().implode())
            seen.append(alone.offers.filter(mine))
            assert_frame_equal(seen[-1], whole.filter(mine), check_exact=True)
    everything, little = seen
    assert (everything["margin_cents"] == 100.0).sum() == 10
    assert little.height < everything.height == DEALS
