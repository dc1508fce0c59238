"""Which households count and what they are worth, from the frames the forecast reads."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl


def eligible(
    history: pl.DataFrame, *, as_of: date, weeks: int = 8, weekly_spend_cents: int = 2500
) -> pl.DataFrame:
    """Households worth a list: at least `weekly_spend_cents` a week over the last `weeks` weeks.

    Counts rows in [as_of - weeks, as_of); returns reduce the spend. Returns `household_id`,
    `weekly_spend_cents` (rounded down), sorted by household.
    """
    day = pl.col("purchased_at").cast(pl.Date)
    spend = pl.col("amount_cents").sum()
    return (
        history.filter((day >= as_of - timedelta(weeks=weeks)) & (day < as_of))
        .group_by("household_id")
        .agg(spend)
        .filter(pl.col("amount_cents") >= weekly_spend_cents * weeks)
        .select("household_id", weekly_spend_cents=pl.col("amount_cents") // weeks)
        .sort("household_id")
    )
