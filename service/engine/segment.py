"""Which households count, what they are worth, and how they buy each category.

Every threshold is a constant here and stands in docs/forecast.md. All functions look back from an
as-of date, which they never pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

# A household is of a brand kind when this share of its units in the category is.
BRAND_SHARE = 2 / 3
NATIONAL, STORE, SWITCHER = "national_brand", "store_brand", "switcher"
LIGHT, MEDIUM, HEAVY = "light", "medium", "heavy"

MOST_VALUABLE, MOST_GROWABLE, BELOW_ZERO, REGULAR = (
    "most_valuable",
    "most_growable",
    "below_zero",
    "regular",
)
# The upper fifth is most valuable; of the others, the upper fifth by potential most growable.
TOP_SHARE = 0.2
# Households are similar when they fall in the same fifth by spend.
PEER_BANDS = 5
# What one could spend in a category: three quarters of the similar who buy it spend less.
BENCHMARK = 0.75
TREND_WEEKS = 8
# Spend added to both sides of the trend, so that small sums say little.
TREND_PRIOR_CENTS = 1000.0


def eligible(
    history: pl.DataFrame, *, as_of: date, weeks: int = 8, weekly_spend_cents: int = 2500
) -> pl.DataFrame:
    """Households worth a list: at least `weekly_spend_cents` a week over the last `weeks` weeks.

    Counts rows in [as_of - weeks, as_of); returns reduce the spend. Returns `household_id`,
    `weekly_spend_cents` (rounded down), sorted by household.
    """
    return (
        _between(history, as_of=as_of, weeks=weeks)
        .group_by("household_id")
        .agg(pl.col("amount_cents").sum())
        .filter(pl.col("amount_cents") >= weekly_spend_cents * weeks)
        .select("household_id", weekly_spend_cents=pl.col("amount_cents") // weeks)
        .sort("household_id")
    )


def usage_bounds(purchases: pl.DataFrame, *, as_of: date, weeks: int = 26) -> pl.DataFrame:
    """From how many units on a buyer of a category is a medium or a heavy one.

    Thirds of the category's buyers by units, ties to the lighter. Returns `category_id,
    medium_from, heavy_from` (null where nobody is); sorted. It is all that `cells` needs of the
    other households.
    """
    units = _units(purchases, as_of=as_of, weeks=weeks)
    fewer = pl.col("units").rank("min").over("category_id") - 1
    buyers = pl.len().over("category_id")
    return (
        units.with_columns(third=3 * fewer // buyers)
        .group_by("category_id")
        .agg(
            pl.col("units").filter(pl.col("third") >= 1).min().alias("medium_from"),
            pl.col("units").filter(pl.col("third") >= 2).min().alias("heavy_from"),
        )
        .sort("category_id")
    )


def _units(purchases: pl.DataFrame, *, as_of: date, weeks: int) -> pl.DataFrame:
    """Units, spend and the store brand's share by household and category."""
    units = pl.col("quantity").sum()
    own = pl.col("quantity").filter(pl.col("private_label").fill_null(False)).sum()
    return (
        _between(purchases, as_of=as_of, weeks=weeks)
        .filter((pl.col("quantity") > 0) & pl.col("category_id").is_not_null())
        .group_by("household_id", "category_id")
        .agg(
            units.alias("units"),
            pl.col("amount_cents").sum().alias("spend_cents"),
            (own / units).alias("store_brand_share"),
        )
    )


def cells(
    purchases: pl.DataFrame,
    *,
    as_of: date,
    weeks: int = 26,
    bounds: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The cell of nine of each household in each category it bought in the last `weeks` weeks.

    `bounds` are the `usage_bounds` of all households, when `purchases` holds only some of them.
    `purchases` has `household_id, category_id, quantity, amount_cents, purchased_at,
    private_label`. Returns `household_id, category_id, units, spend_cents, store_brand_share`
    (of units), `brand` (`store_brand` from two thirds on, `national_brand` up to one third, else
    `switcher`), `usage` (`light`, `medium`, `heavy`: thirds of the category's buyers by units,
    ties to the lighter) and `cell` such as `switcher_heavy`; sorted by household and category.
    """
    if bounds is None:
        bounds = usage_bounds(purchases, as_of=as_of, weeks=weeks)
    share = pl.col("store_brand_share")
    return (
        _units(purchases, as_of=as_of, weeks=weeks)
        .join(bounds, on="category_id", how="left")
        .with_columns(
            brand=pl.when(share >= BRAND_SHARE - 1e-9)
            .then(pl.lit(STORE))
            .when(share <= 1 - BRAND_SHARE + 1e-9)
            .then(pl.lit(NATIONAL))
            .otherwise(pl.lit(SWITCHER)),
            usage=pl.when(pl.col("units") >= pl.col("heavy_from"))
            .then(pl.lit(HEAVY))
            .when(pl.col("units") >= pl.col("medium_from"))
            .then(pl.lit(MEDIUM))
            .otherwise(pl.lit(LIGHT)),
        )
        .drop("medium_from", "heavy_from")
        .with_columns(cell=pl.format("{}_{}", "brand", "usage"))
        .sort("household_id", "category_id")
    )


def share_of_customer(purchases: pl.DataFrame, *, as_of: date, weeks: int = 26) -> pl.DataFrame:
    """How much of a household's likely spend in a category we have, against similar households.

    Similar are households in the same fifth by total spend. The benchmark of a category is the
    spend that three quarters of its buyers among them stay below. Returns `household_id,
    category_id, spend_cents, benchmark_cents, share` (spend over benchmark, at most 1) and
    `potential_cents` (what is missing to the benchmark) for every category a household bought;
    sorted. It is an estimate from our own tills alone: nobody else's are seen.
    """
    recent = _between(purchases, as_of=as_of, weeks=weeks)
    home = recent.group_by("household_id").agg(pl.col("amount_cents").sum().alias("total"))
    rank = pl.col("total").rank("ordinal") - 1
    bands = home.sort("household_id").select(
        "household_id", band=(PEER_BANDS * rank // pl.len()).cast(pl.Int64)
    )
    spend = (
        recent.filter(pl.col("category_id").is_not_null())
        .group_by("household_id", "category_id")
        .agg(pl.col("amount_cents").sum().alias("spend_cents"))
        .filter(pl.col("spend_cents") > 0)
        .join(bands, on="household_id")
    )
    peers = (
        pl.col("spend_cents")
        .quantile(BENCHMARK, interpolation="linear")
        .over("category_id", "band")
        .round()
        .cast(pl.Int64)
    )
    gap = pl.col("benchmark_cents") - pl.col("spend_cents")
    return (
        spend.with_columns(benchmark_cents=peers)
        .select(
            "household_id",
            "category_id",
            "spend_cents",
            "benchmark_cents",
            (pl.col("spend_cents") / pl.col("benchmark_cents")).clip(0.0, 1.0).alias("share"),
            pl.when(gap > 0).then(gap).otherwise(0).alias("potential_cents"),
        )
        .sort("household_id", "category_id")
    )


def worth(purchases: pl.DataFrame, *, as_of: date, weeks: int = 26) -> pl.DataFrame:
    """What each household with a purchase in the last `weeks` weeks is worth.

    `purchases` has the columns of `share_of_customer`, `basket_id`, and where known `cost_cents`
    of each row. Returns `household_id, spend_cents, margin_cents` (null unless every row's cost is
    known), `trips_per_week`, `trend` (log of weekly spend in the last eight weeks over the weeks
    before, shrunk to 0), `potential_cents` (over all categories) and `worth`: `below_zero` (margin,
    or spend where no margin is known, not above 0), `most_valuable` (the upper fifth of the rest
    by the same), `most_growable` (of those left, the upper fifth by potential) or `regular`;
    sorted by household.
    """
    recent = _between(purchases, as_of=as_of, weeks=weeks)
    if "cost_cents" not in recent.columns:
        recent = recent.with_columns(cost_cents=pl.lit(None, dtype=pl.Int64))
    day = pl.col("purchased_at").cast(pl.Date)
    late = day >= as_of - timedelta(weeks=TREND_WEEKS)
    amount, cost = pl.col("amount_cents"), pl.col("cost_cents")
    early_weeks = max(weeks - TREND_WEEKS, 1)
    now = (amount.filter(late).sum() + TREND_PRIOR_CENTS) / TREND_WEEKS
    then = (
        amount.filter(~late).sum() + TREND_PRIOR_CENTS * early_weeks / TREND_WEEKS
    ) / early_weeks
    homes = recent.group_by("household_id").agg(
        amount.sum().alias("spend_cents"),
        pl.when(cost.null_count() == 0).then(amount.sum() - cost.sum()).alias("margin_cents"),
        (pl.col("basket_id").n_unique() / weeks).alias("trips_per_week"),
        (pl.max_horizontal(now, 1.0) / pl.max_horizontal(then, 1.0)).log().alias("trend"),
    )
    potential = (
        share_of_customer(purchases, as_of=as_of, weeks=weeks)
        .group_by("household_id")
        .agg(pl.col("potential_cents").sum())
    )
    found = homes.join(potential, on="household_id", how="left").with_columns(
        pl.col("potential_cents").fill_null(0)
    )
    return _classed(found).sort("household_id")


def _classed(homes: pl.DataFrame) -> pl.DataFrame:
    """Each household's class; ties go by household, so the classes are the same every time."""
    value = pl.coalesce("margin_cents", "spend_cents")
    ordered = homes.with_columns(value=value).sort(
        "value", "household_id", descending=[True, False]
    )
    below = ordered.filter(pl.col("value") <= 0).with_columns(worth=pl.lit(BELOW_ZERO))
    rest = ordered.filter(pl.col("value") > 0)
    top = rest.head(_top(rest.height)).with_columns(worth=pl.lit(MOST_VALUABLE))
    others = rest.slice(top.height).sort(
        "potential_cents", "household_id", descending=[True, False]
    )
    growable = others.head(_top(others.height)).with_columns(worth=pl.lit(MOST_GROWABLE))
    regular = others.slice(growable.height).with_columns(worth=pl.lit(REGULAR))
    return pl.concat([below, top, growable, regular]).drop("value")


def _top(size: int) -> int:
    return round(TOP_SHARE * size)


def _between(frame: pl.DataFrame, *, as_of: date, weeks: int) -> pl.DataFrame:
    day = pl.col("purchased_at").cast(pl.Date)
    return frame.filter((day >= as_of - timedelta(weeks=weeks)) & (day < as_of))


def worth_deciles(homes: pl.DataFrame) -> pl.DataFrame:
    """The tenth each household falls into by worth, 10 the best: household_id, worth_decile.

    `homes` has `household_id, spend_cents, margin_cents` as `worth` gives them; a household counts
    by its margin where that is known. Ties go by household; sorted by household.
    """
    value = pl.coalesce("margin_cents", "spend_cents")
    ordered = homes.with_columns(value=value).sort("value", "household_id")
    return (
        ordered.with_row_index("place")
        .select(
            "household_id",
            (10 * pl.col("place").cast(pl.Int64) // pl.len() + 1)
            .cast(pl.Int64)
            .alias("worth_decile"),
        )
        .sort("household_id")
    )


@dataclass(frozen=True, slots=True)
class FaceValueBand:
    """What lists are worth on paper, in cents, from the least tenth of households to the best.

    A list should come to the floor and never passes the ceiling; both grow evenly from tenth to
    tenth.
    """

    floor_least: int
    floor_best: int
    ceiling_least: int
    ceiling_best: int

    def of(self, decile: int) -> tuple[int, int]:
        """Floor and ceiling of a tenth (1 to 10), rounded down to whole cents."""
        return (
            self.floor_least + (self.floor_best - self.floor_least) * (decile - 1) // 9,
            self.ceiling_least + (self.ceiling_best - self.ceiling_least) * (decile - 1) // 9,
        )

    def bands(self, deciles: pl.DataFrame) -> pl.DataFrame:
        """`deciles` with `face_value_floor_cents` and `face_value_ceiling_cents`."""
        each = [self.of(decile) for decile in range(1, 11)]
        table = pl.DataFrame(
            [(decile, *band) for decile, band in enumerate(each, start=1)],
            {
                "worth_decile": pl.Int64,
                "face_value_floor_cents": pl.Int64,
                "face_value_ceiling_cents": pl.Int64,
            },
            orient="row",
        )
        return deciles.join(table, on="worth_decile", how="left", maintain_order="left")
