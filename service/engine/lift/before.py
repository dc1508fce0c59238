"""What households paid in the year before a cycle's lists, counted when the lists are made.

All that reports adjust by is of then, and no window that is counted later reads it again.
"""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import polars as pl

from service.engine.lift.goods import Goods

BEFORE_DAYS = 364
SPANS = (14, 28, 56)
"""The last so many days are added up by themselves: two lengths of windows, and recent weeks."""
OF_PAIR = {
    **{f"paid_{days}_cents": pl.Int64 for days in SPANS},
    "paid_year_cents": pl.Int64,
    "category_year_cents": pl.Int64,
}
"""Of a household and a deal: paid for the deal's products (`paid_year_cents` is null where it
bought none of them), and for their category."""
OF_HOUSEHOLD = {"basket_year_cents": pl.Int64, "year_baskets": pl.Int64}
"""Of a household: paid for everything with a GTIN, and in how many baskets."""
CAPS = {
    "offer_id": pl.Int64,
    "days": pl.Int64,
    "deal_cents": pl.Int64,
    "category_cents": pl.Int64,
    "all_cents": pl.Int64,
}
"""The most that a household's money counts for in a window of so many `days`: for the deal, its
category and everything; null where nobody paid anything."""
LENGTHS = (14, 28)
"""The lengths of windows, in days."""
_WINSOR = 0.995
_FORTNIGHT = 14
"""All spans, and the year, are so many days times a whole number: days are never told apart."""


@dataclass(frozen=True, slots=True)
class Before:
    """What households paid in the `BEFORE_DAYS` before a day.

    `pairs`: household_id, offer_id and `OF_PAIR`; `households`: household_id and `OF_HOUSEHOLD`,
    one row for each that was asked for. `caps`: `CAPS`, a row for each deal and length.
    """

    pairs: pl.DataFrame
    households: pl.DataFrame
    caps: pl.DataFrame

    def of(self, picks: pl.DataFrame) -> pl.DataFrame:
        """The picks with what their households paid."""
        return picks.join(self.pairs, on=["household_id", "offer_id"], maintain_order="left").join(
            self.households, on="household_id", maintain_order="left"
        )


def paid_before(pairs: pl.DataFrame, lines: pl.DataFrame, goods: Goods, *, day: date) -> Before:
    """What the households of `pairs` (household_id, offer_id) paid before a day.

    `lines` in the columns of `service.engine.lift.outcomes.LINES`; others' and later ones are left
    out here. A cap is the 99.5th percentile of what households paid in so many days, among those
    that paid anything.
    """
    found = add_before(pairs, lines, goods, day=day)
    return Before(found.pairs, found.households, caps_of(found.amounts, goods.offers))


class AddedBefore(NamedTuple):
    """What some of the households paid, as `Before`, and how often they paid what.

    `amounts` (days, of, key, amount_cents, times) is of all deals that were asked for: those of
    some households can be added to those of others by `add_amounts`.
    """

    pairs: pl.DataFrame
    households: pl.DataFrame
    amounts: pl.DataFrame


def add_before(pairs: pl.DataFrame, lines: pl.DataFrame, goods: Goods, *, day: date) -> AddedBefore:
    """What some of the households paid before a day; see `paid_before`.

    `goods` are of all deals that any household has a pair of.
    """
    ago = (pl.lit(day) - pl.col("day")).dt.total_days()
    mine = (
        lines.filter(pl.col("household_id").is_in(pairs["household_id"].unique().implode()))
        .with_columns(((ago - 1) // _FORTNIGHT).alias("fortnight"))
        .filter(pl.col("fortnight").is_between(0, BEFORE_DAYS // _FORTNIGHT - 1))
        .select("household_id", "fortnight", "basket_id", "gtin", "category_id", "amount_cents")
    )
    by_deal = _by_fortnight(mine.join(goods.products, on="gtin"), "offer_id")
    categories = goods.offers["category_id"].unique()
    by_category = _by_fortnight(
        mine.filter(pl.col("category_id").is_in(categories.implode())), "category_id"
    )
    by_household = _by_fortnight(mine.with_columns(pl.lit(0, pl.Int64).alias("any")), "any")
    paid = pl.col("amount_cents")
    of_deal = by_deal.group_by("household_id", "offer_id").agg(
        *(
            paid.filter(pl.col("fortnight") < days // _FORTNIGHT).sum().alias(f"paid_{days}_cents")
            for days in SPANS
        ),
        paid.sum().alias("paid_year_cents"),
    )
    of_category = by_category.group_by("household_id", "category_id").agg(
        paid.sum().alias("category_year_cents")
    )
    every = mine.group_by("household_id").agg(
        paid.sum().alias("basket_year_cents"),
        pl.col("basket_id").n_unique().cast(pl.Int64).alias("year_baskets"),
    )
    return AddedBefore(
        pairs=pairs.select("household_id", "offer_id")
        .join(goods.offers, on="offer_id")
        .join(of_deal, on=["household_id", "offer_id"], how="left")
        .join(of_category, on=["household_id", "category_id"], how="left")
        .with_columns(pl.col(name).fill_null(0) for name in OF_PAIR if name != "paid_year_cents")
        .select("household_id", "offer_id", *OF_PAIR),
        households=pairs.select(pl.col("household_id").unique())
        .join(every, on="household_id", how="left")
        .with_columns(pl.col(name).fill_null(0) for name in OF_HOUSEHOLD),
        amounts=pl.concat(
            _amounts(source, key, name, days)
            for days in LENGTHS
            for source, key, name in (
                (by_deal, "offer_id", "deal_cents"),
                (by_category, "category_id", "category_cents"),
                (by_household, "any", "all_cents"),
            )
        ),
    )


def _by_fortnight(lines: pl.DataFrame, key: str) -> pl.DataFrame:
    """What each household paid in each fortnight: household_id, the key, fortnight, amount_cents.

    Fortnights are counted back, the last is 0.
    """
    return lines.group_by("household_id", key, "fortnight").agg(pl.col("amount_cents").sum())


def _amounts(source: pl.DataFrame, key: str, name: str, days: int) -> pl.DataFrame:
    """How often households paid an amount in so many days: days, of, key, amount_cents, times."""
    period = (pl.col("fortnight") // (days // _FORTNIGHT)).alias("period")
    return (
        source.group_by(key, "household_id", period)
        .agg(pl.col("amount_cents").sum())
        .filter(pl.col("amount_cents") > 0)
        .group_by(key, "amount_cents")
        .agg(pl.len().cast(pl.Int64).alias("times"))
        .select(
            pl.lit(days, pl.Int64).alias("days"),
            pl.lit(name).alias("of"),
            pl.col(key).alias("key"),
            "amount_cents",
            "times",
        )
    )


def add_amounts(*amounts: pl.DataFrame) -> pl.DataFrame:
    """How often these households together paid what; the same amounts are one row."""
    return (
        pl.concat(amounts).group_by("days", "of", "key", "amount_cents").agg(pl.col("times").sum())
    )


def caps_of(amounts: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """The `CAPS` of some deals (`offers`: offer_id, category_id) by the amounts of all households.

    A cap is the amount that the 99.5th part of all does not pass, the higher of two.
    """
    times = pl.col("times")
    of = ["days", "of", "key"]
    # As quantiles are counted: by the places from 0 to the last.
    place = ((times.sum().over(of) - 1) * _WINSOR).ceil()
    capped = (
        amounts.sort(*of, "amount_cents")
        .filter(times.cum_sum().over(of) > place)
        .group_by(of)
        .agg(pl.col("amount_cents").min())
    )

    def caps(name: str, key: str) -> pl.DataFrame:
        return capped.filter(pl.col("of") == name).select(
            "days", pl.col("key").alias(key), pl.col("amount_cents").alias(name)
        )

    return (
        pl.DataFrame({"days": LENGTHS}, {"days": pl.Int64})
        .join(offers.with_columns(pl.lit(0, pl.Int64).alias("any")), how="cross")
        .join(caps("deal_cents", "offer_id"), on=["days", "offer_id"], how="left")
        .join(caps("category_cents", "category_id"), on=["days", "category_id"], how="left")
        .join(caps("all_cents", "any"), on=["days", "any"], how="left")
        .select(*CAPS)
    )
