"""What it gains to be told: planted households that change, forecast with and without their word.

Each buys one item of the history at a steady interval, until something changes that no purchase
shows yet: it stops, it stocked up elsewhere, or it uses twice as much. It says so on the day on
which it notices. What it will buy is planted, so the truth is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
import polars as pl

from service.engine.predict import Model, score
from service.engine.wishes import WISHES, WishAct, censored, told

HOUSEHOLDS = 200
"""So many of each kind."""

_SEED = 20170101
_ITEMS = 12
_PURCHASES = 10
_LEAST_DAYS, _MOST_DAYS = 7, 28
_JITTER = 0.12
_NEVER = 1_000_000


class Change(StrEnum):
    """What changes in a planted household, and what it says."""

    STOPS = "stops"
    STOCKED = "stocked"
    DOUBLES = "doubles"


_SAYS = {
    Change.STOPS: WishAct.NEVER,
    Change.STOCKED: WishAct.ENOUGH,
    Change.DOUBLES: WishAct.SOONER,
}


@dataclass(frozen=True, slots=True)
class Gain:
    """How a kind of planted households was forecast, silent and told.

    `log_loss` is of whether they buy within the horizon; `date_days` the mean distance between the
    expected and the planted day of those that do, None where none does.
    """

    change: Change
    silent_log_loss: float
    told_log_loss: float
    silent_date_days: float | None
    told_date_days: float | None


def planted_gains(
    model: Model, history: pl.DataFrame, *, as_of: date, horizon_days: int
) -> Iterator[Gain]:
    """How planted households of each kind are forecast as of a day; the same ones every time."""
    items = history["item_id"].value_counts().sort("count", "item_id", descending=[True, False])
    chosen = items["item_id"].head(_ITEMS)
    for change in Change:
        purchases, wishes, truth = _plant(change, chosen, as_of=as_of)
        silent = _scored(model, purchases, as_of=as_of, horizon_days=horizon_days)
        heard = told(
            _scored(
                model, censored(purchases, wishes, as_of=as_of), as_of=as_of,
                horizon_days=horizon_days,
            ),
            wishes, as_of=as_of, begins_on=as_of, seen=purchases,
        )  # fmt: skip
        losses = [_judge(each, truth, as_of, horizon_days) for each in (silent, heard)]
        (silent_loss, silent_days), (told_loss, told_days) = losses
        yield Gain(change, silent_loss, told_loss, silent_days, told_days)


def _plant(
    change: Change, items: pl.Series, *, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Purchases before `as_of`, what is said, and the days from `as_of` to the next purchase."""
    random = np.random.default_rng((_SEED, list(Change).index(change)))
    rows, said, truth = [], [], []
    for household in range(1, HOUSEHOLDS + 1):
        item = items[household % len(items)]
        gap = float(random.uniform(_LEAST_DAYS, _MOST_DAYS))
        since = {Change.DOUBLES: 0.5}.get(change, 1.0) * gap
        last = -max(1.0, since + float(random.normal(0.0, _JITTER * gap)))
        days = [last]
        for _ in range(_PURCHASES - 1):
            days.append(days[-1] - max(2.0, float(random.normal(gap, _JITTER * gap))))
        for day in days:
            moment = datetime.combine(as_of, time(12)) + timedelta(days=int(np.floor(day)))
            rows.append((household, item, household * 1000 - int(day), moment, 1.0, 100, 1))
        said.append((household, item, _SAYS[change].value, as_of - timedelta(days=1), None))
        wait = {
            Change.STOPS: float(_NEVER),
            Change.STOCKED: max(0.0, float(random.normal(0.75, 2 * _JITTER)) * gap),
            # Its next visit: it has none left.
            Change.DOUBLES: float(random.exponential(3.0)),
        }[change]
        truth.append((household, item, int(wait)))
    columns: dict[str, Any] = {
        "household_id": pl.Int64, "item_id": items.dtype, "basket_id": pl.Int64,
        "purchased_at": pl.Datetime("us"), "quantity": pl.Float64, "amount_cents": pl.Int64,
        "gtin": pl.Int64,
    }  # fmt: skip
    keys: dict[str, Any] = {"household_id": pl.Int64, "item_id": items.dtype, "days": pl.Int64}
    return (
        pl.DataFrame(rows, schema=columns, orient="row"),
        pl.DataFrame(said, schema={**WISHES, "item_id": items.dtype}, orient="row"),
        pl.DataFrame(truth, schema=keys, orient="row"),
    )


def _scored(
    model: Model, purchases: pl.DataFrame, *, as_of: date, horizon_days: int
) -> pl.DataFrame:
    return score(model, purchases, as_of=as_of, horizon_days=horizon_days)


def _judge(
    scores: pl.DataFrame, truth: pl.DataFrame, as_of: date, horizon_days: int
) -> tuple[float, float | None]:
    """Log loss, and the mean error of the date in days. What has no row has no chance."""
    joined = truth.join(scores, on=["household_id", "item_id"], how="left").with_columns(
        pl.col("p_purchase").fill_null(0.0).clip(1e-3, 1 - 1e-3)
    )
    buys = joined["days"].to_numpy() < horizon_days
    chance = joined["p_purchase"].to_numpy()
    loss = float(-np.mean(np.where(buys, np.log(chance), np.log(1 - chance))))
    dated = joined.filter(pl.col("days") < horizon_days).drop_nulls("expected_on")
    if dated.is_empty():
        return loss, None
    expected = (dated["expected_on"] - as_of).dt.total_days().to_numpy()
    return loss, float(np.mean(np.abs(expected - dated["days"].to_numpy())))
