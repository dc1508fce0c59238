"""Counting what households bought in the four weeks after a cycle, each household once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from sqlmodel import Session

from service.currencies import minor_digits
from service.cycle.bought_before import offers_of, with_days
from service.cycle.inputs import read_purchases
from service.engine.lift import programme
from service.engine.lift.outcomes import outcomes
from service.engine.offers import Arm
from service.results.cycle_sales import homes_of, picks_of
from service.settings import Settings
from service.store import baskets, catalogue
from service.store import outcomes as stored
from service.store import programme as kept
from service.store.session import Database
from service.store.tables.cycle import Cycle
from service.store.tables.programme import ProgrammeWindow

DAYS = 28
"""What was bought in so many days from validity counts."""
LATE_DAYS = 14
"""So many days after that a programme is final: till then sales made offline still arrive."""


@dataclass(frozen=True, slots=True)
class CountedProgramme:
    """A cycle whose programme was counted."""

    cycle_id: int
    households: int
    is_final: bool


def count_programmes(
    database: Database, settings: Settings, *, today: date
) -> Iterator[CountedProgramme]:
    """Count the cycles whose lists became valid before a day and are not final, oldest first.

    A day has no sales before they are there: the newest basket's day is the last that counts.
    Each cycle is one transaction; what is counted is the same whatever was counted before.
    """
    with database.read() as session:
        newest = baskets.newest_day(session)
        if newest is None:
            return
        today = min(today, newest + timedelta(days=1))
        waiting = kept.waiting(session, started_before=today)
    for cycle in waiting:
        counted = _count(database, settings, cycle, today=today)
        if counted is not None:
            yield counted


def _count(
    database: Database, settings: Settings, cycle: Cycle, *, today: date
) -> CountedProgramme | None:
    """Count one cycle; None where it is older than the picks."""
    end = cycle.valid_from + timedelta(days=DAYS)
    until = min(end, today)
    with database.read() as session:
        picks, caps = picks_of(session, settings, cycle)
        picks = picks.filter(pl.col("arm") != Arm.CONTROL)
        if picks.is_empty():
            return None
        rows = _rows(session, settings, cycle, picks, caps, until=until)
    window = ProgrammeWindow(
        cycle_id=cycle.id,
        counted_until=until,
        final=today >= end + timedelta(days=LATE_DAYS),
    )
    database.settle(
        lambda session: kept.replace(session, window, rows),
        busy="Programmes are being counted; count again.",
    )
    return CountedProgramme(cycle.id, picks["household_id"].n_unique(), window.final)


def _rows(
    session: Session,
    settings: Settings,
    cycle: Cycle,
    picks: pl.DataFrame,
    caps: pl.DataFrame,
    *,
    until: date,
) -> pl.DataFrame:
    """The sums by arm and tier, category, region, and cell."""
    goods = stored.goods(session, offers_of(picks))
    bought = read_purchases(session, settings, since=cycle.valid_from, before=until)
    uses = stored.uses(session, cycle.id)
    found = outcomes(
        picks,
        with_days(bought),
        goods,
        caps,
        valid_from=cycle.valid_from,
        window=(0, DAYS),
        reimbursed=uses.select("household_id", "offer_id", "day", "cents"),
        unit_cents=10 ** minor_digits(settings.currency),
    )
    own = pl.Series(kept.own_brand(session, cycle.id), dtype=pl.Int64)
    tiers = kept.tiers(session, cycle.id).select("household_id", pl.col("tier").alias("name"))
    of_tiers = found.join(tiers, on="household_id")
    of_categories = (
        found.join(goods.offers, on="offer_id")
        .with_columns(pl.col("category_id").cast(pl.String).alias("name"))
        .with_columns(
            pl.col("category_sales").alias("basket_sales"),
            pl.col("before_category_sales").alias("before_basket_sales"),
        )
    )
    parts = (
        (of_tiers, kept.TIER),
        (of_categories, kept.CATEGORY),
        (_by_region(session, settings, cycle, found), kept.REGION),
        (found.with_columns(pl.col("cell").alias("name")), kept.CELL),
    )
    return pl.concat(
        [
            _sums(programme.by_household(rows.select(*found.columns, "name"), own), part)
            for rows, part in parts
        ]
    )


def _by_region(
    session: Session, settings: Settings, cycle: Cycle, found: pl.DataFrame
) -> pl.DataFrame:
    """Outcomes with the region of each household's usual store as their name; none is empty."""
    homes = homes_of(session, settings, cycle, catalogue.store_regions(session))
    named = found.join(homes, on="household_id", how="left", maintain_order="left")
    return named.with_columns(pl.col("region").fill_null("").alias("name")).drop("region")


def _sums(rows: pl.DataFrame, part: str) -> pl.DataFrame:
    keys = ["arm", "name"]
    groups, sums = programme.sums_by(rows, keys)
    counts = rows.group_by(keys).agg(
        pl.len().cast(pl.Int64).alias("households"), pl.col("given").sum().alias("copies")
    )
    return (
        groups.with_columns(
            pl.lit(part).alias("part"),
            pl.Series("sums", programme.packed(sums), pl.List(pl.Float64)),
        )
        .join(counts, on=keys, maintain_order="left")
        .select("arm", "part", "name", "households", "copies", "sums")
    )
