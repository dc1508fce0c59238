"""What the copies of a planned cycle would come to, by offer and by supplier."""

import polars as pl

from service.engine.records import DealKind
from service.engine.reserve import OpenCopies, overspend_chance

_COUNTS = ("copies", "expected_cost_cents", "reserved_cents", "worst_cost_cents",
           "face_value_cents")  # fmt: skip


def by_offer(
    offers: pl.DataFrame,
    chosen: pl.DataFrame,
    room: pl.DataFrame,
    prices: pl.DataFrame,
    *,
    scale: float,
) -> pl.DataFrame:
    """A row an offer, those without a copy among them, by offer.

    `offers`: offer_id, deal_id, supplier, title. `chosen` the allocated pairs, `room` what each
    offer had left, `prices` of the allocation (offer_id, binds). Counts and money are `scale` times
    what was planned; `missing_copies` are of the offer's guarantee, `overspend_chance` is a bound.
    """
    uses = pl.col("expected_redemptions")
    missing = (pl.col("circulation_min").fill_null(0) - pl.col("copies")).clip(lower_bound=0)
    joined = offers.select("offer_id", "deal_id", "supplier", "title")
    binds = prices.select("offer_id", "binds")
    for frame in (_sums(chosen), room, binds, _overspend_chances(chosen, room)):
        joined = joined.join(frame, on="offer_id", how="left")
    return (
        joined.with_columns(pl.col(*_COUNTS, "expected_redemptions").fill_null(0))
        .with_columns(missing.alias("missing_copies"))
        .select(
            "offer_id",
            "deal_id",
            "supplier",
            "title",
            *(_scaled(name, scale) for name in _COUNTS),
            (uses * scale).round(1),
            _scaled("budget_cents", scale).alias("budget_left_cents"),
            "overspend_chance",
            _scaled("missing_copies", scale),
            "binds",
        )
        .sort("offer_id")
    )


def by_supplier(deals: pl.DataFrame) -> pl.DataFrame:
    """The sums of what `by_offer` gives, by supplier."""
    return (
        deals.group_by("supplier")
        .agg(
            pl.len().cast(pl.Int64).alias("deals"),
            pl.col("copies", "expected_redemptions", "expected_cost_cents", "reserved_cents").sum(),
            pl.col("worst_cost_cents", "face_value_cents", "missing_copies").sum(),
        )
        .with_columns(pl.col("expected_redemptions").round(1))
        .sort("supplier")
    )


def _sums(chosen: pl.DataFrame) -> pl.DataFrame:
    return chosen.group_by("offer_id").agg(
        pl.len().cast(pl.Int64).alias("copies"),
        pl.col("expected_redemptions").sum(),
        _expected_cost().sum().alias("expected_cost_cents"),
        pl.col("cost_cents").sum().alias("reserved_cents"),
        (pl.col("use_cents") * pl.col("uses")).sum().alias("worst_cost_cents"),
        pl.col("face_value_cents").sum(),
    )


def _scaled(name: str, scale: float) -> pl.Expr:
    return (pl.col(name) * scale).round().cast(pl.Int64)


def _expected_cost() -> pl.Expr:
    """What a copy is expected to cost its payer; a partner pays for the print, whatever comes."""
    return (
        pl.when(pl.col("kind") == DealKind.PARTNER)
        .then(pl.col("cost_cents").cast(pl.Float64))
        .otherwise(pl.col("expected_redemptions") * pl.col("use_cents"))
    )


def _overspend_chances(chosen: pl.DataFrame, room: pl.DataFrame) -> pl.DataFrame:
    """A bound on the chance that the copies of an offer cost more than its budget has left."""
    left = dict(room.select("offer_id", "budget_cents").drop_nulls().iter_rows())
    groups: dict[int, list[OpenCopies]] = {}
    costs = chosen.select(
        "offer_id", pl.col("uses") * pl.col("use_cents"), _expected_cost().alias("expected")
    )
    for offer_id, most, expected in costs.iter_rows():
        if offer_id in left:
            groups.setdefault(offer_id, []).append(OpenCopies(1, most, min(expected, most)))
    rows = [(key, overspend_chance(copies, free_cents=left[key])) for key, copies in groups.items()]
    schema = {"offer_id": pl.Int64, "overspend_chance": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")
