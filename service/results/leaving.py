"""Households about to leave, with what they used to buy."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from service.cycle.inputs import read_purchases
from service.engine.leaving import leaving
from service.settings import Settings
from service.store import catalogue, cycles, households, sales
from service.store.session import Database

YEAR_DAYS = 364
_BOUGHT = 5


@dataclass(frozen=True, slots=True)
class Leaving:
    """A household that stays away far longer than its rhythm.

    Of its gaps `chance` are as long. In the year before it paid `year_cents` in `visits` visits;
    `bought` are the items it bought on the most of them, `tier` what it was worth.
    """

    household_id: int
    ref: str
    tier: str
    last_day: date
    days_away: int
    usual_days: float
    chance: float
    visits: int
    year_cents: int
    bought: tuple[str, ...]


def leaving_report(
    database: Database, settings: Settings, *, as_of: date, most: int | None = None
) -> list[Leaving]:
    """Who was about to leave on a date, whoever paid the most first; nothing from it on counts."""
    first = as_of - timedelta(days=YEAR_DAYS)
    with database.read() as session:
        visits = sales.visit_days(session, first=first, before=as_of)
        named = leaving(visits, as_of=as_of)
        ids = named["household_id"].to_list()
        bought = read_purchases(session, settings, before=as_of, since=first, household_ids=ids)
        refs = households.refs(session, ids)
        cycle = cycles.newest(session, until=as_of)
        worth = cycles.household_worth(session, cycle.id if cycle else None, ids)
        names = catalogue.item_names(session, bought["item_id"].unique().to_list())
    items = dict(names.iter_rows())
    tiers: dict[int, str | None] = dict(worth.select("household_id", "tier").iter_rows())
    paid = dict(bought.group_by("household_id").agg(pl.col("amount_cents").sum()).iter_rows())
    usual = _usual(bought)
    found = [
        Leaving(
            household_id=row["household_id"],
            ref=refs[row["household_id"]],
            tier=tiers.get(row["household_id"]) or "",
            last_day=row["last_day"],
            days_away=row["days_away"],
            usual_days=row["usual_days"],
            chance=row["chance"],
            visits=row["visits"],
            year_cents=int(paid.get(row["household_id"], 0)),
            bought=tuple(items[item] for item in usual.get(row["household_id"], [])),
        )
        for row in named.iter_rows(named=True)
    ]
    found.sort(key=lambda each: (-each.year_cents, each.household_id))
    return found[:most]


def _usual(bought: pl.DataFrame) -> dict[int, list[int]]:
    """The items of the most baskets of each household, the most frequent first."""
    counted = (
        bought.group_by("household_id", "item_id")
        .agg(pl.col("basket_id").n_unique().alias("baskets"))
        .sort("household_id", "baskets", "item_id", descending=[False, True, False])
        .group_by("household_id", maintain_order=True)
        .head(_BOUGHT)
    )
    found: dict[int, list[int]] = {}
    for household, item in counted.select("household_id", "item_id").iter_rows():
        found.setdefault(household, []).append(item)
    return found
