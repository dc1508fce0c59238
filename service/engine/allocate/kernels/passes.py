"""A pass over many households at given prices: their choices."""

import numpy as np

from service.engine.allocate.kernels.arguments import (
    BEST,
    FACE,
    HELD,
    NEVER,
    OVER,
    SCORE,
    UNDER,
    WHOLE,
    Bytes,
    Desk,
    Floats,
    Index,
    Ints,
    Pairs,
    Prices,
    home_of,
    set_prices,
)
from service.engine.allocate.kernels.choose import choose
from service.engine.allocate.kernels.scan import relax
from service.engine.loops.compiled import compiled, inner


@inner
def add_copies(
    pairs: Pairs, begin: int, picks: Index, count: int, part: int, copies: Ints, spend: Ints
) -> None:
    """Count `part` 1024ths of each pick to its deal."""
    for i in range(count):
        p = begin + picks[i]
        copies[pairs.offer[p]] += part
        spend[pairs.offer[p]] += part * pairs.cost[p]


@compiled
def price_pass(
    which: Index,
    pairs: Pairs,
    prices: Prices,
    theta: Floats,
    exact: bool,
    write: bool,
    jitter: float,
    seed: int,
    limit: int,
    state: Bytes,
    copies: Ints,
    spend: Ints,
    bounds: Floats,
    desk: Desk,
) -> int:
    """Let every household of `which` choose at the prices.

    Adds the choices to `copies` and `spend` (per deal, in 1024ths), leaves each household's bound
    in `bounds` (aligned to `which`) and its multiplier in `theta`. With `exact` the choice is the
    integer one, otherwise the mix of the relaxation; `write` stores the choice in `state`.
    Returns the nodes searched.
    """
    score, face, best = desk.reals[SCORE], desk.reals[FACE], desk.ints[BEST]
    under, over = desk.ints[UNDER], desk.ints[OVER]
    whole = int(np.int64(WHOLE))
    nodes = 0
    for r in range(which.shape[0]):
        h = which[r]
        begin = pairs.indptr[h]
        n = pairs.indptr[h + 1] - begin
        if n == 0:
            bounds[r] = -pairs.price * pairs.floor[h]
            continue
        home = home_of(pairs, h, score, face)
        set_prices(home, pairs, prices, h, jitter, seed)
        if exact:
            nothing = int(np.int64(0))
            theta[h], bounds[r], count, _value, visited = choose(
                home, theta[h], NEVER, best, nothing, limit, desk
            )
            nodes += visited
            add_copies(pairs, begin, best, count, whole, copies, spend)
            if write:
                for i in range(n):
                    state[begin + i] = 0
                for i in range(count):
                    state[begin + best[i]] = HELD
            continue
        theta[h], bounds[r], low, high, share = relax(home, min(theta[h], home.price), desk)
        part = int(share * whole + 0.5)
        add_copies(pairs, begin, under, low, part, copies, spend)
        add_copies(pairs, begin, over, high, whole - part, copies, spend)
    return nodes
