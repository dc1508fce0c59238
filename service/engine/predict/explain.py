"""Explain a household's forecast: each item it has bought, when it is needed next, and why."""

from __future__ import annotations

from datetime import date

import polars as pl

from service.engine.history import rows_before
from service.engine.predict.model import Model
from service.engine.predict.reason import reason
from service.engine.predict.scoring import score


def explain(model: Model, history: pl.DataFrame, *, as_of: date, horizon_days: int) -> pl.DataFrame:
    """Score the households of `history`, with the number of purchases and a reason for each item.

    Returns the columns of `score` with intervals, then `times` (days on which the item was bought)
    and `reason` (see `reason`), the likeliest first within a household.
    """
    scores = score(model, history, as_of=as_of, horizon_days=horizon_days, intervals=True)
    keys = ["household_id", "item_id"]
    times = (
        rows_before(history, as_of)
        .filter(pl.col("quantity") > 0)
        .group_by(keys)
        .agg(times=pl.col("purchased_at").dt.date().n_unique())
    )
    why = [
        reason(last_bought_on=last, as_of=as_of, interval_low_days=low, interval_high_days=high)
        for last, low, high in scores.select(
            "last_bought_on", "interval_low_days", "interval_high_days"
        ).iter_rows()
    ]
    return (
        scores.join(times, on=keys, how="left")
        .with_columns(reason=pl.Series("reason", why, dtype=pl.String))
        .sort("household_id", "p_purchase", "item_id", descending=[False, True, False])
    )
