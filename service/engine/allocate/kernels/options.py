"""What a household's search chooses among: the alternatives of each group, and their order."""

import numpy as np

from service.engine.allocate.kernels.arguments import (
    NEAR_WEIGHT,
    NEW_CATEGORY,
    NEW_GROUP,
    Desk,
    Home,
)
from service.engine.allocate.kernels.scan import copy
from service.engine.loops.compiled import inner

# Rows of a desk's `ints` that a search reads too.
GROUP_CATEGORY, OPTION_ITEM, OPTION_FROM, FIXED, CORE, CATEGORY_FIXED = 0, 1, 2, 3, 4, 9
# Others while its options are ordered.
ORDER, START, ITEM, OLD_CORE = 10, 11, 12, 13
# Rows of its `reals` that a search reads too.
GROUP_BEST, OPTION_LOSS, SLACK, LEAST, MOST = 0, 1, 2, 3, 4
CHEAPEST_LOSS, CHEAPEST_FACE, RISE, FALL = 11, 12, 13, 14
# Others while its options are ordered.
MOVE_LOSS, LOSS = 7, 8


@inner
def weigh_groups(home: Home, theta: float, level: float, desk: Desk) -> tuple[int, int]:
    """The best weight of each group, and per category what its limit rejects above `level`.

    Returns the numbers of groups and categories.
    """
    score, face, border, per_category = home.score, home.face, home.border, home.per_category
    group_category, category_fixed = desk.ints[GROUP_CATEGORY], desk.ints[CATEGORY_FIXED]
    group_best, slack, near_weight = (
        desk.reals[GROUP_BEST],
        desk.reals[SLACK],
        desk.reals[NEAR_WEIGHT],
    )
    groups = -1
    category = -1
    for j in range(home.n):
        if border[j] & NEW_GROUP:
            groups += 1
            group_best[groups] = 0.0
            if border[j] & NEW_CATEGORY:
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
    return groups, categories


@inner
def list_options(
    home: Home, theta: float, gap: float, level: float, groups: int, desk: Desk
) -> tuple[int, int]:
    """Alternatives of each group that lose less than the gap, the cheapest first.

    Groups with a single one are fixed; the others are the cores of the search. Returns the number
    of cores, -1 when a group has no alternative left, and how many candidates are fixed.
    """
    score, face, border, cross, n = home.score, home.face, home.border, home.cross, home.n
    ceiling = home.ceiling
    group_category, option_item = desk.ints[GROUP_CATEGORY], desk.ints[OPTION_ITEM]
    option_from, fixed, core = desk.ints[OPTION_FROM], desk.ints[FIXED], desk.ints[CORE]
    category_fixed = desk.ints[CATEGORY_FIXED]
    group_best, option_loss, slack = (
        desk.reals[GROUP_BEST],
        desk.reals[OPTION_LOSS],
        desk.reals[SLACK],
    )
    crossing = cross.shape[0] > 0
    options = 0
    cores = 0
    fixes = 0
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
        while j < n and (j == begin or not border[j] & NEW_GROUP):
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
                category_fixed[c] += 1
        elif options == first:
            return -1, fixes
        else:
            core[cores] = g
            option_from[cores] = first
            cores += 1
    option_from[cores] = options
    return cores, fixes


@inner
def cheapest_move(home: Home, d: int, desk: Desk) -> float:
    """The least loss for which an option of a core moves the face value by a cent."""
    face, option_item = home.face, desk.ints[OPTION_ITEM]
    option_from, option_loss = desk.ints[OPTION_FROM], desk.reals[OPTION_LOSS]
    first = option_from[d]
    face_at = face[option_item[first]] if option_item[first] >= 0 else 0.0
    least = np.inf
    for o in range(first + 1, option_from[d + 1]):
        f = face[option_item[o]] if option_item[o] >= 0 else 0.0
        if f != face_at:
            least = min(least, (option_loss[o] - option_loss[first]) / abs(f - face_at))
    return float(least)


@inner
def order_cores(home: Home, cores: int, desk: Desk) -> None:
    """Put the categories first whose options move the face value for the least loss.

    What is left below then moves it only for more, so that more of it is cut off.
    """
    core, group_category = desk.ints[CORE], desk.ints[GROUP_CATEGORY]
    option_item, option_from = desk.ints[OPTION_ITEM], desk.ints[OPTION_FROM]
    option_loss = desk.reals[OPTION_LOSS]
    order, start, item = desk.ints[ORDER], desk.ints[START], desk.ints[ITEM]
    move_loss, loss, old_core = desk.reals[MOVE_LOSS], desk.reals[LOSS], desk.ints[OLD_CORE]
    d = int(np.int64(0))
    while d < cores:
        c = group_category[core[d]]
        first = d
        least = np.inf
        while d < cores and group_category[core[d]] == c:
            least = min(least, cheapest_move(home, d, desk))
            d += 1
        for i in range(first, d):
            move_loss[i] = least
            order[i] = i
    for i in range(1, cores):
        at = order[i]
        k = i
        while k > 0 and move_loss[order[k - 1]] > move_loss[at]:
            order[k] = order[k - 1]
            k -= 1
        order[k] = at
    copy(option_from, start, cores + 1)
    copy(option_item, item, option_from[cores])
    copy(core, old_core, cores)
    for o in range(option_from[cores]):
        loss[o] = option_loss[o]
    options = 0
    for d in range(cores):
        core[d] = old_core[order[d]]
        option_from[d] = options
        for o in range(start[order[d]], start[order[d] + 1]):
            option_item[options] = item[o]
            option_loss[options] = loss[o]
            options += 1


@inner
def reach(home: Home, cores: int, categories: int, desk: Desk) -> float:
    """What can be reached from each depth on; what categories without a core lose.

    From a depth on: the least and the most face value; loss and face value of the cheapest
    options; and the least loss for which a cent more, or less, of face value is to be had.
    """
    face, per_category = home.face, home.per_category
    group_category, option_item = desk.ints[GROUP_CATEGORY], desk.ints[OPTION_ITEM]
    option_from, core = desk.ints[OPTION_FROM], desk.ints[CORE]
    category_fixed, slack = desk.ints[CATEGORY_FIXED], desk.reals[SLACK]
    least, most, option_loss = desk.reals[LEAST], desk.reals[MOST], desk.reals[OPTION_LOSS]
    cheapest_loss, cheapest_face = desk.reals[CHEAPEST_LOSS], desk.reals[CHEAPEST_FACE]
    rise, fall = desk.reals[RISE], desk.reals[FALL]
    base_loss = 0.0
    for c in range(categories):
        searched = False
        for d in range(cores):
            searched = searched or group_category[core[d]] == c
        if not searched and slack[c] > 0.0:
            base_loss += slack[c] * (per_category - category_fixed[c])
    least[cores] = 0.0
    most[cores] = 0.0
    cheapest_loss[cores] = 0.0
    cheapest_face[cores] = 0.0
    rise[cores] = np.inf
    fall[cores] = np.inf
    for d in range(cores - 1, -1, -1):
        small = np.inf
        large = 0.0
        first = option_from[d]
        loss_at = option_loss[first]
        face_at = face[option_item[first]] if option_item[first] >= 0 else 0.0
        cheapest_loss[d] = cheapest_loss[d + 1] + loss_at
        cheapest_face[d] = cheapest_face[d + 1] + face_at
        rise[d] = rise[d + 1]
        fall[d] = fall[d + 1]
        for o in range(first, option_from[d + 1]):
            f = face[option_item[o]] if option_item[o] >= 0 else 0.0
            small = min(small, f)
            large = max(large, f)
            if f > face_at:
                rise[d] = min(rise[d], (option_loss[o] - loss_at) / (f - face_at))
            elif f < face_at:
                fall[d] = min(fall[d], (option_loss[o] - loss_at) / (face_at - f))
        least[d] = least[d + 1] + small
        most[d] = most[d + 1] + large
    return base_loss
