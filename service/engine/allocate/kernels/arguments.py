"""The arguments of the loops: the pairs of an instance, prices, one household, scratch rows.

Named tuples, because compiled loops accept those; their arrays are written to only where stated.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.engine.loops.compiled import inner

# Bits of `border`: a candidate with which a category, or a conflict group, begins.
NEW_CATEGORY = 1
NEW_GROUP = 2
# Bits of a pair's `state`: given; not to be given; wanted to fill a guarantee; in the draft.
HELD = 1
BARRED = 2
WANTED = 4
DRAFTED = 8
# Shares of a copy are counted in 1024ths, so that sums over households are exact integers and do
# not depend on the order of addition.
WHOLE = 1024
NEVER = -1e300
# A ceiling above this is none.
ENDLESS = 1e18
DUST = 1e-9
# Households that move together at most.
CHAIN = 24
# States that a search remembers.
MEMO = 1 << 12

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Index = NDArray[np.int32]
Bytes = NDArray[np.uint8]

# Rows of a desk's `ints`. `mix`, `relax` and `search` take turns and use the same ones.
TAKEN, NEAR, TRIAL, UNDER, OVER, BEST = 6, 10, 11, 12, 13, 14
# Rows of a desk's `reals`.
WEIGHT, NEAR_WEIGHT, SCORE, FACE = 7, 8, 9, 10


class Pairs(NamedTuple):
    """The candidates of all households, and the households' limits; read only.

    Those of household `h` are at `indptr[h]:indptr[h + 1]` of the columns up to `cross`, which is
    empty where no conflict group crosses categories. From `slots` on there is
    one entry for each household; `floor` and `ceiling` are cents of face value, and each cent
    below the floor costs `price` value cents.
    """

    indptr: Ints
    offer: Index
    value: Floats
    cost: Index
    face: Index
    border: Bytes
    cross: Index
    slots: Index
    per_category: Index
    floor: Floats
    ceiling: Floats
    price: float


class Prices(NamedTuple):
    """Per deal: `spend` in value cents per cent of cost, `copy` (signed) in those per copy."""

    spend: Floats
    copy: Floats


class Ledger(NamedTuple):
    """Per deal, as exact integers: copies given and guaranteed, room left in copies and in cents.

    Written as copies come and go.
    """

    copies: Ints
    minimum: Ints
    copies_room: Ints
    spend_room: Ints


class Givers(NamedTuple):
    """Per deal a list of who holds it: entries `start[o]` to `start[o + 1]`.

    An entry is a pair, its household, and what that household loses by giving it up; infinite
    where the entry is empty. Before `first` of a deal nobody is left to ask; `refused` counts the
    chains in turn that asked for the deal and were undone.
    """

    start: Ints
    first: Ints
    row: Index
    owner: Index
    loss: Floats
    refused: Index


class Chain(NamedTuple):
    """Households that move together, and every pair given or taken back, to undo it.

    `sizes` counts both.
    """

    homes: Index
    rows: Ints
    sizes: Ints


class Home(NamedTuple):
    """One household: `n` candidates, scored, and its limits."""

    score: Floats
    face: Floats
    border: Bytes
    cross: Index
    n: int
    slots: int
    per_category: int
    floor: float
    ceiling: float
    price: float


class Desk(NamedTuple):
    """Scratch rows for one household: 16 of integers, 15 of floats, and the states met."""

    ints: NDArray[np.int32]
    reals: NDArray[np.float64]
    memo: NDArray[np.float64]


def desk_for(widest: int) -> Desk:
    """A desk for households of at most `widest` candidates."""
    width = 2 * widest + 2
    return Desk(np.empty((16, width), np.int32), np.empty((15, width)), np.empty((4, MEMO)))


def chain_for(widest: int) -> Chain:
    """A chain of households of at most `widest` candidates."""
    homes = np.empty(CHAIN, np.int32)
    return Chain(homes, np.empty(CHAIN * (2 * widest + 1), np.int64), np.zeros(2, np.int64))


@inner
def noise(household: int, offer: int, seed: int) -> float:
    """A fixed number in [0, 1) for a pair, to break ties between equal scores."""
    x = (household * 2654435761 + offer * 40503 * 65537 + seed * 97) & 0xFFFFFFFF
    x ^= x >> 15
    x = (x * 739982445) & 0xFFFFFFFF
    x ^= x >> 12
    x = (x * 695872825) & 0xFFFFFFFF
    x ^= x >> 15
    return x / 4294967296.0


@inner
def home_of(pairs: Pairs, h: int, score: Floats, face: Floats) -> Home:
    """Household `h` on a desk: writes its face values; the caller writes its scores."""
    begin = pairs.indptr[h]
    n = pairs.indptr[h + 1] - begin
    for i in range(n):
        face[i] = pairs.face[begin + i]
    cross = pairs.cross
    if cross.shape[0] > 0:
        cross = cross[begin : begin + n]
    return Home(
        score, face, pairs.border[begin : begin + n], cross, n, pairs.slots[h],
        pairs.per_category[h], pairs.floor[h], pairs.ceiling[h], pairs.price,
    )  # fmt: skip


@inner
def set_prices(home: Home, pairs: Pairs, prices: Prices, h: int, jitter: float, seed: int) -> None:
    """Score the candidates of household `h`: value less prices, plus noise up to `jitter`."""
    begin = pairs.indptr[h]
    spend, copy, score = prices.spend, prices.copy, home.score
    for i in range(home.n):
        p = begin + i
        o = pairs.offer[p]
        score[i] = pairs.value[p] - spend[o] * pairs.cost[p] - copy[o]
        if jitter > 0.0:
            score[i] += jitter * noise(h, o, seed)
