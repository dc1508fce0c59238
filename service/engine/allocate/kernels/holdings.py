"""What households hold: lists of who gives a copy up most cheaply, and choosing again."""

import numpy as np

from service.engine.allocate.compiled import compiled, inner
from service.engine.allocate.kernels.arguments import (
    BEST,
    DRAFTED,
    DUST,
    FACE,
    HELD,
    NEVER,
    NEW_CATEGORY,
    NEW_GROUP,
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
from service.engine.allocate.kernels.scan import copy, worth

# Rows of a desk's `ints` while a household's holding is surveyed.
CATEGORY, GROUP, IN_CATEGORY, IN_GROUP, IS_HELD = 0, 1, 2, 3, 4
# Rows of the second desk's `ints` while a household chooses: who gives up each candidate for it.
VIA, OLD = 5, 8
MOST_GIVERS = 3
"""Households that together give up copies for one."""
LOOKED_AT = 24
"""Places of a deal's list that are looked at."""
MOST_REFUSED = 8
"""Chains for a deal that were undone in turn, after which nobody asks for it."""


@inner
def score_of(pairs: Pairs, prices: Prices, p: int) -> float:
    """A pair's value less the prices of its deal."""
    o = pairs.offer[p]
    return float(pairs.value[p] - prices.spend[o] * pairs.cost[p] - prices.copy[o])


@inner
def held_worth(pairs: Pairs, prices: Prices, h: int, state: Bytes) -> float:
    """What a household's holding is worth at the prices, less its shortfall."""
    total = 0.0
    faces = 0.0
    for p in range(pairs.indptr[h], pairs.indptr[h + 1]):
        if state[p] & HELD:
            total += score_of(pairs, prices, p)
            faces += pairs.face[p]
    return float(total - pairs.price * max(0.0, pairs.floor[h] - faces))


@inner
def set_choices(
    home: Home,
    pairs: Pairs,
    prices: Prices,
    bonus: Floats,
    begin: int,
    state: Bytes,
    ledger: Ledger,
    held_picks: Index,
) -> int:
    """Score what a household holds and what deals have room for; all else scores NEVER.

    Scores are those of `improve`. The held picks go to `held_picks`; returns their count.
    """
    score = home.score
    held = 0
    for i in range(home.n):
        p = begin + i
        o = pairs.offer[p]
        is_held = state[p] & HELD != 0
        if is_held:
            held_picks[held] = i
            held += 1
        score[i] = score_of(pairs, prices, p)
        if not is_held and (ledger.copies_room[o] < 1 or ledger.spend_room[o] < pairs.cost[p]):
            score[i] = NEVER
            continue
        if ledger.copies[o] + (0 if is_held else 1) <= ledger.minimum[o]:
            score[i] += bonus[o]
    return held


@inner
def survey(home: Home, begin: int, state: Bytes, desk: Desk) -> float:
    """Where a household's candidates belong and what is taken there; the face value it holds."""
    category, group, in_category = desk.ints[CATEGORY], desk.ints[GROUP], desk.ints[IN_CATEGORY]
    in_group, is_held = desk.ints[IN_GROUP], desk.ints[IS_HELD]
    c = -1
    g = -1
    faces = 0.0
    for i in range(home.n):
        if home.border[i] & NEW_CATEGORY:
            c += 1
            in_category[c] = 0
        if home.border[i] & NEW_GROUP:
            g += 1
            in_group[g] = 0
        category[i] = c
        group[i] = g
        is_held[i] = 0
        if state[begin + i] & HELD:
            is_held[i] = 1
            in_category[c] += 1
            in_group[g] += 1
            faces += home.face[i]
    return faces


@inner
def crosses(home: Home, j: int, left: int, is_held: Index) -> bool:
    """Whether candidate j shares a crossing conflict group with what is held but for `left`."""
    cross = home.cross
    if cross.shape[0] == 0 or cross[j] < 0:
        return False
    met = False
    for k in range(home.n):
        met = met or (is_held[k] != 0 and k != left and cross[k] == cross[j])
    return met


@inner
def best_swap(home: Home, left: int, faces: float, desk: Desk) -> tuple[float, int]:
    """What giving up the held candidate `left` loses, with the best single one in its place.

    Returns the loss and the candidate that comes in (-1 for none). Nothing is lost below zero
    unless the household is better off without it.
    """
    category, group, in_category = desk.ints[CATEGORY], desk.ints[GROUP], desk.ints[IN_CATEGORY]
    in_group, is_held = desk.ints[IN_GROUP], desk.ints[IS_HELD]
    score, face, floor, price = home.score, home.face, home.floor, home.price
    rest = faces - face[left]
    now = score[left] - price * max(0.0, floor - faces)
    best = -price * max(0.0, floor - rest)
    into = -1
    for j in range(home.n):
        if is_held[j] or score[j] + price * face[j] <= 0.0:
            continue
        if category[j] != category[left] and in_category[category[j]] >= home.per_category:
            continue
        if group[j] != group[left] and in_group[group[j]] > 0:
            continue
        reached = rest + face[j]
        if reached > home.ceiling:
            continue
        w = score[j] - price * max(0.0, floor - reached)
        if w > best and not crosses(home, j, left, is_held):
            best = w
            into = j
    return now - best, into


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


@inner
def flip(pairs: Pairs, p: int, bonus: Floats, state: Bytes, ledger: Ledger) -> float:
    """Give a pair, or take it back, and book it; what that is worth to the deal's guarantee."""
    o = pairs.offer[p]
    given = 0 if state[p] & HELD else 1
    state[p] ^= HELD
    sign = 2 * given - 1
    served = ledger.copies[o] + given <= ledger.minimum[o]
    ledger.copies[o] += sign
    ledger.copies_room[o] -= sign
    ledger.spend_room[o] -= sign * pairs.cost[p]
    return sign * bonus[o] if served else 0.0


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
    """Let each household of `which` in turn choose again.

    It chooses among its own, deals with room, and deals that others on the lists give up for it
    at their loss; those then choose again among their own and deals with room. Scores are values
    less prices; a copy that a guarantee still needs is worth the deal's `bonus` more. A chain stays
    when all its households together are better off by these scores, so without prices the
    objective never falls. Hard limits hold after every chain. Returns how many chains were kept
    and what they gained.

    With `draft` above 0 only households that miss a DRAFTED pair choose, each such pair is worth
    so much more to them, and a change is kept when it loses no more, by the scores without that,
    than what is left of `allowed`; a gain adds to that.
    """
    score, face, best = desk.reals[SCORE], desk.reals[FACE], desk.ints[BEST]
    old = other.ints[OLD]
    kept = 0
    gained = 0.0
    for r in range(which.shape[0]):
        chain.homes[0] = which[r]
        chain.sizes[0] = 1
        chain.sizes[1] = 0
        gain = 0.0
        least = 0.0
        link = 0
        while link < chain.sizes[0]:
            h = int(chain.homes[link])
            begin = pairs.indptr[h]
            n = pairs.indptr[h + 1] - begin
            misses = draft <= 0.0
            for p in range(begin, begin + n):
                misses = misses or (state[p] & DRAFTED != 0 and state[p] & HELD == 0)
            if n == 0 or not misses:
                break
            home = home_of(pairs, h, score, face)
            held = set_choices(home, pairs, prices, bonus, begin, state, ledger, best)
            copy(best, old, held)
            if link == 0:
                ask_others(home, pairs, prices, bonus, h, state, ledger, givers, moved, other)
            else:
                for i in range(n):
                    other.ints[VIA, i] = -1
            if draft > 0.0:
                for i in range(n):
                    if state[begin + i] & DRAFTED:
                        score[i] += draft
            now = worth(home, best, held)
            theta[h], _bound, count, reached, _nodes = choose(
                home, theta[h], now, best, held, limit, desk
            )
            link += 1
            if reached <= now + 1e-7 * (abs(now) + abs(reached)):
                if link == 1:
                    break
                continue
            if link == 1:
                least = 1e-7 * (abs(now) + abs(reached))
                if draft > 0.0:
                    least = -allowed - gained
            if (
                draft > 0.0
                and reached - now - draft * more_drafted(begin, best, count, old, held, state)
                < least
            ):
                break
            gain += settle(
                pairs, prices, bonus, h, best, count, state, ledger, givers, moved, chain, other
            )
            if gain == -np.inf:
                break
        if chain.sizes[1] == 0:
            continue
        stays = gain > least or (draft > 0.0 and gain == least)
        count_refused(pairs, which[r], state, givers, chain, stays)
        if stays:
            moved[which[r]] = 1
            kept += 1
            gained += gain
            continue
        for k in range(chain.sizes[1] - 1, -1, -1):
            flip(pairs, chain.rows[k], bonus, state, ledger)
        for k in range(1, chain.sizes[0]):
            moved[chain.homes[k]] = 0
    return kept, gained
