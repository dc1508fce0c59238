"""The curvature of the bound: which swaps a change of prices would cause."""

import numpy as np

from service.engine.allocate.kernels.arguments import (
    BEST,
    FACE,
    NEAR,
    NEAR_WEIGHT,
    NEW_CATEGORY,
    NEW_GROUP,
    SCORE,
    TAKEN,
    WEIGHT,
    Desk,
    Floats,
    Home,
    Index,
    Pairs,
    Prices,
    home_of,
    set_prices,
)
from service.engine.allocate.kernels.scan import scan
from service.engine.loops.compiled import compiled, inner

BALANCED = 0.95
"""The part that is taken away of the swaps that a household's own multiplier answers."""
# Rows of a desk's `ints` and `reals`: one swap's effects, then those that its face value weighs.
SWAP, WEIGHED = 0, 1


@inner
def list_swap(
    pairs: Pairs, begin: int, new: int, out: int, spend_row: Index, copy_row: Index, desk: Desk
) -> int:
    """A swap's effect on the live prices, in the rows SWAP; `out` is -1 where nothing leaves."""
    rows, effects = desk.ints[SWAP], desk.reals[SWAP]
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
    return used


@inner
def add_square(
    row: int, count: int, weight: float, dense: bool, matrix: Floats, desk: Desk
) -> None:
    """Add `weight` times the outer product of the `count` effects in a row of the desk."""
    rows, effects = desk.ints[row], desk.reals[row]
    for a in range(count):
        if not dense:
            matrix[rows[a], 0] += effects[a] * effects[a] * weight
            continue
        for b in range(count):
            matrix[rows[a], rows[b]] += effects[a] * effects[b] * weight


@inner
def weigh_swap(used: int, face: float, many: int, place: Index, desk: Desk) -> int:
    """Add a swap's effects, times its face value, to those in WEIGHED; how many there are."""
    rows, effects = desk.ints[SWAP], desk.reals[SWAP]
    weighed_rows, weighed = desk.ints[WEIGHED], desk.reals[WEIGHED]
    for a in range(used):
        at = place[rows[a]]
        if at < 0:
            at = many
            place[rows[a]] = many
            weighed_rows[many] = rows[a]
            weighed[many] = 0.0
            many += 1
        weighed[at] += effects[a] * face
    return many


@inner
def weakest_inside(home: Home, theta: float, begin: int, end: int, taken: Index) -> tuple[int, int]:
    """How many of a category are taken, and which of them weighs least (-1 for none)."""
    inside = 0
    own = -1
    least = 0.0
    for k in range(begin, end):
        if taken[k]:
            inside += 1
            weight = home.score[k] + theta * home.face[k]
            if own < 0 or weight < least:
                own = k
                least = weight
    return inside, own


@inner
def add_home(
    home: Home,
    pairs: Pairs,
    h: int,
    theta: float,
    window: float,
    spend_row: Index,
    copy_row: Index,
    place: Index,
    dense: bool,
    matrix: Floats,
    desk: Desk,
) -> int:
    """Add the swaps of one scored household; how many it has."""
    begin, n, border = pairs.indptr[h], home.n, home.border
    score, face, taken = home.score, home.face, desk.ints[TAKEN]
    pick, weight = desk.ints[BEST], desk.reals[WEIGHT]
    for i in range(n):
        taken[i] = 0
    count, _t, _f, _r, weakest = scan(
        home, theta, pick, weight, desk.ints[NEAR], desk.reals[NEAR_WEIGHT]
    )
    full_out = 0
    for i in range(count):
        taken[pick[i]] = 1
        if weight[i] == weakest:
            full_out = pick[i]
    balances = theta != 0.0 and theta < home.price
    seen = 0
    many = int(np.int64(0))
    squares = 0.0
    inside = 0
    own = -1
    mate = -1
    for j in range(n):
        if border[j] & NEW_CATEGORY:
            stop = j + 1
            while stop < n and not border[stop] & NEW_CATEGORY:
                stop += 1
            inside, own = weakest_inside(home, theta, j, stop, taken)
        if border[j] & NEW_GROUP:
            mate = -1
            k = j
            while k < n and (k == j or not border[k] & NEW_GROUP):
                if taken[k]:
                    mate = k
                k += 1
        if taken[j]:
            continue
        out = mate
        if out < 0 and inside >= home.per_category:
            out = own
        if out < 0 and count >= home.slots:
            out = full_out
        lost = score[out] + theta * face[out] if out >= 0 else 0.0
        if lost - score[j] - theta * face[j] >= window:
            continue
        seen += 1
        used = list_swap(pairs, begin, j, out, spend_row, copy_row, desk)
        add_square(int(np.int64(SWAP)), used, 1.0 / window, dense, matrix, desk)
        if balances:
            more = face[j] - (face[out] if out >= 0 else 0.0)
            squares += more * more
            many = weigh_swap(used, more, many, place, desk)
    for a in range(many):
        place[desk.ints[WEIGHED, a]] = -1
    if squares > 0.0:
        add_square(
            int(np.int64(WEIGHED)), many, -BALANCED / (window * squares), dense, matrix, desk
        )
    return seen


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
    place: Index,
    dense: bool,
    matrix: Floats,
    desk: Desk,
) -> int:
    """Density of swaps that a change of prices would cause, as a matrix over the live prices.

    Every candidate left out by less than `window` would displace one that is in (or none); the
    pair adds the outer product of its effect on the deals, over `window`. A household whose face
    value is held at an end of its band moves its multiplier too, and swaps only in directions in
    which its face value stays: nearly all of the others is taken away (the Schur complement of the
    multiplier). `spend_row` and `copy_row` give each deal's row in `matrix`, -1 where the price is
    not live; `place` is -1 for each row. Without `dense` only the diagonal is kept, in one column.
    Returns the number of swaps seen.
    """
    score, face = desk.reals[SCORE], desk.reals[FACE]
    seen = 0
    for r in range(which.shape[0]):
        h = which[r]
        if pairs.indptr[h + 1] == pairs.indptr[h]:
            continue
        home = home_of(pairs, h, score, face)
        set_prices(home, pairs, prices, h, jitter, seed)
        seen += add_home(
            home, pairs, h, theta[h], window, spend_row, copy_row, place, dense, matrix, desk,
        )  # fmt: skip
    return seen
