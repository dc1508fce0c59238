"""What households say of items, over what was seen of them.

What was said never becomes a purchase: it is read beside the history whenever somebody is scored,
and what was bought since is stronger. "Have enough" censors: the last purchase still lasts on the
day on which it was said, so the household is scored as if it had been made later. "Used up sooner"
moves the date to now. "Never" and "not now" take the item out.
"""

from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import polars as pl


class WishAct(StrEnum):
    """What a household says of an item, a brand or a deal.

    Of an item all but `prefer`; of the latter two `never` and `prefer`. `anything` takes back what
    was said before.
    """

    NEVER = "never"
    PREFER = "prefer"
    NOT_NOW = "not_now"
    ENOUGH = "enough"
    SOONER = "sooner"
    FAVOURITE = "favourite"
    ANYTHING = "anything"


ABOUT_US = "about_us"
"""Said in place of a `WishAct` where an answer about the household made an item what it is."""

GENERAL = "general"
"""Said of an item that is on a list because many households buy it, see `engine.general`."""

WISHES: dict[str, Any] = {
    "household_id": pl.Int64,
    "item_id": pl.Int64,
    "act": pl.String,
    "said_on": pl.Date,
    "until": pl.Date,
}
"""The columns of wishes: what counts now, one row a household and item."""

STILL_LASTS = 0.5
"""Who has enough has at least so much of its usual interval before it."""

RAN_OUT = 0.85
"""The chance that who ran out of an item buys it within the horizon, where nothing says more."""

_KEYS = ["household_id", "item_id"]


def no_wishes() -> pl.DataFrame:
    """Where nobody said anything."""
    return pl.DataFrame(schema=WISHES)


def censored(purchases: pl.DataFrame, wishes: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """The purchases as they are to be scored, where a household has enough of an item.

    The last purchase moves towards the day on which that was said, so that the item is due half its
    usual interval after it; never back, and never onto `as_of` or later. Purchases since then end
    it.
    """
    enough = wishes.filter(pl.col("act") == WishAct.ENOUGH)
    if enough.is_empty():
        return purchases
    moved = (
        purchases.join(enough.select(*_KEYS, "said_on"), on=_KEYS)
        .group_by(*_KEYS, "said_on")
        .agg(
            pl.col("purchased_at").max().alias("last"),
            pl.col("purchased_at").min().alias("first"),
            pl.col("purchased_at").dt.date().n_unique().alias("days"),
        )
        .filter(pl.col("last").dt.date() <= pl.col("said_on"))
        .select(*_KEYS, pl.col("last").dt.date().alias("moved_on"), _restarts(as_of).alias("to"))
        .filter(pl.col("to").dt.date() > pl.col("moved_on"))
    )
    if moved.is_empty():
        return purchases
    places = purchases.join(
        moved, on=_KEYS, how="left", maintain_order="left"
    ).select(
        pl.when(pl.col("purchased_at").dt.date() == pl.col("moved_on"))
        .then("to").otherwise("purchased_at").alias("purchased_at")
    )  # fmt: skip
    return purchases.with_columns(places["purchased_at"])


def _restarts(as_of: date) -> pl.Expr:
    """The moment from which the last purchase counts: half an interval before what was said."""
    said = pl.min_horizontal(pl.col("said_on"), pl.lit(as_of - timedelta(days=1)))
    noon = said.cast(pl.Datetime("us")) + pl.duration(hours=12)
    span = pl.col("last") - pl.col("first")
    usual = (span.dt.total_minutes() / (pl.col("days") - 1)).fill_nan(None)
    known = pl.when((pl.col("days") > 1) & usual.is_finite()).then(usual).otherwise(0.0)
    restart: pl.Expr = noon - pl.duration(minutes=(known * STILL_LASTS).cast(pl.Int64))
    return restart


def told(
    scores: pl.DataFrame,
    wishes: pl.DataFrame,
    *,
    as_of: date,
    begins_on: date,
    seen: pl.DataFrame,
) -> pl.DataFrame:
    """The scores with what was said: the column `said` has the wish that made them so, or is null.

    Items that a household never wants, or not yet, have no row. What it ran out of is expected on
    `begins_on`, unless it bought it since. `seen` are the real purchases, whose last day stays.
    """
    if wishes.is_empty():
        return scores.with_columns(pl.lit(None, pl.String).alias("said"))
    last = (
        seen.join(wishes, on=_KEYS, how="semi")
        .group_by(*_KEYS)
        .agg(pl.col("purchased_at").max().dt.date().alias("really"))
    )
    said = wishes.join(last, on=_KEYS, how="left").select(
        *_KEYS, "really",
        is_unwanted(as_of).alias("unwanted"),
        (
            (pl.col("act") == WishAct.SOONER)
            & (pl.col("really").is_null() | (pl.col("really") <= pl.col("said_on")))
        ).alias("sooner"),
        (pl.col("act") == WishAct.FAVOURITE).alias("favourite"),
    )  # fmt: skip
    joined = scores.join(said, on=_KEYS, how="left", maintain_order="left")
    known = pl.col("really").is_not_null()
    return (
        joined.filter(pl.col("unwanted").is_null() | ~pl.col("unwanted"))
        .with_columns(
            pl.when("sooner").then(pl.max_horizontal("p_purchase", RAN_OUT))
            .otherwise("p_purchase").alias("p_purchase"),
            pl.when(pl.col("sooner") & known).then(pl.lit(begins_on))
            .otherwise("expected_on").alias("expected_on"),
            pl.when(pl.col("last_bought_on").is_not_null() & known).then("really")
            .otherwise("last_bought_on").alias("last_bought_on"),
            pl.when("sooner").then(pl.lit(WishAct.SOONER.value))
            .when("favourite").then(pl.lit(WishAct.FAVOURITE.value)).alias("said"),
        )
        .drop("really", "unwanted", "sooner", "favourite")
    )  # fmt: skip


def is_unwanted(as_of: date) -> pl.Expr:
    """Whether a wish keeps its item off lists as of a day."""
    waits = pl.col("until").is_null() | (pl.col("until") > as_of)
    never: pl.Expr = pl.col("act") == WishAct.NEVER
    return never | ((pl.col("act") == WishAct.NOT_NOW) & waits)


def unwanted_offers(wishes: pl.DataFrame, items: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """The offers of which a household wants no item: household_id, offer_id.

    `items` (offer_id, item_id) is what counts for each offer.
    """
    unwanted = wishes.filter(is_unwanted(as_of)).select(_KEYS)
    whole = items.group_by("offer_id").agg(pl.len().alias("items"))
    return (
        unwanted.join(items.unique(), on="item_id")
        .group_by("household_id", "offer_id")
        .agg(pl.len().alias("unwanted"))
        .join(whole, on="offer_id")
        .filter(pl.col("unwanted") == pl.col("items"))
        .select("household_id", "offer_id")
        .sort("household_id", "offer_id")
    )


def is_asked_for(scores: pl.DataFrame) -> pl.Expr:
    """Whether a household bought an item before or said something that asks for it, or its list
    has what many buy in place of that.
    """
    bought = pl.col("last_bought_on").is_not_null()
    return bought | pl.col("said").is_not_null() if "said" in scores else bought
