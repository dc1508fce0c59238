"""What each copy reserves of its offer's budget, for a whole frame of pairs.

`engine.reserve` has the same sums for one copy; a test holds the two together.
"""

import polars as pl


def use_cents() -> pl.Expr:
    """The most one use may cost the supplier: `reserve.reservation_cents` of every row.

    Columns: face_value_cents, funding_share, funding_cap_cents (null for none),
    handling_fee_cents.
    """
    share = (pl.col("face_value_cents") * pl.col("funding_share") + 50) // 100
    return pl.min_horizontal(share, "funding_cap_cents") + pl.col("handling_fee_cents")


def reserved_cents(safety: float | None) -> pl.Expr:
    """What one use reserves: `reserve.expected_reservation_cents`, or all it can cost.

    Columns: use_cents, uses, expected_redemptions. Without `safety` a copy reserves all.
    """
    if safety is None:
        return pl.col("use_cents")
    wanted = safety * pl.col("expected_redemptions") * pl.col("use_cents") / pl.col("uses")
    whole = (wanted - 1e-9).ceil().cast(pl.Int64).clip(lower_bound=0)
    return pl.min_horizontal(whole, "use_cents")
