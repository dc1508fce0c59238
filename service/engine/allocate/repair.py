"""From prices to an allocation in which every limit holds, and then to a better one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.kernels.arguments import WHOLE, Givers, Ledger, Prices, chain_for
from service.engine.allocate.kernels.chains import improve
from service.engine.allocate.kernels.givers import give_back, list_givers
from service.engine.allocate.kernels.settle import settle
from service.engine.allocate.market import Market, every
from service.engine.allocate.prices import Effort, Search, scale_of

FACTORS = (1.0, 0.9, 0.7, 0.4, 0.2, 0.0)
"""Fractions of the prices."""
MOST_PASSES = 3
FEW, NODES = 1_000, 2_000
"""Among more households a search may take so many nodes."""
PLACES, MOST_PLACES, FOR_A_PLACE = 64, 512, 500
"""Places in a deal's list of givers: one for so many households, within these ends."""
LISTED = 50_000
"""Households looked at to fill the lists."""
SOFT, STIFFER = 0.1, 2.0
"""If all copies of a deal were too many, its price would rise by so much of what a pair is worth;
and by so much more from pass to pass."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Improve towards drafts: what a drafted pair is worth more, and what that may cost in all."""

    bonus: float = 0.0
    allowed: float = 0.0


NO_DRAFT = Draft()


def repair(market: Market, found: Search, *, work: Effort) -> Ledger:
    """Leave in `state` an allocation within every limit; the ledger it ends with.

    First prices follow the use. What is overspent then is taken back where that costs least.
    Then every household in turn takes what the deals still have room for, or what others give up
    for it at less than it gains, at falling fractions of the prices and finally at none, as long as
    a pass gains the part `again` of the bound.
    """
    copies, spend = found.demand.copies // WHOLE, found.demand.spend // WHOLE
    limits = market.limits
    ledger = Ledger(copies, limits.minimum, limits.cap - copies, limits.budget - spend)
    settle_limits(market, found, ledger, passes=work.settling)
    take_back_overspent(market, found.prices, ledger)
    for factor in FACTORS:
        for turn in range(MOST_PASSES):
            gain = better(
                market, found.prices, ledger, factor=factor, nodes=found.nodes, turn=turn,
            )  # fmt: skip
            if gain <= work.again * abs(found.bound):
                break
    return ledger


def settle_limits(market: Market, found: Search, ledger: Ledger, *, passes: int) -> None:
    """Bring the use of every deal near its limit, at prices that follow it ever more closely.

    An augmented Lagrangian, minimised household by household: each pass lowers it, then prices move
    by what is still over or left (Hestenes 1969, Powell 1969).
    """
    limits, prices = market.limits, found.prices
    none = np.zeros(len(prices.copy))
    per_copy = SOFT * scale_of(market) / np.maximum(1, ledger.copies)
    limit = _fewer(market, found.nodes)
    for _ in range(passes):
        stiff = Prices(per_copy / limits.unit_cost**2, per_copy)
        settle(
            market.everyone, market.pairs, prices, stiff, limits.missing, market.theta, limit,
            market.state, ledger, none, market.desk(),
        )  # fmt: skip
        asked = (-prices.copy + per_copy * (ledger.minimum - ledger.copies)).clip(0.0)
        prices = Prices(
            (prices.spend - stiff.spend * ledger.spend_room).clip(0.0),
            (prices.copy - per_copy * ledger.copies_room).clip(0.0)
            - np.where(limits.minimum > 0, asked.clip(max=limits.missing), 0.0),
        )
        per_copy = STIFFER * per_copy


def _fewer(market: Market, nodes: int) -> int:
    """Nodes of a search while all households choose again."""
    return min(nodes, NODES) if len(market.everyone) > FEW else nodes


def better(
    market: Market,
    prices: Prices,
    ledger: Ledger,
    *,
    factor: float,
    nodes: int,
    turn: int = 0,
    which: NDArray[np.int32] | None = None,
    asking: bool = True,
    draft: Draft = NO_DRAFT,
) -> float:
    """One pass in which every household (of `which`) chooses again; what that gained.

    With a `draft` they go back towards it. Then, or unless `asking`, nobody gives up a copy for
    another.
    """
    at, bonus = _at(market, prices, factor)
    everyone = market.everyone
    full = (ledger.copies_room < 1) | (ledger.spend_room < market.instance.cost_high)
    held_up = (ledger.minimum > 0) & (ledger.copies <= ledger.minimum)
    limit = _fewer(market, nodes)
    asking = asking and draft.bonus <= 0.0
    many = min(max(PLACES, len(everyone) // FOR_A_PLACE), MOST_PLACES)
    places = np.where((full | held_up) & asking, many, 0)
    stride = max(1, len(everyone) // LISTED)
    some = every(everyone, stride, first=turn % stride)
    givers = _givers(market, at, bonus, ledger, places, which=some)
    _kept, gain = improve(
        everyone if which is None else which, market.pairs, at, bonus, market.theta, limit,
        market.state, ledger, givers, np.zeros(len(everyone), np.uint8), draft.bonus,
        draft.allowed, chain_for(market.widest), market.desk(), market.desk(),
    )  # fmt: skip
    return float(gain)


def _at(market: Market, prices: Prices, factor: float) -> tuple[Prices, NDArray[np.float64]]:
    """Prices at a fraction, and what each deal's guarantee adds to a copy that it needs."""
    limits = market.limits
    bonus = factor * (-prices.copy).clip(0.0) + (1.0 - factor) * limits.missing
    at = Prices(factor * prices.spend, factor * prices.copy.clip(0.0))
    return at, np.where(limits.minimum > 0, bonus, 0.0)


def _givers(
    market: Market,
    prices: Prices,
    bonus: NDArray[np.float64],
    ledger: Ledger,
    places: NDArray[np.int64],
    *,
    which: NDArray[np.int32],
) -> Givers:
    """For each deal up to `places` holders among `which`, those that lose least first."""
    places = np.minimum(places, ledger.copies)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(places)])
    size = int(start[-1])
    row, owner = np.zeros((2, size), np.int32)
    refused = np.zeros(len(places), np.int32)
    givers = Givers(start, start[:-1].copy(), row, owner, np.full(size, np.inf), refused)
    if not size:
        return givers
    list_givers(which, market.pairs, prices, bonus, market.state, ledger, givers, market.desk())
    order = np.lexsort((row, givers.loss, np.repeat(np.arange(len(places)), places)))
    return Givers(start, givers.first, row[order], owner[order], givers.loss[order], refused)


def take_back_overspent(market: Market, prices: Prices, ledger: Ledger) -> None:
    """Take copies of deals above a limit from the holders that lose least without them."""
    at, bonus = _at(market, prices, 1.0)
    strict = True
    while True:
        short_copies, short_spend = -ledger.copies_room, -ledger.spend_room
        over = (short_copies > 0) | (short_spend > 0)
        if not over.any():
            return
        spent = market.limits.budget - ledger.spend_room
        by_spend = np.ceil(short_spend.clip(0) * (ledger.copies / np.maximum(spent, 1)))
        needed = np.maximum(short_copies, by_spend.astype(np.int64)).clip(0)
        places = np.where(over, 2 * needed + PLACES, 0)
        givers = _givers(market, at, bonus, ledger, places, which=market.everyone)
        moved = np.zeros(len(market.everyone), np.uint8)
        taken = give_back(
            market.pairs, at, bonus, market.state, ledger, givers, moved, strict, market.desk()
        )
        if not taken and not strict:
            return
        strict = not strict
