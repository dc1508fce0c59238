"""The drafts that households have been shown since the newest cycle, computed again.

Never read from the store: the same history and prices give the same drafts, whether a worker came
to write them or not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import polars as pl
from sqlmodel import Session

from service.cycle.forecast import stored_model
from service.cycle.inputs import read_running
from service.cycle.last_prices import LastPrices, choose_at, last_prices
from service.engine.offers import RunningOffers
from service.engine.offers.targeting import targets_of, with_tiers
from service.engine.predict import Model, default_model
from service.engine.said import Said
from service.settings import Settings
from service.store import cycles

PAIRS = {"household_id": pl.Int64, "offer_id": pl.Int64}


@dataclass(frozen=True, slots=True)
class DraftDay:
    """What the drafts of one day are made with."""

    as_of: date
    model_json: str
    running: RunningOffers
    last: LastPrices


@dataclass(frozen=True, slots=True)
class Redraft:
    """How the drafts of some households are computed again, by the day they are of."""

    days: tuple[DraftDay, ...]
    horizon_days: int
    said: Said = field(default_factory=Said)

    def frames(self) -> Iterator[pl.DataFrame]:
        """Everything that a draft depends on, but for models and numbers."""
        yield from self.said.frames()
        for day in self.days:
            yield from (day.running.offers, day.running.items, day.running.products)
            yield from (day.running.households, day.running.used, day.running.overrides)
            yield from day.running.asked.frames()
            yield from (day.last.bounds, day.last.prices, day.last.limits, day.last.room)

    def texts(self) -> Iterator[str]:
        """Those: models and numbers."""
        yield str(self.horizon_days)
        for day in self.days:
            by = day.last.by
            yield f"{day.as_of} {by.seed} {by.expected_safety} {by.likely} {day.last.terms}"
            yield repr(day.last.explore)
            yield from (by.response.to_json(), day.model_json)

    def draft(self, purchases: pl.DataFrame) -> pl.DataFrame:
        """The offers of the drafts of those who bought something since the cycle: `PAIRS`.

        `purchases` end before the cycle that asks.
        """
        dated = with_draft_day(purchases)
        chosen = [pl.DataFrame(schema=PAIRS)]
        for day in self.days:
            whose = dated.filter(pl.col("draft_day") == day.as_of).join(
                day.last.limits, on="household_id", how="semi"
            )
            if not whose.is_empty():
                mine = purchases.filter(
                    pl.col("household_id").is_in(whose["household_id"].implode())
                )
                chosen.append(self._of_day(mine, day))
        return pl.concat(chosen).sort("household_id", "offer_id")

    def _of_day(self, purchases: pl.DataFrame, day: DraftDay) -> pl.DataFrame:
        scores = self.said.scored(
            Model.from_json(day.model_json),
            purchases,
            as_of=day.as_of,
            horizon_days=self.horizon_days,
        )
        offers = choose_at(day.last, purchases, scores, day.running, as_of=day.as_of)
        return offers.select(*PAIRS)


def with_draft_day(purchases: pl.DataFrame) -> pl.DataFrame:
    """The households of some purchases and the day of their drafts, the day after the last basket.

    Columns: household_id, draft_day.
    """
    last = pl.col("purchased_at").max().dt.date()
    return purchases.group_by("household_id").agg((last + timedelta(days=1)).alias("draft_day"))


def read_redraft(
    session: Session,
    settings: Settings,
    draft_days: pl.Series,
    household_ids: Sequence[int],
    *,
    as_of: date,
) -> Redraft | None:
    """How a cycle computes the drafts of these households again; None before the first cycle.

    `draft_days` are those of them, in any order. A draft ends with the cycle that follows it, so
    those who bought nothing since the newest one have none.
    """
    cycle = cycles.newest(session)
    if cycle is None or cycle.as_of >= as_of:
        return None
    last_days = draft_days.unique().sort()
    days: list[date] = last_days.filter(last_days > cycle.as_of).to_list()
    seen = cycles.household_worth(session, cycle.id)
    last = last_prices(session, settings, cycle, household_ids, seen, as_of=as_of)
    running, said = read_running(session, settings, days)
    return Redraft(
        tuple(
            DraftDay(
                as_of=day,
                model_json=_model(session, settings, as_of=day).to_json(),
                running=_with_tiers(running[day], seen),
                last=last.on(session, day),
            )
            for day in days
        ),
        settings.forecast_days,
        said,
    )


def _with_tiers(running: RunningOffers, seen: pl.DataFrame) -> RunningOffers:
    """With what households are worth, where an offer asks for it."""
    if targets_of(running.offers).is_empty():
        return running
    return replace(running, households=with_tiers(running.households, seen))


def _model(session: Session, settings: Settings, *, as_of: date) -> Model:
    stored = stored_model(session, as_of=as_of)
    return stored or default_model(as_of=as_of, horizon_days=settings.forecast_days)
