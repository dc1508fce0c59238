"""Down the bound: by planes below it and by its curvature.

The bound is convex in the prices and piecewise linear; over thousands of households it is nearly
smooth. Its curvature is the density of households about to swap one deal for another, which a scan
can count, so a Newton step with that matrix lands near the optimum in a few passes; planes that
former passes found keep it from crossing the same edge again and again.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.bundle import Bundle, Plane
from service.engine.allocate.kernels.arguments import WHOLE, Prices
from service.engine.allocate.kernels.curvature import curvature
from service.engine.allocate.market import Demand, Market, fixed
from service.engine.allocate.validate import UNLIMITED

DENSE = 3000
"""Most live prices for which the full curvature matrix is kept; its diagonal serves above."""
ENOUGH = 1e-5
PATIENT = 7
"""A step gains when it lowers the bound by such a part; so many in turn without a gain end it."""
WINDOW, LEAST_WINDOW = 0.4, 1e-3
"""Swaps are counted as far off as a part of the radius, or of what a pair is worth."""
RIDGE, MEAN_RIDGE = 0.005, 0.0025
"""Parts of its own and of the mean curvature that are added to each price's."""
WIDER, NARROWER = 1.3, 0.7
KEPT, BROKEN = 0.5, 0.05
"""A step that keeps such a part of its promise widens the radius; below the other it narrows."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Place:
    """Prices, the radius they may move by next, and the demand at them, if it is known.

    `written`: this demand is what `state` holds.
    """

    prices: Prices
    trust: float
    demand: Demand | None = None
    written: bool = False


def descend(
    market: Market,
    start: Place,
    *,
    scale: float,
    steps: int,
    which: NDArray[np.int32],
    probe: NDArray[np.int32],
    jitter: float = 0.0,
    limit: int = 0,
) -> Place:
    """Steps within a radius; one that does not lower the bound only adds its plane.

    The bound is that of the households `which`, with their share of the budgets; with a `limit`
    of nodes each chooses exactly, else relaxed. It ends after `steps`, or when a few of them in
    turn have gained next to nothing.
    """
    part = len(which) / max(1, len(market.everyone))
    bundle, place, prices, trust, slow = Bundle(), start, start.prices, start.trust, 0
    best, promised = np.inf, np.inf
    for turn in range(steps):
        demand = market.demand(
            prices, which=which, exact=limit > 0, write=limit > 0, jitter=jitter, limit=limit
        )
        bound = demand.bound + part * fixed(prices, market.limits)
        bundle.add(Plane(flat(market, prices), bound, slope(market, prices, demand, part=part)))
        gain = best - bound
        slow = 0 if gain > ENOUGH * abs(bound) else slow + 1
        if turn:
            trust *= WIDER if gain > KEPT * promised else 1.0
            trust *= NARROWER if gain < BROKEN * promised else 1.0
        place = replace(place, trust=trust, written=False)
        if gain > 0.0:
            best, place = bound, Place(prices, trust, demand, written=limit > 0)
        if slow == PATIENT or turn + 1 == steps or place.demand is None:
            break
        window = max(WINDOW * trust, LEAST_WINDOW * scale)
        prices = next_prices(
            market, place, bundle, which=which, probe=probe, window=window, jitter=jitter
        )
        promised = best - bundle.height(flat(market, prices))
    return place


def flat(market: Market, prices: Prices) -> Floats:
    """Both prices of every deal in value cents per copy."""
    return np.concatenate([prices.spend * market.limits.unit_cost, prices.copy])


def slope(market: Market, prices: Prices, demand: Demand, *, part: float) -> Floats:
    """A slope of the bound in `flat` prices: limits less use; 0 where a limit is not met."""
    limits = market.limits
    used, spent = demand.copies / WHOLE, demand.spend / WHOLE
    budgeted, capped = limits.budget < UNLIMITED, limits.cap < UNLIMITED
    spend = np.where(budgeted, (limits.budget * part - spent) / limits.unit_cost, 0.0)
    raised = (prices.copy > 0) | ((prices.copy == 0) & (used > limits.cap * part))
    raised &= capped
    lowered = (prices.copy < 0) | (used < limits.minimum * part)
    bound_to = np.where(raised, limits.cap * part, np.where(lowered, limits.minimum * part, used))
    return np.concatenate([spend, bound_to - used])


@dataclass(frozen=True, slots=True)
class _Live:
    """The prices that may move: by budget, by copy, and as rows of `flat` prices."""

    spend: NDArray[np.bool_]
    copy: NDArray[np.bool_]
    rows: NDArray[np.int64]


def _live(market: Market, prices: Prices, steep: Floats) -> _Live:
    """All but those that rest at an end of their range, or where nothing binds."""
    limits, deals = market.limits, len(prices.copy)
    spend_slope, copy_slope = steep[:deals], steep[deals:]
    spend = (limits.budget < UNLIMITED) & ((prices.spend > 0) | (spend_slope < 0))
    copy = (prices.copy != 0) | (copy_slope != 0)
    copy &= ~((prices.copy <= -limits.missing) & (copy_slope > 0))
    rows = np.concatenate([np.flatnonzero(spend), deals + np.flatnonzero(copy)])
    return _Live(spend, copy, rows)


def next_prices(
    market: Market,
    place: Place,
    bundle: Bundle,
    *,
    which: NDArray[np.int32],
    probe: NDArray[np.int32],
    window: float,
    jitter: float = 0.0,
) -> Prices:
    """Prices after one step from a place, the best one that the bundle knows.

    No price moves by more than the radius of the place.
    """
    prices, best = place.prices, bundle.best
    if best is None:
        return prices
    live = _live(market, prices, best.slope)
    if not len(live.rows):
        return prices
    matrix = _curvature(market, prices, live, probe=probe, window=window, jitter=jitter)
    matrix *= len(which) / len(probe)
    full = matrix.shape[1] > 1
    diagonal = matrix.diagonal().copy() if full else matrix[:, 0].copy()
    ridge = RIDGE * diagonal + MEAN_RIDGE * float(diagonal.mean())
    # Where nobody is about to swap, the price moves as far as it may.
    steep = np.abs(best.slope[live.rows])
    ridge = np.where(diagonal + ridge > 0.0, ridge, steep / place.trust + (steep == 0.0))
    if full:
        matrix[np.arange(len(ridge)), np.arange(len(ridge))] += ridge
    else:
        matrix[:, 0] += ridge
    move = bundle.step(best, matrix, live.rows).clip(-place.trust, place.trust)
    return _moved(market, prices, best.slope, live, move)


def _curvature(
    market: Market,
    prices: Prices,
    live: _Live,
    *,
    probe: NDArray[np.int32],
    window: float,
    jitter: float,
) -> Floats:
    """The curvature in `flat` prices counted on the households `probe`.

    Its diagonal only, in one column, above DENSE live prices. `window` is the width, in value
    cents, of the swaps counted.
    """
    count, deals = len(live.rows), len(prices.copy)
    row = np.full(2 * deals, -1, np.int32)
    row[live.rows] = np.arange(count)
    full = count <= DENSE
    matrix = np.zeros((count, count if full else 1))
    curvature(
        probe, market.pairs, prices, market.theta, jitter, market.seed, window, row[:deals],
        row[deals:], np.full(count, -1, np.int32), full, matrix, market.desk(),
    )  # fmt: skip
    unit = np.concatenate([market.limits.unit_cost, np.ones(deals)])[live.rows]
    matrix /= unit[:, None] * unit[None, :] if full else unit[:, None] ** 2
    return matrix


def _moved(market: Market, prices: Prices, steep: Floats, live: _Live, move: Floats) -> Prices:
    """Prices moved within their ranges; the price of a copy stops at 0 before it changes sign."""
    limits, deals = market.limits, len(prices.copy)
    flat_move = np.zeros(2 * deals)
    flat_move[live.rows] = move
    spend = (prices.spend + flat_move[:deals] / limits.unit_cost).clip(0.0)
    after = prices.copy + flat_move[deals:]
    crossed = prices.copy * after < 0
    # From 0 a price moves against its slope only: the other side of the edge has another one.
    wrong = (prices.copy == 0) & (after * steep[deals:] > 0)
    after = np.where(crossed | wrong, 0.0, after)
    after = np.where(limits.cap >= UNLIMITED, np.minimum(after, 0.0), after)
    return Prices(spend, after.clip(-limits.missing))
