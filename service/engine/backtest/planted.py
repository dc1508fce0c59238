"""What it gains to be told: planted households that change, forecast with and without their word.

Each buys one item of the history at a steady interval, until something changes that no purchase
shows yet: it stops, it stocked up elsewhere, it ran out because it uses twice as much, it has twice
as many people, or a baby. It says so on the day on which it notices. What it will buy is planted,
so the truth is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
import polars as pl

from service.engine.answers import HOMES, PACES, HomeMember
from service.engine.predict import Model, discover
from service.engine.said import Said
from service.engine.wishes import WISHES, WishAct

HOUSEHOLDS = 200
"""So many of each kind."""

_SEED = 20170101
_ITEMS = 12
_PURCHASES = 10
_LEAST_DAYS, _MOST_DAYS = 7, 28
_JITTER = 0.12
_NEVER = 1_000_000
_GOODS = 8
_LEAST_BUYERS = 10


class Change(StrEnum):
    """What changes in a planted household, and what it says."""

    STOPS = "stops"
    STOCKED = "stocked"
    DOUBLES = "doubles"
    GROWS = "grows"
    BABY = "baby"


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
    goods = _goods(history)
    for change in Change:
        purchases, said, truth = _plant(change, items["item_id"].head(_ITEMS), goods, as_of=as_of)
        found = None
        if change is Change.BABY:
            found = discover(
                model, purchases, as_of=as_of, per_household=_GOODS, among=goods["item_id"]
            )
        losses = []
        for heard in (Said(), said):
            scores = heard.scored(
                model, purchases, as_of=as_of, horizon_days=horizon_days, found=found
            )
            losses.append(_judge(scores, truth, as_of, horizon_days))
        (silent_loss, silent_days), (told_loss, told_days) = losses
        yield Gain(change, silent_loss, told_loss, silent_days, told_days)


def _goods(history: pl.DataFrame) -> pl.DataFrame:
    """What stands for the goods of babies: item_id, share, rate.

    Items that few households buy, but those often; `share` of the households that buy any of them
    buy the item, at `rate` a day.
    """
    days = history.select(
        "household_id", "item_id", pl.col("purchased_at").cast(pl.Date).alias("day")
    ).unique()
    span_days = max(1, (days["day"].max() - days["day"].min()).days)  # type: ignore[operator, union-attr]
    everybody = days["household_id"].n_unique()
    buyers = pl.col("buyers")
    known = (
        days.group_by("item_id")
        .agg(buyers=pl.col("household_id").n_unique(), rate=pl.len() / span_days)
        .with_columns(pl.col("rate") / buyers)
        .filter(buyers >= min(_LEAST_BUYERS, everybody))
        .sort("buyers", "item_id")
    )
    known = known.head(max(_GOODS, known.height // 4)).sort(
        "rate", "item_id", descending=[True, False]
    ).head(_GOODS)  # fmt: skip
    all_buyers = days.join(known, on="item_id", how="semi")["household_id"].n_unique()
    return known.select("item_id", (buyers / max(1, all_buyers)).alias("share"), "rate")


def _plant(
    change: Change, items: pl.Series, goods: pl.DataFrame, *, as_of: date
) -> tuple[pl.DataFrame, Said, pl.DataFrame]:
    """Purchases before `as_of`, what is said, and the days from `as_of` to the next purchase."""
    random = np.random.default_rng((_SEED, list(Change).index(change)))
    rows: list[tuple[Any, ...]] = []
    truth: list[tuple[int, Any, int]] = []
    own: list[tuple[int, Any]] = []
    for household in range(1, HOUSEHOLDS + 1):
        item = items[household % len(items)]
        gap = float(random.uniform(_LEAST_DAYS, _MOST_DAYS))
        since = 1.0
        if change is Change.DOUBLES:
            since = 0.5
        elif change is Change.GROWS:
            since = float(random.uniform(0.1, 0.9))
        last = -max(1.0, since * gap + float(random.normal(0.0, _JITTER * gap)))
        days = [last]
        for _ in range(_PURCHASES - 1):
            days.append(days[-1] - max(2.0, float(random.normal(gap, _JITTER * gap))))
        for day in days:
            moment = datetime.combine(as_of, time(12)) + timedelta(days=int(np.floor(day)))
            rows.append((household, item, household * 1000 - int(day), moment, 1.0, 100, 1))
        own.append((household, item))
        if change is Change.BABY:
            for good, share, rate in goods.iter_rows():
                wait = float(random.exponential(1 / rate)) if random.random() < share else _NEVER
                truth.append((household, good, int(wait)))
            continue
        wait = _wait(change, random, gap=gap, left=gap + last)
        truth.append((household, item, int(wait)))
    columns: dict[str, Any] = {
        "household_id": pl.Int64, "item_id": items.dtype, "basket_id": pl.Int64,
        "purchased_at": pl.Datetime("us"), "quantity": pl.Float64, "amount_cents": pl.Int64,
        "gtin": pl.Int64,
    }  # fmt: skip
    keys: dict[str, Any] = {"household_id": pl.Int64, "item_id": items.dtype, "days": pl.Int64}
    return (
        pl.DataFrame(rows, schema=columns, orient="row"),
        _said(change, own, goods, items.dtype, said_on=as_of - timedelta(days=1)),
        pl.DataFrame(truth, schema=keys, orient="row"),
    )


def _wait(change: Change, random: np.random.Generator, *, gap: float, left: float) -> float:
    """The days to the next purchase of who buys every `gap` days and would have `left` of them."""
    match change:
        case Change.STOPS:
            return float(_NEVER)
        case Change.STOCKED:
            return max(0.0, float(random.normal(0.75, 2 * _JITTER)) * gap)
        case Change.DOUBLES:
            # Its next visit: it has none left.
            return float(random.exponential(3.0))
        case _:
            # What is left is used up twice as fast.
            return max(0.0, left / 2 + float(random.normal(0.0, _JITTER * gap)))


def _said(
    change: Change,
    own: Sequence[tuple[int, Any]],
    goods: pl.DataFrame,
    items: Any,
    *,
    said_on: date,
) -> Said:
    """What the households say, each with the item that it buys."""
    if change is Change.GROWS:
        rows = [(household, said_on, 0.5) for household, _ in own]
        return Said(paces=pl.DataFrame(rows, schema=PACES, orient="row"))
    if change is Change.BABY:
        homes = [
            (household, HomeMember.BABY.value, good, True, said_on)
            for household, _ in own
            for good in goods["item_id"]
        ]
        return Said(
            wishes=pl.DataFrame(schema={**WISHES, "item_id": items}),
            homes=pl.DataFrame(homes, schema={**HOMES, "item_id": items}, orient="row"),
        )
    said = [(household, item, _SAYS[change].value, said_on, None) for household, item in own]
    return Said(wishes=pl.DataFrame(said, schema={**WISHES, "item_id": items}, orient="row"))


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
