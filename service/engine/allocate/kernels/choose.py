"""One household's choice: relaxed, repaired, then searched."""

import numpy as np

from service.engine.allocate.kernels.arguments import (
    DUST,
    NEW_CATEGORY,
    OVER,
    UNDER,
    Desk,
    Floats,
    Home,
    Index,
)
from service.engine.allocate.kernels.scan import copy, relax, worth
from service.engine.allocate.kernels.search import search
from service.engine.loops.compiled import compiled, inner


@inner
def untangle(pick: Index, count: int, score: Floats, cross: Index) -> int:
    """Keep the better of two picks whose conflict group crosses categories; the count left."""
    kept = 0
    for i in range(count):
        j = pick[i]
        rival = -1
        if cross[j] >= 0:
            for k in range(kept):
                if cross[pick[k]] == cross[j]:
                    rival = k
        if rival < 0:
            pick[kept] = j
            kept += 1
        elif score[j] > score[pick[rival]]:
            pick[rival] = j
    return kept


@inner
def clashing(held: Index, cross: Index, n: int) -> bool:
    """Whether two of the held candidates share a conflict group that crosses categories."""
    if cross.shape[0] == 0:
        return False
    for j in range(n):
        if held[j] == 1 and cross[j] >= 0:
            for k in range(j):
                if held[k] == 1 and cross[k] == cross[j]:
                    return True
    return False


@inner
def mix(
    home: Home,
    under_count: int,
    over_count: int,
    value: float,
    best: Index,
    best_count: int,
    desk: Desk,
) -> tuple[float, int]:
    """Walk from UNDER to OVER, a category at a time; keep in `best` the best choice met.

    At the multiplier of the band both are worth the same, and so is what lies between them but
    for its distance from the band. A category comes whole from one side, so its limits hold; a
    conflict group that crosses categories is watched apart. Returns value and count.
    """
    score, face, border, cross, n = home.score, home.face, home.border, home.cross, home.n
    slots, floor, ceiling, price = home.slots, home.floor, home.ceiling, home.price
    ints = desk.ints
    under, over = ints[UNDER], ints[OVER]
    start, side, net, more, fewer = ints[0], ints[1], ints[2], ints[3], ints[4]
    own, held = ints[5], ints[6]
    categories = 0
    for j in range(n):
        if border[j] & NEW_CATEGORY:
            start[categories] = j
            net[categories] = 0
            categories += 1
        own[j] = categories - 1
        side[j] = 0
    start[categories] = n
    total = 0.0
    faces = 0.0
    for i in range(under_count):
        j = under[i]
        side[j] = 1
        net[own[j]] -= 1
        total += score[j]
        faces += face[j]
    for i in range(over_count):
        side[over[i]] += 2
        net[own[over[i]]] += 1
    adds = 0
    drops = 0
    for c in range(categories):
        if net[c] > 0:
            more[adds] = c
            adds += 1
        else:
            fewer[drops] = c
            drops += 1
    for j in range(n):
        held[j] = side[j] & 1
    count = under_count
    added = 0
    dropped = 0
    while added < adds or dropped < drops:
        if added < adds and count + net[more[added]] <= slots:
            c = more[added]
            added += 1
        elif dropped < drops:
            c = fewer[dropped]
            dropped += 1
        else:
            break
        count += net[c]
        for j in range(start[c], start[c + 1]):
            if side[j] == 1:
                held[j] = 0
                total -= score[j]
                faces -= face[j]
            elif side[j] == 2:
                held[j] = 1
                total += score[j]
                faces += face[j]
        reached = total - price * (floor - faces) if faces < floor else total
        if faces <= ceiling and reached > value and not clashing(held, cross, n):
            value = reached
            best_count = int(np.int64(0))
            for j in range(n):
                if held[j] == 1:
                    best[best_count] = j
                    best_count += 1
    return value, best_count


@compiled
def choose(
    home: Home,
    start: float,
    value: float,
    best: Index,
    best_count: int,
    limit: int,
    desk: Desk,
) -> tuple[float, float, int, float, int]:
    """Relax, then search: multiplier, bound, count in `best`, value, nodes searched.

    `best` holds an incumbent of `best_count` picks worth `value` (NEVER when there is none). The
    bound is that of the finished search where it finished, of the relaxation otherwise.
    """
    under, over = desk.ints[UNDER], desk.ints[OVER]
    theta, bound, low, high, share = relax(home, min(start, home.price), desk)
    if bound <= value + DUST * (1.0 + abs(bound)):
        return theta, bound, best_count, value, int(np.int64(0))
    tangled = home.cross.shape[0] > 0
    for side in range(2):
        picks = under if side == 0 else over
        count = low if side == 0 else high
        if side == 1 and share == 1.0:
            break
        if tangled:
            count = untangle(picks, count, home.score, home.cross)
        reached = worth(home, picks, count)
        if reached > value:
            value = reached
            best_count = count
            copy(picks, best, count)
        if side == 0:
            low = count
        else:
            high = count
    if share < 1.0:
        value, best_count = mix(home, low, high, value, best, best_count, desk)
    value, best_count, nodes = search(home, theta, bound, value, best, best_count, limit, desk)
    if nodes <= limit:
        bound = min(bound, value + DUST * (1.0 + abs(bound)))
    return theta, bound, best_count, value, nodes
