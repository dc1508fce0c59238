"""Offers for households that did not agree to a profile: nothing that they bought decides."""

from dataclasses import replace
from datetime import date

import polars as pl

from service.engine.offers.candidates import candidates
from service.engine.offers.left_out import LeftOut
from service.engine.offers.overrides import OverrideAct
from service.engine.offers.running import RunningOffers
from service.engine.offers.targeting import targets_of
from service.engine.offers.valuation import Valuation
from service.engine.records import DealKind

_OF_HOMES = "regions"
"""The only kind of target that asks for no purchase: where a household lives."""


def for_everybody(running: RunningOffers) -> RunningOffers:
    """The offers without those for buyers of a kind, at their usual amount for all.

    Offers for regions stay, and so do the wishes of households, and how often they used a deal,
    which is what its paper says. Of what people decided, pins of a cell count for nobody here, and
    an offer that is banned from a cell is left out: nobody asks who is in it.
    """
    targets = targets_of(running.offers)
    of_cell = pl.col("cell").is_not_null()
    aimed = targets.filter(pl.col("target") != _OF_HOMES)["offer_id"]
    banned = running.overrides.filter(of_cell & (pl.col("act") == OverrideAct.BAN))["offer_id"]
    kept = ~pl.col("offer_id").is_in(pl.concat([aimed, banned]).unique().implode())
    return replace(
        running,
        offers=running.offers.filter(kept).with_columns(pl.lit("[]").alias("face_values")),
        items=running.items.filter(kept),
        products=running.products.filter(kept),
        overrides=running.overrides.filter(kept & ~of_cell),
    )


def general_candidates(
    scores: pl.DataFrame,
    running: RunningOffers,
    *,
    as_of: date,
    bounds: pl.DataFrame,
    by: Valuation,
    purchases: pl.DataFrame,
) -> pl.DataFrame:
    """The offers considered for such households, as `candidates` gives them but without a cell.

    `scores` are general ones (`Said.general`), `purchases` a frame of the right columns, of which
    no row is read. Every household is taken for a light buyer that switches brands, which decides
    how offers are valued against each other. Nobody is in a control share: they are compared with
    nobody.
    """
    pairs = candidates(
        purchases.clear(), scores, for_everybody(running), as_of=as_of, bounds=bounds, by=by
    )
    product = pl.col("kind") == DealKind.PRODUCT
    percent = (pl.col("p_purchase") * 100).round(0).cast(pl.Int64)
    why = pl.format("not from its purchases; {} % of households buy such goods", percent)
    controlled = pl.col("left_out") == LeftOut.CONTROL
    return pairs.with_columns(
        pl.lit(None, pl.String).alias("cell"),
        pl.when(product & pl.col("pin").is_not_null())
        .then(pl.format("pinned; {}", why))
        .when(product)
        .then(why)
        .otherwise("why")
        .alias("why"),
        pl.when(controlled).then(None).otherwise("left_out").alias("left_out"),
    )
