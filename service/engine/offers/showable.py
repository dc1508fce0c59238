"""What a cycle's experiment on each deal will be able to show, before it is issued."""

from math import isfinite

import polars as pl

from service.engine.lift.power import Baseline, detectable

SHARES = (5, 10, 20)
"""Control shares in per cent that are compared with the deal's own."""
_PERIODS, _PERIOD_DAYS = 13, 14
SHOWABLE = {
    "offer_id": pl.Int64,
    "control_share": pl.Int64,
    "shows_from": pl.Float64,
    "shows_from_holdout": pl.Float64,
    **{f"shows_from_{share}": pl.Float64 for share in SHARES},
    **{f"withheld_{share}": pl.Int64 for share in SHARES},
}


def showable(
    deals: pl.DataFrame,
    chosen: pl.DataFrame,
    purchases: pl.DataFrame,
    products: pl.DataFrame,
    *,
    holdout_percent: int,
) -> pl.DataFrame:
    """The smallest lift of two weeks' sales that is found with 80 % power, in `SHOWABLE`.

    `deals`: offer_id, copies (of all households), control_share; `chosen`: household_id, offer_id
    of planned copies, all of them or a sample's; `purchases` before the cycle: household_id,
    purchased_at, gtin, amount_cents; `products`: offer_id, gtin. What these households paid in the
    26 weeks before says what is usual and how much it varies within a household, which is about
    what the estimate's covariates leave. `shows_from` is a share of the control's mean, against the
    deal's control share and against the cycle's holdout, null where there is none; `shows_from_N`
    is with N per cent in control, for which `withheld_N` copies fewer are given.
    """
    usual = {row["offer_id"]: Baseline(row["mean"], row["deviation"])
             for row in _usual(chosen, purchases, products).iter_rows(named=True)}  # fmt: skip
    rows = []
    for offer_id, copies, share in deals.select("offer_id", "copies", "control_share").iter_rows():
        baseline = usual.get(offer_id, Baseline(0.0, 0.0))
        picked = copies / (1 - share / 100) if share < 100 else 0.0

        def shows(
            percent: float, picked: float = picked, usual: Baseline = baseline
        ) -> float | None:
            out = percent / 100
            found = detectable(picked * (1 - out), picked * out, baseline=usual)
            return found if isfinite(found) else None

        held = copies * holdout_percent / (100 - holdout_percent) if holdout_percent < 100 else 0.0
        against = detectable(copies, held, baseline=baseline)
        rows.append(
            (
                offer_id,
                share,
                shows(share),
                against if isfinite(against) else None,
                *map(shows, SHARES),
                *(round(picked * other / 100) for other in SHARES),
            )
        )
    return pl.DataFrame(rows, SHOWABLE, orient="row")


def _usual(chosen: pl.DataFrame, purchases: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """What the households of each offer pay in two weeks: offer_id, mean, deviation (within)."""
    pairs = chosen.select("household_id", "offer_id")
    households = pairs.group_by("offer_id").agg(pl.len().alias("households"))
    if purchases.is_empty():
        return households.clear().with_columns(
            pl.lit(0.0).alias("mean"), pl.lit(0.0).alias("deviation")
        )
    days = (purchases["purchased_at"].max() - pl.col("purchased_at")).dt.total_days()
    recent = purchases.with_columns((days // _PERIOD_DAYS).alias("period")).filter(
        pl.col("period") < _PERIODS
    )
    paid = (
        recent.join(products, on="gtin")
        .join(pairs, on=["household_id", "offer_id"], how="semi")
        .group_by("offer_id", "household_id", "period")
        .agg(pl.col("amount_cents").sum().cast(pl.Float64).alias("paid"))
    )
    own = paid.group_by("offer_id", "household_id").agg(
        pl.col("paid").sum(), (pl.col("paid") ** 2).sum().alias("squares")
    )
    sums = own.group_by("offer_id").agg(
        pl.col("paid").sum(),
        (pl.col("squares") - pl.col("paid") ** 2 / _PERIODS).sum().alias("left"),
    )
    every = pl.col("households") * _PERIODS
    return households.join(sums, on="offer_id").select(
        "offer_id",
        (pl.col("paid") / every).alias("mean"),
        (pl.col("left") / (every - pl.col("households"))).sqrt().alias("deviation"),
    )
