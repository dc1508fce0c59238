"""The exact best choice of one household, by branch and bound below a relaxed bound."""

import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.kernels.arguments import (
    DUST,
    MEMO,
    NEAR,
    NEAR_WEIGHT,
    TRIAL,
    WEIGHT,
    Desk,
    Home,
    Index,
)
from service.engine.allocate.kernels.options import (
    CATEGORY_FIXED,
    CHEAPEST_FACE,
    CHEAPEST_LOSS,
    CORE,
    FALL,
    FIXED,
    GROUP_CATEGORY,
    LEAST,
    MOST,
    OPTION_FROM,
    OPTION_ITEM,
    OPTION_LOSS,
    RISE,
    SLACK,
    list_options,
    order_cores,
    reach,
    weigh_groups,
)
from service.engine.allocate.kernels.scan import copy, penalty, scan
from service.engine.loops.compiled import inner

# Nodes after which a search begins to remember the states it has met.
FRESH = 256
MOST_BITS = 50

# Rows of a desk's `ints` while a search works, beside those of its options.
POINTER, TAKEN, DEPTH_COUNT, DEPTH_INSIDE, LAST_SEEN, BIT = 5, 6, 7, 8, 11, 15
# Rows of its `reals`.
DEPTH_LOSS, DEPTH_FACE = 5, 6


@inner
def number_crossings(home: Home, cores: int, desk: Desk) -> int:
    """Number the crossing conflict groups among the options; the last depth that has each."""
    cross, last_seen, bit = home.cross, desk.ints[LAST_SEEN], desk.ints[BIT]
    option_item, option_from = desk.ints[OPTION_ITEM], desk.ints[OPTION_FROM]
    for j in range(home.n):
        last_seen[j] = -1
    bits = 0
    for d in range(cores):
        for o in range(option_from[d], option_from[d + 1]):
            item = option_item[o]
            if item >= 0 and cross[item] >= 0:
                if last_seen[cross[item]] < 0:
                    bit[cross[item]] = bits
                    bits += 1
                last_seen[cross[item]] = d
    return bits


@inner
def crossings_used(cross: Index, depth: int, desk: Desk) -> float:
    """The crossing groups, as bits, that are taken down to `depth` and occur again below it."""
    taken, last_seen, bit = desk.ints[TAKEN], desk.ints[LAST_SEEN], desk.ints[BIT]
    used = 0.0
    for i in range(depth + 1):
        if taken[i] >= 0 and cross[taken[i]] >= 0 and last_seen[cross[taken[i]]] > depth:
            used += 2.0 ** bit[cross[taken[i]]]
    return used


@inner
def met(
    memo: NDArray[np.float64], place: float, faces: float, used: float, loss: float, equal: float
) -> bool:
    """Whether the state was met before at no more loss; it is remembered otherwise.

    All three parts of a state are whole numbers. A state may displace another.
    """
    code = np.int64(place) * 0x9E3779B1 + np.int64(faces) * 0x85EBCA6B + np.int64(used) * 0xC2B2AE35
    code ^= code >> 29
    code *= 0x9E3779B1
    at = (code >> 15) & (MEMO - 1)
    same = memo[0, at] == place and memo[1, at] == faces and memo[2, at] == used
    if same and memo[3, at] <= loss + equal:
        return True
    memo[0, at], memo[1, at], memo[2, at], memo[3, at] = place, faces, used, loss
    return False


@inner
def least_loss(
    home: Home, theta: float, depth: int, loss: float, faces: float, desk: Desk
) -> float:
    """What a choice loses at least with this loss and face value above `depth`.

    From the cheapest options below it every cent towards the band costs the least of its prices.
    """
    wanted = home.floor if theta >= 0.0 else home.ceiling
    loss += desk.reals[CHEAPEST_LOSS, depth]
    faces += desk.reals[CHEAPEST_FACE, depth]
    if faces < wanted:
        short = home.price - theta if theta >= 0.0 else -theta
        return float(loss + min(short, desk.reals[RISE, depth]) * (wanted - faces))
    over = theta if theta >= 0.0 else np.inf
    step = min(over, desk.reals[FALL, depth])
    return float(loss + step * (faces - wanted)) if faces > wanted else float(loss)


@inner
def clashes(cross: Index, taken: Index, depth: int, item: int) -> bool:
    """Whether a candidate shares a crossing group with what is taken above `depth`."""
    clash = False
    if cross[item] >= 0:
        for i in range(depth):
            if taken[i] >= 0 and cross[taken[i]] == cross[item]:
                clash = True
    return clash


@inner
def keep(fixed: Index, fixes: int, taken: Index, cores: int, best: Index) -> int:
    """Write the current choice to `best`; its count."""
    copy(fixed, best, fixes)
    count = fixes
    for i in range(cores):
        if taken[i] >= 0:
            best[count] = taken[i]
            count += 1
    return count


@inner
def descend(
    home: Home,
    theta: float,
    bound: float,
    value: float,
    gap: float,
    equal: float,
    level: float,
    base_loss: float,
    cores: int,
    fixes: int,
    best: Index,
    best_count: int,
    limit: int,
    desk: Desk,
) -> tuple[float, int, int]:
    """Depth first over the options of the cores; value, count in `best`, nodes."""
    face, cross, ceiling = home.face, home.cross, home.ceiling
    slots, per_category, memo = home.slots, home.per_category, desk.memo
    group_category, option_item = desk.ints[GROUP_CATEGORY], desk.ints[OPTION_ITEM]
    option_from, fixed, core = desk.ints[OPTION_FROM], desk.ints[FIXED], desk.ints[CORE]
    pointer, taken, depth_count = desk.ints[POINTER], desk.ints[TAKEN], desk.ints[DEPTH_COUNT]
    depth_inside, category_fixed = desk.ints[DEPTH_INSIDE], desk.ints[CATEGORY_FIXED]
    option_loss, slack, least = desk.reals[OPTION_LOSS], desk.reals[SLACK], desk.reals[LEAST]
    most, depth_loss, depth_face = desk.reals[MOST], desk.reals[DEPTH_LOSS], desk.reals[DEPTH_FACE]
    crossing = cross.shape[0] > 0
    nodes = 0
    wanted = home.floor if theta >= 0.0 else ceiling
    depth_loss[0] = base_loss
    depth_face[0] = 0.0
    for i in range(fixes):
        depth_face[0] += face[fixed[i]]
    depth_count[0] = fixes
    if cores:
        depth_inside[0] = category_fixed[group_category[core[0]]]
        pointer[0] = option_from[0]
    wide = (slots + 1.0) * (per_category + 1.0) * (cores + 1.0)
    remember = wide < 2.0**52
    if crossing:
        remember = remember and number_crossings(home, cores, desk) <= MOST_BITS
    ready = False
    d = int(np.int64(0))
    while d >= 0:
        if d == cores:
            loss = depth_loss[d] + penalty(home, depth_face[d], theta)
            if level > 0.0:
                loss += level * (slots - depth_count[d])
            if loss < gap and depth_face[d] <= ceiling and depth_count[d] <= slots:
                gap = loss
                value = bound - loss
                best_count = keep(fixed, fixes, taken, cores, best)
            d -= 1
            continue
        o = pointer[d]
        if o == option_from[d + 1]:
            d -= 1
            continue
        pointer[d] = o + 1
        nodes += 1
        if nodes > limit:
            return value, best_count, nodes
        loss = depth_loss[d] + option_loss[o]
        if loss >= gap:
            pointer[d] = option_from[d + 1]
            continue
        item = option_item[o]
        inside = depth_inside[d]
        count = depth_count[d]
        faces = depth_face[d]
        if item >= 0:
            inside += 1
            count += 1
            faces += face[item]
            if count > slots or inside > per_category:
                continue
            if crossing and clashes(cross, taken, d, item):
                continue
        if faces + least[d + 1] > ceiling:
            continue
        nearest = min(max(wanted, faces + least[d + 1]), faces + most[d + 1])
        if loss + penalty(home, nearest, theta) >= gap:
            continue
        if least_loss(home, theta, d + 1, loss, faces, desk) >= gap:
            continue
        c = group_category[core[d]]
        last = d + 1 == cores or group_category[core[d + 1]] != c
        if last and slack[c] > 0.0:
            loss += slack[c] * (per_category - inside)
        taken[d] = item
        if remember and nodes >= FRESH and d + 1 < cores:
            if not ready:
                for i in range(MEMO):
                    memo[0, i] = -1.0
                ready = True
            used = crossings_used(cross, d, desk) if crossing else 0.0
            place = (d * (slots + 1.0) + count) * (per_category + 1.0) + (0 if last else inside)
            if met(memo, place, faces, used, loss, equal):
                continue
        d += 1
        depth_loss[d] = loss
        depth_face[d] = faces
        depth_count[d] = count
        if d < cores:
            depth_inside[d] = category_fixed[group_category[core[d]]] if last else inside
            pointer[d] = option_from[d]
    return value, best_count, nodes


@inner
def search(
    home: Home,
    theta: float,
    bound: float,
    value: float,
    best: Index,
    best_count: int,
    limit: int,
    desk: Desk,
) -> tuple[float, int, int]:
    """Exact best choice, from incumbent `best` worth `value` and the relaxed `bound`.

    Every choice loses a sum of terms against the bound: per conflict group for the alternative
    taken, per category and for the slots for capacity left empty, and for missing the band. Depth
    first over the groups that have more than one alternative below the gap. A state (number, face
    value and crossing groups of what is taken so far) that was met before at no more loss leads to
    nothing better and is skipped: otherwise equal candidates would be tried in every order. The
    desk's `memo` stores such states. Returns the value, the count in `best`, and the number of
    nodes: above `limit` where the search was not finished.
    """
    # Half of what `choose` allows: the rest is for states that differ by less than `equal`.
    margin = 0.5 * DUST * (1.0 + abs(bound))
    gap = bound - value - margin
    if gap <= 0.0:
        return value, best_count, 0
    count, _total, _faces, rejected, weakest = scan(
        home, theta, desk.ints[NEAR], desk.reals[WEIGHT], desk.ints[TRIAL], desk.reals[NEAR_WEIGHT]
    )
    level = 0.5 * (rejected + weakest) if count == home.slots else 0.0
    groups, categories = weigh_groups(home, theta, level, desk)
    cores, fixes = list_options(home, theta, gap, level, groups, desk)
    if cores < 0:
        return value, best_count, 0
    order_cores(home, cores, desk)
    base_loss = reach(home, cores, categories, desk)
    return descend(
        home, theta, bound, value, gap, 1e-3 * margin, level, base_loss, cores, fixes, best,
        best_count, limit, desk,
    )  # fmt: skip
