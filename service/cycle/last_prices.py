"""What the newest cycle left for single households, and the offers they choose at its prices."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl
from sqlmodel import Session

from service.cycle import stages
from service.cycle.learn import model_of
from service.engine.allocate import PriceBook, ShortfallPrices, allocate_each
from service.engine.allocate.value import ResponseModel
from service.engine.offers import Arm, RunningOffers, Valuation, candidates, given
from service.engine.offers.beside_pins import households_beside, pairs_beside
from service.engine.offers.explore import NO_EXPLORATION, Exploration
from service.engine.offers.pins import NO_ROOM, place_pins
from service.engine.offers.room import room
from service.settings import Settings
from service.store import cycles, overrides
from service.store.offers import issuable, responses
from service.store.tables.cycle import Cycle

_BOUNDS = {"category_id": pl.Int64, "medium_from": pl.Float64, "heavy_from": pl.Float64}


@dataclass(frozen=True, slots=True)
class LastPrices:
    """The prices a cycle left and the bounds it saw, and how offers are valued on a day.

    `limits` are the limits of single households in the allocator's columns; one that the cycle
    did not see has neither floor nor ceiling of face value. `room` is what offers have left
    (see `offers.room.room`), read only where something is pinned. Worth is shaken as the next cycle
    will `explore`.
    """

    bounds: pl.DataFrame
    prices: pl.DataFrame
    limits: pl.DataFrame
    by: Valuation
    terms: ShortfallPrices
    room: pl.DataFrame
    explore: Exploration = NO_EXPLORATION

    def beside(self, limits: pl.DataFrame) -> "LastPrices":
        """The same with the limits of further households."""
        return replace(self, limits=pl.concat([self.limits, limits.select(self.limits.columns)]))

    def on(self, session: Session, day: date) -> "LastPrices":
        """The same on another day, which may know more of how households respond."""
        return replace(self, by=replace(self.by, response=_response(session, as_of=day)))


def last_prices(
    session: Session,
    settings: Settings,
    cycle: Cycle | None,
    household_ids: Sequence[int],
    seen: pl.DataFrame,
    *,
    as_of: date,
) -> LastPrices:
    """What a cycle left for some households that choose as of a day; `seen` as `cycles.seen`.

    Before the first cycle no offer has a price.
    """
    return LastPrices(
        bounds=pl.DataFrame(cycle.usage_bounds if cycle else [], schema=_BOUNDS),
        prices=cycles.prices(session, cycle.id if cycle else None),
        limits=_limits(settings, household_ids, seen),
        by=stages.valuation(
            settings,
            seed=cycle.seed if cycle else 0,
            response=_response(session, as_of=as_of),
        ),
        terms=ShortfallPrices(floor_shortfall_price=settings.floor_shortfall_price),
        room=_room(session),
        explore=_next_exploration(session, settings, cycle),
    )


def _next_exploration(session: Session, settings: Settings, cycle: Cycle | None) -> Exploration:
    """That of the cycle after this one, if it has the same seed."""
    if cycle is None:
        return NO_EXPLORATION
    number = cycles.count_before(session, cycle.as_of + timedelta(days=1))
    return stages.exploration(settings, number=number, seed=cycle.seed)


def _room(session: Session) -> pl.DataFrame:
    """What every offer that may be issued has left; nothing is read where nothing is pinned."""
    if not overrides.any_pins(session):
        return NO_ROOM
    no_promise = pl.lit(None, pl.Int64).alias("circulation_min")
    limits = issuable.limits(session).with_columns(no_promise)
    return room(limits, issuable.committed(session)).select(NO_ROOM.columns)


def _response(session: Session, *, as_of: date) -> ResponseModel:
    """How households respond to offers, as it was known on a day."""
    return model_of(responses.newest(session, on=as_of))


def choose_at(
    last: LastPrices,
    purchases: pl.DataFrame,
    scores: pl.DataFrame,
    running: RunningOffers,
    *,
    as_of: date,
) -> pl.DataFrame:
    """Each household's offers at the prices, in the columns of `candidates`. Nothing is reserved.

    An offer without a price is not among them, unless it is pinned and has copies left: it is newer
    than the cycle, or used up by it.
    """
    considered = candidates(purchases, scores, running, as_of=as_of, bounds=last.bounds, by=last.by)
    return choose_among(last, considered, running)


def choose_among(
    last: LastPrices, considered: pl.DataFrame, running: RunningOffers
) -> pl.DataFrame:
    """The same of candidates that are known."""
    homes = last.limits.with_columns(pl.lit(Arm.EXPOSED).alias("arm"))
    pinned = place_pins(considered, homes, last.room, running.overrides, reserving=False)
    pairs = given(considered).filter(pl.col("offer_id").is_in(last.prices["offer_id"].implode()))
    chosen = allocate_each(
        last.explore.shaken(pairs_beside(pairs, pinned, homes)),
        PriceBook(last.prices),
        households_beside(last.limits, pinned),
        terms=last.terms,
    )
    keys = ["household_id", "offer_id"]
    both = pl.concat([pinned.given.select(keys), chosen.select(keys)])
    return considered.join(both, on=keys, how="semi", maintain_order="left")


def _limits(settings: Settings, household_ids: Sequence[int], seen: pl.DataFrame) -> pl.DataFrame:
    wanted = pl.DataFrame({"household_id": household_ids}, {"household_id": pl.Int64})
    ranked = wanted.join(seen, on="household_id", how="left", maintain_order="left")
    return (
        stages.face_value_band(settings)
        .add_limits(ranked)
        .select(
            "household_id",
            pl.lit(settings.offers_per_list, pl.Int64).alias("slots"),
            pl.lit(settings.offers_per_category, pl.Int64).alias("category_max"),
            "face_value_floor_cents",
            "face_value_ceiling_cents",
        )
    )
