"""Passes over many households at given prices: their choices, and the curvature."""

import numpy as np

from service.engine.allocate.kernels.arguments import (
    BEST,
    FACE,
    HELD,
    NEAR,
    NEAR_WEIGHT,
    NEVER,
    NEW_CATEGORY,
    NEW_GROUP,
    OVER,
    SCORE,
    TAKEN,
    UNDER,
    WEIGHT,
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
from service.engine.allocate.kernels.scan import relax, scan
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


@inner
def add_swap(
    pairs: Pairs,
    begin: int,
    new: int,
    out: int,
    window: float,
    spend_row: Index,
    copy_row: Index,
    dense: bool,
    matrix: Floats,
    desk: Desk,
) -> None:
    """Add the outer product of a swap's effect on the deals; `out` is -1 where nothing leaves."""
    rows, effects = desk.ints[0], desk.reals[0]
    used = 0
    for side in range(2):
        item = new if side == 0 else out
        if item < 0:
            continue
        sign = 1.0 if side == 0 else -1.0
        o = pairs.offer[begin + item]
        if spend_row[o] >= 0:
            rows[used] = spend_row[o]
            effects[used] = sign * pairs.cost[begin + item]
            used += 1
        if copy_row[o] >= 0:
            rows[used] = copy_row[o]
            effects[used] = sign
            used += 1
    for a in range(used):
        for b in range(used):
            if dense:
                matrix[rows[a], rows[b]] += effects[a] * effects[b] / window
            elif a == b:
                matrix[rows[a], 0] += effects[a] * effects[a] / window


@compiled
def curvature(
    which: Index,
    pairs: Pairs,
    prices: Prices,
    theta: Floats,
    jitter: float,
    seed: int,
    window: float,
    spend_row: Index,
    copy_row: Index,
    dense: bool,
    matrix: Floats,
    desk: Desk,
) -> int:
    """Density of swaps that a change of prices would cause, as a matrix over the live prices.

    Every candidate left out by less than `window` would displace one that is in (or none); the
    pair adds the outer product of its effect on the deals, over `window`. `spend_row` and
    `copy_row` give each deal's row in `matrix`, -1 where the price is not live. Without `dense`
    only the diagonal is kept, in one column. Returns the number of swaps seen.
    """
    score, face, taken = desk.reals[SCORE], desk.reals[FACE], desk.ints[TAKEN]
    pick, weight = desk.ints[BEST], desk.reals[WEIGHT]
    near, near_weight = desk.ints[NEAR], desk.reals[NEAR_WEIGHT]
    seen = 0
    for r in range(which.shape[0]):
        h = which[r]
        begin = pairs.indptr[h]
        n = pairs.indptr[h + 1] - begin
        if n == 0:
            continue
        home = home_of(pairs, h, score, face)
        set_prices(home, pairs, prices, h, jitter, seed)
        border = home.border
        for i in range(n):
            taken[i] = 0
        count, _t, _f, _r, weakest = scan(home, theta[h], pick, weight, near, near_weight)
        full_out = 0
        for i in range(count):
            taken[pick[i]] = 1
            if weight[i] == weakest:
                full_out = pick[i]
        i = 0
        while i < n:
            stop = i + 1
            while stop < n and not border[stop] & NEW_CATEGORY:
                stop += 1
            inside = 0
            own = -1
            for k in range(i, stop):
                if taken[k]:
                    inside += 1
                    w = score[k] + theta[h] * face[k]
                    if own < 0 or w < score[own] + theta[h] * face[own]:
                        own = k
            k = i
            while k < stop:
                end = k + 1
                mate = k if taken[k] else -1
                while end < stop and not border[end] & NEW_GROUP:
                    if taken[end]:
                        mate = end
                    end += 1
                for j in range(k, end):
                    if taken[j]:
                        continue
                    out = mate
                    if out < 0 and inside >= home.per_category:
                        out = own
                    if out < 0 and count >= home.slots:
                        out = full_out
                    lost = score[out] + theta[h] * face[out] if out >= 0 else 0.0
                    if lost - score[j] - theta[h] * face[j] >= window:
                        continue
                    seen += 1
                    add_swap(
                        pairs, begin, j, out, window, spend_row, copy_row, dense, matrix, desk,
                    )  # fmt: skip
                k = end
            i = stop
    return seen
