"""The certificate: the objective reached, a bound on every other, and the limits that bind.

Everything here is counted again from the pairs, not carried over from the search.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.allocate.instance import Instance
from service.engine.allocate.kernels.arguments import HELD, NEW_CATEGORY, NEW_GROUP, Prices
from service.engine.allocate.market import Market
from service.engine.allocate.validate import UNLIMITED

ROUNDING = 1e-9
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A guarantee that was not met: `reachable` is the most copies the deal could place alone."""

    offer_id: int | str
    circulation_min: int
    circulation: int
    missing: int
    reachable: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof of an allocation's worth.

    `primal_cents` is the objective (values less both penalties), `dual_bound_cents` an upper
    bound on the objective of every allocation, `gap` their difference over the bound.
    `violations` counts hard limits broken. `binding` counts deals and households per limit met
    exactly or nearly. `cpu_seconds` is filled in by the caller, which has a clock;
    `explore_cost_cents` is the most that was given up to try something (see `offers.explore`).
    """

    primal_cents: float
    dual_bound_cents: float
    gap: float
    value_cents: float
    floor_shortfall_cents: int
    households_below_floor: int
    minimum_missing_copies: int
    violations: int
    pairs: int
    iterations: int
    seed: int
    binding: dict[str, int]
    minimums: tuple[Shortfall, ...]
    cpu_seconds: float = 0.0
    explore_cost_cents: float = 0.0


@dataclass(frozen=True, slots=True)
class Tally:
    """The chosen pairs counted again: rows into the instance, and sums."""

    rows: NDArray[np.int64]
    faces: NDArray[np.float64]
    lines: NDArray[np.int64]
    copies: NDArray[np.int64]
    spend: NDArray[np.int64]

    def home(self) -> NDArray[np.int32]:
        """The household of each row."""
        return np.repeat(np.arange(len(self.lines), dtype=np.int32), self.lines)


def tally(instance: Instance, state: NDArray[np.uint8]) -> Tally:
    """Count what is HELD in `state`, a byte for each pair.

    In blocks: an instance may fill the memory by itself.
    """
    household_count, deals = len(instance.households), len(instance.deals.ids)
    faces, lines = np.zeros(household_count), np.zeros(household_count, np.int64)
    copies, spend = np.zeros(deals, np.int64), np.zeros(deals, np.int64)
    parts = [(first, last, instance.indptr[first], instance.indptr[last])
             for first, last in blocks(instance)]  # fmt: skip
    # Counted first: a list of parts and all of them joined would be in memory together.
    held = np.empty(
        sum(np.count_nonzero(state[begin:end] & HELD) for _, _, begin, end in parts), np.int64
    )
    used = 0
    for first, last, begin, end in parts:
        rows = begin + np.flatnonzero(state[begin:end] & HELD)
        home = np.searchsorted(instance.indptr[first : last + 1], rows, side="right") - 1
        offer = instance.offer[rows]
        # Sums of whole cents below 2**53 are exact in float64.
        faces[first:last] = np.bincount(home, weights=instance.face[rows], minlength=last - first)
        lines[first:last] = np.bincount(home, minlength=last - first)
        copies += np.bincount(offer, minlength=deals)
        spend += np.bincount(offer, weights=instance.cost[rows], minlength=deals).astype(np.int64)
        held[used : used + len(rows)] = rows
        used += len(rows)
    return Tally(held, faces, lines, copies, spend)


def blocks(instance: Instance) -> Iterator[tuple[int, int]]:
    """Runs of whole households with about BLOCK pairs each, first and behind the last."""
    household_count, first = len(instance.households), 0
    while first < household_count:
        last = int(np.searchsorted(instance.indptr, instance.indptr[first] + BLOCK, side="right"))
        last = min(household_count, max(first + 1, last - 1))
        yield first, last
        first = last


def _groups(
    instance: Instance, counted: Tally, border: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Household and number of picks of every category (or conflict group) that holds a pick.

    In blocks of whole households.
    """
    for first, last in blocks(instance):
        begin, end = int(instance.indptr[first]), int(instance.indptr[last])
        low, high = np.searchsorted(counted.rows, (begin, end))
        group = np.cumsum((instance.border[begin:end] & border) != 0)[
            counted.rows[low:high] - begin
        ]
        heads = np.flatnonzero(np.diff(group, prepend=-1))
        home = np.repeat(np.arange(first, last), counted.lines[first:last])
        yield home[heads], np.diff(heads, append=len(group))


def violations(instance: Instance, counted: Tally) -> int:
    """Hard limits broken, each deal, household, category or conflict group once."""
    deals = instance.deals
    broken = int((counted.spend > deals.budget).sum() + (counted.copies > deals.maximum).sum())
    broken += int((counted.faces > instance.ceiling).sum() + (counted.lines > instance.slots).sum())
    for home, picks in _groups(instance, counted, NEW_CATEGORY):
        broken += int((picks > instance.per_category[home]).sum())
    for _, picks in _groups(instance, counted, NEW_GROUP):
        broken += int((picks > 1).sum())
    if len(instance.cross):
        tangled = instance.cross[counted.rows] >= 0
        pairs = np.stack([counted.home()[tangled], instance.cross[counted.rows][tangled]])
        broken += pairs.shape[1] - np.unique(pairs, axis=1).shape[1]
    return broken


def reachable(instance: Instance, deal: int) -> int:
    """Most copies a deal could place if it were alone: takers, cap, and the cheapest copies."""
    deals = instance.deals
    most = min(int(instance.takers[deal]), int(deals.maximum[deal]))
    if deals.budget[deal] < UNLIMITED:
        costs = np.sort(instance.cost[instance.offer == deal]).astype(np.int64)
        most = min(most, int(np.searchsorted(np.cumsum(costs), deals.budget[deal], side="right")))
    return most


def _binding(market: Market, counted: Tally) -> dict[str, int]:
    p, deals = market.instance, market.instance.deals
    limited = deals.budget < UNLIMITED
    dearest = np.maximum(p.cost_high.astype(np.int64), 1)
    full = sum(
        len(np.unique(home[picks >= p.per_category[home]]))
        for home, picks in _groups(p, counted, NEW_CATEGORY)
    )
    return {
        "budget": int((limited & (deals.budget - counted.spend < dearest)).sum()),
        "circulation_max": int((counted.copies >= deals.maximum).sum()),
        "circulation_min": int(((deals.minimum > 0) & (counted.copies <= deals.minimum)).sum()),
        "slots": int((counted.lines >= p.slots).sum()),
        "category_max": full,
        "face_value_floor": int(((p.floor > 0) & (counted.faces <= p.floor)).sum()),
    }


@dataclass(frozen=True, slots=True)
class _Worth:
    """What an allocation comes to: the value of its pairs, and what both penalties count."""

    value: float
    missing: NDArray[np.int64]
    below: NDArray[np.float64]
    short: int


def _value(instance: Instance, counted: Tally) -> float:
    """The values of all pairs chosen, some at a time."""
    rows = counted.rows
    parts = (rows[first : first + BLOCK] for first in range(0, len(rows), BLOCK))
    return sum((float(instance.value[part].sum(dtype=np.float64)) for part in parts), 0.0)


def _worth(market: Market, counted: Tally) -> _Worth:
    p = market.instance
    below = np.maximum(0.0, p.floor - counted.faces)
    return _Worth(
        value=_value(p, counted),
        missing=np.maximum(0, p.deals.minimum - counted.copies),
        below=below,
        short=int(below.sum()) + p.unreachable_floor_cents,
    )


def objective(market: Market, counted: Tally) -> float:
    """The values of an allocation less both penalties."""
    return _objective(market, _worth(market, counted))


def _objective(market: Market, worth: _Worth) -> float:
    missing = market.limits.missing * int(worth.missing.sum())
    return worth.value - market.floor_price * worth.short - missing


def certify(market: Market, counted: Tally, bound: float) -> Certificate:
    """The certificate of the allocation counted in `counted` against a proven `bound`."""
    p, deals = market.instance, market.instance.deals
    worth = _worth(market, counted)
    missing, below, short, value = worth.missing, worth.below, worth.short, worth.value
    primal = _objective(market, worth)
    bound = _settled(market, bound, primal)
    return Certificate(
        primal_cents=primal,
        dual_bound_cents=bound,
        gap=(bound - primal) / max(abs(bound), 1e-9) if bound > primal else 0.0,
        value_cents=value,
        floor_shortfall_cents=short,
        households_below_floor=int((below > 0).sum()),
        minimum_missing_copies=int(missing.sum()),
        violations=violations(p, counted),
        pairs=len(counted.rows),
        iterations=market.passes,
        seed=market.seed,
        binding=_binding(market, counted),
        minimums=tuple(
            Shortfall(
                deals.ids.series[int(o)],
                int(deals.minimum[o]),
                int(counted.copies[o]),
                int(missing[o]),
                reachable(p, int(o)),
            )
            for o in np.flatnonzero(missing)
        ),
    )


def _settled(market: Market, bound: float, primal: float) -> float:
    """The bound with rounding error on the safe side; whole where every objective is whole."""
    prices = (market.floor_price, market.limits.missing)
    margin = ROUNDING * (1.0 + abs(bound))
    if bound <= primal + margin:
        return primal
    if market.instance.whole_values and all(float(price).is_integer() for price in prices):
        return max(float(np.floor(bound + margin)), primal)
    return bound + margin


def price_frame(market: Market, prices: Prices, counted: Tally) -> pl.DataFrame:
    """Shadow prices and use per deal.

    `budget_price`: value cents per cent of cost; `circulation_price_cents`: value cents per copy,
    above 0 where the cap binds, below 0 where the guarantee does. `binds` names the limits with a
    price.
    """
    deals, limits = market.instance.deals, market.limits
    by_budget = limits.folded & (limits.cap < deals.maximum) & (prices.copy > 0)
    budget_price = np.where(by_budget, prices.copy / limits.unit_cost, prices.spend)
    copy_price = np.where(by_budget, 0.0, prices.copy)
    none = pl.lit(None, pl.Int64)
    frame = pl.DataFrame(
        {
            "offer_id": deals.ids.series,
            "budget_price": budget_price,
            "circulation_price_cents": copy_price,
            "circulation": counted.copies,
            "spent_cents": counted.spend,
            "budget_cents": deals.budget,
            "circulation_max": deals.maximum,
            "circulation_min": deals.minimum,
        }
    )
    names = ("budget", "circulation_max", "circulation_min")
    tests = (
        pl.col("budget_price") > 0,
        pl.col("circulation_price_cents") > 0,
        pl.col("circulation_price_cents") < 0,
    )
    return frame.with_columns(
        pl.when(pl.col(c) >= UNLIMITED).then(none).otherwise(pl.col(c)).alias(c)
        for c in ("budget_cents", "circulation_max")
    ).with_columns(
        pl.concat_str(
            [
                pl.when(t).then(pl.lit(n)).otherwise(pl.lit(None, pl.String))
                for n, t in zip(names, tests, strict=True)
            ],
            separator=" ",
            ignore_nulls=True,
        ).alias("binds")
    )
