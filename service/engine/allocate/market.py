"""A market: an instance with its rules per deal, and the households' choices at any prices."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.instance import Instance, ShortfallPrices
from service.engine.allocate.kernels.arguments import Desk, Pairs, Prices, desk_for
from service.engine.allocate.kernels.passes import price_pass
from service.engine.allocate.validate import UNLIMITED


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


def every(which: NDArray[np.int32], stride: int, *, first: int = 0) -> NDArray[np.int32]:
    """Each `stride`-th household from the `first` on, side by side in memory.

    The loops would be compiled again for a view with gaps.
    """
    return np.ascontiguousarray(which[first::stride])
