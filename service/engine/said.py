"""What households said that moves what they are expected to buy, and households scored with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from service.engine.answers import at_pace, no_homes, no_paces
from service.engine.diets import Needs
from service.engine.predict import Model, beginners, score
from service.engine.wishes import (
    ABOUT_US,
    GENERAL,
    WishAct,
    censored,
    no_wishes,
    told,
)

_KEYS = ["household_id", "item_id"]


@dataclass(frozen=True, slots=True)
class Said:
    """What some households say now.

    Of items (`WISHES`), of who lives there (`answers.HOMES`), by how much their number changed
    (`answers.PACES`), and what they do not eat.
    """

    wishes: pl.DataFrame = field(default_factory=no_wishes)
    homes: pl.DataFrame = field(default_factory=no_homes)
    paces: pl.DataFrame = field(default_factory=no_paces)
    needs: Needs = field(default_factory=Needs)

    def frames(self) -> Iterator[pl.DataFrame]:
        """All of it."""
        yield from (self.wishes, self.homes, self.paces)
        yield from self.needs.frames()

    def scored(
        self,
        model: Model,
        purchases: pl.DataFrame,
        *,
        as_of: date,
        horizon_days: int,
        lead_days: int = 0,
        found: pl.DataFrame | None = None,
    ) -> pl.DataFrame:
        """Chance and date of every item each household has bought, and of some it never bought.

        The latter are `found` (household_id, item_id, p_purchase) and the goods of who lives there;
        they have nothing but their chance. `said` is what the household said that made an item what
        it is (`WishAct` or `ABOUT_US`), else null. Items it does not want, and new ones that do not
        suit it, have no row. Lists begin `lead_days` after `as_of`.
        """
        scores = score(
            model,
            at_pace(censored(purchases, self.wishes, as_of=as_of), self.paces),
            as_of=as_of,
            horizon_days=horizon_days,
            lead_days=lead_days,
        )
        if found is not None:
            scores = pl.concat([scores, self.needs.suited(found, "item_id")], how="diagonal")
        begins_on = date.fromordinal(as_of.toordinal() + lead_days)
        scores = told(scores, self.of_items(), as_of=as_of, begins_on=begins_on, seen=purchases)
        if not self.paces.is_empty():
            scores = self._paced(scores, purchases)
        if self.homes.is_empty():
            return scores
        goods = self.homes.filter("is_there").select("group", "item_id").unique().sort("item_id")
        wanted = self._wanted(beginners(model, goods, horizon_days=horizon_days), purchases)
        wanted = self.needs.suited(wanted, "item_id")
        others = scores.join(wanted, on=_KEYS, how="anti", maintain_order="left")
        return pl.concat([others, wanted], how="diagonal")

    def general(
        self,
        model: Model,
        items: pl.DataFrame,
        household_ids: Sequence[int],
        *,
        as_of: date,
        horizon_days: int,
        lead_days: int = 0,
    ) -> pl.DataFrame:
        """The same for households of which no purchase is read: `items` are `general.ITEMS`.

        Each has all of them, but what it does not want or does not suit it, and the goods of who
        lives there. `said` is `GENERAL` where it said nothing else.
        """
        dates = dict.fromkeys(("expected_on", "last_bought_on"), pl.Date)
        unknown = dict.fromkeys(("interval_days", "interval_low_days", "interval_high_days"))
        everybody = pl.DataFrame({"household_id": household_ids}, {"household_id": pl.Int64})
        scores = (
            everybody.sort("household_id")
            .join(items, how="cross")
            .with_columns(
                *(pl.lit(None, kind).alias(name) for name, kind in dates.items()),
                *(pl.lit(None, pl.Float64).alias(name) for name in unknown),
            )
        )
        nothing = everybody.clear().with_columns(
            pl.lit(None, pl.Int64).alias("item_id"), pl.lit(None, pl.Datetime).alias("purchased_at")
        )
        scores = told(
            self.needs.suited(scores, "item_id"),
            self.of_items(),
            as_of=as_of,
            begins_on=date.fromordinal(as_of.toordinal() + lead_days),
            seen=nothing,
        )
        if not self.homes.is_empty():
            goods = self.homes.filter("is_there").select("group", "item_id").unique()
            chances = beginners(model, goods.sort("item_id"), horizon_days=horizon_days)
            wanted = self._wanted(chances, scores.select(_KEYS))
            scores = pl.concat([scores, self.needs.suited(wanted, "item_id")], how="diagonal")
        return scores.with_columns(pl.col("said").fill_null(GENERAL))

    def of_items(self) -> pl.DataFrame:
        """What counts of items: what is said of one itself, else of who needs such goods."""
        if self.homes.is_empty():
            return self.wishes
        absent = self.homes.filter(~pl.col("is_there")).join(self.wishes, on=_KEYS, how="anti")
        never = absent.select(
            *_KEYS,
            pl.lit(WishAct.NEVER.value).alias("act"),
            "said_on",
            pl.lit(None, pl.Date).alias("until"),
        )
        return pl.concat([self.wishes, never.unique(_KEYS, keep="first", maintain_order=True)])

    def _wanted(self, chances: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
        """The goods of who lives in a household that it never bought, if it says nothing of them.

        `chances` (item_id, p_purchase) are those of who begins to buy such goods.
        """
        return (
            self.homes.filter("is_there")
            .select(_KEYS)
            .unique()
            .join(seen, on="household_id", how="semi")
            .join(seen, on=_KEYS, how="anti")
            .join(self.wishes, on=_KEYS, how="anti")
            .join(chances, on="item_id")
            .with_columns(pl.lit(ABOUT_US).alias("said"))
            .sort("household_id", "p_purchase", "item_id", descending=[False, True, False])
        )

    def _paced(self, scores: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
        """The scores of who lives at another pace, with the real last day, and why they moved."""
        real = (
            seen.select(*_KEYS, "purchased_at")
            .join(self.paces.select("household_id", "said_on"), on="household_id")
            .group_by(_KEYS)
            .agg(pl.col("purchased_at").max().dt.date().alias("really"), pl.col("said_on").first())
        )
        joined = scores.join(real, on=_KEYS, how="left", maintain_order="left")
        is_moved = pl.col("really").is_not_null() & pl.col("last_bought_on").is_not_null()
        is_why = is_moved & (pl.col("really") <= pl.col("said_on")) & pl.col("said").is_null()
        return joined.with_columns(
            pl.when(is_moved).then("really").otherwise("last_bought_on").alias("last_bought_on"),
            pl.when(is_why).then(pl.lit(ABOUT_US)).otherwise("said").alias("said"),
        ).drop("really", "said_on")
