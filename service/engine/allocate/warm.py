"""Compile the loops ahead of their first use."""

import numpy as np
import polars as pl

from service.engine.allocate import PriceBook, ShortfallPrices, allocate, allocate_household
from service.engine.allocate.bundle import Bundle, Plane
from service.engine.allocate.descent import Place, flat, next_prices, slope
from service.engine.allocate.instance import build
from service.engine.allocate.kernels.arguments import Ledger, Prices
from service.engine.allocate.market import Demand, Market, rules
from service.engine.allocate.repair import take_back_overspent

_CATEGORIES = 3
_TERMS = ShortfallPrices(floor_shortfall_price=0.0)


def warm(households: int = 8, offers: int = 6) -> None:
    """Allocate a small market once, so that every loop is compiled and cached on disk.

    The loops are compiled on first use, which takes longer than allocating for a small store; an
    idle process can do it in advance.
    """
    candidates, deals, household_limits = _market(households, offers)
    found = allocate(candidates, deals, household_limits, terms=_TERMS)
    household = household_limits.row(0, named=True)
    one = candidates.filter(pl.col("household_id") == 0)
    allocate_household(one, PriceBook(found.prices), household, terms=_TERMS)


def warm_beside() -> None:
    """Compile the loops that choose nothing: a second process's share of `warm`."""
    instance = build(*_market(households=8, offers=6))
    market = Market(instance, rules(instance, _TERMS), 0.0, seed=0)
    copies = np.full(len(instance.deals.ids), 8 << 10)
    prices = Prices(np.zeros(len(copies)), np.zeros(len(copies)))
    demand, bundle = Demand(copies, copies, 0.0, 0), Bundle()
    steep = slope(market, prices, demand, part=1.0)
    bundle.add(Plane(flat(market, prices), 0.0, steep))
    next_prices(
        market, Place(prices, 1.0, demand), bundle, which=market.everyone, probe=market.everyone,
        window=1.0,
    )  # fmt: skip
    short = np.full(len(copies), -1)
    take_back_overspent(market, prices, Ledger(copies, market.limits.minimum, short, short.copy()))


def _market(households: int, offers: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Candidates, deals and households of a small market in which every limit binds."""
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
    household_limits = ids.with_columns(
        slots=pl.lit(3, pl.Int64),
        category_max=pl.lit(2, pl.Int64),
        face_value_floor_cents=pl.lit(0, pl.Int64),
        face_value_ceiling_cents=pl.lit(None, pl.Int64),
    )
    return candidates, limited, household_limits
