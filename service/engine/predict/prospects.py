"""Prospects: the items a household has never bought, and what speaks for each of them.

Items are those with a learned vector, in the order of these vectors; `rows` are positions there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.engine.predict.events import Flags, Floats, Ints, Singles
from service.engine.predict.items import FRESH_DAYS, NEW_DAYS, Items
from service.engine.predict.moves import Moves, lengths
from service.engine.predict.network import Network
from service.engine.predict.pairs import PairSummaries
from service.engine.predict.taste import (
    LONG,
    SHORT,
    affinities,
    household_tastes,
    purchase_weights,
)

LEAST_AFFINITY = 1e-3
SEEN_DAYS = 84.0
NAMES: tuple[str, ...] = (
    "novelty",
    "fresh",
    "popular",
    "repeat",
    "trend",
    "surge",
    "new",
    "newest",
    "weight",
    "trips_14",
    "trips_28",
    "volume_28",
    "last_trip",
    "seen",
    "distinct",
    "affinity",
    "log_affinity",
    "moves",
    "scaled_moves",
    "recent_moves",
)
# The regressors of the linear part, with a constant before them.
LINEAR = tuple(
    NAMES.index(name)
    for name in ("novelty", "new", "log_affinity", "affinity", "moves", "scaled_moves")
)


@dataclass(frozen=True, slots=True)
class Block:
    """Some households, the first of them at `start`, by all items: (households, items) each.

    - `bought`: whether the household has bought the item before, so that it is no prospect.
    - `affinity`: see taste.py. `moves`: see moves.py, from all that the household has bought;
      `scaled_moves`, `recent_moves`: the same for weights, or recent weights, of length one.
    """

    start: int
    bought: Flags
    affinity: Floats
    moves: Floats
    scaled_moves: Floats
    recent_moves: Floats


@dataclass(frozen=True, slots=True)
class Prospects:
    """The households and the items of one day.

    `pairs` and `rows` hold the purchases of items with a vector. `items` and `households` are the
    inputs of NAMES that belong to an item, (items, 6), or to a household, (households, 9).
    """

    pairs: PairSummaries
    rows: Ints
    tastes: Floats
    taste: Singles
    moves: Moves
    items: Floats
    households: Floats

    def block(self, start: int, stop: int) -> Block:
        """The households from `start` to before `stop`."""
        size = stop - start
        first, last = np.searchsorted(self.pairs.household, [start, stop])
        part = slice(int(first), int(last))
        household, row = self.pairs.household[part] - start, self.rows[part]
        weights, recent = (purchase_weights(self.pairs, k)[part] for k in (LONG, SHORT))
        bought = np.zeros((size, len(self.items)), dtype=np.bool_)
        bought[household, row] = True
        moves = self.moves.sums(household, row, weights, size)
        return Block(
            start=start,
            bought=bought,
            affinity=affinities(self.tastes[start:stop], self.taste[:-1]),
            moves=moves,
            scaled_moves=moves / lengths(household, weights, size),
            recent_moves=self.moves.sums(household, row, recent, size)
            / lengths(household, recent, size),
        )

    def inputs(self, block: Block, household: Ints, row: Ints) -> Floats:
        """The numbers of NAMES for prospects of a block; `household` counts from its start."""
        affinity = block.affinity[household, row]
        of_pair = (
            affinity,
            np.log(np.maximum(affinity, LEAST_AFFINITY)),
            block.moves[household, row],
            block.scaled_moves[household, row],
            block.recent_moves[household, row],
        )
        return np.hstack(
            [self.items[row], self.households[household + block.start], np.stack(of_pair, axis=1)]
        )

    def linear_log_odds(self, block: Block, coefficients: tuple[float, ...]) -> Floats:
        """A linear combination of the inputs in LINEAR for all items: (households, items).

        It is added up in a fixed order, so that each household gets the same bits. An item bought
        before gets minus infinity.
        """
        constant, novelty, new, log_affinity, affinity, moves, scaled_moves = coefficients
        households = self.households[block.start : block.start + len(block.bought)]
        odds = constant + new * households[:, :1] + (novelty * self.items[:, 0])[None, :]
        odds += log_affinity * np.log(np.maximum(block.affinity, LEAST_AFFINITY))
        odds += affinity * block.affinity
        odds += moves * block.moves
        odds += scaled_moves * block.scaled_moves
        odds[block.bought] = -np.inf
        return np.asarray(odds)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What is learned of items never bought.

    The linear log-odds with these `coefficients` choose the likeliest items of a household; the
    `network` judges those again. `level` is added to its log-odds; `trust` is its weight, from 0 to
    1.
    """

    coefficients: tuple[float, ...]
    network: Network
    level: float
    trust: float

    def log_odds(
        self, prospects: Prospects, block: Block, household: Ints, row: Ints, linear: Floats
    ) -> Floats:
        """The log-odds of a first purchase of each prospect, given its linear log-odds."""
        odds = (
            self.network.log_odds(prospects.inputs(block, household, row), row)[:, 0] + self.level
        )
        return np.asarray(self.trust * odds + (1.0 - self.trust) * linear)


def prospects_of(
    pairs: PairSummaries, rows: Ints, items: Items, item_rows: Ints, taste: Singles, moves: Moves
) -> Prospects:
    """Prepare the prospects of all households of `pairs`.

    `rows` is the vector row of each pair's item, `len(item_rows)` for an item without one;
    `item_rows` is the row of each item with a vector in the statistics `items`.
    """
    known = rows < len(item_rows)
    of_item = (
        np.log(items.novelty),
        np.log(items.fresh),
        items.popular,
        items.repeat,
        items.trend,
        items.surge,
    )
    households = pairs.households
    size = len(households.trips)
    weights = purchase_weights(pairs)

    def count(values: Floats | Flags) -> Floats:
        return np.bincount(pairs.household, values, minlength=size).astype(np.float64)

    of_household = (
        np.log1p(count(pairs.first_age <= NEW_DAYS)),
        np.log1p(count(pairs.first_age <= FRESH_DAYS)),
        np.log1p(count(weights * weights)),
        np.log(households.trip_counts[:, 0] + 0.3),
        np.log(households.trip_counts[:, 1] + 0.3),
        np.log(households.event_counts[:, 1] + 1.0),
        np.log(households.last_trip_age),
        np.log(np.clip(households.seen_days, 1.0, SEEN_DAYS)),
        np.log1p(households.distinct),
    )
    return Prospects(
        pairs=pairs.where(known),
        rows=rows[known],
        tastes=household_tastes(pairs, rows, taste),
        taste=taste,
        moves=moves,
        items=np.stack([values[item_rows] for values in of_item], axis=1),
        households=np.stack(of_household, axis=1),
    )
