"""Prices per deal: the Lagrangian dual of budgets, caps and guarantees, by smoothed Newton steps.

The dual function is convex and piecewise linear; over thousands of households it is nearly
smooth. Its curvature is the density of households about to swap one deal for another, which a
scan can count, so a Newton step with that matrix lands near the optimum in a few passes. A large
instance is priced on a sample first. Every true pass gives a valid upper bound.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.instance import Instance, ShortfallPrices
from service.engine.allocate.kernels.arguments import WHOLE, Desk, Pairs, Prices, desk_for
from service.engine.allocate.kernels.passes import curvature, price_pass
from service.engine.allocate.validate import UNLIMITED

DENSE = 3000
"""Most live prices for which the full curvature matrix is kept; its diagonal serves above."""
LEAST_NODES = 2_000
NODES_EACH = 60
NODES_ALL = 2e7
"""Nodes of a pass: so many for each household, or so many for all of a few, about 20 ns each."""
PROBED = 500
ENOUGH = 1e-5
PATIENT = 4
"""A step gains when it lowers the bound by such a part; so many in turn without a gain end it."""
MOST_PROBED = 6_000
"""About so many households are looked at for the curvature."""
OFF = 0.02
"""How far a sample's prices may be off, as a part of what a pair is worth."""


@dataclass(slots=True)
class Rules:
    """Limits per deal as the loops use them.

    Where every copy of a deal costs the same, its budget is a number of copies and joins the cap;
    `budget` is then UNLIMITED. `minimum` is reduced to the most the deal could place, and
    `unavoidable` counts the copies of the reduction. `missing` is the price of a copy not
    delivered.
    """

    budget: NDArray[np.int64]
    cap: NDArray[np.int64]
    minimum: NDArray[np.int64]
    unavoidable: int
    missing: float
    unit_cost: NDArray[np.float64]
    folded: NDArray[np.bool_]


def rules(instance: Instance, terms: ShortfallPrices) -> Rules:
    """The rules of an instance, budgets folded into caps where costs allow."""
    deals = instance.deals
    low, high = instance.cost_low.astype(np.int64), instance.cost_high.astype(np.int64)
    folded = (low == high) & (low > 0) & (deals.budget < UNLIMITED)
    free = (high == 0) | (instance.takers == 0)
    cap = np.where(folded, np.minimum(deals.maximum, deals.budget // np.maximum(low, 1)),
                   deals.maximum)  # fmt: skip
    # No set of copies spends what is left over beyond a multiple of their common divisor.
    whole_budget = deals.budget - deals.budget % instance.divisor
    minimum = np.minimum(deals.minimum, np.minimum(cap, instance.takers))
    return Rules(
        budget=np.where(folded | free, UNLIMITED, whole_budget),
        cap=cap,
        minimum=minimum,
        unavoidable=int((deals.minimum - minimum).sum()),
        missing=float(terms.minimum_shortfall_price_cents),
        unit_cost=np.where(high > 0, 0.5 * (low + high), 1.0),
        folded=folded,
    )


def fixed(prices: Prices, limits: Rules) -> float:
    """The part of the dual bound that does not depend on the households, in value cents."""
    budgeted = prices.spend > 0
    raised, lowered = prices.copy > 0, prices.copy < 0
    return float(
        (prices.spend[budgeted] * limits.budget[budgeted]).sum()
        + (prices.copy[raised] * limits.cap[raised]).sum()
        + (prices.copy[lowered] * limits.minimum[lowered]).sum()
        - limits.missing * limits.unavoidable
    )


@dataclass(frozen=True, slots=True)
class Demand:
    """The households' choices at some prices: exact sums in 1024ths of a copy, and their bounds.

    `nodes` counts the nodes of their searches.
    """

    copies: NDArray[np.int64]
    spend: NDArray[np.int64]
    bound: float
    nodes: int


@dataclass(slots=True)
class Market:
    """An instance with its rules, and the state that each pass leaves for the next.

    `theta` is each household's face multiplier; `state` a byte for each pair, the answer so far:
    HELD, and temporarily BARRED and WANTED.
    """

    instance: Instance
    limits: Rules
    floor_price: float
    seed: int
    shards: int = 1
    theta: NDArray[np.float64] = field(init=False)
    state: NDArray[np.uint8] = field(init=False)
    everyone: NDArray[np.int32] = field(init=False)
    pairs: Pairs = field(init=False)
    widest: int = field(init=False)
    passes: int = 0

    def __post_init__(self) -> None:
        count = len(self.instance.households)
        self.theta = np.zeros(count)
        self.state = np.zeros(self.instance.size, np.uint8)
        self.pairs = self.instance.pairs(floor_price=self.floor_price)
        self.widest = max(1, int(np.diff(self.instance.indptr).max(initial=1)))
        self.everyone = np.arange(count, dtype=np.int32)

    def desk(self) -> Desk:
        """Scratch rows wide enough for every household; one for each thread at work."""
        return desk_for(self.widest)

    def demand(
        self,
        prices: Prices,
        *,
        which: NDArray[np.int32] | None = None,
        exact: bool = False,
        write: bool = False,
        jitter: float = 0.0,
        limit: int = 2000,
    ) -> Demand:
        """One pass over the households `which`. The result does not depend on `shards`."""
        rows = self.everyone if which is None else which
        parts = np.array_split(rows, self.shards)
        if self.shards == 1:
            answers = [self._part(parts[0], prices, exact, write, jitter, limit)]
        else:
            with ThreadPoolExecutor(self.shards) as pool:
                answers = list(
                    pool.map(lambda r: self._part(r, prices, exact, write, jitter, limit), parts)
                )
        bounds = np.concatenate([answer[2] for answer in answers])
        self.passes += 1
        return Demand(
            np.sum([answer[0] for answer in answers], axis=0),
            np.sum([answer[1] for answer in answers], axis=0),
            float(bounds.sum()),
            sum(answer[3] for answer in answers),
        )

    def _part(
        self,
        rows: NDArray[np.int32],
        prices: Prices,
        exact: bool,
        write: bool,
        jitter: float,
        limit: int,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], int]:
        deals = len(self.instance.deals.ids)
        copies, spend = np.zeros(deals, np.int64), np.zeros(deals, np.int64)
        bounds = np.zeros(len(rows))
        nodes = price_pass(
            rows, self.pairs, prices, self.theta, exact, write, jitter, self.seed, limit,
            self.state, copies, spend, bounds, self.desk(),
        )  # fmt: skip
        return copies, spend, bounds, int(nodes)

    def bound(self, prices: Prices, demand: Demand) -> float:
        """The upper bound on every solution that a full true pass at `prices` proves."""
        unreachable = self.floor_price * self.instance.unreachable_floor_cents
        return demand.bound + fixed(prices, self.limits) - unreachable


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
        move = -step * np.linalg.solve(matrix, slope)
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


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work a search may do; `nodes` at most for one household, see `patience`."""

    sample: int = 25_000
    steps: int = 60
    full_steps: int = 3
    exact_steps: int = 6
    nodes: int = 200_000

    @staticmethod
    def fitting(pairs: int) -> "Effort":
        """More steps where they are cheap; few deals and households also need them more."""
        if pairs < 2_000_000:
            return Effort(exact_steps=20)
        return Effort()


def every(which: NDArray[np.int32], stride: int, *, first: int = 0) -> NDArray[np.int32]:
    """Each `stride`-th household from the `first` on, side by side in memory.

    The loops would be compiled again for a view with gaps.
    """
    return np.ascontiguousarray(which[first::stride])


def patience(market: Market, prices: Prices, *, most: int) -> int:
    """Nodes that one household's search may take: up to `most`, as far as all can afford them.

    Measured on a few households: hardly any needs many nodes, unless most candidates are alike or
    most bands are narrow.
    """
    household_count = len(market.everyone)
    few = every(market.everyone, max(1, household_count // PROBED))
    afford = max(NODES_EACH, NODES_ALL / max(1, household_count)) * len(few)
    limit = min(LEAST_NODES, most)
    while limit < most:
        more = min(10 * limit, most)
        if market.demand(prices, which=few, exact=True, limit=more).nodes > afford:
            break
        limit = more
    return limit


def scale_of(market: Market) -> float:
    """What a pair may be worth: a high quantile of value and of the floor it fills."""
    p = market.instance
    few = max(1, p.size // 100_000)
    rows = np.arange(0, p.size, few)
    home = np.searchsorted(p.indptr, rows, side="right") - 1
    filled = np.minimum(p.face[rows], p.floor[home])
    worth = p.value[rows].clip(0.0) + market.floor_price * filled
    worth = worth[worth > 0]
    return float(np.quantile(worth, 0.9)) if len(worth) else 1.0


@dataclass(frozen=True, slots=True)
class Search:
    """Prices near the optimum and the best `bound` proved during the search.

    `nodes` limits a household's search; `demand` is the households' choice at exactly these prices,
    which is in `state`.
    """

    prices: Prices
    bound: float
    demand: Demand
    nodes: int


def search_prices(market: Market, *, effort: Effort, jitter: float) -> Search:
    """Look for the prices with the least bound."""
    deals, everyone = len(market.instance.deals.ids), market.everyone
    sample = everyone
    if len(sample) > effort.sample:
        rng = np.random.default_rng(market.seed)
        sample = np.sort(rng.choice(sample, effort.sample, replace=False))
    probe = every(sample, max(1, len(sample) // MOST_PROBED))
    scale = scale_of(market)
    start = Place(Prices(np.zeros(deals), np.zeros(deals)), scale)
    found = descend(market, start, scale=scale, steps=effort.steps, which=sample, probe=probe,
                    jitter=jitter * scale)  # fmt: skip
    nodes = patience(market, found.prices, most=effort.nodes)
    if len(sample) < len(everyone):
        # The best prices of the sample are off by more than its last steps.
        found = replace(found, trust=max(found.trust, OFF * scale))
        found = descend(market, found, scale=scale, steps=effort.full_steps, which=everyone,
                        probe=probe)  # fmt: skip
    found = descend(market, found, scale=scale, steps=effort.exact_steps, which=everyone,
                    probe=probe, limit=nodes)  # fmt: skip
    demand = found.demand
    if demand is None or not found.written:
        demand = market.demand(found.prices, exact=True, write=True, limit=nodes)
    return Search(found.prices, market.bound(found.prices, demand), demand, nodes)


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
