"""What the retailer earns on one more unit sold at full price."""

import polars as pl


def with_margins(offers: pl.DataFrame, costs: pl.DataFrame, *, margin_percent: int) -> pl.DataFrame:
    """`offers` with `margin_cents` (Float64), the margin of one unit of an offer's products.

    `costs`: offer_id, price_cents, cost_cents (null where not known), a row a product. A product's
    margin is its price less its cost, or `margin_percent` of the price where its cost is not known;
    an offer's is the median of its products' margins (of an even number the mean of the two in the
    middle). An offer with no cost known, or not in `costs`, has `margin_percent` of its
    `price_cents`. A product that costs more than its price has a margin below 0: selling more of it
    loses that much.
    """
    price, cost = pl.col("price_cents"), pl.col("cost_cents")
    of_product = pl.coalesce(price - cost, _assumed(margin_percent))
    known = (
        costs.filter(price.is_not_null())
        .group_by("offer_id")
        .agg(of_product.median().alias("known_margin"), cost.is_not_null().any().alias("is_known"))
        .filter("is_known")
        .select("offer_id", "known_margin")
    )
    return (
        offers.join(known, on="offer_id", how="left", maintain_order="left")
        .with_columns(pl.coalesce("known_margin", _assumed(margin_percent)).alias("margin_cents"))
        .drop("known_margin")
    )


def _assumed(margin_percent: int) -> pl.Expr:
    return pl.col("price_cents") * margin_percent / 100
