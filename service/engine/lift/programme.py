"""What a whole programme did: each household once, with all the copies that were picked for it.

A deal's report counts a household for each deal; the programme's counts it once, so that what it
buys on different copies may depend on each other. Only the cycle's holdout is a control here:
against no offers.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from service.engine.lift.moments import Moments, moments

OUTCOMES = (
    "bought",
    "units",
    "sales",
    "margin",
    "supplier_paid",
    "new_to_brand",
    "own_brand",
    "basket_sales",
)
"""Per household, over the copies picked for it: how many it bought the goods of, units, what it
paid for them, what they left with what the supplier pays; what the supplier pays; how many it
bought that it had not in the weeks before, and how many of those of the store's own brand; what it
paid for everything."""
COVARIATES = ("picks", "before_sales", "before_basket_sales", "before_baskets")
"""How many copies were picked for it, and of the 52 weeks before: what it paid for their goods and
for everything, and its baskets."""
VARIABLES = (*OUTCOMES, *COVARIATES)
_OF_HOUSEHOLDS = ("basket_sales", "before_basket_sales", "before_baskets")


def by_household(found: pl.DataFrame, own_brand: pl.Series) -> pl.DataFrame:
    """household_id, arm, name, `given` copies and `VARIABLES`, by household and name.

    `found`: rows of `outcomes.outcomes` without those of control shares, `arm` that of the
    household, `is_given`, `name` what they are told apart by; `own_brand` are the offers of the
    store's own brand.
    """
    converted = pl.col("new_to_brand") * pl.col("offer_id").is_in(own_brand.implode())
    sums = [name for name in VARIABLES if name not in (*_OF_HOUSEHOLDS, "picks", "own_brand")]
    return (
        found.group_by("household_id", "arm", "name")
        .agg(
            pl.col("is_given").sum().cast(pl.Int64).alias("given"),
            *(pl.col(name).sum() for name in sums),
            converted.sum().alias("own_brand"),
            *(pl.col(name).first() for name in _OF_HOUSEHOLDS),
            pl.len().cast(pl.Float64).alias("picks"),
        )
        .sort("household_id", "name")
    )


def sums_by(rows: pl.DataFrame, keys: list[str]) -> tuple[pl.DataFrame, Moments]:
    """The sums of rows of `by_household` by some columns: the groups in order, the sums."""
    groups = rows.select(keys).unique().sort(keys)
    numbered = rows.join(groups.with_row_index("group"), on=keys, nulls_equal=True)
    values = numbered.select(pl.col(VARIABLES).cast(pl.Float64)).to_numpy()
    return groups, moments(values, numbered["group"].to_numpy(), groups.height)


def packed(sums: Moments) -> list[list[float]]:
    """Each group's sums as one list: totals, then products on and below the diagonal by rows."""
    rows, columns = np.tril_indices(len(VARIABLES))
    lists: list[list[float]] = np.hstack([sums.total, sums.product[:, rows, columns]]).tolist()
    return lists


def unpacked(counts: Sequence[int], lists: Sequence[Sequence[float]]) -> Moments:
    """The sums that `packed` made lists of. Raises ValueError for a list of another length."""
    size = len(VARIABLES)
    rows, columns = np.tril_indices(size)
    if any(len(each) != size + len(rows) for each in lists):
        raise ValueError("these are sums of other variables")
    table = np.array(lists, dtype=np.float64).reshape(len(counts), size + len(rows))
    product = np.zeros((len(counts), size, size))
    product[:, rows, columns] = product[:, columns, rows] = table[:, size:]
    return Moments(np.array(counts, dtype=np.float64), table[:, :size], product)


def analysed(outcome: str) -> list[int]:
    """The variables of an estimate: an outcome, then the covariates."""
    return [VARIABLES.index(name) for name in (outcome, *COVARIATES)]
