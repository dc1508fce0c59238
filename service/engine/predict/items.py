"""Statistics of each item over all households: the only numbers that cross households."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from service.engine.predict.events import Floats, Ints
from service.engine.predict.pairs import HALF_LIVES_DAYS, PairSummaries, exposure

RATE_PRIOR_DAYS = 2000.0
TREND_PRIOR_DAYS = 500.0
SURGE_PRIOR_DAYS = 300.0
GAP_PRIOR = 20.0
NEW_DAYS = 56
FRESH_DAYS = 14
DEFAULT_RATE = 0.01
DEFAULT_LOG_GAP = 3.1
REPEAT_PRIOR, REPEAT_PRIOR_BUYERS = 0.4, 2.0
FEW_IDS = 4096


@dataclass(frozen=True, slots=True)
class IdIndex:
    """Sorted ids, and the position of each."""

    ids: pl.Series
    # Positions of text ids, filled at the first look-up of a few ids: for a single household this
    # is cheaper than searching the series.
    _places: list[dict[str, int]] = field(default_factory=list, repr=False, compare=False)

    def __len__(self) -> int:
        """The number of ids."""
        return len(self.ids)

    def rows_of(self, ids: pl.Series) -> Ints:
        """The position of each id; `len(self)` for an unknown id or one of another type."""
        if not len(self) or self.ids.dtype != ids.dtype:
            return np.full(len(ids), len(self), dtype=np.int64)
        if ids.dtype != pl.String:
            known, wanted = self.ids.to_numpy(), ids.to_numpy()
            at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
            return np.where(known[at] == wanted, at, len(known))
        if len(ids) <= FEW_IDS:
            return self._look_up(ids)
        first = self.ids.search_sorted(ids, side="left").to_numpy()
        after = self.ids.search_sorted(ids, side="right").to_numpy()
        return np.where(after > first, first, len(self)).astype(np.int64)

    def _look_up(self, ids: pl.Series) -> Ints:
        if not self._places:
            self._places.append({name: row for row, name in enumerate(self.ids.to_list())})
        places, unknown = self._places[0], len(self)
        rows = (places.get(name, unknown) for name in ids.to_list())
        return np.fromiter(rows, dtype=np.int64, count=len(ids))


@dataclass(frozen=True, slots=True)
class Items:
    """Item statistics as of one day. The last row of each array is for items not known.

    - `rate`: purchases per day of a household that has bought the item.
    - `trend`: log ratio of the rate at a half-life of 28 days to the long-term rate.
    - `surge`: log ratio of the rate at a half-life of 14 days to that at 28 days.
    - `log_gap`: mean log interval between purchases, in log days.
    - `buyers`: households that have bought the item.
    - `novelty`: share of active households new to the item that first bought it in the last eight
      weeks. `fresh`: the same of the last two weeks.
    - `repeat`: log share of the buyers of the last six fortnights who bought in more than one.
    - `popular`: log of recent purchases (half-life 28 days) per active household.
    """

    index: IdIndex
    rate: Floats
    trend: Floats
    surge: Floats
    log_gap: Floats
    buyers: Floats
    novelty: Floats
    fresh: Floats
    repeat: Floats
    popular: Floats

    @property
    def ids(self) -> pl.Series:
        """The sorted item ids, one for each row but the last."""
        return self.index.ids

    def rows_of(self, item_ids: pl.Series) -> Ints:
        """The row of each id; an unknown id, or one of another type, gets the last row."""
        return self.index.rows_of(item_ids)


class ItemTally:
    """Running sums over households, from which `items` computes the item statistics."""

    def __init__(self, item_ids: pl.Series) -> None:
        """Start all sums at zero; `item_ids` are the sorted ids behind the item codes."""
        self._ids = item_ids
        size = len(item_ids)
        self._events = np.zeros((3, size))
        self._days = np.zeros((3, size))
        self._gap_weight = np.zeros(size)
        self._gap_log_sum = np.zeros(size)
        self._buyers = np.zeros(size)
        self._new_buyers = np.zeros((2, size))
        self._recent_buyers = np.zeros(size)
        self._repeat_buyers = np.zeros(size)
        self._households = 0

    def add(self, pairs: PairSummaries) -> None:
        """Add the pairs of some households. Each household must be added exactly once."""
        size = len(self._ids)
        seen = pairs.households.seen_days
        for row, k in enumerate((3, 1, 0)):
            days = exposure(seen, HALF_LIVES_DAYS[k])[pairs.household]
            self._events[row] += np.bincount(pairs.item, pairs.counts[:, k], minlength=size)
            self._days[row] += np.bincount(pairs.item, days, minlength=size)
        self._gap_weight += np.bincount(pairs.item, pairs.gap_weight, minlength=size)
        self._gap_log_sum += np.bincount(pairs.item, pairs.gap_log_sum, minlength=size)
        self._buyers += np.bincount(pairs.item, minlength=size)
        for row, recent_days in enumerate((NEW_DAYS, FRESH_DAYS)):
            is_new = pairs.first_age <= recent_days
            self._new_buyers[row] += np.bincount(pairs.item, is_new, minlength=size)
        fortnights = pairs.recent.sum(axis=1)
        self._recent_buyers += np.bincount(pairs.item, fortnights > 0, minlength=size)
        self._repeat_buyers += np.bincount(pairs.item, fortnights > 1, minlength=size)
        self._households += int((pairs.households.last_trip_age <= NEW_DAYS).sum())

    def items(self) -> Items:
        """The statistics, each shrunk to the mean of all items; the last row is that mean."""
        events = np.append(self._events, np.zeros((3, 1)), axis=1)
        days = np.append(self._days, np.zeros((3, 1)), axis=1)
        weight = np.append(self._gap_weight, 0.0)
        mean_rate = (self._events[0].sum() + DEFAULT_RATE) / (self._days[0].sum() + 1.0)
        mean_gap = (self._gap_log_sum.sum() + DEFAULT_LOG_GAP) / (self._gap_weight.sum() + 1.0)
        rate = _shrink(events[0], days[0], mean_rate, RATE_PRIOR_DAYS)
        month = _shrink(events[1], days[1], rate, TREND_PRIOR_DAYS)
        fortnight = _shrink(events[2], days[2], month, SURGE_PRIOR_DAYS)
        new_buyers = np.append(self._new_buyers, np.zeros((2, 1)), axis=1)
        buyers = np.append(self._buyers, 0.0)
        without = np.maximum(self._households - buyers + new_buyers, 0.0)
        share_new = (new_buyers + 0.1) / (without + 10.0)
        recent_buyers = np.append(self._recent_buyers, 0.0)
        repeat_buyers = np.append(self._repeat_buyers, 0.0)
        return Items(
            index=IdIndex(self._ids),
            rate=rate,
            trend=np.log(month / rate),
            surge=np.log(fortnight / month),
            log_gap=_shrink(np.append(self._gap_log_sum, 0.0), weight, mean_gap, GAP_PRIOR),
            buyers=buyers,
            novelty=share_new[0],
            fresh=share_new[1],
            repeat=np.log(_shrink(repeat_buyers, recent_buyers, REPEAT_PRIOR, REPEAT_PRIOR_BUYERS)),
            popular=np.log((events[1] + 0.5) / (self._households + 1.0)),
        )


def _shrink(total: Floats, weight: Floats, prior: Floats | float, strength: float) -> Floats:
    """A weighted mean with a prior that counts as `strength` units of weight."""
    return np.asarray((total + strength * prior) / (weight + strength))


def no_items() -> Items:
    """Statistics without any data: only the row for unknown items."""
    return ItemTally(pl.Series("item_id", [], dtype=pl.Int64)).items()
