"""Whom deals are aimed at: cells, tiers, regions, stores, and how they stand to the products."""

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from sqlmodel import Session

from service.settings import Settings
from service.store import homes as places

# Bought within so many weeks, a product makes its household a current buyer.
CURRENT_WEEKS = 26
TARGET = "target"
"""Why a household does not get a deal that is aimed at others."""

_HOMES = {"household_id": pl.Int64, "region": pl.String, "store": pl.String, "tier": pl.String}
_AIMS = {"offer_id": pl.Int64, "aim": pl.String, "value": pl.String}


def no_homes() -> pl.DataFrame:
    """What is known of households where no deal asks."""
    return pl.DataFrame(schema=_HOMES)


def aims_of(offers: pl.DataFrame) -> pl.DataFrame:
    """What offers are aimed at: offer_id, aim (`cells`, `tiers`, ...), value; a row a value."""
    rows = [
        (offer_id, aim, value)
        for offer_id, targets in offers.select("offer_id", "targets").iter_rows()
        if targets != "{}"
        for aim, values in json.loads(targets).items()
        for value in values
    ]
    return pl.DataFrame(rows, schema=_AIMS, orient="row")


def read_homes(
    session: Session,
    settings: Settings,
    offers: pl.DataFrame,
    *,
    as_of: date,
    household_ids: list[int] | None = None,
) -> pl.DataFrame:
    """Where households live and mostly shop, as far as an offer asks: no tier yet.

    A household's store is where most of its baskets of the last weeks were, ties to the lower.
    """
    asked = set(aims_of(offers)["aim"])
    homes = no_homes().select("household_id")
    columns = {"region": pl.String, "store": pl.String}
    found: dict[str, pl.DataFrame] = {}
    if "regions" in asked:
        found["region"] = places.regions(session, household_ids)
    if "stores" in asked:
        zone = ZoneInfo(settings.timezone)
        first, last = (
            datetime.combine(day, datetime.min.time(), zone)
            for day in (as_of - timedelta(weeks=CURRENT_WEEKS), as_of)
        )
        found["store"] = places.usual_stores(
            session, since=first, before=last, household_ids=household_ids
        )
    for frame in found.values():
        homes = homes.join(frame, on="household_id", how="full", coalesce=True)
    missing = [
        pl.lit(None, kind).alias(name) for name, kind in columns.items() if name not in found
    ]
    return homes.with_columns(*missing, pl.lit(None, pl.String).alias("tier")).select(list(_HOMES))


def with_tiers(homes: pl.DataFrame, tiers: pl.DataFrame) -> pl.DataFrame:
    """The homes with what each household is worth: `tiers` has household_id, tier."""
    return (
        homes.drop("tier")
        .join(tiers.select("household_id", "tier"), on="household_id", how="full", coalesce=True)
        .select(list(_HOMES))
    )


def off_target(
    pairs: pl.DataFrame, offers: pl.DataFrame, homes: pl.DataFrame, stands: pl.DataFrame
) -> pl.Series:
    """Whether each pair's offer is aimed at others; in the order of `pairs`.

    `pairs`: household_id, offer_id, cell. An offer with several aims wants all of them met, each
    by one of its values. `stands`: household_id, offer_id, buyer (see `buyers`).
    """
    aims = aims_of(offers)
    if aims.is_empty():
        return pl.Series([False]).new_from_index(0, pairs.height)
    known = (
        pairs.select("household_id", "offer_id", pl.col("cell").alias("cells"))
        .join(homes, on="household_id", how="left", maintain_order="left")
        .join(stands, on=["household_id", "offer_id"], how="left", maintain_order="left")
        .with_columns(pl.col("buyer").fill_null("new"))
        .rename({"tier": "tiers", "region": "regions", "store": "stores", "buyer": "buyers"})
    )
    missed = pl.Series([False]).new_from_index(0, pairs.height)
    for aim in aims["aim"].unique().sort():
        wanted = aims.filter(pl.col("aim") == aim).select(
            "offer_id", _compared("value").alias(aim), pl.lit(True).alias("met")
        )
        aimed = known["offer_id"].is_in(wanted["offer_id"].unique().implode())
        met = known.select("offer_id", _compared(aim).alias(aim)).join(
            wanted.unique(), on=["offer_id", aim], how="left", maintain_order="left"
        )["met"]
        missed = missed | (aimed & met.is_null())
    return missed


def buyers(purchases: pl.DataFrame, members: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """How households stand to offers whose products they ever bought: current, or lapsed.

    household_id, offer_id, buyer. `members`: offer_id, gtin.
    """
    day = pl.col("purchased_at").cast(pl.Date)
    recent = day.max() >= as_of - timedelta(weeks=CURRENT_WEEKS)
    return (
        purchases.filter(pl.col("quantity") > 0)
        .select("household_id", "gtin", "purchased_at")
        .join(members, on="gtin")
        .group_by("household_id", "offer_id")
        .agg(pl.when(recent).then(pl.lit("current")).otherwise(pl.lit("lapsed")).alias("buyer"))
    )


def _compared(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars().str.to_lowercase()
