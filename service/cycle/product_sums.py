"""Counts what products sold, who buys them, and what is expected of them: once a night."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from service.cycle.forecast import stored_model
from service.cycle.inputs import local_date, midnight, read_purchases
from service.engine.predict import default_model, score
from service.engine.segment import cells
from service.settings import Settings
from service.store import baskets, counts, cycles, product_sums
from service.store.product_sums import ALL, CELL, TIER, Counted
from service.store.session import Database

WEEKS = 26
"""So many weeks are shown, and count for who buys."""

MOST_HOUSEHOLDS = 2_000
"""So many households are looked at for who buys, and for what is expected."""

HORIZON_DAYS = 14
_DEMAND_WEEKS = 8
_LATE_WEEKS = 3
_SPREAD = 2_654_435_761
_BOUNDS = {"category_id": pl.Int64, "medium_from": pl.Float64, "heavy_from": pl.Float64}


def count_products(database: Database, settings: Settings, *, today: date) -> Counted | None:
    """Count everything that was bought before today, or before the day after the newest basket.

    Sales of the newest weeks are counted again, for what tills send late or take back. Households
    are drawn by their number, the same ones every night. None where nothing was bought.
    """
    with database.read() as session:
        newest = counts.newest_basket(session)
        if newest is None:
            return None
        as_of = min(today, local_date(newest, settings) + timedelta(days=1))
        known = baskets.buyers(session, before=midnight(as_of, settings))
        drawn = draw_households(known, MOST_HOUSEHOLDS)
        bought = read_purchases(session, settings, before=as_of, household_ids=drawn)
        cycle = cycles.newest(session)
        worth = cycles.household_worth(session, cycle.id if cycle else None, drawn)
        model = stored_model(session, as_of=as_of, any_age=True)
    bounds = pl.DataFrame(cycle.usage_bounds if cycle else [], schema=_BOUNDS)
    scores = score(
        model or default_model(as_of=as_of, horizon_days=settings.forecast_days),
        bought,
        as_of=as_of,
        horizon_days=HORIZON_DAYS,
    )
    counted = Counted(as_of, len(known), len(drawn))
    _count_weeks(database, as_of)
    with database.write() as session:
        product_sums.replace(
            session,
            counted,
            buyers=buyers(bought, worth, bounds, as_of=as_of),
            demand=demand(bought, scores, as_of=as_of),
        )
    return counted


def _count_weeks(database: Database, as_of: date) -> None:
    """Each week in a transaction of its own."""
    last = (as_of - timedelta(days=1)) - timedelta(days=(as_of - timedelta(days=1)).weekday())
    with database.read() as session:
        there = product_sums.counted_weeks(session)
    weeks = [last - timedelta(weeks=back) for back in range(WEEKS)]
    for place, week in enumerate(weeks):
        if place < _LATE_WEEKS or week not in there:
            with database.write() as session:
                product_sums.count_week(session, week, before=as_of)
    with database.write() as session:
        product_sums.forget_weeks(session, before=weeks[-1])


def draw_households(household_ids: Sequence[int], most: int) -> list[int]:
    """At most so many of some households, spread over their numbers, in order."""
    spread = sorted(household_ids, key=lambda key: (key * _SPREAD % 2**32, key))
    return sorted(spread[:most])


def buyers(
    bought: pl.DataFrame, worth: pl.DataFrame, bounds: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """How many households bought each product in the last weeks, in all, by tier and by cell.

    `bought` as `read_purchases` gives it, `worth`: household_id, tier. Columns: gtin, part, name,
    households. Where no cycle has said who is a medium or heavy buyer, all are light ones.
    """
    begin = as_of - timedelta(weeks=WEEKS)
    pairs = (
        bought.filter(pl.col("purchased_at").dt.date() >= begin, pl.col("amount_cents") > 0)
        .select("household_id", "gtin", "category_id")
        .unique()
    )
    in_cells = cells(bought, as_of=as_of, weeks=WEEKS, bounds=bounds)
    named = [
        pairs.with_columns(part=pl.lit(ALL), name=pl.lit("")),
        pairs.join(worth.drop_nulls("tier"), on="household_id").with_columns(
            part=pl.lit(TIER), name=pl.col("tier")
        ),
        pairs.join(in_cells, on=["household_id", "category_id"]).with_columns(
            part=pl.lit(CELL), name=pl.col("cell")
        ),
    ]
    return (
        pl.concat([each.select("gtin", "part", "name") for each in named])
        .group_by("gtin", "part", "name")
        .agg(households=pl.len().cast(pl.Int64))
        .sort("gtin", "part", "name")
    )


def demand(bought: pl.DataFrame, scores: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """What is expected of each product in the fortnight from a date on.

    Columns: gtin, item_buyers (the sum of the households' chances to buy its item), quantity: what
    such a household took of the product in a fortnight in which it bought the item, in the weeks
    before. Products that were not bought in these are left out.
    """
    begin = as_of - timedelta(weeks=_DEMAND_WEEKS)
    recent = bought.filter(pl.col("purchased_at").dt.date() >= begin).with_columns(
        fortnight=(pl.col("purchased_at").dt.date() - begin).dt.total_days() // HORIZON_DAYS
    )
    occasions = recent.group_by("item_id").agg(
        occasions=pl.struct("household_id", "fortnight").n_unique()
    )
    expected = scores.group_by("item_id").agg(item_buyers=pl.col("p_purchase").sum())
    return (
        recent.group_by("gtin", "item_id")
        .agg(pl.col("quantity").sum())
        .join(occasions, on="item_id")
        .join(expected, on="item_id")
        .select(
            "gtin",
            "item_buyers",
            quantity=pl.col("item_buyers") * pl.col("quantity") / pl.col("occasions"),
        )
        .sort("gtin")
    )
