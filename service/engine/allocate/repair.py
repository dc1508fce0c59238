"""From prices to an allocation in which every limit holds, and then to a better one."""

import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.kernels.arguments import (
    BARRED,
    WANTED,
    WHOLE,
    Ledger,
    Prices,
)
from service.engine.allocate.kernels.holdings import improve, regrets, take_back
from service.engine.allocate.prices import Market, Search

BLOCK = 1 << 20
FACTORS = (0.97, 0.9, 0.7)
MANY = 0.002
FEW = 0.0002
"""Parts of the households: a pass that changed fewer is not worth another like it."""


def repair(market: Market, found: Search) -> Ledger:
    """Leave in `state` an allocation within every limit; the ledger it ends with.

    Overspent deals are taken back where that costs least, guarantees are filled where they cost
    least, then every household in turn takes what the deals still have room for, at falling
    fractions of the prices and finally at none.
    """
    prices, demand, nodes = found.prices, found.demand, found.nodes
    if demand is None:
        demand = market.demand(prices, exact=True, write=True, limit=nodes)
    copies, spend = demand.copies // WHOLE, demand.spend // WHOLE
    limits = market.limits
    ledger = Ledger(copies, limits.minimum, limits.cap - copies, limits.budget - spend)
    take_back_overspent(market, prices, ledger)
    better(market, prices, ledger, factor=1.0, barred_only=True, nodes=nodes)
    market.state[:] &= 255 - BARRED
    fill_guarantees(market, prices, ledger, nodes=nodes)
    household_count = len(market.everyone)
    if better(market, prices, ledger, factor=1.0, nodes=nodes) > MANY * household_count:
        better(market, prices, ledger, factor=1.0, nodes=nodes)
    for factor in FACTORS:
        better(market, prices, ledger, factor=factor, nodes=nodes)
    _settle(market, prices, ledger, nodes=nodes)
    if fill_guarantees(market, prices, ledger, nodes=nodes):
        _settle(market, prices, ledger, nodes=nodes)
    return ledger


def _settle(market: Market, prices: Prices, ledger: Ledger, *, nodes: int) -> None:
    """Passes without prices, at which the objective can only rise, until few change."""
    while better(market, prices, ledger, factor=0.0, nodes=nodes) > FEW * len(market.everyone):
        continue


def better(
    market: Market,
    prices: Prices,
    ledger: Ledger,
    *,
    factor: float,
    nodes: int,
    barred_only: bool = False,
    which: NDArray[np.int32] | None = None,
) -> int:
    """One pass in which every household (of `which`) chooses again; how many changed."""
    return int(
        improve(
            market.everyone if which is None else which, market.pairs, prices,
            market.limits.missing, factor, market.theta, barred_only, nodes, market.state, ledger,
            market.desk(),
        )
    )  # fmt: skip


def _codes(
    market: Market, prices: Prices, watched: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    p = market.instance
    code = np.full(p.size, 255, np.uint8)
    counts = np.zeros((len(watched), 256), np.int64)
    some = np.abs(p.value[:: max(1, p.size // 10_000)])
    unit = max(1e-6, 1e-3 * float(some.mean())) if len(some) else 1.0
    regrets(
        market.everyone, market.pairs, prices, market.theta, market.state, watched, unit, code,
        counts, market.desk(),
    )  # fmt: skip
    return code, counts


def _cuts(counts: NDArray[np.int64], needed: NDArray[np.int64]) -> NDArray[np.int32]:
    """Per deal the lowest code up to which there are at least `needed` pairs."""
    reached = counts.cumsum(axis=1) >= needed[:, None]
    return np.where(reached.any(axis=1), reached.argmax(axis=1), 254).astype(np.int32)


def take_back_overspent(market: Market, prices: Prices, ledger: Ledger) -> None:
    """Take copies of deals above a limit from the holders that lose least without them."""
    p = market.instance
    over = (ledger.copies_room < 0) | (ledger.spend_room < 0)
    if not over.any():
        return
    code, counts = _codes(market, prices, over.astype(np.uint8))
    by_spend = np.ceil(np.maximum(0, -ledger.spend_room) / market.limits.unit_cost)
    needed = np.maximum(np.maximum(0, -ledger.copies_room), by_spend.astype(np.int64))
    for cut in (_cuts(counts, needed), np.full(len(over), 254, np.int32)):
        take_back(p.offer, p.cost, market.state, code, cut, ledger)


def fill_guarantees(market: Market, prices: Prices, ledger: Ledger, *, nodes: int) -> int:
    """Offer deals below their guarantee to the households that lose least by taking them.

    Returns how many households changed.
    """
    p, limits = market.instance, market.limits
    missing = np.maximum(0, limits.minimum - ledger.copies)
    if not missing.any() or limits.missing == 0.0:
        return 0
    changed = 0
    code, counts = _codes(market, prices, np.where(missing > 0, 2, 0).astype(np.uint8))
    for share in (1, 2, 8):
        short = np.maximum(0, limits.minimum - ledger.copies)
        if not short.any():
            break
        cut = _cuts(counts, share * missing)
        for first in range(0, p.size, BLOCK):
            block = slice(first, first + BLOCK)
            wanted = (code[block] != 255) & (code[block] <= cut[p.offer[block]])
            market.state[block] |= np.where(wanted, np.uint8(WANTED), np.uint8(0))
        changed += better(market, prices, ledger, factor=1.0, nodes=nodes)
        market.state[:] &= 255 - WANTED
    return changed
