"""What one household holds: its worth, what it may choose, and what giving a deal up loses."""

from service.engine.allocate.kernels.arguments import (
    HELD,
    NEVER,
    NEW_CATEGORY,
    NEW_GROUP,
    Bytes,
    Desk,
    Floats,
    Home,
    Index,
    Ledger,
    Pairs,
    Prices,
)
from service.engine.loops.compiled import inner

# Rows of a desk's `ints` while a household's holding is surveyed.
CATEGORY, GROUP, IN_CATEGORY, IN_GROUP, IS_HELD = 0, 1, 2, 3, 4


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
