"""Down the bound by smoothed Newton steps.

The bound is convex in the prices and piecewise linear; over thousands of households it is nearly
smooth. Its curvature is the density of households about to swap one deal for another, which a scan
can count, so a Newton step with that matrix lands near the optimum in a few passes.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.kernels.arguments import WHOLE, Prices
from service.engine.allocate.kernels.passes import curvature
from service.engine.allocate.market import Demand, Market, fixed
from service.engine.allocate.validate import UNLIMITED
from service.engine.loops.symmetric import solve

DENSE = 3000
"""Most live prices for which the full curvature matrix is kept; its diagonal serves above."""
ENOUGH = 1e-5
PATIENT = 4
"""A step gains when it lowers the bound by such a part; so many in turn without a gain end it."""


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
    """Newton steps within a radius that shrinks; one that does not lower the bound is taken back.

    The bound is that of the households `which`, with their share of the budgets; with a `limit`
    of nodes each chooses exactly, else relaxed. It ends after `steps`, or when a few of them in
    turn have gained next to nothing.
    """
    part = len(which) / max(1, len(market.everyone))
    best, place, prices, trust, slow = np.inf, start, start.prices, start.trust, 0
    for turn in range(steps):
        demand = market.demand(
            prices, which=which, exact=limit > 0, write=limit > 0, jitter=jitter, limit=limit
        )
        bound = demand.bound + part * fixed(prices, market.limits)
        slow = 0 if bound < best - ENOUGH * abs(bound) else slow + 1
        if bound < best:
            trust *= 0.7 if slow else 1.0
            best, place = bound, Place(prices, trust, demand, written=limit > 0)
        else:
            trust *= 0.4
            place = replace(place, trust=trust, written=False)
        if slow == PATIENT or turn + 1 == steps or place.demand is None:
            break
        prices = newton_step(
            market, place.prices, place.demand, which=which, probe=probe,
            window=max(0.6 * trust, 1e-3 * scale), trust=trust, step=1.2, jitter=jitter,
        )  # fmt: skip
    return place


def newton_step(
    market: Market,
    prices: Prices,
    demand: Demand,
    *,
    which: NDArray[np.int32],
    probe: NDArray[np.int32],
    window: float,
    trust: float,
    step: float,
    jitter: float = 0.0,
) -> Prices:
    """Prices after one damped Newton step on the households `which` that gave `demand`.

    The curvature is counted on the households `probe`, its diagonal only above DENSE live prices.
    Rows are scaled so that every price is in value cents per copy. `window` is the width, in value
    cents, of the swaps counted as curvature; no price moves by more than `trust`.
    """
    limits, p = market.limits, market.instance
    part = len(which) / max(1, len(p.households))
    used, spent = demand.copies / WHOLE, demand.spend / WHOLE
    spend_slope = (limits.budget * part - spent) / limits.unit_cost
    over, under = used > limits.cap * part, used < limits.minimum * part
    capped = (prices.copy > 0) | ((prices.copy == 0) & over)
    copy_slope = np.where(capped, limits.cap * part, limits.minimum * part) - used
    spend_live = (limits.budget < UNLIMITED) & ((prices.spend > 0) | (spend_slope < 0))
    copy_live = (prices.copy != 0) | over | under
    copy_live &= ~((prices.copy <= -limits.missing) & (copy_slope > 0))
    count = int(spend_live.sum()) + int(copy_live.sum())
    if not count:
        return prices
    spend_row = np.full(len(spend_live), -1, np.int32)
    copy_row = spend_row.copy()
    spend_row[spend_live] = np.arange(spend_live.sum())
    copy_row[copy_live] = spend_live.sum() + np.arange(copy_live.sum())
    full = count <= DENSE
    matrix = np.zeros((count, count if full else 1))
    curvature(
        probe, market.pairs, prices, market.theta, jitter, market.seed, window, spend_row,
        copy_row, full, matrix, market.desk(),
    )  # fmt: skip
    scale = np.concatenate([limits.unit_cost[spend_live], np.ones(int(copy_live.sum()))])
    matrix *= len(which) / len(probe)
    if full:
        matrix /= scale[:, None] * scale[None, :]
    else:
        matrix /= scale[:, None] ** 2
    diagonal = matrix.diagonal().copy() if full else matrix[:, 0].copy()
    ridge = 0.02 * diagonal + 0.01 * float(diagonal.mean())
    slope = np.concatenate([spend_slope[spend_live], copy_slope[copy_live]])
    # Where nobody is about to swap, the price moves as far as it may.
    ridge = np.where(diagonal + ridge > 0.0, ridge, np.abs(slope) / trust + (slope == 0.0))
    if full:
        matrix[np.arange(count), np.arange(count)] += ridge
        move = -step * solve(matrix, slope)
    else:
        move = -step * slope / (diagonal + ridge)
    move = np.clip(move, -trust, trust)
    spend, copy = prices.spend.copy(), prices.copy.copy()
    live = int(spend_live.sum())
    spend[spend_live] = np.maximum(0.0, spend[spend_live] + move[:live] / scale[:live])
    before = copy[copy_live]
    after = before + move[live:]
    crossed = before * after < 0
    wrong = np.where(capped[copy_live], after < 0, after > 0) & (before == 0)
    after = np.where(crossed | wrong, 0.0, after)
    copy[copy_live] = np.where(
        limits.cap[copy_live] >= UNLIMITED, np.minimum(after, 0.0), after
    ).clip(-limits.missing)
    return Prices(spend, copy)
