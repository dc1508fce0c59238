"""Which share of households brings which share of sales and margin."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

SHARES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


class Concentration(NamedTuple):
    """The best `share` of households by sales: how many, and what of all sales and margin."""

    share: float
    households: int
    of_sales: float
    of_margin: float


def concentration(spent: pl.DataFrame, *, shares: Sequence[float] = SHARES) -> list[Concentration]:
    """`spent`: household_id, sales_cents, margin_cents; households that paid nothing count too.

    The best are those that paid most, ties to the lower number.
    """
    best = spent.sort("sales_cents", "household_id", descending=[True, False])
    sales, margin = (
        np.cumsum(best[name].to_numpy().astype(np.float64))
        for name in ("sales_cents", "margin_cents")
    )
    found = []
    for share in shares if best.height else ():
        count = max(1, round(share * best.height))
        found.append(
            Concentration(
                share, count, _part(sales[count - 1], sales[-1]),
                _part(margin[count - 1], margin[-1]),
            )
        )  # fmt: skip
    return found


def _part(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0
