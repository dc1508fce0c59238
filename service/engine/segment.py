"""Segment households: who is eligible, what they are worth, how they buy each category.

The thresholds are the constants below, described in docs/forecast.md. All functions use only rows
before the as-of date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

# A household prefers a kind of brand if at least this share of its units in the category is of it.
BRAND_SHARE = 2 / 3
NATIONAL, STORE, SWITCHER = "national_brand", "store_brand", "switcher"
LIGHT, MEDIUM, HEAVY = "light", "medium", "heavy"

MOST_VALUABLE, MOST_GROWABLE, BELOW_ZERO, REGULAR = (
    "most_valuable",
    "most_growable",
    "below_zero",
    "regular",
)
# The top fifth by value is most valuable; of the others, the top fifth by potential most growable.
TOP_SHARE = 0.2
# Households are similar if they are in the same fifth by spend.
PEER_BANDS = 5
# The benchmark in a category: three quarters of the similar households that buy it spend less.
BENCHMARK = 0.75
TREND_WEEKS = 8
# Spend added to both sides of the trend, so that small sums change it little.
TREND_PRIOR_CENTS = 1000.0
ROWS_AT_ONCE = 4_000_000
"""So many sums of households in categories are compared at a time."""


def eligible_households(
    history: pl.DataFrame, *, as_of: date, weeks: int = 8, weekly_spend_cents: int = 2500
) -> pl.DataFrame:
    """Households that spend enough to get a list: `weekly_spend_cents` or more a week.

    Counts rows in [as_of - weeks, as_of); returned goods reduce the spend. Returns `household_id`
    and `weekly_spend_cents` (rounded down), sorted by household.
    """
    return (
        _last_weeks(history, as_of=as_of, weeks=weeks)
        .group_by("household_id")
        .agg(pl.col("amount_cents").sum())
        .filter(pl.col("amount_cents") >= weekly_spend_cents * weeks)
        .select("household_id", weekly_spend_cents=pl.col("amount_cents") // weeks)
        .sort("household_id")
    )


def unit_counts(purchases: pl.DataFrame, *, as_of: date, weeks: int = 26) -> pl.DataFrame:
    """How many households bought so many units of a category: category_id, units, buyers.

    What is counted of some households can be put below what is counted of others.
    """
    units = _units(purchases, as_of=as_of, weeks=weeks)
    return units.group_by("category_id", "units").agg(pl.len().cast(pl.Int64).alias("buyers"))


def usage_bounds(counts: pl.DataFrame) -> pl.DataFrame:
    """The units from which a buyer of a category counts as medium or heavy.

    The buyers of a category are divided into thirds by units; ties go to the lighter third.
    `counts` are the `unit_counts` of all households. Returns `category_id`, `medium_from` and
    `heavy_from` (null if no buyer is), sorted by category. `cells` needs nothing else about other
    households.
    """
    buyers = pl.col("buyers")
    fewer = buyers.cum_sum().over("category_id") - buyers
    return (
        counts.group_by("category_id", "units")
        .agg(buyers.sum())
        .sort("category_id", "units")
        .with_columns(third=3 * fewer // buyers.sum().over("category_id"))
        .group_by("category_id")
        .agg(
            pl.col("units").filter(pl.col("third") >= 1).min().alias("medium_from"),
            pl.col("units").filter(pl.col("third") >= 2).min().alias("heavy_from"),
        )
        .sort("category_id")
    )


def _units(purchases: pl.DataFrame, *, as_of: date, weeks: int) -> pl.DataFrame:
    """Units, spend and share of the store brand, by household and category."""
    units = pl.col("quantity").sum()
    store_brand = pl.col("quantity").filter(pl.col("private_label").fill_null(False)).sum()
    return (
        _last_weeks(purchases, as_of=as_of, weeks=weeks)
        .filter((pl.col("quantity") > 0) & pl.col("category_id").is_not_null())
        .group_by("household_id", "category_id")
        .agg(
            units.alias("units"),
            pl.col("amount_cents").sum().alias("spend_cents"),
            (store_brand / units).alias("store_brand_share"),
        )
    )


def cells(
    purchases: pl.DataFrame,
    *,
    as_of: date,
    weeks: int = 26,
    bounds: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The cell, one of nine, of each household in each category it bought in the last weeks.

    `purchases` has `household_id`, `category_id`, `quantity`, `amount_cents`, `purchased_at` and
    `private_label`. If it holds only some households, `bounds` must be the `usage_bounds` of all.

    Returns, sorted by household and category: `household_id`, `category_id`, `units`,
    `spend_cents`, `store_brand_share` (of units), and

    - `brand`: `store_brand` from a share of two thirds, `national_brand` up to one third, else
      `switcher`.
    - `usage`: `light`, `medium` or `heavy`, the third of the category's buyers by units.
    - `cell`: both, such as `switcher_heavy`.
    """
    if bounds is None:
        bounds = usage_bounds(unit_counts(purchases, as_of=as_of, weeks=weeks))
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


def category_spend(purchases: pl.DataFrame, *, as_of: date, weeks: int = 26) -> pl.DataFrame:
    """What households paid in each category: household_id, category_id, spend_cents.

    The category is null for goods of none. The sums of some households can be put below those of
    others.
    """
    return (
        _last_weeks(purchases, as_of=as_of, weeks=weeks)
        .group_by("household_id", "category_id")
        .agg(pl.col("amount_cents").sum().alias("spend_cents"))
    )


def share_of_customer(spend: pl.DataFrame) -> pl.DataFrame:
    """Estimate the share of its spend in a category that a household spends with us.

    `spend` is the `category_spend` of all households. The benchmark of a category is the spend that
    three quarters of its buyers stay below, among similar households (those in the same fifth by
    total spend). Returns, for each category that a household bought, `household_id`, `category_id`,
    `spend_cents`, `benchmark_cents`, `share` (spend over benchmark, at most 1) and
    `potential_cents` (benchmark less spend, at least 0), sorted by household and category. Only our
    own tills are known, not those of other retailers.
    """
    return _shares(spend, _peer_bands(spend)).sort("household_id", "category_id")


def _peer_bands(spend: pl.DataFrame) -> pl.DataFrame:
    """The fifth by total spend that each household is in: household_id, band."""
    totals = spend.group_by("household_id").agg(pl.col("spend_cents").sum().alias("total"))
    rank = pl.col("total").rank("ordinal") - 1
    return totals.sort("household_id").select(
        "household_id", band=(PEER_BANDS * rank // pl.len()).cast(pl.Int64)
    )


def _shares(spend: pl.DataFrame, bands: pl.DataFrame) -> pl.DataFrame:
    peers = (
        pl.col("spend_cents")
        .quantile(BENCHMARK, interpolation="linear")
        .over("category_id", "band")
        .round()
        .cast(pl.Int64)
    )
    gap = pl.col("benchmark_cents") - pl.col("spend_cents")
    return (
        spend.filter(pl.col("category_id").is_not_null() & (pl.col("spend_cents") > 0))
        .join(bands, on="household_id")
        .with_columns(benchmark_cents=peers)
        .select(
            "household_id",
            "category_id",
            "spend_cents",
            "benchmark_cents",
            (pl.col("spend_cents") / pl.col("benchmark_cents")).clip(0.0, 1.0).alias("share"),
            pl.when(gap > 0).then(gap).otherwise(0).alias("potential_cents"),
        )
    )


def _potentials(spend: pl.DataFrame) -> pl.DataFrame:
    """The potential of households over all categories: household_id, potential_cents.

    No category asks for another, so that some of them after others are in memory.
    """
    bands, parts = _peer_bands(spend), spend.height // ROWS_AT_ONCE + 1
    of_part = pl.col("category_id") % parts
    potential = pl.col("potential_cents").sum()
    return pl.concat(
        _shares(spend.filter(of_part == part), bands).group_by("household_id").agg(potential)
        for part in range(parts)
    ).group_by("household_id").agg(potential)  # fmt: skip


def ranks_by_spend(spend: pl.DataFrame) -> pl.DataFrame:
    """The rank of households by what they spent: household_id, worth_decile, tier; by household.

    `spend` is the `category_spend` of all. The decile is that of `worth_deciles`, the tier the
    class of `worth` where no margin is known.
    """
    households = (
        spend.group_by("household_id")
        .agg(pl.col("spend_cents").sum())
        .with_columns(margin_cents=pl.lit(None, pl.Int64))
    )
    classes = _classify(_with_potential(households, spend))
    return worth_deciles(households).join(
        classes.select("household_id", tier="worth"), on="household_id", maintain_order="left"
    )


def worth(purchases: pl.DataFrame, *, as_of: date, weeks: int = 26) -> pl.DataFrame:
    """What each household with a purchase in the last `weeks` weeks is worth.

    `purchases` has the columns `category_spend` reads, `basket_id` and, if known, `cost_cents` of
    each row. Returns, sorted by household:

    - `household_id`, `spend_cents`.
    - `margin_cents`: null unless the cost of every row is known.
    - `trips_per_week`.
    - `trend`: log of the weekly spend in the last eight weeks over that in the weeks before, shrunk
      to 0.
    - `potential_cents`: the sum over all categories.
    - `worth`: by value, which is the margin, or the spend if no margin is known: `below_zero` (0 or
      below), `most_valuable` (the top fifth of the others), `most_growable` (of those left, the top
      fifth by potential) or `regular`.
    """
    recent = _last_weeks(purchases, as_of=as_of, weeks=weeks)
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
    households = recent.group_by("household_id").agg(
        amount.sum().alias("spend_cents"),
        pl.when(cost.null_count() == 0).then(amount.sum() - cost.sum()).alias("margin_cents"),
        (pl.col("basket_id").n_unique() / weeks).alias("trips_per_week"),
        (pl.max_horizontal(now, 1.0) / pl.max_horizontal(then, 1.0)).log().alias("trend"),
    )
    spend = category_spend(purchases, as_of=as_of, weeks=weeks)
    return _classify(_with_potential(households, spend)).sort("household_id")


def _with_potential(households: pl.DataFrame, spend: pl.DataFrame) -> pl.DataFrame:
    return households.join(_potentials(spend), on="household_id", how="left").with_columns(
        pl.col("potential_cents").fill_null(0)
    )


def _classify(households: pl.DataFrame) -> pl.DataFrame:
    """Add the class `worth`. Ties are ordered by household, so that the result is deterministic."""
    value = pl.coalesce("margin_cents", "spend_cents")
    ordered = households.with_columns(value=value).sort(
        "value", "household_id", descending=[True, False]
    )
    below = ordered.filter(pl.col("value") <= 0).with_columns(worth=pl.lit(BELOW_ZERO))
    rest = ordered.filter(pl.col("value") > 0)
    top = rest.head(_top_count(rest.height)).with_columns(worth=pl.lit(MOST_VALUABLE))
    others = rest.slice(top.height).sort(
        "potential_cents", "household_id", descending=[True, False]
    )
    growable = others.head(_top_count(others.height)).with_columns(worth=pl.lit(MOST_GROWABLE))
    regular = others.slice(growable.height).with_columns(worth=pl.lit(REGULAR))
    return pl.concat([below, top, growable, regular]).drop("value")


def _top_count(size: int) -> int:
    return round(TOP_SHARE * size)


def _last_weeks(frame: pl.DataFrame, *, as_of: date, weeks: int) -> pl.DataFrame:
    day = pl.col("purchased_at").cast(pl.Date)
    return frame.filter((day >= as_of - timedelta(weeks=weeks)) & (day < as_of))


def worth_deciles(households: pl.DataFrame) -> pl.DataFrame:
    """The decile of each household by worth, from 1 to 10 (the best).

    `households` has `household_id`, `spend_cents` and `margin_cents` as `worth` returns them. The
    value of a household is its margin, or its spend if no margin is known; ties are ordered by
    household. Returns `household_id` and `worth_decile`, sorted by household.
    """
    value = pl.coalesce("margin_cents", "spend_cents")
    ordered = households.with_columns(value=value).sort("value", "household_id")
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
    """Limits of the face value of a list, in cents, for the lowest and the highest decile.

    A list should reach the floor and never exceeds the ceiling. Both grow linearly from decile 1
    (`_least`) to decile 10 (`_best`).
    """

    floor_least: int
    floor_best: int
    ceiling_least: int
    ceiling_best: int

    def limits(self, decile: int) -> tuple[int, int]:
        """Floor and ceiling of a decile (1 to 10), rounded down to whole cents."""
        return (
            self.floor_least + (self.floor_best - self.floor_least) * (decile - 1) // 9,
            self.ceiling_least + (self.ceiling_best - self.ceiling_least) * (decile - 1) // 9,
        )

    def add_limits(self, deciles: pl.DataFrame) -> pl.DataFrame:
        """Add `face_value_floor_cents` and `face_value_ceiling_cents` to a frame of deciles."""
        each = [self.limits(decile) for decile in range(1, 11)]
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
