"""Inspect the stored forecasts: were they right, and do the inputs look as they did at the fit?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from sqlmodel import Session

from service.cycle.forecast import READ_TOGETHER, stored_model
from service.cycle.inputs import midnight, read_purchases
from service.engine.backtest.drift import (
    Calibration,
    Shift,
    calibration,
    calibration_by,
    input_shifts,
    judge,
)
from service.engine.offers.candidates import LOYALTY_WEEKS
from service.engine.predict import Model
from service.engine.segment import worth
from service.errors import Conflict
from service.settings import Settings
from service.store import baskets, catalogue
from service.store.session import Database

# So many households are looked at, evenly over their numbers.
MOST_HOUSEHOLDS = 5_000
NO_TIER, NO_DEPARTMENT = "no recent purchase", "none"


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """What a check of the forecasts found.

    `weeks` are the windows that were judged, the newest first; `departments` and `tiers` are of the
    newest of them. `skipped` are the first days of windows for which no model was stored in time.
    The newest model was fitted on `fitted_on`, before its date when fits since then were worse.
    `inputs` are as it would see them on `day`, the furthest from the fit first. `day` is the as-of
    date, or the day after the last purchase if that is earlier.
    """

    day: date
    model_as_of: date
    fitted_on: date
    households: int
    sampled: int
    horizon_days: int
    weeks: tuple[Calibration, ...]
    skipped: tuple[date, ...]
    departments: tuple[Calibration, ...]
    tiers: tuple[Calibration, ...]
    inputs: tuple[Shift, ...]

    @property
    def doubled(self) -> tuple[Calibration, ...]:
        """The groups of the newest window whose calibration error is twice the expected."""
        groups = (*self.weeks[:1], *self.departments, *self.tiers)
        return tuple(each for each in groups if each.is_doubled)

    @property
    def drifted(self) -> tuple[Shift, ...]:
        """The inputs that moved too far."""
        return tuple(each for each in self.inputs if each.is_drifted)

    @property
    def is_alarm(self) -> bool:
        """Whether somebody should look."""
        return bool(self.doubled or self.drifted)


def check_forecast(
    database: Database, settings: Settings, *, as_of: date, weeks: int = 4
) -> DriftCheck:
    """Compare what stored models said on earlier days with what was bought, up to a date.

    A window of the horizon begins each week; the newest ends before the date, or with the last
    purchase. Each is judged with the model that a cycle of its first day would have used. Nothing
    is written, and nothing from `as_of` on is looked at. Raises Conflict when no model or no
    purchase is stored from before.
    """
    with database.read() as session:
        newest = stored_model(session, as_of=as_of, any_age=True)
        if newest is None:
            raise Conflict(
                "No forecast that this version can read is stored for %(as_of)s or before. "
                "The nightly job or a cycle fits one.",
                as_of=as_of,
            )
        ids = baskets.buyers(session, before=midnight(as_of, settings))
        if not ids:
            raise Conflict(
                "No household has bought anything before %(as_of)s. Load baskets first.",
                as_of=as_of,
            )
        purchases = _purchases(session, settings, _evenly(ids), as_of=as_of)
        day = min(as_of, _last_day(purchases) + timedelta(days=1))
        departments = catalogue.items(session).select("item_id", "department")
        starts = [day - timedelta(days=settings.forecast_days + 7 * week) for week in range(weeks)]
        models = [(start, stored_model(session, as_of=start)) for start in starts]
    judged = [
        (start, model, _judge(model, purchases, settings, start=start))
        for start, model in models
        if model is not None
    ]
    judged = [(start, model, found) for start, model, found in judged if found.height]
    in_groups: list[tuple[Calibration, ...]] = [(), ()]
    if judged and judged[0][0] == starts[0]:
        start, model, found = judged[0]
        grouped = _with_groups(found, purchases, departments, start=start)
        in_groups = [
            tuple(calibration_by(grouped, model, column=column))
            for column in ("department", "tier")
        ]
    return DriftCheck(
        day=day,
        model_as_of=newest.as_of,
        fitted_on=newest.training.fitted_on,
        households=len(ids),
        sampled=min(len(ids), MOST_HOUSEHOLDS),
        horizon_days=settings.forecast_days,
        weeks=tuple(calibration(found, model, group=str(start)) for start, model, found in judged),
        skipped=tuple(start for start, model in models if model is None),
        departments=in_groups[0],
        tiers=in_groups[1],
        inputs=tuple(input_shifts(newest, purchases, as_of=day)),
    )


def _evenly(ids: list[int]) -> list[int]:
    """At most `MOST_HOUSEHOLDS` of the sorted ids."""
    wanted = min(len(ids), MOST_HOUSEHOLDS)
    return [ids[k * len(ids) // wanted] for k in range(wanted)]


def _purchases(
    session: Session, settings: Settings, ids: list[int], *, as_of: date
) -> pl.DataFrame:
    return pl.concat(
        read_purchases(session, settings, before=as_of, household_ids=ids[at : at + READ_TOGETHER])
        for at in range(0, len(ids), READ_TOGETHER)
    )


def _judge(
    model: Model, purchases: pl.DataFrame, settings: Settings, *, start: date
) -> pl.DataFrame:
    return judge(model, purchases, start=start, horizon_days=settings.forecast_days)


def _with_groups(
    judged: pl.DataFrame, purchases: pl.DataFrame, departments: pl.DataFrame, *, start: date
) -> pl.DataFrame:
    """Rows of `judge` with the department of the item, and the household's tier as of `start`."""
    tiers = worth(purchases, as_of=start, weeks=LOYALTY_WEEKS).select("household_id", tier="worth")
    return (
        judged.join(departments, on="item_id", how="left", maintain_order="left")
        .join(tiers, on="household_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("department").replace("", NO_DEPARTMENT).fill_null(NO_DEPARTMENT),
            pl.col("tier").fill_null(NO_TIER),
        )
    )


def _last_day(purchases: pl.DataFrame) -> date:
    last: date = purchases.select(pl.col("purchased_at").max().dt.date()).item()
    return last
