"""What pins leave for the others: of pairs, households and offers; and both as one allocation."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from service.engine.allocate import Allocation, Shortfall
from service.engine.offers.pins import Pinned

_KEYS = ["household_id", "offer_id"]


def pairs_beside(pairs: pl.DataFrame, pinned: Pinned, households: pl.DataFrame) -> pl.DataFrame:
    """The pairs that may still be given beside what is pinned.

    Without those pinned, those in conflict with one, and those of a category that pins fill. Where
    pins take some places of a category, what is left of it is put into as many conflict groups as
    places are left, the best of each supplier first: so that no more can be given, and for the
    usual two of a category that is all that the limit says.
    """
    if pinned.given.is_empty():
        return pairs
    rest = pairs.join(pinned.given, on=_KEYS, how="anti", maintain_order="left")
    group = ["household_id", "conflict_id"]
    rest = rest.join(pinned.given, on=group, how="anti", maintain_order="left")
    of_category = ["household_id", "category_id"]
    places = (
        pinned.given.group_by(of_category)
        .agg(pl.len().cast(pl.Int64).alias("_pinned"))
        .join(households.select("household_id", "category_max"), on="household_id")
        .select(*of_category, (pl.col("category_max") - pl.col("_pinned")).alias("_places"))
    )
    counted = rest.join(places, on=of_category, how="left", maintain_order="left").filter(
        pl.col("_places").fill_null(1) > 0
    )
    best = (
        counted.filter(pl.col("_places").is_not_null())
        .group_by(*of_category, "conflict_id")
        .agg(pl.col("value_cents").max(), pl.col("_places").first())
        .sort("household_id", "value_cents", "conflict_id", descending=[False, True, False])
        .with_columns(pl.int_range(pl.len()).over(of_category).alias("_rank"))
        .select(
            *of_category,
            "conflict_id",
            # Below 0, where no conflict group is.
            (-1 - (pl.col("category_id") * _MOST_PLACES + pl.col("_rank") % pl.col("_places")))
            .alias("_merged"),
        )
    )  # fmt: skip
    return (
        counted.join(
            best, on=[*of_category, "conflict_id"], how="left", maintain_order="left",
            nulls_equal=True,
        )
        .with_columns(pl.coalesce("_merged", "conflict_id").alias("conflict_id"))
        .select(pairs.columns)
    )  # fmt: skip


_MOST_PLACES = 64
"""More than a list has of one category."""


def households_beside(households: pl.DataFrame, pinned: Pinned) -> pl.DataFrame:
    """The households with what pins leave of their slots, floor and ceiling."""
    taken = pinned.given.group_by("household_id").agg(
        pl.len().cast(pl.Int64).alias("_lines"), pl.col("face_value_cents").sum().alias("_face")
    )
    lines, face = pl.col("_lines").fill_null(0), pl.col("_face").fill_null(0)
    return (
        households.join(taken, on="household_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("slots") - lines,
            (pl.col("face_value_floor_cents") - face).clip(lower_bound=0),
            pl.col("face_value_ceiling_cents") - face,
        )
        .select(households.columns)
    )


def room_beside(room: pl.DataFrame, pinned: Pinned) -> pl.DataFrame:
    """What pins leave of each offer's limits, and of the copies it was promised."""
    taken = pinned.given.group_by("offer_id").agg(
        pl.len().cast(pl.Int64).alias("_copies"), pl.col("cost_cents").sum().alias("_cents")
    )
    copies, cents = pl.col("_copies").fill_null(0), pl.col("_cents").fill_null(0)
    return (
        room.join(taken, on="offer_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("budget_cents") - cents,
            pl.col("circulation_max") - copies,
            (pl.col("circulation_min") - copies).clip(lower_bound=0),
        )
        .select(room.columns)
    )


def with_pins(allocation: Allocation, pinned: Pinned, drafts: pl.DataFrame) -> Allocation:
    """An allocation of what pins left, with the pinned copies: what it is worth, what is kept.

    The bound is of every allocation that has these pins. Prices are of what is left beside them.
    `drafts` (household_id, offer_id) are those that were to be kept.
    """
    if pinned.given.is_empty():
        return allocation
    proof, kept = allocation.certificate, allocation.kept
    value = float(pinned.given["value_cents"].sum())
    primal, bound = proof.primal_cents + value, proof.dual_bound_cents + value
    copies: dict[int, int] = dict(pinned.given.group_by("offer_id").len().iter_rows())
    drafted = pinned.given.join(drafts, on=_KEYS, how="semi").height
    pairs = pinned.given.select(
        pl.col(name).cast(kind) for name, kind in allocation.pairs.schema.items()
    )
    return replace(
        allocation,
        pairs=pl.concat([allocation.pairs, pairs]).sort(_KEYS),
        certificate=replace(
            proof,
            primal_cents=primal,
            dual_bound_cents=bound,
            gap=(bound - primal) / max(abs(bound), 1e-9) if bound > primal else 0.0,
            value_cents=proof.value_cents + value,
            pairs=proof.pairs + pinned.given.height,
            minimums=tuple(_with_copies(each, copies) for each in proof.minimums),
        ),
        kept=replace(
            kept,
            possible=kept.possible + drafted,
            free=kept.free + drafted,
            kept=kept.kept + drafted,
        ),
    )


def _with_copies(short: Shortfall, copies: Mapping[int, int]) -> Shortfall:
    """A guarantee that was not met, with the copies that pins gave."""
    more = copies.get(int(short.offer_id), 0)
    return replace(
        short,
        circulation_min=short.circulation_min + more,
        circulation=short.circulation + more,
        reachable=short.reachable + more,
    )
