"""When within the horizon an item is bought, given that it is: a discrete hazard by day.

The horizon is cut into at most 28 bins, so that each day of up to four weeks has its own. For each
bin but the last, the network gives the hazard: the chance that the first purchase falls into the
bin if it did not come earlier (Cox 1972, discrete time). To its log-odds is added the log of how
much more the household shops on the weekdays of the bin than on others, so that the dates are its
own shopping days. The expected date is the median, which has the least mean absolute error. Medians
lie close together whatever the item; a list that would name one day for everything reads another
share for each: see `listed_day`.

`cumulative` is (rows, bins): the chance that the first purchase has come by the end of each bin,
given that it comes within the horizon. The last column is 1.
"""

from __future__ import annotations

import numpy as np

from service.engine.predict.events import Floats, Ints

MAX_BINS = 28
# How much earlier a list names the day of a sure purchase than of an unlikely one, in shares of the
# purchases; with this the days on lists are about as far apart as those of the purchases are.
_LISTED_SPREAD = 2 / 3


def bin_count(horizon_days: int) -> int:
    """The number of bins of a horizon."""
    return min(horizon_days, MAX_BINS)


def hazard_targets(offset: Ints, horizon_days: int) -> tuple[Floats, Floats]:
    """Targets and weights to learn hazards from, (rows, bins - 1) each.

    `offset` is the days from the as-of date to the first purchase, from 0. A bin after the purchase
    has weight 0.
    """
    size = bin_count(horizon_days)
    purchase_bin = (offset * size // horizon_days)[:, None]
    bins = np.arange(size - 1)[None, :]
    return (bins == purchase_bin).astype(np.float64), (bins <= purchase_bin).astype(np.float64)


def shopping_log_odds(weekdays: Floats, horizon_days: int) -> Floats:
    """What the household's own shopping days add to the hazards: (rows, bins - 1).

    `weekdays` is the share of trips on the weekday of the as-of date plus 0 to 6 days, (rows, 7). A
    bin gets the mean share of its days against one seventh. Products are added in a fixed order, so
    that a household gets the same bits alone as among others.
    """
    size = bin_count(horizon_days)
    day = np.arange(horizon_days)
    in_bin = np.zeros((7, size))
    np.add.at(in_bin, (day % 7, day * size // horizon_days), 1.0)
    mean_share = np.zeros((len(weekdays), size - 1))
    for weekday, part in enumerate((in_bin / in_bin.sum(axis=0))[:, :-1]):
        mean_share += weekdays[:, weekday, None] * part
    return np.asarray(np.log(7.0 * mean_share))


def cumulative_chances(log_odds: Floats) -> Floats:
    """Turn the log-odds of the hazards (rows, bins - 1) into `cumulative` chances (rows, bins)."""
    hazard = 1.0 / (1.0 + np.exp(-log_odds))
    cumulative = 1.0 - np.cumprod(1.0 - hazard, axis=1)
    return np.hstack([cumulative, np.ones((len(cumulative), 1))])


def uniform_chances(rows: int, horizon_days: int) -> Floats:
    """The `cumulative` chances before any data: every bin is equally likely."""
    size = bin_count(horizon_days)
    return np.tile(np.arange(1, size + 1) / size, (rows, 1))


def day_at(cumulative: Floats, level: float | Floats, horizon_days: int) -> Floats:
    """Days after the as-of date by which a share of `level` of the purchases has come.

    `level` is one for all rows, or one a row.
    """
    size = cumulative.shape[1]
    level = np.broadcast_to(level, len(cumulative))
    position = np.minimum((cumulative < level[:, None]).sum(axis=1), size - 1)
    row = np.arange(len(cumulative))
    high = cumulative[row, position]
    low = np.where(position > 0, cumulative[row, np.maximum(position - 1, 0)], 0.0)
    inside = np.clip((level - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    return np.asarray((position + inside) * horizon_days / size)


def day_of(cumulative: Floats, level: float | Floats, horizon_days: int) -> Ints:
    """The day on which `day_at` is reached: whole days after the as-of date (0 = that date)."""
    reached = np.floor(np.round(day_at(cumulative, level, horizon_days), 6))
    return np.minimum(reached, horizon_days - 1).astype(np.int64)


def listed_day(cumulative: Floats, chance: Floats, horizon_days: int, *, lead_days: int) -> Ints:
    """The day that a list names which is there after `lead_days`, for purchases of these chances.

    The likelier a purchase is, the earlier it comes: the day is the one by which a smaller share of
    those has come that do not come within the first `lead_days`. A chance of one half gives their
    median.
    """
    level = 0.5 + _LISTED_SPREAD * (0.5 - chance)
    if lead_days == 0:
        return day_of(cumulative, level, horizon_days)
    row_lead = np.full(len(cumulative), lead_days - 1)
    early = _chance_by_end_of(cumulative, row_lead, horizon_days)[:, None]
    later = np.where(early < 1.0, (cumulative - early) / np.maximum(1.0 - early, 1e-12), 1.0)
    return np.maximum(day_of(np.clip(later, 0.0, 1.0), level, horizon_days), lead_days)


def interval(cumulative: Floats, level: float, horizon_days: int) -> tuple[Ints, Ints]:
    """First and last day, both included, that hold about a share of `level` of the purchases.

    Whole days cannot hold exactly 50 % or 80 %. Of the central interval and those that are a day
    shorter at either end, the one nearest to the level is taken, so that the level is met on
    average.
    """
    edge = (1.0 - level) / 2.0
    first = day_of(cumulative, edge, horizon_days)
    last = day_of(cumulative, 1.0 - edge, horizon_days)
    best_first, best_last = first, last
    best = np.full(len(cumulative), np.inf)
    for low in (first, np.minimum(first + 1, horizon_days - 1)):
        for high in (last, np.maximum(last - 1, 0)):
            miss = np.abs(
                _chance_by_end_of(cumulative, high, horizon_days)
                - _chance_by_end_of(cumulative, low - 1, horizon_days)
                - level
            )
            nearer = (low <= high) & (miss < best - 1e-9)
            best = np.where(nearer, miss, best)
            best_first = np.where(nearer, low, best_first)
            best_last = np.where(nearer, high, best_last)
    return best_first, best_last


def _chance_by_end_of(cumulative: Floats, day: Ints, horizon_days: int) -> Floats:
    """The cumulative chance at the end of a day, linear within a bin; 0 for day -1."""
    size = cumulative.shape[1]
    place = (day + 1) * size / horizon_days
    whole = np.minimum(np.floor(np.round(place, 9)).astype(np.int64), size)
    padded = np.hstack([np.zeros((len(cumulative), 1)), cumulative, cumulative[:, -1:]])
    row = np.arange(len(cumulative))
    low, high = padded[row, whole], padded[row, whole + 1]
    return np.asarray(low + (place - whole) * (high - low))
