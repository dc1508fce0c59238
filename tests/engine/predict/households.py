"""Histories for the tests of the forecast: random ones, and ones given day by day."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

START = datetime(2026, 1, 1, 9, 30)  # noqa: DTZ001 - a history keeps the store's wall clock


def random_history(households: int = 60, days: int = 140, seed: int = 7) -> pl.DataFrame:
    """Each household buys eight of twelve items, each at a regular interval with some noise."""
    random = np.random.default_rng(seed)
    rows: list[tuple[int, int, int, datetime, float, int]] = []
    for household in range(1, households + 1):
        for item in random.choice(np.arange(1, 13), 8, replace=False):
            gap = 3.0 + 2.5 * float(item)
            day = float(random.uniform(0.0, gap))
            while day < days:
                at = START + timedelta(days=int(day))
                amount = 100 + 10 * int(item)
                rows.append((household, int(item), household * 1000 + int(day), at, 1.0, amount))
                day += max(1.0, float(random.normal(gap, gap / 4.0)))
    columns = ["household_id", "item_id", "basket_id", "purchased_at", "quantity", "amount_cents"]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    return frame.with_columns(pl.col("purchased_at").cast(pl.Datetime("us")))


def history_of(bought: dict[tuple[int, int], list[int]]) -> pl.DataFrame:
    """One piece of each item on each day number (days since 1970-01-01), by (household, item)."""
    rows = [
        (household, item, household * 1000 + day, day, 1.0, 100)
        for (household, item), days in bought.items()
        for day in days
    ]
    columns = ["household_id", "item_id", "basket_id", "purchased_at", "quantity", "amount_cents"]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    moment = pl.col("purchased_at").cast(pl.Int32).cast(pl.Date).cast(pl.Datetime("us"))
    return frame.with_columns(moment)


def with_new_items(history: pl.DataFrame) -> pl.DataFrame:
    """The history with two more purchases of each household, so that some take up a new item."""
    random = np.random.default_rng(3)
    households = history["household_id"].unique().sort().to_list()
    late = [
        (household, int(random.integers(1, 13)), 9_000_000 + household, START + timedelta(days=day))
        for household in households
        for day in random.integers(60, 135, 2).tolist()
    ]
    names = ["household_id", "item_id", "basket_id", "purchased_at"]
    extra = pl.DataFrame(late, schema=names, orient="row").with_columns(
        pl.col("purchased_at").cast(pl.Datetime("us")),
        quantity=pl.lit(1.0),
        amount_cents=pl.lit(100, dtype=pl.Int64),
    )
    return pl.concat([history, extra.select(history.columns)])
