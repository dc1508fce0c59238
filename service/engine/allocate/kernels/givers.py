"""Lists of who gives a deal up most cheaply: making them, taking back, and asking."""

import numpy as np

from service.engine.allocate.kernels.arguments import (
    BEST,
    DUST,
    FACE,
    HELD,
    SCORE,
    Bytes,
    Desk,
    Floats,
    Givers,
    Index,
    Ledger,
    Pairs,
    Prices,
    home_of,
)
from service.engine.allocate.kernels.holdings import best_swap, flip, set_choices, survey
from service.engine.loops.compiled import compiled, inner

# Rows of a desk's `ints` while a household chooses: who gives up each candidate for it.
VIA = 5
MOST_GIVERS = 3
"""Households that together give up copies for one."""
LOOKED_AT = 24
"""Places of a deal's list that are looked at."""
MOST_REFUSED = 8
"""Chains for a deal that were undone in turn, after which nobody asks for it."""


@inner
def sift(givers: Givers, first: int, size: int, row: int, owner: int, loss: float) -> None:
    """Put an entry into a full heap of the least losses in place of its greatest."""
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and givers.loss[first + child + 1] > givers.loss[first + child]:
            child += 1
        if givers.loss[first + child] <= loss:
            break
        givers.loss[first + at] = givers.loss[first + child]
        givers.row[first + at] = givers.row[first + child]
        givers.owner[first + at] = givers.owner[first + child]
        at = child
    givers.loss[first + at] = loss
    givers.row[first + at] = row
    givers.owner[first + at] = owner


@compiled
def list_givers(
    which: Index,
    pairs: Pairs,
    prices: Prices,
    bonus: Floats,
    state: Bytes,
    ledger: Ledger,
    givers: Givers,
    desk: Desk,
) -> None:
    """For every deal the holders that lose least by giving it up, as many as its list has places.

    A holder may take one other deal with room instead.

    The lists come filled with losses of infinity and keep the shape of a heap.
    """
    score, face, best = desk.reals[SCORE], desk.reals[FACE], desk.ints[BEST]
    for h in which:
        begin = pairs.indptr[h]
        n = pairs.indptr[h + 1] - begin
        watched = False
        for p in range(begin, begin + n):
            o = pairs.offer[p]
            watched = watched or (state[p] & HELD != 0 and givers.start[o + 1] > givers.start[o])
        if not watched:
            continue
        home = home_of(pairs, h, score, face)
        held = set_choices(home, pairs, prices, bonus, begin, state, ledger, best)
        faces = survey(home, begin, state, desk)
        for k in range(held):
            i = int(np.int64(best[k]))
            o = pairs.offer[begin + i]
            first = givers.start[o]
            size = givers.start[o + 1] - first
            if size == 0:
                continue
            loss, _into = best_swap(home, i, faces, desk)
            if loss < givers.loss[first]:
                sift(givers, first, size, begin + i, h, loss)


@compiled
def give_back(
    pairs: Pairs,
    prices: Prices,
    bonus: Floats,
    state: Bytes,
    ledger: Ledger,
    givers: Givers,
    moved: Bytes,
    strict: bool,
    desk: Desk,
) -> int:
    """Take deals over a limit back from those on their lists until the limit holds.

    Each takes the best single deal instead. With `strict` a household that has already moved is
    left alone when it would lose more by now than its place in the list says. Returns the number
    of copies taken back.
    """
    score, face, best = desk.reals[SCORE], desk.reals[FACE], desk.ints[BEST]
    taken = 0
    for o in range(givers.start.shape[0] - 1):
        for k in range(givers.start[o], givers.start[o + 1]):
            if ledger.copies_room[o] >= 0 and ledger.spend_room[o] >= 0:
                break
            if givers.loss[k] == np.inf:
                break
            p = int(np.int64(givers.row[k]))
            g = int(givers.owner[k])
            if not state[p] & HELD:
                continue
            begin = pairs.indptr[g]
            home = home_of(pairs, g, score, face)
            set_choices(home, pairs, prices, bonus, begin, state, ledger, best)
            faces = survey(home, begin, state, desk)
            loss, into = best_swap(home, p - begin, faces, desk)
            if strict and moved[g] and loss > givers.loss[k] + DUST * abs(givers.loss[k]):
                continue
            flip(pairs, p, bonus, state, ledger)
            if into >= 0:
                flip(pairs, begin + into, bonus, state, ledger)
            moved[g] = 1
            taken += 1
    return taken


@inner
def find_givers(
    pairs: Pairs,
    o: int,
    cost: int,
    h: int,
    state: Bytes,
    ledger: Ledger,
    givers: Givers,
    moved: Bytes,
    i: int,
    desk: Desk,
) -> float:
    """The least loss at which others make room for a copy of `o`; who they are goes to VIA.

    Households that have moved since the lists were made are passed over. Infinite when the list
    does not reach.
    """
    if givers.refused[o] == MOST_REFUSED:
        return np.inf
    room = ledger.spend_room[o]
    short = ledger.copies_room[o] < 1
    together = 0.0
    freed = 0
    many = 0
    looked = 0
    done = False
    end = givers.start[o + 1]
    first = givers.first[o]
    while first < end and (moved[givers.owner[first]] or not state[givers.row[first]] & HELD):
        first += 1
    givers.first[o] = first
    for k in range(first, end):
        loss = givers.loss[k]
        if loss == np.inf or looked == LOOKED_AT or (done and loss >= together):
            break
        if not state[givers.row[k]] & HELD or moved[givers.owner[k]] or givers.owner[k] == h:
            continue
        looked += 1
        gives = pairs.cost[givers.row[k]]
        if gives + room >= cost and (not done or loss < together):
            desk.ints[VIA, i] = k
            desk.ints[VIA + 1, i] = -1
            return float(loss)
        if not done and many < MOST_GIVERS:
            desk.ints[VIA + many, i] = k
            many += 1
            if many < MOST_GIVERS:
                desk.ints[VIA + many, i] = -1
            together += loss
            freed += gives
            done = freed + room >= cost
    if short and many == 0:
        return np.inf
    return together if done else np.inf
