"""Sort one band of candidates for the scan, and find duplicate pairs."""

import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.kernels.arguments import NEW_CATEGORY, NEW_GROUP, Bytes, Index, Ints
from service.engine.loops.compiled import compiled


def arrange(
    home: Index,
    household_count: int,
    category: Ints,
    conflict: Ints,
    offer: Index,
    fits: NDArray[np.bool_],
    offers: int,
) -> tuple[Ints, Bytes, Index, int, bool]:
    """Order candidates by household, category, conflict group and offer.

    Rows are kept where `fits`. Returns the kept rows in order, the borders (NEW_CATEGORY,
    NEW_GROUP), the group that crosses categories (-1 where none), the row of a duplicate pair
    (-1 where none), and whether any group crosses categories.
    """
    rows = len(home)
    start = np.concatenate(
        [np.zeros(1, np.int64), np.cumsum(np.bincount(home, minlength=household_count))]
    )
    placed = np.argsort(home, kind="stable")
    seen = np.full(offers, -1, np.int32)
    border, cross = np.zeros(rows, np.uint8), np.full(rows, -1, np.int32)
    kept, twice, crossing = _sort(
        start, category, conflict, offer, fits, placed, seen, border, cross
    )
    return placed[:kept], border[:kept], cross[:kept], twice, crossing


@compiled
def _sort(
    start: Ints,
    category: Ints,
    conflict: Ints,
    offer: Index,
    fits: NDArray[np.bool_],
    placed: Ints,
    seen: Index,
    border: Bytes,
    cross: Index,
) -> tuple[int, int, bool]:
    """Sort `placed`, the rows by household, in place; number kept, duplicate row, crossing.

    Household `h` has its places `start[h]` to `start[h + 1]`.
    """
    household_count = start.shape[0] - 1
    twice = -1
    kept = 0
    crossing = False
    for h in range(household_count):
        begin = kept
        for k in range(start[h], start[h + 1]):
            i = placed[k]
            if seen[offer[i]] == h:
                twice = i if twice < 0 else min(twice, i)
            seen[offer[i]] = h
            if fits[i]:
                placed[kept] = i
                kept += 1
        n = kept - begin
        gap = 1
        while gap < n // 3:
            gap = 3 * gap + 1
        while gap >= 1:
            for k in range(begin + gap, kept):
                i = placed[k]
                b = k
                while b >= begin + gap:
                    j = placed[b - gap]
                    after = category[j] > category[i] or (
                        category[j] == category[i]
                        and (
                            conflict[j] > conflict[i]
                            or (conflict[j] == conflict[i] and offer[j] > offer[i])
                        )
                    )
                    if not after:
                        break
                    placed[b] = j
                    b -= gap
                placed[b] = i
            gap //= 3
        for k in range(begin, kept):
            i = placed[k]
            j = placed[k - 1] if k > begin else -1
            if j < 0 or category[i] != category[j]:
                border[k] = NEW_CATEGORY | NEW_GROUP
            elif conflict[i] != conflict[j]:
                border[k] = NEW_GROUP
            else:
                cross[k] = cross[k - 1]
                continue
            if conflict[i] < 0:
                continue
            for b in range(begin, k):
                if border[b] and conflict[placed[b]] == conflict[i]:
                    crossing = True
                    cross[k] = b - begin
                    d = b
                    while d < k and (d == b or not border[d]):
                        cross[d] = b - begin
                        d += 1
                    break
    return kept, twice, crossing
