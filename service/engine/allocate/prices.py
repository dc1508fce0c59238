"""Prices per deal: the Lagrangian dual of budgets, caps and guarantees.

Steps over a sample of the households come near the prices with the least bound, steps over all
households finish it, and in a small market a linear program finds the very least. Every true pass
gives a valid upper bound.
"""

from dataclasses import dataclass, replace

import numpy as np

from service.engine.allocate.cuts import MOST_PAIRS, least_bound
from service.engine.allocate.descent import Place, descend
from service.engine.allocate.kernels.arguments import Prices
from service.engine.allocate.market import Demand, Market, every

LEAST_NODES = 2_000
NODES_ALL = 2e7
"""Nodes of a pass over a few households, about 20 ns each; of more so many as their effort says."""
PROBED = 500
MOST_PROBED = 6_000
"""About so many households are looked at for the curvature."""
OFF = 0.02
"""How far a sample's prices may be off, as a part of what a pair is worth."""
ROUNDED = 0.05
"""The same of the prices of relaxed choices."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work an allocation may do; `nodes` at most for one household, see `patience`.

    On average over all households a pass may take `nodes_each`. In `settling` passes prices follow
    the use; then all households choose again as long as that gains the part `again` of the bound.
    """

    sample: int = 25_000
    steps: int = 60
    full_steps: int = 3
    exact_steps: int = 6
    nodes: int = 200_000
    nodes_each: int = 1_000
    settling: int = 0
    again: float = 2e-5

    @staticmethod
    def fitting(pairs: int) -> "Effort":
        """More steps where they are cheap; few deals and households also need them more."""
        if pairs < 2_000_000:
            return Effort(exact_steps=20, nodes=2_000_000, settling=12, again=4e-6)
        if pairs < 20_000_000:
            return Effort(exact_steps=10, again=4e-6)
        return Effort()


def patience(market: Market, prices: Prices, *, effort: Effort) -> int:
    """Nodes that one household's search may take, as far as all can afford them.

    Measured on a few households: hardly any needs many nodes, unless most candidates are alike or
    most bands are narrow.
    """
    household_count = len(market.everyone)
    few = every(market.everyone, max(1, household_count // PROBED))
    afford = max(effort.nodes_each, NODES_ALL / max(1, household_count)) * len(few)
    limit = min(LEAST_NODES, effort.nodes)
    while limit < effort.nodes:
        more = min(10 * limit, effort.nodes)
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
    nodes = patience(market, found.prices, effort=effort)
    if len(sample) < len(everyone):
        # The best prices of the sample are off by more than its last steps.
        found = replace(found, trust=max(found.trust, OFF * scale))
        found = descend(market, found, scale=scale, steps=effort.full_steps, which=everyone,
                        probe=probe)  # fmt: skip
    found = replace(found, trust=max(found.trust, ROUNDED * scale))
    found = descend(market, found, scale=scale, steps=effort.exact_steps, which=everyone,
                    probe=probe, limit=nodes)  # fmt: skip
    if market.instance.size <= MOST_PAIRS:
        found = least_bound(market, found, scale=scale, nodes=nodes)
    demand = found.demand
    if demand is None or not found.written:
        demand = market.demand(found.prices, exact=True, write=True, limit=nodes)
    return Search(found.prices, market.bound(found.prices, demand), demand, nodes)
