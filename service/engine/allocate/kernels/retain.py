"""Households take back what their drafts had, as long as little is lost by it."""

from service.engine.allocate.compiled import compiled
from service.engine.allocate.kernels.arguments import (
    BEST,
    DRAFTED,
    FACE,
    HELD,
    SCORE,
    Bytes,
    Desk,
    Floats,
    Index,
    Ledger,
    Pairs,
    Prices,
    home_of,
)
from service.engine.allocate.kernels.choose import choose
from service.engine.allocate.kernels.holdings import move, set_choices
from service.engine.allocate.kernels.scan import worth


@compiled
def retain(
    which: Index,
    pairs: Pairs,
    prices: Prices,
    missing_price: float,
    bonus: float,
    allowed: float,
    theta: Floats,
    limit: int,
    state: Bytes,
    ledger: Ledger,
    desk: Desk,
) -> float:
    """Each household of `which` in turn chooses again, with `bonus` for every DRAFTED pair.

    It chooses among what it holds and what deals have room for, without prices. The choice is
    kept when the objective falls by no more than what is left of `allowed`; a gain adds to that.
    Hard limits hold after every household. Returns by how much the objective fell in all.
    """
    score, face, best = desk.reals[SCORE], desk.reals[FACE], desk.ints[BEST]
    lost = 0.0
    for r in range(which.shape[0]):
        h = which[r]
        begin = pairs.indptr[h]
        n = pairs.indptr[h + 1] - begin
        misses = False
        for p in range(begin, begin + n):
            misses = misses or (state[p] & DRAFTED != 0 and state[p] & HELD == 0)
        if not misses:
            continue
        home = home_of(pairs, h, score, face)
        held = set_choices(home, pairs, prices, begin, missing_price, 0.0, state, ledger, best)
        now = worth(home, best, held)
        before = 0
        for i in range(held):
            if state[begin + best[i]] & DRAFTED:
                before += 1
        for i in range(n):
            if state[begin + i] & DRAFTED:
                score[i] += bonus
        start = now + bonus * before
        _theta, _bound, count, reached, _nodes = choose(
            home, theta[h], start, best, held, limit, desk
        )
        if reached <= start + 1e-7 * (1.0 + abs(start)):
            continue
        after = 0
        for i in range(count):
            if state[begin + best[i]] & DRAFTED:
                after += 1
        loss = now + bonus * after - reached
        if loss > allowed - lost:
            continue
        lost += loss
        move(pairs, begin, n, best, count, state, ledger)
    return lost
