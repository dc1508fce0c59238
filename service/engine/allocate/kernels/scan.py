"""One household without the search: the best choice at a multiplier, and the relaxed bound."""

import numpy as np

from service.engine.allocate.kernels.arguments import (
    DUST,
    ENDLESS,
    NEAR,
    NEAR_WEIGHT,
    NEVER,
    NEW_CATEGORY,
    NEW_GROUP,
    OVER,
    TRIAL,
    UNDER,
    WEIGHT,
    Desk,
    Floats,
    Home,
    Index,
)
from service.engine.loops.compiled import inner


@inner
def scan(
    home: Home,
    theta: float,
    pick: Index,
    weight: Floats,
    near: Index,
    near_weight: Floats,
) -> tuple[int, float, float, float, float]:
    """Best choice at face multiplier `theta`; the picks go to `pick`, their weights to `weight`.

    Returns count, total weight, total face value, the best weight rejected for lack of a slot, and
    the lowest weight taken.
    """
    score, face, border, n = home.score, home.face, home.border, home.n
    slots, per_category = home.slots, home.per_category
    count = 0
    low = 0
    rejected = 0.0
    inside = 0
    best = -1
    best_weight = 0.0
    for j in range(n + 1):
        if j == n or border[j] & NEW_GROUP:
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
            if j == n or border[j] & NEW_CATEGORY:
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


@inner
def copy(source: Index, target: Index, count: int) -> None:
    """Copy the first `count` entries (a loop compiles faster than a slice assignment)."""
    for i in range(count):
        target[i] = source[i]


@inner
def worth(home: Home, pick: Index, count: int) -> float:
    """True worth of a set of picks at these scores: NEVER when it breaks the ceiling."""
    score, face = home.score, home.face
    total = 0.0
    faces = 0.0
    for i in range(count):
        total += score[pick[i]]
        faces += face[pick[i]]
    if faces > home.ceiling:
        return NEVER
    if faces < home.floor:
        total -= home.price * (home.floor - faces)
    return total


@inner
def relax(home: Home, start: float, desk: Desk) -> tuple[float, float, int, int, float]:
    """Multiplier of the face-value band, the household's bound, and the two choices that meet it.

    `floor` is at most `ceiling`. Below the floor each cent costs `price`. Returns the multiplier,
    the bound, the counts of the choices left in the rows UNDER and OVER of the desk, and the share
    of the first in the mix that meets the band (1 when it alone is the exact answer).
    """
    floor, ceiling, price = home.floor, home.ceiling, home.price
    under, over, trial = desk.ints[UNDER], desk.ints[OVER], desk.ints[TRIAL]
    near, weight, near_weight = desk.ints[NEAR], desk.reals[WEIGHT], desk.reals[NEAR_WEIGHT]
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
            home, theta, trial, weight, near, near_weight
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


@inner
def penalty(home: Home, faces: float, theta: float) -> float:
    """What a choice with this face value loses against the relaxed bound at `theta`."""
    floor, ceiling, price = home.floor, home.ceiling, home.price
    if theta < 0.0:
        loss = -theta * (ceiling - faces)
        return loss + price * (floor - faces) if faces < floor else loss
    if faces < floor:
        return (price - theta) * (floor - faces)
    return theta * (faces - floor) if theta > 0.0 else 0.0
