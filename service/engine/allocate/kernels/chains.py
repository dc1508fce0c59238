"""Households choose again, one after another; those they ask for a copy move with them."""

import numpy as np

from service.engine.allocate.kernels.arguments import (
    BEST,
    DRAFTED,
    FACE,
    HELD,
    NEVER,
    SCORE,
    Bytes,
    Chain,
    Desk,
    Floats,
    Givers,
    Home,
    Index,
    Ledger,
    Pairs,
    Prices,
    home_of,
)
from service.engine.allocate.kernels.choose import choose
from service.engine.allocate.kernels.givers import MOST_GIVERS, MOST_REFUSED, VIA, find_givers
from service.engine.allocate.kernels.holdings import flip, held_worth, score_of, set_choices
from service.engine.allocate.kernels.scan import copy, worth
from service.engine.loops.compiled import compiled, inner

# A row of the second desk's `ints`: what the household that chooses held before.
OLD = 8
BETTER = 1e-7
"""A choice is better when it is worth more by such a part."""


@inner
def more_drafted(begin: int, best: Index, count: int, old: Index, held: int, state: Bytes) -> int:
    """How many more drafted pairs the picks hold than the old ones."""
    more = 0
    for k in range(count):
        if state[begin + best[k]] & DRAFTED:
            more += 1
    for k in range(held):
        if state[begin + old[k]] & DRAFTED:
            more -= 1
    return more


@inner
def ask_others(
    home: Home,
    pairs: Pairs,
    prices: Prices,
    bonus: Floats,
    h: int,
    state: Bytes,
    ledger: Ledger,
    givers: Givers,
    moved: Bytes,
    other: Desk,
) -> None:
    """Score what others would have to give up for `h` by what they lose; who goes to VIA."""
    begin = pairs.indptr[h]
    score = home.score
    for i in range(home.n):
        p = begin + i
        o = pairs.offer[p]
        other.ints[VIA, i] = -1
        if state[p] & HELD or givers.start[o] == givers.start[o + 1]:
            continue
        loss = find_givers(pairs, o, pairs.cost[p], h, state, ledger, givers, moved, i, other)
        asked = NEVER
        if loss < np.inf:
            asked = score_of(pairs, prices, p) - loss
            if ledger.copies[o] <= ledger.minimum[o]:
                asked += bonus[o]
        if asked > score[i]:
            score[i] = asked
        else:
            other.ints[VIA, i] = -1


@inner
def settle(
    pairs: Pairs,
    prices: Prices,
    bonus: Floats,
    h: int,
    best: Index,
    count: int,
    state: Bytes,
    ledger: Ledger,
    givers: Givers,
    moved: Bytes,
    chain: Chain,
    other: Desk,
) -> float:
    """Household `h` takes `best`, and those it asks give up their copies and join the chain.

    Returns the gain of all of them; -infinity when the chain gets too long.
    """
    begin = pairs.indptr[h]
    size, flips = chain.sizes[0], chain.sizes[1]
    gain = -held_worth(pairs, prices, h, state)
    for k in range(count):
        i = best[k]
        if state[begin + i] & HELD or other.ints[VIA, i] < 0:
            continue
        for t in range(MOST_GIVERS):
            at = other.ints[VIA + t, i]
            if at < 0:
                break
            g = int(givers.owner[at])
            if not moved[g]:
                if size == chain.homes.shape[0]:
                    gain = -np.inf
                    break
                moved[g] = 1
                chain.homes[size] = g
                size += 1
            gain -= held_worth(pairs, prices, g, state)
            gain += flip(pairs, int(np.int64(givers.row[at])), bonus, state, ledger)
            gain += held_worth(pairs, prices, g, state)
            chain.rows[flips] = givers.row[at]
            flips += 1
    for i in range(pairs.indptr[h + 1] - begin):
        if state[begin + i] & HELD:
            gain += flip(pairs, begin + i, bonus, state, ledger)
            chain.rows[flips] = begin + i
            flips += 1
    for k in range(count):
        gain += flip(pairs, begin + best[k], bonus, state, ledger)
        chain.rows[flips] = begin + best[k]
        flips += 1
    chain.sizes[0], chain.sizes[1] = size, flips
    return gain + held_worth(pairs, prices, h, state)


@inner
def count_refused(
    pairs: Pairs, h: int, state: Bytes, givers: Givers, chain: Chain, stays: bool
) -> None:
    """Count a chain that is undone against the deals that `h` asked others for, or start again."""
    for k in range(chain.sizes[1]):
        p = chain.rows[k]
        if p < pairs.indptr[h] or p >= pairs.indptr[h + 1] or not state[p] & HELD:
            continue
        o = pairs.offer[p]
        givers.refused[o] = 0 if stays else min(givers.refused[o] + 1, MOST_REFUSED)


@inner
def may_choose(pairs: Pairs, h: int, state: Bytes, draft: float) -> bool:
    """Whether a household has candidates and, going back to drafts, misses a drafted one."""
    begin, end = pairs.indptr[h], pairs.indptr[h + 1]
    may = begin < end and draft <= 0.0
    for p in range(begin, end):
        may = may or (state[p] & DRAFTED != 0 and state[p] & HELD == 0)
    return may


@inner
def open_choices(
    home: Home,
    pairs: Pairs,
    prices: Prices,
    bonus: Floats,
    h: int,
    state: Bytes,
    ledger: Ledger,
    givers: Givers,
    moved: Bytes,
    draft: float,
    asks: bool,
    desk: Desk,
    other: Desk,
) -> int:
    """Score all that `h` may choose, from others too where it `asks`; its picks go to BEST and OLD.

    Returns how many picks it holds.
    """
    begin = pairs.indptr[h]
    held = set_choices(home, pairs, prices, bonus, begin, state, ledger, desk.ints[BEST])
    copy(desk.ints[BEST], other.ints[OLD], held)
    if asks:
        ask_others(home, pairs, prices, bonus, h, state, ledger, givers, moved, other)
    else:
        for i in range(home.n):
            other.ints[VIA, i] = -1
    if draft > 0.0:
        for i in range(home.n):
            if state[begin + i] & DRAFTED:
                home.score[i] += draft
    return held


@inner
def end_chain(
    pairs: Pairs,
    bonus: Floats,
    h: int,
    state: Bytes,
    ledger: Ledger,
    givers: Givers,
    moved: Bytes,
    chain: Chain,
    stays: bool,
) -> None:
    """Keep what the chain that `h` began has moved, or put everything back in place."""
    count_refused(pairs, h, state, givers, chain, stays)
    if stays:
        moved[h] = 1
        return
    for k in range(chain.sizes[1] - 1, -1, -1):
        flip(pairs, chain.rows[k], bonus, state, ledger)
    for k in range(1, chain.sizes[0]):
        moved[chain.homes[k]] = 0


@compiled
def improve(
    which: Index,
    pairs: Pairs,
    prices: Prices,
    bonus: Floats,
    theta: Floats,
    limit: int,
    state: Bytes,
    ledger: Ledger,
    givers: Givers,
    moved: Bytes,
    draft: float,
    allowed: float,
    chain: Chain,
    desk: Desk,
    other: Desk,
) -> tuple[int, float]:
    """Let each household of `which` choose again; how many chains were kept, and their gain.

    It chooses among its own, deals with room, and deals that others on the lists give up for it
    at their loss; those then choose again among their own and deals with room. Scores are values
    less prices; a copy that a guarantee still needs is worth the deal's `bonus` more. A chain stays
    when all its households together are better off by these scores, so without prices the
    objective never falls. Hard limits hold after every chain. With `draft` above 0 only households
    that miss a DRAFTED pair choose, such a pair is worth so much more to them, and a change is kept
    when it loses, by the scores without that, no more than is left of `allowed` and of gains.
    """
    best, old = desk.ints[BEST], other.ints[OLD]
    kept = 0
    gained = 0.0
    for r in range(which.shape[0]):
        chain.homes[0], chain.sizes[0], chain.sizes[1] = which[r], 1, 0
        gain, least, link = 0.0, 0.0, 0
        while link < chain.sizes[0]:
            h = int(chain.homes[link])
            if not may_choose(pairs, h, state, draft):
                break
            home = home_of(pairs, h, desk.reals[SCORE], desk.reals[FACE])
            held = open_choices(
                home, pairs, prices, bonus, h, state, ledger, givers, moved, draft, link == 0,
                desk, other,
            )  # fmt: skip
            now = worth(home, best, held)
            theta[h], _bound, count, reached, _nodes = choose(
                home, theta[h], now, best, held, limit, desk
            )
            link += 1
            slip = BETTER * (abs(now) + abs(reached))
            if reached <= now + slip:
                if link == 1:
                    break
                continue
            if link == 1:
                least = -allowed - gained if draft > 0.0 else slip
            more = draft * more_drafted(pairs.indptr[h], best, count, old, held, state)
            if draft > 0.0 and reached - now - more < least:
                break
            gain += settle(
                pairs, prices, bonus, h, best, count, state, ledger, givers, moved, chain, other
            )
            if gain == -np.inf:
                break
        if chain.sizes[1] == 0:
            continue
        stays = gain > least or (draft > 0.0 and gain == least)
        end_chain(pairs, bonus, which[r], state, ledger, givers, moved, chain, stays)
        if stays:
            kept += 1
            gained += gain
    return kept, gained
