"""What all households together say about each item: the statistics that cross households."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from service.engine.predict.events import Floats, Ints
from service.engine.predict.pairs import HALF_LIVES_DAYS, Pairs, exposure

RATE_PRIOR_DAYS = 2000.0
TREND_PRIOR_DAYS = 500.0
SURGE_PRIOR_DAYS = 300.0
GAP_PRIOR = 20.0
NEW_DAYS = 56
DEFAULT_RATE = 0.01
DEFAULT_LOG_GAP = 3.1
REPEAT_PRIOR, REPEAT_PRIOR_BUYERS = 0.4, 2.0
FEW_IDS = 4096


@dataclass(frozen=True, slots=True)
class Book:
    """Sorted ids, each standing for its position."""

    ids: pl.Series
    # The positions of texts, once some few were asked for: a search costs one household more.
    _places: list[dict[str, int]] = field(default_factory=list, repr=False, compare=False)

    def __len__(self) -> int:
        """How many ids there are."""
        return len(self.ids)

    def rows_of(self, ids: pl.Series) -> Ints:
        """The position of each id; the length of the book for one of another type or not in it."""
        if not len(self) or self.ids.dtype != ids.dtype:
            return np.full(len(ids), len(self), dtype=np.int64)
        if ids.dtype != pl.String:
            known, wanted = self.ids.to_numpy(), ids.to_numpy()
            at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
            return np.where(known[at] == wanted, at, len(known))
        if len(ids) <= FEW_IDS:
            return self._looked_up(ids)
        first = self.ids.search_sorted(ids, side="left").to_numpy()
        after = self.ids.search_sorted(ids, side="right").to_numpy()
        return np.where(after > first, first, len(self)).astype(np.int64)

    def _looked_up(self, ids: pl.Series) -> Ints:
        if not self._places:
            self._places.append({name: row for row, name in enumerate(self.ids.to_list())})
        places, unknown = self._places[0], len(self)
        rows = (places.get(name, unknown) for name in ids.to_list())
        return np.fromiter(rows, dtype=np.int64, count=len(ids))


@dataclass(frozen=True, slots=True)
class Items:
    """Item statistics as of one day; the last row of every array is the unknown item.

    `rate` purchases per day among households that have bought it; `trend`, `surge` log ratios of
    the rate at half-lives 28 and 14 days to the longer ones; `log_gap` the mean log interval;
    `buyers` households that have bought it; `novelty` the share of active households without it
    that took it up in the last eight weeks; `repeat` the log share of those who bought it in the
    last six fortnights that did so in more than one; `popular` the log of its recent purchases
    (half-life 28 days) per active household.
    """

    book: Book
    rate: Floats
    trend: Floats
    surge: Floats
    log_gap: Floats
    buyers: Floats
    novelty: Floats
    repeat: Floats
    popular: Floats

    @property
    def ids(self) -> pl.Series:
        """The items of all rows but the last, sorted."""
        return self.book.ids

    def rows_of(self, item_ids: pl.Series) -> Ints:
        """The row of each id; an id never surveyed, or of another type, gets the last row."""
        return self.book.rows_of(item_ids)


class Tally:
    """Sums over households from which the item statistics are made; shards add up."""

    def __init__(self, item_ids: pl.Series) -> None:
        """Start at nothing for the items of a code book."""
        self._ids = item_ids
        size = len(item_ids)
        self._events = np.zeros((3, size))
        self._days = np.zeros((3, size))
        self._gap_weight = np.zeros(size)
        self._gap_log_sum = np.zeros(size)
        self._buyers = np.zeros(size)
        self._new = np.zeros(size)
        self._once = np.zeros(size)
        self._again = np.zeros(size)
        self._homes = 0

    def add(self, pairs: Pairs) -> None:
        """Count the pairs of some households; each household is to be added once."""
        size = len(self._ids)
        seen = pairs.homes.seen_days
        for row, k in enumerate((3, 1, 0)):
            days = exposure(seen, HALF_LIVES_DAYS[k])[pairs.household]
            self._events[row] += np.bincount(pairs.item, pairs.counts[:, k], minlength=size)
            self._days[row] += np.bincount(pairs.item, days, minlength=size)
        self._gap_weight += np.bincount(pairs.item, pairs.gap_weight, minlength=size)
        self._gap_log_sum += np.bincount(pairs.item, pairs.gap_log_sum, minlength=size)
        self._buyers += np.bincount(pairs.item, minlength=size)
        self._new += np.bincount(pairs.item, pairs.first_age <= NEW_DAYS, minlength=size)
        fortnights = pairs.recent.sum(axis=1)
        self._once += np.bincount(pairs.item, fortnights > 0, minlength=size)
        self._again += np.bincount(pairs.item, fortnights > 1, minlength=size)
        self._homes += int((pairs.homes.last_trip_age <= NEW_DAYS).sum())

    def items(self) -> Items:
        """The statistics, shrunk to the mean of all items; the unknown item is that mean."""
        events = np.append(self._events, np.zeros((3, 1)), axis=1)
        days = np.append(self._days, np.zeros((3, 1)), axis=1)
        weight = np.append(self._gap_weight, 0.0)
        mean_rate = (self._events[0].sum() + DEFAULT_RATE) / (self._days[0].sum() + 1.0)
        mean_gap = (self._gap_log_sum.sum() + DEFAULT_LOG_GAP) / (self._gap_weight.sum() + 1.0)
        rate = _shrunk(events[0], days[0], mean_rate, RATE_PRIOR_DAYS)
        month = _shrunk(events[1], days[1], rate, TREND_PRIOR_DAYS)
        fortnight = _shrunk(events[2], days[2], month, SURGE_PRIOR_DAYS)
        new, buyers = np.append(self._new, 0.0), np.append(self._buyers, 0.0)
        without = np.maximum(self._homes - buyers + new, 0.0)
        again, once = np.append(self._again, 0.0), np.append(self._once, 0.0)
        return Items(
            book=Book(self._ids),
            rate=rate,
            trend=np.log(month / rate),
            surge=np.log(fortnight / month),
            log_gap=_shrunk(np.append(self._gap_log_sum, 0.0), weight, mean_gap, GAP_PRIOR),
            buyers=buyers,
            novelty=(new + 0.1) / (without + 10.0),
            repeat=np.log(_shrunk(again, once, REPEAT_PRIOR, REPEAT_PRIOR_BUYERS)),
            popular=np.log((events[1] + 0.5) / (self._homes + 1.0)),
        )


def _shrunk(total: Floats, weight: Floats, prior: Floats | float, strength: float) -> Floats:
    """A weighted mean pulled to its prior as if `strength` weight had been seen there."""
    return np.asarray((total + strength * prior) / (weight + strength))


def no_items() -> Items:
    """Statistics before anything was seen: only the unknown item."""
    return Tally(pl.Series("item_id", [], dtype=pl.Int64)).items()
