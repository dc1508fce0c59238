"""No unlikely offer takes the place of a likely one."""

from dataclasses import dataclass

import polars as pl

from service.engine.offers.left_out import LeftOut

_KEYS = ["household_id", "offer_id"]


@dataclass(frozen=True, slots=True)
class Likely:
    """When an offer is likely enough for a list, and what a list has room for.

    `least_chance` (0-1) is of buying the offer's goods, of whatever brand; a list has `slots`
    offers and `category_max` of a category.
    """

    least_chance: float
    slots: int
    category_max: int


def without_unlikely(pairs: pl.DataFrame, by: Likely) -> pl.DataFrame:
    """The pairs, with `left_out` set for unlikely offers where likely ones are left.

    An unlikely offer stays only where it is in no likely one's way: the likely offers that fit on
    the list together leave a slot for it, and a place in its category, and none of them is in
    conflict with it. Of those the likeliest stay, ties to the lower offer.

    `pairs`: household_id, offer_id, category_id, conflict_id, left_out, p_purchase (null for what
    is not bought), pin (null for what is not pinned; what is pinned counts as likely). Whether an
    offer is in its control share makes no difference, so that who is in it would have got the same
    list.
    """
    in_way = [*_KEYS, "_category", "_group", "p_purchase"]
    considered = pairs.filter(
        pl.col("left_out").is_null() | (pl.col("left_out") == LeftOut.CONTROL)
    ).with_columns(_bound("category_id").alias("_category"), _bound("conflict_id").alias("_group"))
    too_low = (pl.col("p_purchase") < by.least_chance).fill_null(False)
    is_unlikely = too_low & pl.col("pin").is_null()
    unlikely = considered.filter(is_unlikely).select(in_way)
    if unlikely.is_empty():
        return pairs
    likely = considered.filter(~is_unlikely).select(in_way)
    refused = unlikely.join(_not_in_the_way(unlikely, likely, by), on=_KEYS, how="anti")
    marked = refused.select(*_KEYS, pl.lit(str(LeftOut.UNLIKELY)).alias("_reason"))
    return (
        pairs.join(marked, on=_KEYS, how="left", maintain_order="left")
        .with_columns(pl.coalesce("_reason", "left_out").alias("left_out"))
        .drop("_reason")
    )


def _bound(column: str) -> pl.Expr:
    """A category or conflict group; one that is null binds with nothing."""
    return pl.coalesce(column, -1 - pl.col("offer_id"))


def _not_in_the_way(unlikely: pl.DataFrame, likely: pl.DataFrame, by: Likely) -> pl.DataFrame:
    """The unlikely pairs that likely ones leave room for: household_id, offer_id."""
    taken = likely.group_by("household_id", "_category").agg(
        pl.col("_group").n_unique().clip(upper_bound=by.category_max).cast(pl.Int64).alias("taken")
    )
    fit = taken.group_by("household_id").agg(pl.col("taken").sum().alias("fit"))
    best_first = ["household_id", "p_purchase", "offer_id"]
    rank = pl.int_range(1, pl.len() + 1)
    return (
        unlikely.join(likely, on=["household_id", "_group"], how="anti")
        .join(fit, on="household_id", how="left")
        .filter(pl.col("fit").fill_null(0) < by.slots)
        .join(taken, on=["household_id", "_category"], how="left")
        .sort(best_first, descending=[False, True, False])
        .unique(["household_id", "_group"], keep="first", maintain_order=True)
        .filter(
            rank.over("household_id", "_category") + pl.col("taken").fill_null(0) <= by.category_max
        )
        .filter(rank.over("household_id") + pl.col("fit").fill_null(0) <= by.slots)
        .select(_KEYS)
    )


PROMISED = ("household_id", "offer_id", "left_out", "p_purchase")
"""What `promised_chances` asks of pairs."""


def promised_chances(pairs: pl.DataFrame, exposed: pl.Series, room: pl.DataFrame) -> pl.DataFrame:
    """The least chance that an offer needs with which it was promised: offer_id, least_chance.

    An offer with a guarantee of so many copies keeps its likeliest households, as many as that,
    however unlikely they are. `pairs` in the columns `PROMISED`; `exposed` are the households that
    get offers; `room` has offer_id, circulation_min.
    """
    chance = pl.col("p_purchase").sort(descending=True)
    last = pl.min_horizontal(pl.col("circulation_min").first(), pl.len()) - 1
    return (
        pairs.filter(
            pl.col("household_id").is_in(exposed.implode()),
            pl.col("left_out").is_null() | (pl.col("left_out") == LeftOut.UNLIKELY),
        )
        .join(promised_offers(room), on="offer_id")
        .group_by("offer_id")
        .agg(chance.get(last).alias("least_chance"))
    )


def promised_offers(room: pl.DataFrame) -> pl.DataFrame:
    """The offers with a guarantee: offer_id, circulation_min."""
    return room.filter(pl.col("circulation_min") > 0).select("offer_id", "circulation_min")


def keep_promises(pairs: pl.DataFrame, promised: pl.DataFrame) -> pl.DataFrame:
    """The pairs, with unlikely ones given back to offers that could not be promised without.

    `promised` as `promised_chances` gives it. Held-out households as likely as those it counted
    count the same.
    """
    if promised.is_empty():
        return pairs
    kept = (pl.col("left_out") == LeftOut.UNLIKELY) & (
        pl.col("p_purchase") >= pl.col("least_chance")
    )
    return (
        pairs.join(promised, on="offer_id", how="left", maintain_order="left")
        .with_columns(
            pl.when(kept.fill_null(False)).then(None).otherwise("left_out").alias("left_out")
        )
        .drop("least_chance")
    )
