"""Drafts end with the lists they announce: those of households that would get none are removed."""

from datetime import date, timedelta

import polars as pl

from service.cycle.inputs import read_purchases
from service.engine.segment import eligible_households
from service.settings import Settings
from service.store import lists
from service.store.session import Database

# The purchases of so many households are read at a time.
_READ_TOGETHER = 10_000


def sweep_drafts(database: Database, settings: Settings, *, on: date) -> int:
    """Remove the drafts of households that a cycle of this day would give no list; their number.

    They buy too little, or have bought nothing in the weeks that count. A draft written from a
    basket of the day itself stays.
    """
    with database.read() as session:
        drafted = lists.drafted_households(session, until=on)
    swept = 0
    for start in range(0, len(drafted), _READ_TOGETHER):
        some = drafted[start : start + _READ_TOGETHER]
        idle = [*set(some) - _eligible(database, settings, some, on=on)]
        with database.write() as session:
            swept += lists.remove_drafts(session, sorted(idle), until=on)
    return swept


def _eligible(
    database: Database, settings: Settings, household_ids: list[int], *, on: date
) -> set[int]:
    weeks = settings.weekly_spend_weeks
    with database.read() as session:
        bought: pl.DataFrame = read_purchases(
            session,
            settings,
            since=on - timedelta(weeks=weeks),
            before=on,
            household_ids=household_ids,
        )
    found = eligible_households(
        bought, as_of=on, weeks=weeks, weekly_spend_cents=settings.weekly_spend_cents
    )
    return set(found["household_id"])
