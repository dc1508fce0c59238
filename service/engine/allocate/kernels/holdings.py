"""What households hold: taking copies back, filling guarantees, choosing again within the room."""

import numpy as np

from service.engine.allocate.compiled import compiled, inner
from service.engine.allocate.kernels.arguments import (
    BARRED,
    BEST,
    FACE,
    HELD,
    NEAR,
    NEAR_WEIGHT,
    NEVER,
    SCORE,
    WANTED,
    WEIGHT,
    Bytes,
    Desk,
    Floats,
    Home,
    Index,
    Ints,
    Ledger,
    Pairs,
    Prices,
    home_of,
    set_prices,
)
from service.engine.allocate.kernels.choose import choose
from service.engine.allocate.kernels.scan import scan, worth


@compiled
def regrets(
    which: Index,
    pairs: Pairs,
    prices: Prices,
    theta: Floats,
    state: Bytes,
    watched: Bytes,
    unit: float,
    code: Bytes,
    counts: Ints,
    desk: Desk,
) -> None:
    """Loss of taking a watched deal from its holder (1) or of giving it to a household (2).

    The loss at the prices and the household's multiplier, on a logarithmic scale from `unit`,
    goes to `code` (255 where it is not needed) and is counted per deal in `counts`. `which` are
    all households.
    """
    score, face = desk.reals[SCORE], desk.reals[FACE]
    pick, weight = desk.ints[BEST], desk.reals[WEIGHT]
    near, near_weight = desk.ints[NEAR], desk.reals[NEAR_WEIGHT]
    quiet = int(np.int64(0))
    for h in which:
        begin = pairs.indptr[h]
        n = pairs.indptr[h + 1] - begin
        any_watched = False
        for i in range(n):
            p = begin + i
            kind = watched[pairs.offer[p]]
            held = state[p] & HELD
            is_watched = (kind == 1 and held != 0) or (kind == 2 and held == 0)
            code[p] = 0 if is_watched else 255
            any_watched = any_watched or is_watched
        if not any_watched:
            continue
        home = home_of(pairs, h, score, face)
        set_prices(home, pairs, prices, h, 0.0, quiet)
        _c, full, _f, _r, _w = scan(home, theta[h], pick, weight, near, near_weight)
        for i in range(n):
            p = begin + i
            if code[p] == 255:
                continue
            own = score[i]
            force = 0.0 if state[p] & HELD else full + abs(own) + 1.0
            score[i] = own + force if force > 0.0 else NEVER
            _c, other, _f, _r, _w = scan(home, theta[h], pick, weight, near, near_weight)
            score[i] = own
            loss = max(0.0, full - (other - force))
            code[p] = int(min(254.0, 24.0 * np.log2(1.0 + loss / unit)))
            counts[pairs.offer[p], code[p]] += 1


@compiled
def take_back(
    offer: Index, cost: Index, state: Bytes, code: Bytes, cut: Index, ledger: Ledger
) -> None:
    """Bar the holders up to each deal's `cut` until the deal is within its room again."""
    copies_room, spend_room = ledger.copies_room, ledger.spend_room
    for turn in range(2):
        for p in range(offer.shape[0]):
            o = offer[p]
            if code[p] == 255 or not state[p] & HELD:
                continue
            if copies_room[o] >= 0 and spend_room[o] >= 0:
                continue
            if (turn == 0 and code[p] < cut[o]) or (turn == 1 and code[p] <= cut[o]):
                state[p] = (state[p] & ~HELD) | BARRED
                copies_room[o] += 1
                spend_room[o] += cost[p]
                ledger.copies[o] -= 1


@inner
def set_choices(
    home: Home,
    pairs: Pairs,
    prices: Prices,
    begin: int,
    missing_price: float,
    factor: float,
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
        if state[p] & BARRED or not (
            is_held or (ledger.copies_room[o] >= 1 and ledger.spend_room[o] >= pairs.cost[p])
        ):
            score[i] = NEVER
            continue
        score[i] = pairs.value[p] - factor * (
            prices.spend[o] * pairs.cost[p] + max(0.0, prices.copy[o])
        )
        if is_held and ledger.copies[o] <= ledger.minimum[o]:
            score[i] += missing_price
        elif not is_held and ledger.copies[o] < ledger.minimum[o]:
            score[i] += (
                missing_price if factor == 0.0 or state[p] & WANTED else -min(0.0, prices.copy[o])
            )
    return held


@inner
def move(
    pairs: Pairs, begin: int, n: int, picks: Index, count: int, state: Bytes, ledger: Ledger
) -> None:
    """A household gives back what it holds and takes the picks."""
    for i in range(n):
        p = begin + i
        if state[p] & HELD:
            o = pairs.offer[p]
            state[p] &= ~HELD
            ledger.copies[o] -= 1
            ledger.copies_room[o] += 1
            ledger.spend_room[o] += pairs.cost[p]
    for i in range(count):
        p = begin + picks[i]
        o = pairs.offer[p]
        state[p] |= HELD
        ledger.copies[o] += 1
        ledger.copies_room[o] -= 1
        ledger.spend_room[o] -= pairs.cost[p]


@compiled
def improve(
    which: Index,
    pairs: Pairs,
    prices: Prices,
    missing_price: float,
    factor: float,
    theta: Floats,
    barred_only: bool,
    limit: int,
    state: Bytes,
    ledger: Ledger,
    desk: Desk,
) -> int:
    """Let each household of `which` in turn choose again, among its own and deals with room.

    Scores are values less `factor` times the prices; a copy that a guarantee still needs is
    worth `missing_price` more. A change is kept when the household is better off by these scores,
    so at factor 0 the objective never falls. Hard limits hold after every household.
    """
    score, face, best = desk.reals[SCORE], desk.reals[FACE], desk.ints[BEST]
    changed = 0
    for r in range(which.shape[0]):
        h = which[r]
        begin = pairs.indptr[h]
        n = pairs.indptr[h + 1] - begin
        if n == 0:
            continue
        if barred_only:
            any_barred = False
            for p in range(begin, begin + n):
                any_barred = any_barred or state[p] & BARRED != 0
            if not any_barred:
                continue
        home = home_of(pairs, h, score, face)
        held = set_choices(home, pairs, prices, begin, missing_price, factor, state, ledger, best)
        now = worth(home, best, held)
        _theta, _bound, count, reached, _nodes = choose(
            home, theta[h], now, best, held, limit, desk
        )
        if reached <= now + 1e-7 * (1.0 + abs(now)):
            continue
        changed += 1
        move(pairs, begin, n, best, count, state, ledger)
    return changed
