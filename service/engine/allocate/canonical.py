"""The same instance whatever its names, its order and its unit of money.

Searches take households and deals in turn, so another order leads to another allocation, a little
better or worse; in a small market it may be much. There a twin of the instance is searched, in an
order that depends on nothing but limits and candidates, and in the largest unit of money that
divides every amount.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.instance import DealLimits, Instance, ShortfallPrices
from service.engine.allocate.kernels.arguments import HELD, NEW_CATEGORY, NEW_GROUP, Prices
from service.engine.allocate.market import Market, rules
from service.engine.allocate.prices import Search
from service.engine.allocate.validate import UNLIMITED

MOST_PAIRS = 200_000
"""In a larger market the order makes no difference that counts."""
BITS = 40
"""Of fractional values so many are searched: the others may be those of another unit's rounding."""
MIXED = 0x9E3779B1

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Twin:
    """The market that is searched; row `rows[i]` of the instance is its row i, in units of `unit`.

    Deal o of the instance is its deal `rank[o]`.
    """

    market: Market
    rows: Ints
    rank: Ints
    unit: int

    def bring_back(self, market: Market, found: Search) -> Search:
        """Leave the twin's allocation in the market's `state`; what was found in its money."""
        market.state[self.rows] = self.market.state & HELD
        market.passes = self.market.passes
        prices = Prices(found.prices.spend[self.rank], self.unit * found.prices.copy[self.rank])
        value = market.instance.value
        rounded = 0.0 if market.instance.whole_values else float(np.abs(value).sum()) / (1 << BITS)
        return replace(found, prices=prices, bound=self.unit * found.bound + rounded)


def twin_of(market: Market) -> Twin:
    """The market to search in place of this one, the same for any names, order and unit."""
    p = market.instance
    unit = _unit(p)
    value = _rounded(p.value.astype(np.float64) / unit, whole=p.whole_values)
    home = np.repeat(market.everyone, np.diff(p.indptr)).astype(np.int64)
    rank = _rank(_deal_keys(p, value))
    offer = rank[p.offer]
    home_rank = _rank(_household_keys(p, value, home, offer))
    # Categories and groups come by the first deal in each, not by their names; those that share a
    # crossing group come together, which keeps searches short.
    category = np.cumsum((p.border & NEW_CATEGORY) != 0) - 1
    group = np.cumsum((p.border & NEW_GROUP) != 0) - 1
    near = _first(category, _tied(p, home, offer))
    rows = np.lexsort((offer, _first(group, offer), _first(category, offer), near, home_rank[home]))
    border = np.zeros(p.size, np.uint8)
    for of, bit in ((category[rows], NEW_CATEGORY), (group[rows], NEW_GROUP)):
        border[np.flatnonzero(np.diff(of, prepend=-1))] |= bit
    by_home, by_deal = np.argsort(home_rank), np.argsort(rank)
    counts = np.diff(p.indptr)[by_home]
    deals = p.deals
    twin = replace(
        p,
        deals=DealLimits(
            deals.ids, _in_units(deals.budget, unit)[by_deal], deals.maximum[by_deal],
            deals.minimum[by_deal],
        ),
        indptr=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        offer=offer[rows].astype(np.int32),
        value=value[rows],
        cost=p.cost[rows] // unit,
        face=p.face[rows] // unit,
        border=border,
        cross=p.cross[rows] if len(p.cross) else p.cross,
        slots=p.slots[by_home],
        per_category=p.per_category[by_home],
        floor=p.floor[by_home] / unit,
        ceiling=np.where(p.ceiling < UNLIMITED, p.ceiling / unit, p.ceiling)[by_home],
        unreachable_floor_cents=p.unreachable_floor_cents // unit,
        takers=p.takers[by_deal],
        cost_low=_cost_in_units(p.cost_low, p.takers, unit)[by_deal],
        cost_high=p.cost_high[by_deal] // unit,
        divisor=np.maximum(p.divisor // unit, 1)[by_deal],
    )  # fmt: skip
    terms = ShortfallPrices(market.floor_price, market.limits.missing / unit)
    searched = Market(twin, rules(twin, terms), market.floor_price, market.seed, market.shards)
    return Twin(searched, rows, rank, unit)


def _unit(p: Instance) -> int:
    """The largest number of cents that divides every amount but the values."""
    floor, ceiling = p.floor.astype(np.int64), p.ceiling[p.ceiling < UNLIMITED].astype(np.int64)
    budget = p.deals.budget[p.deals.budget < UNLIMITED]
    amounts = (p.cost.astype(np.int64), p.face.astype(np.int64), floor, ceiling, budget)
    return max(1, int(np.gcd.reduce([int(np.gcd.reduce(each)) for each in amounts])))


def _in_units(amounts: Ints, unit: int) -> Ints:
    return np.where(amounts < UNLIMITED, amounts // unit, amounts)


def _cost_in_units(low: NDArray[np.int32], takers: Ints, unit: int) -> NDArray[np.int32]:
    """Lowest costs; that of a deal without takers stays as it is."""
    return np.where(takers > 0, low // unit, low).astype(np.int32)


def _rounded(value: NDArray[np.float64], *, whole: bool) -> NDArray[np.float64]:
    """Values as they are searched."""
    if whole:
        return value
    part, power = np.frexp(value)
    return np.asarray(np.ldexp(np.round(np.ldexp(part, BITS)), power - BITS))


def _deal_keys(p: Instance, value: NDArray[np.float64]) -> list[NDArray[np.generic]]:
    """What tells deals apart; whole numbers are added, as the order of a sum of others matters."""
    count = len(p.takers)
    least, most = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, p.offer, value)
    np.maximum.at(most, p.offer, value)
    sums = [np.bincount(p.offer, column, count) for column in (p.cost, p.face)]
    limits = [p.deals.budget, p.deals.maximum, p.deals.minimum, p.takers]
    return [*limits, *sums, least, most]


def _household_keys(
    p: Instance, value: NDArray[np.float64], home: Ints, offer: Ints
) -> list[NDArray[np.generic]]:
    """What tells households apart, with the deals they may get."""
    count = len(p.slots)
    least, most = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, home, value)
    np.maximum.at(most, home, value)
    deals = np.zeros(count, np.int64)
    np.add.at(deals, home, (offer + 1) * MIXED % (1 << 31))
    sums = [np.bincount(home, column, count) for column in (p.cost, p.face)]
    return [p.slots, p.per_category, p.floor, p.ceiling, np.diff(p.indptr), *sums, deals, least,
            most]  # fmt: skip


def _rank(keys: list[NDArray[np.generic]]) -> Ints:
    """The place of each by its keys; those alike stay in the order they have."""
    order = np.lexsort(keys[::-1])
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _tied(p: Instance, home: Ints, offer: Ints) -> Ints:
    """For each row the first deal of its crossing group; all deals together where it has none."""
    tied = np.full(p.size, len(p.takers), np.int64)
    if len(p.cross):
        crossing = np.flatnonzero(p.cross >= 0)
        groups = home[crossing] * (int(p.cross.max()) + 1) + p.cross[crossing]
        tied[crossing] = _first(np.unique(groups, return_inverse=True)[1], offer[crossing])
    return tied


def _first(of: Ints, offer: Ints) -> Ints:
    """For each row the first deal of its category, or group, by numbers from 0."""
    first = np.full(int(of.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, of, offer)
    return np.asarray(first[of])
