"""What deals are of."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Goods:
    """The goods of some deals. `products`: offer_id, gtin; `offers`: offer_id, category_id.

    `costs`: gtin, cost_cents of a unit; what is not there cost nothing that is known, and counts
    as no margin.
    """

    products: pl.DataFrame
    offers: pl.DataFrame
    costs: pl.DataFrame
