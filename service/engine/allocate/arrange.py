"""Sorting one band of candidates for the scan, and finding pairs that stand twice."""

import numpy as np
from numpy.typing import NDArray

from service.engine.allocate.compiled import compiled

NEW_CATEGORY = 1
NEW_GROUP = 2


@compiled
def arrange(
    home: NDArray[np.int32],
    homes: int,
    category: NDArray[np.int64],
    conflict: NDArray[np.int64],
    offer: NDArray[np.int32],
    fits: NDArray[np.bool_],
    offers: int,
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int32], int, bool]:
    """Order candidates by household, category, conflict group and offer.

    Only rows that `fits` are kept. Returns the kept rows in order, the borders (NEW_CATEGORY,
    NEW_GROUP), the group that crosses categories (-1 where none), the row of a pair that stands
    twice (-1 where none), and whether any group crosses categories.
    """
    rows = home.shape[0]
    start = np.zeros(homes + 1, np.int64)
    for i in range(rows):
        start[home[i] + 1] += 1
    for h in range(homes):
        start[h + 1] += start[h]
    cursor = start[:homes].copy()
    placed = np.empty(rows, np.int64)
    for i in range(rows):
        placed[cursor[home[i]]] = i
        cursor[home[i]] += 1
    seen = np.full(offers, -1, np.int32)
    twice = -1
    kept = 0
    crossing = False
    mark = np.zeros(rows, np.uint8)
    cross = np.full(rows, -1, np.int32)
    for h in range(homes):
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
                mark[k] = NEW_CATEGORY | NEW_GROUP
            elif conflict[i] != conflict[j]:
                mark[k] = NEW_GROUP
            else:
                cross[k] = cross[k - 1]
                continue
            if conflict[i] < 0:
                continue
            for b in range(begin, k):
                if mark[b] and conflict[placed[b]] == conflict[i]:
                    crossing = True
                    cross[k] = b - begin
                    d = b
                    while d < k and (d == b or not mark[d]):
                        cross[d] = b - begin
                        d += 1
                    break
    return placed[:kept], mark[:kept], cross[:kept], twice, crossing
