"""Counting what households bought in the windows after a cycle."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl
from sqlmodel import Session

from service.currencies import minor_digits
from service.cycle.inputs import midnight, read_purchases
from service.engine.lift.outcomes import BEFORE_DAYS, WINDOWS, outcomes, packed, sums_by
from service.settings import Settings
from service.store import baskets
from service.store import outcomes as stored
from service.store.session import Database
from service.store.tables.cycle import Cycle
from service.store.tables.outcome import OutcomeWindow

LATE_DAYS = 14
"""So many days after its end a window is final: till then sales made offline still arrive."""
_GROUP = ["offer_id", "arm", "cell", "store_id"]


@dataclass(frozen=True, slots=True)
class Counted:
    """A window that was counted: `households` and `copies` that the rule of the cycle picked."""

    cycle_id: int
    window: tuple[int, int]
    is_final: bool
    households: int
    copies: int


def count_outcomes(database: Database, settings: Settings, *, today: date) -> Iterator[Counted]:
    """Count the windows that have begun by a day and are not final yet, oldest cycle first.

    A day has no outcomes before its sales are there: the newest basket's day is the last that
    counts, whatever day it is. Each window is one transaction, so that a killed run goes on with
    the next. What is counted is the same whatever was counted before.
    """
    with database.read() as session:
        newest = baskets.newest_day(session)
        if newest is None:
            return
        today = min(today, newest + timedelta(days=1))
        waiting = [
            (cycle, {each.first_day for each in stored.windows(session, cycle.id) if each.final})
            for cycle in stored.waiting(session, started_before=today)
        ]
    for cycle, final in waiting:
        for window in WINDOWS:
            if window[0] in final or cycle.valid_from + timedelta(days=window[0]) >= today:
                continue
            counted = _count(database, settings, cycle, window, today=today)
            if counted is not None:
                yield counted


def _count(
    database: Database, settings: Settings, cycle: Cycle, window: tuple[int, int], *, today: date
) -> Counted | None:
    """Count one window; None where the cycle is older than the picks."""
    end = cycle.valid_from + timedelta(days=window[1])
    until = min(end, today)
    with database.read() as session:
        picks = stored.picks(session, cycle.id)
        if picks.is_empty():
            return None
        uses = stored.uses(session, cycle.id)
        goods = stored.goods(session, cycle.id)
        start = cycle.valid_from - timedelta(days=BEFORE_DAYS)
        bought = read_purchases(session, settings, since=start, before=until)
        stores = _stores(session, settings, cycle)
    lines = bought.with_columns(pl.col("purchased_at").dt.date().alias("day"))
    found = outcomes(
        picks,
        lines,
        goods,
        valid_from=cycle.valid_from,
        window=window,
        reimbursed=uses.select("household_id", "offer_id", "day", "cents"),
        unit_cents=10 ** minor_digits(settings.currency),
    )
    during = (cycle.valid_from + timedelta(days=window[0]), end)
    used = uses.filter(pl.col("day").is_between(*during, closed="left"), pl.col("uses") > 0)
    found = (
        found.join(stores, on="household_id", how="left")
        .with_columns(pl.col("store_id").fill_null(""))
        .join(
            used.select("household_id", "offer_id", pl.lit(True).alias("redeemed")).unique(),
            on=["household_id", "offer_id"],
            how="left",
        )
    )
    groups, sums = sums_by(found, _GROUP)
    counts = found.group_by(_GROUP).agg(
        pl.len().cast(pl.Int64).alias("households"),
        pl.col("is_given").sum().cast(pl.Int64).alias("given"),
        pl.col("redeemed").sum().cast(pl.Int64).alias("redeemed"),
    )
    rows = groups.with_columns(pl.Series("sums", packed(sums))).join(
        counts, on=_GROUP, maintain_order="left"
    )
    is_final = today >= end + timedelta(days=LATE_DAYS)

    def write(session: Session) -> None:
        kept = OutcomeWindow(
            cycle_id=cycle.id,
            first_day=window[0],
            last_day=window[1],
            counted_at=datetime.now(UTC),
            counted_until=until,
            final=is_final,
        )
        stored.replace(session, kept, rows)

    database.settle(write, busy="Outcomes are being counted; count again.")
    return Counted(cycle.id, window, is_final, picks["household_id"].n_unique(), picks.height)


def _stores(session: Session, settings: Settings, cycle: Cycle) -> pl.DataFrame:
    """The usual store of each household in the weeks before: household_id, store_id."""
    first = cycle.valid_from - timedelta(days=BEFORE_DAYS)
    found = baskets.usual_stores(
        session, since=midnight(first, settings), before=midnight(cycle.valid_from, settings)
    )
    return found.rename({"store": "store_id"})
