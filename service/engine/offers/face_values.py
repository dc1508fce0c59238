"""The face values of an offer: one for all, or nine by cell."""

import json

import polars as pl

from service.engine.allocate.value import CELLS


def face_values(offers: pl.DataFrame) -> pl.DataFrame:
    """The amounts of offers that have nine: offer_id, cell, cell_face_cents."""
    rows = [
        (offer_id, cell, cents)
        for offer_id, given in offers.select("offer_id", "face_values").iter_rows()
        for cell, cents in zip(CELLS, json.loads(given), strict=False)
    ]
    schema = {"offer_id": pl.Int64, "cell": pl.String, "cell_face_cents": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def supplier_share() -> pl.Expr:
    """The part (0-1) of the face value that the supplier bears, its cap on a use considered.

    Columns: face_value_cents, funding_share (per cent), funding_cap_cents (null for none).
    """
    share = pl.col("funding_share") / 100
    capped = pl.min_horizontal(share, pl.col("funding_cap_cents") / pl.col("face_value_cents"))
    return pl.when(pl.col("face_value_cents") > 0).then(capped).otherwise(share)
