"""Compile the loops ahead of their first use."""

import polars as pl

from service.engine.allocate import PriceBook, Terms, allocate, allocate_household

_CATEGORIES = 3


def warm(households: int = 8, offers: int = 6) -> None:
    """Allocate a small market once, so that every loop is compiled and kept on disk.

    The loops are compiled on first use, which takes longer than allocating for a small store;
    a process that has nothing else to do can do it meanwhile.
    """
    ids = pl.DataFrame({"household_id": range(households)})
    deals = pl.DataFrame({"offer_id": range(offers)})
    candidates = ids.join(deals, how="cross").with_columns(
        value_cents=10.0 + pl.col("household_id") * 7 % 5 + pl.col("offer_id"),
        cost_cents=pl.lit(50, pl.Int64),
        face_value_cents=pl.lit(50, pl.Int64),
        category_id=pl.col("offer_id") % _CATEGORIES,
        conflict_id=pl.col("offer_id"),
    )
    limited = deals.with_columns(
        budget_cents=pl.lit(50 * households // 2, pl.Int64),
        circulation_max=pl.lit(households // 2, pl.Int64),
        circulation_min=pl.lit(1, pl.Int64),
    )
    homes = ids.with_columns(
        slots=pl.lit(3, pl.Int64),
        category_max=pl.lit(2, pl.Int64),
        face_value_floor_cents=pl.lit(0, pl.Int64),
        face_value_ceiling_cents=pl.lit(None, pl.Int64),
    )
    terms = Terms(floor_shortfall_price=0.0)
    found = allocate(candidates, limited, homes, terms=terms)
    household = homes.row(0, named=True)
    mine = candidates.filter(pl.col("household_id") == 0)
    allocate_household(mine, PriceBook(found.prices), household, terms=terms)
