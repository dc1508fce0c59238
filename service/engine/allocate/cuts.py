"""Prices at the very least bound, by cutting planes (Kelley 1960), for a market of some households.

Where few households share a deal the bound has edges, and Newton's steps end beside its lowest
point: another unit of money would lead elsewhere. Each household's best choice at some prices is a
plane below its part of the bound at any prices. The linear program over all planes known proposes
the next prices; every household whose choice there is worth more than its planes say adds one. It
ends where the program and the bound meet, and that is the least bound.
"""

from dataclasses import replace

import highspy
import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.descent import Place
from service.engine.allocate.kernels.arguments import HELD, Prices
from service.engine.allocate.market import Market
from service.engine.allocate.validate import UNLIMITED

MOST_PAIRS = 40_000
"""In a larger market Newton's steps end near enough to the least bound."""
ROUNDS = 30
MET = 1e-6
"""The bound is least when the program's value is nearer than such a part of it."""

Floats = NDArray[np.float64]


def least_bound(market: Market, start: Place, *, scale: float, nodes: int) -> Place:
    """The place of the least bound that was found; `scale` is what a pair may be worth."""
    planes = _Planes(market, scale)
    best, place, prices = np.inf, start, start.prices
    for _ in range(ROUNDS):
        demand = market.demand(prices, exact=True, write=True, limit=nodes)
        bound = market.bound(prices, demand)
        if bound < best:
            best, place = bound, Place(prices, start.trust, demand, written=True)
        else:
            place = replace(place, written=False)
        if not planes.add(prices):
            break
        proposed = planes.lowest()
        if proposed is None or best - proposed[1] <= MET * abs(best):
            break
        prices = proposed[0]
    return place


class _Planes:
    """The linear program: a price of budget, two of copies per deal, and a part per household."""

    def __init__(self, market: Market, scale: float) -> None:
        p, limits = market.instance, market.limits
        self._market, self._scale = market, scale
        self._home = np.repeat(market.everyone, np.diff(p.indptr))
        self._deals, households = len(p.deals.ids), len(market.everyone)
        self._parts: Floats | None = None
        none = np.zeros(self._deals)
        budgeted, capped = limits.budget < UNLIMITED, limits.cap < UNLIMITED
        costs = [np.where(budgeted, limits.budget / limits.unit_cost, 0.0),
                 np.where(capped, limits.cap, 0), -limits.minimum, np.ones(households)]  # fmt: skip
        empty = -market.floor_price * p.floor.astype(np.float64) / scale
        most = [np.where(budgeted, np.inf, 0.0), np.where(capped, np.inf, 0.0),
                np.where(limits.minimum > 0, limits.missing / scale, 0.0),
                np.full(households, np.inf)]  # fmt: skip
        self._program = highspy.Highs()  # type: ignore[no-untyped-call]
        self._program.setOptionValue("output_flag", False)
        self._program.setOptionValue("threads", 1)
        count = 3 * self._deals + households
        self._program.addVars(count, np.concatenate([none, none, none, empty]),
                              np.concatenate(most))  # fmt: skip
        self._program.changeColsCost(count, np.arange(count, dtype=np.int32),
                                     np.concatenate(costs).astype(np.float64))  # fmt: skip

    def add(self, prices: Prices) -> bool:
        """Add the planes of the choices in `state`; whether any lies above those known."""
        p, market = self._market.instance, self._market
        rows = np.flatnonzero(market.state & HELD)
        home, offer = self._home[rows], p.offer[rows]
        count = len(market.everyone)
        short = (p.floor - np.bincount(home, p.face[rows], minlength=count)).clip(0.0)
        worth = np.bincount(home, p.value[rows], minlength=count) - market.floor_price * short
        paid = prices.spend[offer] * p.cost[rows] + prices.copy[offer]
        part = (worth - np.bincount(home, paid, minlength=count)) / self._scale
        above = np.full(count, True)
        if self._parts is not None:
            above = part > self._parts + MET * np.abs(part).mean()
        if not above.any():
            return False
        chosen = np.flatnonzero(above)
        kept = above[home]
        home, offer, cost = home[kept], offer[kept], p.cost[rows[kept]]
        picks = np.bincount(home, minlength=count)[chosen]
        entries = 1 + 3 * picks
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(entries)])
        column = np.empty(start[-1], np.int32)
        weight = np.empty(start[-1])
        column[start[:-1]], weight[start[:-1]] = 3 * self._deals + chosen, 1.0
        place = np.repeat(start[:-1] + 1 - 3 * (np.cumsum(picks) - picks), picks)
        place += 3 * np.arange(len(home))
        unit = market.limits.unit_cost
        for kind, each in enumerate((cost / unit[offer], 1.0, -1.0)):
            column[place + kind] = kind * self._deals + offer
            weight[place + kind] = each
        self._program.addRows(len(chosen), worth[chosen] / self._scale,
                              np.full(len(chosen), np.inf), len(column),
                              start[:-1].astype(np.int32), column, weight)  # fmt: skip
        return True

    def lowest(self) -> tuple[Prices, float] | None:
        """The prices at which the planes are lowest together, and the bound there by them.

        None if the solver gives up: any prices prove a bound, so the best known ones serve.
        """
        market, deals = self._market, self._deals
        self._program.run()
        if self._program.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        found = np.array(self._program.getSolution().col_value)
        spend, raised, lowered = found[: 3 * deals].reshape(3, deals).clip(0.0)
        self._parts = found[3 * deals :]
        least = self._scale * self._program.getInfo().objective_function_value
        least -= market.limits.missing * market.limits.unavoidable
        least -= market.floor_price * market.instance.unreachable_floor_cents
        prices = Prices(
            self._scale * spend / market.limits.unit_cost,
            np.maximum(self._scale * (raised - lowered), -market.limits.missing),
        )
        return prices, least
