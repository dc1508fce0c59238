"""The household step as compiled loops: scan, relaxation, exact search, and the passes over many.

One household chooses from `n` candidates that stand sorted by category, then by conflict group;
`mark` carries the borders. `score` is the value less the prices of the deal. All of it works on
one household's slice copied into a `desk` (scratch rows), so nothing is allocated in a pass.

The limits nest (one per conflict group, `per_category` per category, `slots` in all), so for any
multiplier `theta` on face value the best choice is one scan: that is `scan`. `relax` finds the
multiplier of the face-value band (a convex function of one variable) and with it the household's
bound; `mix` walks between the two choices that meet there; `search` closes what the band leaves
open, exactly, by branch and bound over the few conflict groups whose alternatives cost less than
the gap. Where a conflict group crosses categories the scan ignores it (still a bound) and the
search enforces it.

Counts that are handed on start as `int(np.int64(0))`: a literal 0 is a type of its own and would
have the called loop compiled twice.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.compiled import compiled

NEW_CATEGORY = 1
NEW_GROUP = 2
HELD = 4
BARRED = 8
WANTED = 16
# Shares of a copy are counted in 1024ths, so that sums over households are exact integers and do
# not depend on the order of addition.
WHOLE = 1024
NEVER = -1e300
# A ceiling above this is none.
ENDLESS = 1e18
DUST = 1e-9
# Nodes after which a search begins to remember the states it has met, and how many it keeps.
FRESH = 256
MEMO = 1 << 12
MOST_BITS = 50

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Index = NDArray[np.int32]
Bytes = NDArray[np.uint8]


@compiled
def scan(
    score: Floats,
    face: Floats,
    mark: Bytes,
    theta: float,
    n: int,
    slots: int,
    per_category: int,
    pick: Index,
    weight: Floats,
    near: Index,
    near_weight: Floats,
) -> tuple[int, float, float, float, float]:
    """Best choice at face multiplier `theta`; the picks go to `pick`, their weights to `weight`.

    Returns count, total weight, total face value, the best weight turned away for want of a slot
    and the weakest weight taken.
    """
    count = 0
    low = 0
    rejected = 0.0
    inside = 0
    best = -1
    best_weight = 0.0
    for j in range(n + 1):
        if j == n or mark[j] & NEW_GROUP:
            if best >= 0:
                if inside < per_category:
                    near[inside] = best
                    near_weight[inside] = best_weight
                    inside += 1
                else:
                    k = 0
                    for i in range(1, inside):
                        if near_weight[i] < near_weight[k]:
                            k = i
                    if best_weight > near_weight[k]:
                        near[k] = best
                        near_weight[k] = best_weight
                best = -1
                best_weight = 0.0
            if j == n or mark[j] & NEW_CATEGORY:
                for i in range(inside):
                    w = near_weight[i]
                    if count < slots:
                        pick[count] = near[i]
                        weight[count] = w
                        if w < weight[low]:
                            low = count
                        count += 1
                    elif w > weight[low]:
                        rejected = max(rejected, weight[low])
                        pick[low] = near[i]
                        weight[low] = w
                        low = 0
                        for k in range(1, count):
                            if weight[k] < weight[low]:
                                low = k
                    else:
                        rejected = max(rejected, w)
                inside = 0
        if j < n:
            w = score[j] + theta * face[j]
            if w > best_weight:
                best = j
                best_weight = w
    total = 0.0
    faces = 0.0
    for i in range(count):
        total += weight[i]
        faces += face[pick[i]]
    return count, total, faces, rejected, weight[low] if count else 0.0


@compiled
def copy(source: Index, target: Index, count: int) -> None:
    """Copy the first `count` entries (a loop compiles faster than a slice assignment)."""
    for i in range(count):
        target[i] = source[i]


@compiled
def worth(
    score: Floats, face: Floats, pick: Index, count: int, floor: float, ceiling: float, price: float
) -> float:
    """True worth of a set of picks at these scores: NEVER when it breaks the ceiling."""
    total = 0.0
    faces = 0.0
    for i in range(count):
        total += score[pick[i]]
        faces += face[pick[i]]
    if faces > ceiling:
        return NEVER
    if faces < floor:
        total -= price * (floor - faces)
    return total


@compiled
def relax(
    score: Floats,
    face: Floats,
    mark: Bytes,
    n: int,
    slots: int,
    per_category: int,
    floor: float,
    ceiling: float,
    price: float,
    start: float,
    under: Index,
    over: Index,
    trial: Index,
    weight: Floats,
    near: Index,
    near_weight: Floats,
) -> tuple[float, float, int, int, float]:
    """Multiplier of the face-value band, the household's bound, and the two choices that meet it.

    `floor` is at most `ceiling`. Below the floor each cent costs `price`. Returns the multiplier,
    the bound, the counts of the choices left in `under` and `over`, and the share of `under` in
    the mix that meets the band (1 when `under` alone is the exact answer).
    """
    # `low`/`high`: the lines (sum of scores, face value) of a choice on either side of the band.
    low_known = False
    high_known = False
    low_sum = 0.0
    low_face = 0.0
    high_sum = 0.0
    high_face = 0.0
    low_count = 0
    high_count = 0
    theta = start
    bound = np.inf
    stage = 0
    for _ in range(80):
        count, total, faces, _rejected, _weakest = scan(
            score, face, mark, theta, n, slots, per_category, trial, weight, near, near_weight
        )
        plain = total - theta * faces
        target = floor if theta > 0.0 or (theta == 0.0 and faces < floor) else ceiling
        fits = faces == target or (theta == 0.0 and faces >= floor and faces <= ceiling)
        exact = fits or (theta >= price and faces <= floor)
        # At zero inside the band `target` is the ceiling, perhaps unlimited: no product with it.
        bound = min(bound, total - theta * target if theta != 0.0 else total)
        if exact:
            copy(trial, under, count)
            return theta, bound, count, 0, 1.0
        if low_known and high_known and total <= low_sum + theta * low_face + DUST * (1.0 + total):
            break
        if faces < target:
            low_known = True
            low_sum, low_face, low_count = plain, faces, count
            copy(trial, under, count)
        else:
            high_known = True
            high_sum, high_face, high_count = plain, faces, count
            copy(trial, over, count)
        if low_known and high_known:
            theta = (low_sum - high_sum) / (high_face - low_face)
            if theta < 0.0 and ceiling > ENDLESS:
                # Two equal sums a rounding error apart: no ceiling, so none below zero.
                theta = 0.0
            continue
        stage += 1
        if low_known:
            if theta < 0.0:
                theta = theta * 0.8 if stage == 1 else 0.0
            elif theta > 0.0 and stage == 1:
                theta = min(price, 1.25 * theta)
            else:
                theta = price
        elif theta > 0.0:
            theta = theta * 0.8 if stage == 1 else 0.0
        elif theta < 0.0 and stage == 1:
            theta = theta * 1.25
        else:
            low_known = True
            theta = -high_sum / high_face
    target = floor if theta >= 0.0 else ceiling
    share = (high_face - target) / (high_face - low_face)
    return theta, bound, low_count, high_count, min(1.0, max(0.0, share))


@compiled
def penalty(faces: float, theta: float, floor: float, ceiling: float, price: float) -> float:
    """What a choice with this face value loses against the relaxed bound at `theta`."""
    if theta < 0.0:
        loss = -theta * (ceiling - faces)
        return loss + price * (floor - faces) if faces < floor else loss
    if faces < floor:
        return (price - theta) * (floor - faces)
    return theta * (faces - floor) if theta > 0.0 else 0.0


@compiled
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


@compiled
def crossings(
    cross: Index,
    option_item: Index,
    option_from: Index,
    cores: int,
    n: int,
    last_seen: Index,
    bit: Index,
) -> int:
    """Number the crossing conflict groups among the options; the last depth that has each."""
    for j in range(n):
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


@compiled
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


@compiled
def search(
    score: Floats,
    face: Floats,
    mark: Bytes,
    cross: Index,
    n: int,
    slots: int,
    per_category: int,
    floor: float,
    ceiling: float,
    price: float,
    theta: float,
    bound: float,
    value: float,
    best: Index,
    best_count: int,
    limit: int,
    ints: NDArray[np.int32],
    reals: Floats,
    memo: NDArray[np.float64],
) -> tuple[float, int, int]:
    """Exact best choice, from incumbent `best` worth `value` and the relaxed `bound`.

    Every choice loses a sum of terms against the bound: per conflict group for the alternative
    taken, per category and for the slots for capacity left empty, and for missing the band. Depth
    first over the groups that have more than one alternative below the gap. A state (what is
    taken so far in number, face value and crossing groups) that was met before at no more loss
    leads to nothing better and is left: alike candidates would else be tried in every order. `memo`
    keeps such states, four rows of MEMO. Returns the value, the count in `best`, and the number
    of nodes: above `limit` where the search was not finished.
    """
    group_category, option_item, option_from = ints[0], ints[1], ints[2]
    fixed, core, pointer, taken = ints[3], ints[4], ints[5], ints[6]
    depth_count, depth_inside, category_fixed, pick = ints[7], ints[8], ints[9], ints[10]
    group_best, option_loss, slack = reals[0], reals[1], reals[2]
    least, most, depth_loss, depth_face = reals[3], reals[4], reals[5], reals[6]
    weight, near_weight = reals[7], reals[8]
    crossing = cross.shape[0] > 0
    # Half of what `choose` allows: the rest is for states that differ by less than `equal`.
    margin = 0.5 * DUST * (1.0 + abs(bound))
    equal = 1e-3 * margin
    gap = bound - value - margin
    nodes = int(np.int64(0))
    if gap <= 0.0:
        return value, best_count, nodes

    count, _total, _faces, rejected, weakest = scan(
        score, face, mark, theta, n, slots, per_category, pick, weight, ints[11], near_weight
    )
    level = 0.5 * (rejected + weakest) if count == slots else 0.0

    # Groups: the best weight of each, and per category the best weight its limit turns away.
    groups = -1
    category = -1
    inside = 0
    for j in range(n):
        if mark[j] & NEW_GROUP:
            groups += 1
            group_best[groups] = 0.0
            if mark[j] & NEW_CATEGORY:
                category += 1
            group_category[groups] = category
        group_best[groups] = max(group_best[groups], score[j] + theta * face[j])
    groups += 1
    categories = category + 1
    g = 0
    for c in range(categories):
        inside = 0
        displaced = 0.0
        while g < groups and group_category[g] == c:
            w = group_best[g]
            if inside < per_category:
                near_weight[inside] = w
                inside += 1
            else:
                k = 0
                for i in range(1, inside):
                    if near_weight[i] < near_weight[k]:
                        k = i
                if w > near_weight[k]:
                    displaced = max(displaced, near_weight[k])
                    near_weight[k] = w
                else:
                    displaced = max(displaced, w)
            g += 1
        slack[c] = max(0.0, displaced - level)
        category_fixed[c] = 0

    # Alternatives of each group that lose less than the gap, the cheapest first.
    options = 0
    cores = 0
    fixes = int(np.int64(0))
    base_face = 0.0
    j = 0
    for g in range(groups):
        c = group_category[g]
        limit_weight = level + slack[c]
        loss = max(0.0, group_best[g] - limit_weight)
        first = options
        tangled = False
        if loss < gap:
            option_item[options] = -1
            option_loss[options] = loss
            options += 1
        begin = j
        while j < n and (j == begin or not mark[j] & NEW_GROUP):
            loss_j = loss + limit_weight - (score[j] + theta * face[j])
            if loss_j < gap and face[j] <= ceiling:
                k = options
                while k > first and option_loss[k - 1] > loss_j:
                    option_loss[k] = option_loss[k - 1]
                    option_item[k] = option_item[k - 1]
                    k -= 1
                option_loss[k] = loss_j
                option_item[k] = j
                options += 1
                if crossing and cross[j] >= 0:
                    tangled = True
            j += 1
        if options == first + 1 and not tangled:
            options = first
            if option_item[first] >= 0:
                fixed[fixes] = option_item[first]
                fixes += 1
                base_face += face[option_item[first]]
                category_fixed[c] += 1
        elif options == first:
            return value, best_count, nodes
        else:
            core[cores] = g
            option_from[cores] = first
            cores += 1
    option_from[cores] = options
    base_loss = 0.0
    d = 0
    for c in range(categories):
        if d < cores and group_category[core[d]] == c:
            while d < cores and group_category[core[d]] == c:
                d += 1
        else:
            base_loss += slack[c] * (per_category - category_fixed[c]) if slack[c] > 0.0 else 0.0
    least[cores] = 0.0
    most[cores] = 0.0
    for d in range(cores - 1, -1, -1):
        small = np.inf
        large = 0.0
        for o in range(option_from[d], option_from[d + 1]):
            f = face[option_item[o]] if option_item[o] >= 0 else 0.0
            small = min(small, f)
            large = max(large, f)
        least[d] = least[d + 1] + small
        most[d] = most[d + 1] + large

    wanted = floor if theta >= 0.0 else ceiling
    depth_loss[0] = base_loss
    depth_face[0] = base_face
    depth_count[0] = fixes
    if cores:
        depth_inside[0] = category_fixed[group_category[core[0]]]
        pointer[0] = option_from[0]
    wide = (slots + 1.0) * (per_category + 1.0) * (cores + 1.0)
    remember = wide < 2.0**52
    if crossing:
        last_seen, bit = ints[11], ints[15]
        remember = (
            remember
            and crossings(cross, option_item, option_from, cores, n, last_seen, bit) <= MOST_BITS
        )
    ready = False
    d = 0
    while d >= 0:
        if d == cores:
            loss = depth_loss[d] + penalty(depth_face[d], theta, floor, ceiling, price)
            if level > 0.0:
                loss += level * (slots - depth_count[d])
            if loss < gap and depth_face[d] <= ceiling and depth_count[d] <= slots:
                gap = loss
                value = bound - loss
                best_count = fixes
                copy(fixed, best, fixes)
                for i in range(cores):
                    if taken[i] >= 0:
                        best[best_count] = taken[i]
                        best_count += 1
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
            if crossing and cross[item] >= 0:
                clash = False
                for i in range(d):
                    if taken[i] >= 0 and cross[taken[i]] == cross[item]:
                        clash = True
                if clash:
                    continue
        if faces + least[d + 1] > ceiling:
            continue
        nearest = min(max(wanted, faces + least[d + 1]), faces + most[d + 1])
        if loss + penalty(nearest, theta, floor, ceiling, price) >= gap:
            continue
        c = group_category[core[d]]
        last = d + 1 == cores or group_category[core[d + 1]] != c
        if last and slack[c] > 0.0:
            loss += slack[c] * (per_category - inside)
        taken[d] = item
        if remember and nodes >= FRESH and d + 1 < cores:
            if not ready:
                memo[0, :] = -1.0
                ready = True
            used = 0.0
            if crossing:
                for i in range(d + 1):
                    if taken[i] >= 0 and cross[taken[i]] >= 0 and last_seen[cross[taken[i]]] > d:
                        used += 2.0 ** bit[cross[taken[i]]]
            if met(
                memo,
                (d * (slots + 1.0) + count) * (per_category + 1.0) + (0 if last else inside),
                faces,
                used,
                loss,
                equal,
            ):
                continue
        d += 1
        depth_loss[d] = loss
        depth_face[d] = faces
        depth_count[d] = count
        if d < cores:
            depth_inside[d] = category_fixed[group_category[core[d]]] if last else inside
            pointer[d] = option_from[d]
    return value, best_count, nodes


@compiled
def mix(
    score: Floats,
    face: Floats,
    mark: Bytes,
    cross: Index,
    n: int,
    slots: int,
    floor: float,
    ceiling: float,
    price: float,
    under: Index,
    under_count: int,
    over: Index,
    over_count: int,
    value: float,
    best: Index,
    best_count: int,
    ints: NDArray[np.int32],
) -> tuple[float, int]:
    """Walk from `under` to `over`, a category at a time; keep in `best` the best choice met.

    At the multiplier of the band both are worth the same, and so is what lies between them but
    for its distance from the band. A category comes whole from one side, so its limits hold; a
    conflict group that crosses categories is watched apart. Returns value and count.
    """
    start, side, net, more, fewer = ints[0], ints[1], ints[2], ints[3], ints[4]
    own, held = ints[5], ints[6]
    categories = 0
    for j in range(n):
        if mark[j] & NEW_CATEGORY:
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


@compiled
def choose(
    score: Floats,
    face: Floats,
    mark: Bytes,
    cross: Index,
    n: int,
    slots: int,
    per_category: int,
    floor: float,
    ceiling: float,
    price: float,
    start: float,
    value: float,
    best: Index,
    best_count: int,
    limit: int,
    ints: NDArray[np.int32],
    reals: Floats,
    memo: NDArray[np.float64],
) -> tuple[float, float, int, float, int]:
    """Relax, then search: multiplier, bound, count in `best`, value, nodes searched.

    `best` holds an incumbent of `best_count` picks worth `value` (NEVER when there is none). The
    bound is that of the finished search where it finished, of the relaxation otherwise.
    """
    under, over, trial = ints[12], ints[13], ints[11]
    theta, bound, low, high, share = relax(
        score, face, mark, n, slots, per_category, floor, ceiling, price, min(start, price),
        under, over, trial, reals[7], ints[10], reals[8],
    )  # fmt: skip
    if bound <= value + DUST * (1.0 + abs(bound)):
        return theta, bound, best_count, value, int(np.int64(0))
    tangled = cross.shape[0] > 0
    for side in range(2):
        picks = under if side == 0 else over
        count = low if side == 0 else high
        if side == 1 and share == 1.0:
            break
        if tangled:
            count = untangle(picks, count, score, cross)
        reached = worth(score, face, picks, count, floor, ceiling, price)
        if reached > value:
            value = reached
            best_count = count
            copy(picks, best, count)
        if side == 0:
            low = count
        else:
            high = count
    if share < 1.0:
        value, best_count = mix(
            score, face, mark, cross, n, slots, floor, ceiling, price, under, low, over, high,
            value, best, best_count, ints,
        )  # fmt: skip
    value, best_count, nodes = search(
        score, face, mark, cross, n, slots, per_category, floor, ceiling, price, theta, bound,
        value, best, best_count, limit, ints, reals, memo,
    )  # fmt: skip
    if nodes <= limit:
        bound = min(bound, value + DUST * (1.0 + abs(bound)))
    return theta, bound, best_count, value, nodes


@compiled
def noise(household: int, offer: int, seed: int) -> float:
    """A fixed number in [0, 1) for a pair, to break ties between equal scores."""
    x = (household * 2654435761 + offer * 40503 * 65537 + seed * 97) & 0xFFFFFFFF
    x ^= x >> 15
    x = (x * 739982445) & 0xFFFFFFFF
    x ^= x >> 12
    x = (x * 695872825) & 0xFFFFFFFF
    x ^= x >> 15
    return x / 4294967296.0


@compiled
def price_pass(
    which: Index,
    indptr: Ints,
    offer: Index,
    value: Floats,
    cost: Index,
    face: Index,
    mark: Bytes,
    cross: Index,
    slots: Index,
    per_category: Index,
    floor: Floats,
    ceiling: Floats,
    price: float,
    spend_price: Floats,
    copy_price: Floats,
    theta: Floats,
    exact: bool,
    write: bool,
    jitter: float,
    seed: int,
    limit: int,
    copies: Ints,
    spend: Ints,
    bounds: Floats,
) -> int:
    """Every household of `which` chooses at the prices.

    Adds what was chosen to `copies` and `spend` (per deal, in 1024ths), leaves each household's
    bound in `bounds` (aligned to `which`) and its multiplier in `theta`. With `exact` the choice
    is the integer one, otherwise the mix of the relaxation; `write` keeps the choice in `mark`.
    Returns the nodes searched.
    """
    widest = 1
    for r in range(which.shape[0]):
        h = which[r]
        widest = max(widest, indptr[h + 1] - indptr[h])
    ints = np.empty((16, 2 * widest + 2), np.int32)
    reals = np.empty((11, 2 * widest + 2))
    memo = np.empty((4, MEMO))
    score, faces, best = reals[9], reals[10], ints[14]
    tangled = cross.shape[0] > 0
    nodes = 0
    for r in range(which.shape[0]):
        h = which[r]
        begin = indptr[h]
        n = indptr[h + 1] - begin
        if n == 0:
            bounds[r] = -price * floor[h]
            continue
        for i in range(n):
            p = begin + i
            o = offer[p]
            score[i] = value[p] - spend_price[o] * cost[p] - copy_price[o]
            faces[i] = face[p]
            if jitter > 0.0:
                score[i] += jitter * noise(h, o, seed)
        marks = mark[begin : begin + n]
        tangle = cross[begin : begin + n] if tangled else cross
        if exact:
            nothing = int(np.int64(0))
            theta[h], bounds[r], count, _value, visited = choose(
                score, faces, marks, tangle, n, slots[h], per_category[h], floor[h], ceiling[h],
                price, theta[h], NEVER, best, nothing, limit, ints, reals, memo,
            )  # fmt: skip
            nodes += visited
            for i in range(count):
                p = begin + best[i]
                copies[offer[p]] += WHOLE
                spend[offer[p]] += WHOLE * cost[p]
            if write:
                for i in range(n):
                    marks[i] &= NEW_CATEGORY | NEW_GROUP
                for i in range(count):
                    marks[best[i]] |= HELD
            continue
        theta[h], bounds[r], low, high, share = relax(
            score, faces, marks, n, slots[h], per_category[h], floor[h], ceiling[h], price,
            min(theta[h], price), ints[12], ints[13], ints[11], reals[7], ints[10], reals[8],
        )  # fmt: skip
        part = int(share * WHOLE + 0.5)
        for i in range(low):
            p = begin + ints[12][i]
            copies[offer[p]] += part
            spend[offer[p]] += part * cost[p]
        for i in range(high):
            p = begin + ints[13][i]
            copies[offer[p]] += WHOLE - part
            spend[offer[p]] += (WHOLE - part) * cost[p]
    return nodes


@compiled
def curvature(
    which: Index,
    indptr: Ints,
    offer: Index,
    value: Floats,
    cost: Index,
    face: Index,
    mark: Bytes,
    slots: Index,
    per_category: Index,
    spend_price: Floats,
    copy_price: Floats,
    theta: Floats,
    jitter: float,
    seed: int,
    window: float,
    spend_row: Index,
    copy_row: Index,
    dense: bool,
    matrix: Floats,
) -> int:
    """Density of swaps that a change of prices would cause, as a matrix over the live prices.

    Every candidate left out by less than `window` would displace one that is in (or none); the
    pair adds the outer product of its effect on the deals, over `window`. `spend_row` and
    `copy_row` give each deal's row in `matrix`, -1 where the price is not live. Without `dense`
    only the diagonal is kept, in one column. Returns the number of swaps seen.
    """
    widest = 1
    for r in range(which.shape[0]):
        widest = max(widest, indptr[which[r] + 1] - indptr[which[r]])
    ints = np.empty((3, widest + 1), np.int32)
    reals = np.empty((4, widest + 1))
    taken = np.zeros(widest + 1, np.uint8)
    rows = np.empty(4, np.int64)
    effects = np.empty(4)
    seen = 0
    for r in range(which.shape[0]):
        h = which[r]
        begin = indptr[h]
        n = indptr[h + 1] - begin
        if n == 0:
            continue
        score, faces, pick = reals[0], reals[1], ints[0]
        for i in range(n):
            p = begin + i
            o = offer[p]
            score[i] = value[p] - spend_price[o] * cost[p] - copy_price[o]
            faces[i] = face[p]
            if jitter > 0.0:
                score[i] += jitter * noise(h, o, seed)
            taken[i] = 0
        marks = mark[begin : begin + n]
        count, _t, _f, _r, weakest = scan(
            score, faces, marks, theta[h], n, slots[h], per_category[h], pick, reals[2], ints[1],
            reals[3],
        )  # fmt: skip
        full_out = 0
        for i in range(count):
            taken[pick[i]] = 1
            if reals[2][i] == weakest:
                full_out = pick[i]
        i = 0
        while i < n:
            stop = i + 1
            while stop < n and not marks[stop] & NEW_CATEGORY:
                stop += 1
            inside = 0
            own = -1
            for k in range(i, stop):
                if taken[k]:
                    inside += 1
                    w = score[k] + theta[h] * faces[k]
                    if own < 0 or w < score[own] + theta[h] * faces[own]:
                        own = k
            k = i
            while k < stop:
                end = k + 1
                mate = k if taken[k] else -1
                while end < stop and not marks[end] & NEW_GROUP:
                    if taken[end]:
                        mate = end
                    end += 1
                for j in range(k, end):
                    if taken[j]:
                        continue
                    out = mate
                    if out < 0 and inside >= per_category[h]:
                        out = own
                    if out < 0 and count >= slots[h]:
                        out = full_out
                    lost = score[out] + theta[h] * faces[out] if out >= 0 else 0.0
                    if lost - score[j] - theta[h] * faces[j] >= window:
                        continue
                    seen += 1
                    used = 0
                    for side in range(2):
                        item = j if side == 0 else out
                        if item < 0:
                            continue
                        sign = 1.0 if side == 0 else -1.0
                        o = offer[begin + item]
                        if spend_row[o] >= 0:
                            rows[used] = spend_row[o]
                            effects[used] = sign * cost[begin + item]
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
                k = end
            i = stop
    return seen


@compiled
def regrets(
    indptr: Ints,
    offer: Index,
    value: Floats,
    cost: Index,
    face: Index,
    mark: Bytes,
    slots: Index,
    per_category: Index,
    spend_price: Floats,
    copy_price: Floats,
    theta: Floats,
    watched: Bytes,
    unit: float,
    code: Bytes,
    counts: Ints,
) -> None:
    """Loss of taking a watched deal from its holder (1) or of giving it to a household (2).

    The loss at the prices and the household's multiplier, on a logarithmic scale from `unit`,
    goes to `code` (255 where nothing is asked) and is counted per deal in `counts`.
    """
    widest = 1
    for h in range(indptr.shape[0] - 1):
        widest = max(widest, indptr[h + 1] - indptr[h])
    ints = np.empty((2, widest + 1), np.int32)
    reals = np.empty((4, widest + 1))
    score, faces = reals[0], reals[1]
    for h in range(indptr.shape[0] - 1):
        begin = indptr[h]
        n = indptr[h + 1] - begin
        asked = False
        for i in range(n):
            p = begin + i
            kind = watched[offer[p]]
            held = mark[p] & HELD
            ask = (kind == 1 and held != 0) or (kind == 2 and held == 0)
            code[p] = 0 if ask else 255
            asked = asked or ask
        if not asked:
            continue
        for i in range(n):
            p = begin + i
            o = offer[p]
            score[i] = value[p] - spend_price[o] * cost[p] - copy_price[o]
            faces[i] = face[p]
        marks = mark[begin : begin + n]
        _c, full, _f, _r, _w = scan(
            score, faces, marks, theta[h], n, slots[h], per_category[h], ints[0], reals[2],
            ints[1], reals[3],
        )  # fmt: skip
        for i in range(n):
            p = begin + i
            if code[p] == 255:
                continue
            own = score[i]
            force = 0.0 if mark[p] & HELD else full + abs(own) + 1.0
            score[i] = own + force if force > 0.0 else NEVER
            _c, other, _f, _r, _w = scan(
                score, faces, marks, theta[h], n, slots[h], per_category[h], ints[0], reals[2],
                ints[1], reals[3],
            )  # fmt: skip
            score[i] = own
            loss = max(0.0, full - (other - force))
            code[p] = int(min(254.0, 24.0 * np.log2(1.0 + loss / unit)))
            counts[offer[p], code[p]] += 1


@compiled
def take_back(
    offer: Index,
    cost: Index,
    mark: Bytes,
    code: Bytes,
    cut: Index,
    copies_room: Ints,
    spend_room: Ints,
    copies: Ints,
) -> None:
    """Bar the holders up to each deal's `cut` until the deal is within its room again."""
    for turn in range(2):
        for p in range(offer.shape[0]):
            o = offer[p]
            if code[p] == 255 or not mark[p] & HELD:
                continue
            if copies_room[o] >= 0 and spend_room[o] >= 0:
                continue
            if (turn == 0 and code[p] < cut[o]) or (turn == 1 and code[p] <= cut[o]):
                mark[p] = (mark[p] & ~HELD) | BARRED
                copies_room[o] += 1
                spend_room[o] += cost[p]
                copies[o] -= 1


@compiled
def improve(
    which: Index,
    indptr: Ints,
    offer: Index,
    value: Floats,
    cost: Index,
    face: Index,
    mark: Bytes,
    cross: Index,
    slots: Index,
    per_category: Index,
    floor: Floats,
    ceiling: Floats,
    price: float,
    spend_price: Floats,
    copy_price: Floats,
    missing_price: float,
    factor: float,
    theta: Floats,
    barred_only: bool,
    limit: int,
    copies: Ints,
    minimum: Ints,
    copies_room: Ints,
    spend_room: Ints,
) -> int:
    """Each household of `which` in turn chooses again, among its own and what deals have room for.

    Scores are values less `factor` times the prices; a copy that a guarantee still needs is
    worth `missing_price` more. A change is kept when the household is better off by these scores,
    so at factor 0 the objective never falls. Hard limits hold after every household.
    """
    widest = 1
    for r in range(which.shape[0]):
        widest = max(widest, indptr[which[r] + 1] - indptr[which[r]])
    ints = np.empty((16, 2 * widest + 2), np.int32)
    reals = np.empty((11, 2 * widest + 2))
    memo = np.empty((4, MEMO))
    score, faces, best = reals[9], reals[10], ints[14]
    tangled = cross.shape[0] > 0
    changed = 0
    for r in range(which.shape[0]):
        h = which[r]
        begin = indptr[h]
        n = indptr[h + 1] - begin
        if n == 0:
            continue
        marks = mark[begin : begin + n]
        if barred_only:
            any_barred = False
            for i in range(n):
                any_barred = any_barred or marks[i] & BARRED != 0
            if not any_barred:
                continue
        held = int(np.int64(0))
        for i in range(n):
            p = begin + i
            o = offer[p]
            faces[i] = face[p]
            mine = marks[i] & HELD != 0
            if mine:
                best[held] = i
                held += 1
            if marks[i] & BARRED or not (
                mine or (copies_room[o] >= 1 and spend_room[o] >= cost[p])
            ):
                score[i] = NEVER
                continue
            score[i] = value[p] - factor * (spend_price[o] * cost[p] + max(0.0, copy_price[o]))
            if mine and copies[o] <= minimum[o]:
                score[i] += missing_price
            elif not mine and copies[o] < minimum[o]:
                score[i] += (
                    missing_price
                    if factor == 0.0 or marks[i] & WANTED
                    else -min(0.0, copy_price[o])
                )
        now = worth(score, faces, best, held, floor[h], ceiling[h], price)
        _theta, _bound, count, reached, _nodes = choose(
            score, faces, marks, cross[begin : begin + n] if tangled else cross, n, slots[h],
            per_category[h], floor[h], ceiling[h], price, theta[h], now, best, held, limit, ints,
            reals, memo,
        )  # fmt: skip
        if reached <= now + 1e-7 * (1.0 + abs(now)):
            continue
        changed += 1
        for i in range(n):
            if marks[i] & HELD:
                o = offer[begin + i]
                marks[i] &= ~HELD
                copies[o] -= 1
                copies_room[o] += 1
                spend_room[o] += cost[begin + i]
        for i in range(count):
            o = offer[begin + best[i]]
            marks[best[i]] |= HELD
            copies[o] += 1
            copies_room[o] -= 1
            spend_room[o] -= cost[begin + best[i]]
    return changed
