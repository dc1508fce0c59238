"""Households choose again one after another while the price of a deal follows its use."""

import numpy as np

from service.engine.allocate.kernels.arguments import (
    BEST,
    FACE,
    HELD,
    SCORE,
    Bytes,
    Desk,
    Floats,
    Index,
    Ledger,
    Pairs,
    Prices,
    home_of,
)
from service.engine.allocate.kernels.choose import choose
from service.engine.allocate.kernels.holdings import flip
from service.engine.allocate.kernels.scan import worth
from service.engine.loops.compiled import compiled, inner

BETTER = 1e-9
"""A choice is better when it is worth more by such a part."""


@inner
def asking(
    pairs: Pairs,
    prices: Prices,
    stiff: Prices,
    missing: float,
    p: int,
    state: Bytes,
    ledger: Ledger,
) -> float:
    """What a copy costs its household when half of it is booked.

    Each price is raised by what is over its limit times `stiff`, and lowered by what is left.
    """
    o, cost = pairs.offer[p], pairs.cost[p]
    own = 1 if state[p] & HELD else 0
    copies, room = ledger.copies[o] - own, ledger.copies_room[o] + own
    left = ledger.spend_room[o] + own * cost
    asked = cost * max(0.0, prices.spend[o] + stiff.spend[o] * (0.5 * cost - left))
    asked += max(0.0, prices.copy[o] + stiff.copy[o] * (0.5 - room))
    if ledger.minimum[o] > 0:
        short = ledger.minimum[o] - copies - 0.5
        asked -= min(missing, max(0.0, stiff.copy[o] * short - prices.copy[o]))
    return float(asked)


@compiled
def settle(
    which: Index,
    pairs: Pairs,
    prices: Prices,
    stiff: Prices,
    missing: float,
    theta: Floats,
    limit: int,
    state: Bytes,
    ledger: Ledger,
    bonus: Floats,
    desk: Desk,
) -> int:
    """Let each household of `which` choose again at prices that follow the use so far.

    `stiff` says by how much a price rises for each copy, and for each cent, above the limit; a
    missing guaranteed copy asks for `missing` at most. Limits may be passed. Every choice lowers
    what all lose against their prices plus the squares of what is over or left, times half of
    `stiff`. Returns how many have changed.
    """
    score, face, best = desk.reals[SCORE], desk.reals[FACE], desk.ints[BEST]
    changed = 0
    for r in range(which.shape[0]):
        h = which[r]
        begin, end = pairs.indptr[h], pairs.indptr[h + 1]
        if begin == end:
            continue
        home = home_of(pairs, h, score, face)
        held = int(np.int64(0))
        for p in range(begin, end):
            if state[p] & HELD:
                best[held] = p - begin
                held += 1
            score[p - begin] = pairs.value[p] - asking(
                pairs, prices, stiff, missing, p, state, ledger
            )
        now = worth(home, best, held)
        _theta, _bound, count, reached, _nodes = choose(
            home, theta[h], now, best, held, limit, desk
        )
        if reached <= now + BETTER * (abs(now) + abs(reached)):
            continue
        changed += 1
        for p in range(begin, end):
            if state[p] & HELD:
                flip(pairs, p, bonus, state, ledger)
        for k in range(count):
            flip(pairs, begin + best[k], bonus, state, ledger)
    return changed
