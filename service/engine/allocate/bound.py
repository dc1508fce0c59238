"""What no allocation passes, proved by the prices of another one."""

import numpy as np
import polars as pl

from service.engine.allocate.instance import ShortfallPrices, build
from service.engine.allocate.kernels.arguments import Prices
from service.engine.allocate.market import Market, rules
from service.engine.allocate.online import NODES


def bound_at(
    candidates: pl.DataFrame,
    offers: pl.DataFrame,
    households: pl.DataFrame,
    prices: pl.DataFrame,
    *,
    terms: ShortfallPrices,
) -> float:
    """The bound in cents on every allocation of `candidates` that any `prices` prove.

    Frames as `allocate` takes them; `prices` as it gives them, of the same offers. The better the
    prices suit the candidates' worth, the tighter the bound; it holds at any.
    """
    instance = build(candidates, offers, households)
    market = Market(instance, rules(instance, terms), float(terms.floor_shortfall_price), 0)
    known = instance.deals.ids.series.to_frame("offer_id").join(
        prices, on="offer_id", how="left", maintain_order="left"
    )
    spend = known["budget_price"].fill_null(0.0).to_numpy()
    copy = known["circulation_price_cents"].fill_null(0.0).to_numpy()
    # Where every copy costs the same, the budget is a number of copies.
    folded = market.limits.folded & (spend > 0)
    at = Prices(
        np.where(folded, 0.0, spend), np.where(folded, spend * market.limits.unit_cost, copy)
    )
    return market.bound(at, market.demand(at, exact=True, limit=NODES))
