"""What households would choose at fixed prices if their pairs were worth something else."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.allocate.instance import ShortfallPrices, build
from service.engine.allocate.kernels.arguments import HELD, Prices
from service.engine.allocate.market import Market, rules
from service.engine.allocate.online import NODES, PriceBook

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


def choose_again(
    candidates: pl.DataFrame,
    prices: PriceBook,
    households: pl.DataFrame,
    values: Iterable[Values],
    *,
    terms: ShortfallPrices,
) -> Iterator[Mask]:
    """For each of `values`, which rows of `candidates` their households choose for themselves.

    The step is that of `allocate_each`, with the arrays of `values` (in the order of the rows) in
    place of `value_cents`; the instance is laid out once. A deal that the prices do not know is
    refused.
    """
    endless = pl.lit(None, pl.Int64)
    offers = pl.DataFrame({"offer_id": prices.ids.series}).with_columns(
        endless.alias(name) for name in ("budget_cents", "circulation_max", "circulation_min")
    )
    numbered = candidates.with_columns(pl.int_range(pl.len()).cast(pl.Float64).alias("value_cents"))
    laid_out = build(numbered, offers, households)
    # The instance sorts the pairs and leaves impossible ones out: their values are their rows.
    row = laid_out.value.astype(np.int64)
    market = Market(
        replace(laid_out, value=np.zeros(len(row))),
        rules(laid_out, terms),
        float(terms.floor_shortfall_price),
        0,
    )
    at = prices.ids.positions(laid_out.deals.ids.series)
    at_prices = Prices(prices.spend[at], prices.copy[at])
    for each in values:
        market.instance.value[:] = each[row]
        market.theta[:] = 0.0
        market.state[:] = 0
        market.demand(at_prices, exact=True, write=True, limit=NODES)
        chosen = np.zeros(candidates.height, np.bool_)
        chosen[row[(market.state & HELD) != 0]] = True
        yield chosen
