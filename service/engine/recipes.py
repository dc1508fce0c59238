"""Which recipe a household gets: the one it has most of, by what it buys and what it is offered."""

from datetime import date, timedelta

import polars as pl

BOUGHT_WEEKS = 26
"""What a household bought in so many weeks, it buys."""
LEAST_ITEMS = 2
"""Of a recipe a household has at least so many items, or all of them where it names fewer."""
DIET_LINES = 100
"""A household is taken to follow a diet only after so many purchases without anything else."""


def bought_items(purchases: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """What households buy: household_id, item_id, `lines` (purchases of `BOUGHT_WEEKS`).

    `purchases` has household_id, item_id, purchased_at and quantity.
    """
    since = as_of - timedelta(weeks=BOUGHT_WEEKS)
    recent = (pl.col("purchased_at") >= since) & (pl.col("quantity") > 0)
    return purchases.filter(recent).group_by("household_id", "item_id").agg(pl.len().alias("lines"))


def followed_diets(bought: pl.DataFrame, without: pl.DataFrame) -> pl.DataFrame:
    """The diets that households seem to follow: household_id, diet.

    `bought` is as `bought_items` returns it; `without` has the diet and item_id of what each diet
    does without. Whoever bought little, or any of that, follows none.
    """
    enough = bought.group_by("household_id").agg(pl.col("lines").sum())
    steady = enough.filter(pl.col("lines") >= DIET_LINES).select("household_id")
    pairs = steady.join(without.select("diet").unique(), how="cross")
    broken = bought.join(without, on="item_id").select("household_id", "diet").unique()
    return pairs.join(broken, on=["household_id", "diet"], how="anti")


def items_at_hand(goods: pl.DataFrame, bought: pl.DataFrame, offered: pl.DataFrame) -> pl.DataFrame:
    """The items of recipes that households buy or are offered.

    `goods` has recipe, place (of the item in the recipe) and item_id; `bought` has household_id and
    item_id, `offered` also `line`, that of the offer on the list. Returns household_id, recipe,
    place, `bought`, and `line`: the first of its offers, null for none. One row each.
    """
    wanted = goods.select("item_id").unique()
    known = bought.select("household_id", "item_id").join(wanted, on="item_id", how="semi")
    on_offer = offered.select("household_id", "item_id", "line").join(
        wanted, on="item_id", how="semi"
    )
    return (
        pl.concat(
            [
                known.with_columns(
                    pl.lit(True).alias("bought"), pl.lit(None, pl.Int64).alias("line")
                ),
                on_offer.select(
                    "household_id", "item_id", pl.lit(False).alias("bought"), pl.col("line")
                ),
            ]
        )
        .join(goods, on="item_id")
        .group_by("household_id", "recipe", "place")
        .agg(pl.col("bought").any(), pl.col("line").min())
    )


def choose_recipes(
    at_hand: pl.DataFrame,
    recipes: pl.DataFrame,
    *,
    households: pl.DataFrame,
    followed: pl.DataFrame,
    turn: int = 0,
) -> dict[int, int]:
    """The recipe of each household that has one, by household.

    - `at_hand`: as `items_at_hand` returns it.
    - `recipes`: `recipe` (numbered in the order of their keys), `key`, `named` (its items that name
      goods), `languages` and `diets` (lists of text). All of them are in season.
    - `households`: household_id, `language` (as in `languages`), `last_key` (of the last list).
    - `followed`: household_id, diet. A recipe must suit every diet that a household follows.

    The recipe with the most items at hand is chosen; of those with as many the one with more on
    offer, then the one that lacks fewer. What is left of ties goes round the recipes from household
    to household and from `turn` to turn, so that neighbours do not all cook the same. The one of
    the last list is never chosen.
    """
    in_turn = (pl.col("recipe") - pl.col("household_id") - turn) % max(1, recipes.height)
    counted = (
        at_hand.group_by("household_id", "recipe")
        .agg(pl.len().alias("at_hand"), pl.col("line").count().alias("on_offer"))
        .join(recipes, on="recipe")
        .filter(pl.col("at_hand") >= pl.col("named").clip(upper_bound=LEAST_ITEMS))
        .join(households, on="household_id")
        .filter(
            pl.col("languages").list.contains(pl.col("language")),
            pl.col("key").ne_missing(pl.col("last_key")),
        )
    )
    unfit = (
        followed.join(recipes.select("recipe", "diets"), how="cross")
        .filter(~pl.col("diets").list.contains(pl.col("diet")))
        .select("household_id", "recipe")
    )
    best = (
        counted.join(unfit, on=["household_id", "recipe"], how="anti")
        .sort(
            "household_id", "at_hand", "on_offer", "named", in_turn,
            descending=[False, True, True, False, False],
        )
        .unique("household_id", keep="first", maintain_order=True)
    )  # fmt: skip
    return dict(best.select("household_id", "recipe").iter_rows())
