"""Small markets: a few households at a time give back what they hold and choose again.

Where thousands share a deal, its price decides who gets it. Among a few households no price may do
so, and the rest of the gap to the bound is closed by trial.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.kernels.arguments import HELD, Ledger, Prices
from service.engine.allocate.market import Market
from service.engine.allocate.repair import better
from service.engine.allocate.validate import UNLIMITED

Thing = TypeVar("Thing")

SMALL = 300
"""Above this many households prices are good enough."""
IDLE, LEAST_IDLE = 30, 1_000
MOST_TRIES = 2_000
"""Tries without gain, per household and in all, and tries in total, after which the search ends."""
FEW, MORE = 6, 40
FACTORS = (0.0, 0.5, 1.0)
SLIP = 1e-9


def trade(market: Market, prices: Prices, ledger: Ledger, *, bound: float, nodes: int) -> None:
    """Try trades and keep every one that raises the objective, until it meets `bound`.

    Households that could hold one scarce deal give back everything and choose again, one after
    another. Limits hold after every trade. The seed fixes the order; a large market is left alone.
    """
    p, limits = market.instance, market.limits
    household_count = len(market.everyone)
    scarce = (limits.cap < UNLIMITED) | (limits.budget < UNLIMITED) | (limits.minimum > 0)
    live = np.flatnonzero(scarce & (p.takers > 1))
    if household_count > SMALL or not len(live):
        return
    rng = np.random.default_rng(market.seed)
    owner = np.repeat(market.everyone, np.diff(p.indptr))
    takers = {o: _cheapest(market, owner, o) for o in live.tolist()}
    worth = np.array([_worth(market, int(h)) for h in market.everyone])
    goal = bound + market.floor_price * p.unreachable_floor_cents
    goal += limits.missing * limits.unavoidable
    tilts = (0.0, float(np.abs(p.value).mean()), limits.missing)
    slip, idle = SLIP * max(abs(goal), float(np.abs(worth).sum())), 0
    for _ in range(MOST_TRIES):
        short = _short(market, ledger)
        if idle > max(LEAST_IDLE, IDLE * household_count) or worth.sum() - short >= goal - slip:
            return
        party = _party(market, ledger, rng, takers)
        kept = [market.state[p.indptr[h] : p.indptr[h + 1]].copy() for h in party]
        books = ledger.copies.copy(), ledger.copies_room.copy(), ledger.spend_room.copy()
        for h in party:
            _give_back(market, ledger, int(h))
        tilt = _one_of(tilts, rng) * rng.random(len(prices.copy))
        tilted = Prices(prices.spend, prices.copy.clip(0.0) + tilt)
        for factor in (_one_of(FACTORS, rng), 0.0):
            better(market, tilted, ledger, factor=factor, nodes=nodes, which=party, asking=False)
        found = np.array([_worth(market, int(h)) for h in party])
        gain = float(found.sum() - worth[party].sum()) + short - _short(market, ledger)
        idle = 0 if gain > slip else idle + 1
        if gain >= 0.0:
            # A trade without gain is kept too: it may free a copy that another needs.
            worth[party] = found
            continue
        for h, state in zip(party, kept, strict=True):
            market.state[p.indptr[h] : p.indptr[h + 1]] = state
        ledger.copies[:], ledger.copies_room[:], ledger.spend_room[:] = books


def _one_of(things: Sequence[Thing], rng: np.random.Generator) -> Thing:
    """Any of them; `rng.choice` is far slower."""
    return things[int(rng.integers(len(things)))]


def _cheapest(market: Market, owner: NDArray[np.int32], deal: int) -> NDArray[np.int32]:
    """The households that could hold a deal, those with the cheapest copies first."""
    rows = np.flatnonzero(market.instance.offer == deal)
    return owner[rows[np.argsort(market.instance.cost[rows], kind="stable")]]


def _party(
    market: Market,
    ledger: Ledger,
    rng: np.random.Generator,
    takers: dict[int, NDArray[np.int32]],
) -> NDArray[np.int32]:
    """Who trades, and in which order: takers of a deal, half the time of one that is short."""
    live = list(takers)
    missed = [o for o in live if ledger.copies[o] < market.limits.minimum[o]]
    if missed and rng.random() < 0.5:
        some = takers[_one_of(missed, rng)]
        chosen = np.sort(rng.permutation(len(some))[: int(rng.integers(2, MORE))])
        return some[chosen]
    some = takers[_one_of(live, rng)]
    return rng.permutation(some)[: int(rng.integers(2, FEW))]


def _held(market: Market, home: int) -> NDArray[np.int64]:
    """The pairs that a household holds, as rows of the instance."""
    begin, end = market.instance.indptr[home], market.instance.indptr[home + 1]
    rows: NDArray[np.int64] = begin + np.flatnonzero(market.state[begin:end] & HELD)
    return rows


def _worth(market: Market, home: int) -> float:
    """What a household adds to the objective."""
    p, rows = market.instance, _held(market, home)
    short = max(0.0, float(p.floor[home] - p.face[rows].sum()))
    return float(p.value[rows].sum(dtype=np.float64)) - market.floor_price * short


def _short(market: Market, ledger: Ledger) -> float:
    """What missing copies take from the objective."""
    missing = np.maximum(0, market.limits.minimum - ledger.copies).sum()
    return market.limits.missing * float(missing)


def _give_back(market: Market, ledger: Ledger, home: int) -> None:
    p, rows = market.instance, _held(market, home)
    offer = p.offer[rows]
    market.state[rows] &= 255 - HELD
    ledger.copies[offer] -= 1
    ledger.copies_room[offer] += 1
    ledger.spend_room[offer] += p.cost[rows]
