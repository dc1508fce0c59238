"""Keep what households were shown as their drafts, where that costs next to nothing.

Prices of another day, and ties, move an allocation far from the drafts made before it though
either is worth the same. So the allocation goes back towards them, cheapest first, as long as it
stays within a small part of what it is worth; every limit holds on the way.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.allocate.certificate import blocks
from service.engine.allocate.instance import Instance
from service.engine.allocate.kernels.arguments import DRAFTED, HELD, Ledger, Prices
from service.engine.allocate.market import Market
from service.engine.allocate.repair import Draft, better
from service.engine.allocate.validate import require_columns

_FIRST, _STEP, _PASSES = 1 / 16, 4.0, 6
"""Bonuses for a drafted pair: the first as a part of what each one missed may cost, then rising."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Drafts to keep: `pairs` of household_id and offer_id, and the cost allowed.

    `share` is a part of the objective, as the gap is.
    """

    pairs: pl.DataFrame
    share: float


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the drafts of `households` with `offers` pairs in all.

    `possible` of them may still be given, `free` were chosen anyway, `kept` are in the end.
    `cost_cents` is by how much the objective fell for it (below 0: it rose).
    """

    households: int = 0
    offers: int = 0
    possible: int = 0
    free: int = 0
    kept: int = 0
    cost_cents: float = 0.0


def keep_drafts(
    market: Market, ledger: Ledger, keep: Keep, *, objective: float, nodes: int
) -> tuple[int, int, int]:
    """Move the allocation in `state` towards the drafts; `objective` is what it is worth.

    Returns how many drafted pairs may be given, were given before, and are now.
    """
    state = market.state
    _mark(market.instance, state, keep.pairs)
    possible, free = int(np.count_nonzero(state & DRAFTED)), _held(state)
    allowed, held = keep.share * abs(objective), free
    bonus = allowed / max(1, possible - free) * _FIRST
    for _ in range(_PASSES):
        if held == possible or allowed <= 0.0:
            break
        allowed -= _pass(market, ledger, bonus=bonus, allowed=allowed, nodes=nodes)
        held = _held(state)
        bonus *= _STEP
    state &= 255 - DRAFTED
    return possible, free, held


def _pass(market: Market, ledger: Ledger, *, bonus: float, allowed: float, nodes: int) -> float:
    """One pass over all households; by how much the objective fell."""
    no_prices = Prices(*np.zeros((2, len(market.instance.deals.ids))))
    return -better(market, no_prices, ledger, factor=0.0, nodes=nodes, draft=Draft(bonus, allowed))


def _held(state: NDArray[np.uint8]) -> int:
    """How many drafted pairs are given."""
    both = HELD | DRAFTED
    return int(np.count_nonzero((state & both) == both))


def _mark(instance: Instance, state: NDArray[np.uint8], pairs: pl.DataFrame) -> None:
    """Mark the drafted pairs that are candidates."""
    require_columns(pairs.schema, ("household_id", "offer_id"), frame="drafts")
    deals = len(instance.deals.ids)
    wanted = _keys(instance, pairs)
    for first, last in blocks(instance):
        begin, end = int(instance.indptr[first]), int(instance.indptr[last])
        home = np.repeat(np.arange(first, last), np.diff(instance.indptr[first : last + 1]))
        low, high = np.searchsorted(wanted, (first * deals, last * deals))
        found = np.isin(home * deals + instance.offer[begin:end], wanted[low:high])
        state[begin:end] |= np.where(found, np.uint8(DRAFTED), np.uint8(0))


def _keys(instance: Instance, pairs: pl.DataFrame) -> NDArray[np.int64]:
    """A number for each drafted pair whose household and offer the instance has; they rise."""
    deals = len(instance.deals.ids)
    households = pl.DataFrame({"household_id": instance.households}).with_row_index("home")
    offers = pl.DataFrame({"offer_id": instance.deals.ids.series}).with_row_index("deal")
    found = pairs.join(households, on="household_id").join(offers, on="offer_id")
    keys = found.select(pl.col("home").cast(pl.Int64) * deals + pl.col("deal").cast(pl.Int64))
    return np.unique(keys.to_series().to_numpy())
