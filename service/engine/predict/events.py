"""Purchase histories as sorted integer arrays: the form every statistic is counted from.

An *event* is one item bought by one household on one day; several rows of that day are one event
whose quantity is their sum. A *trip* is one household's day with at least one event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Whole days since 1970-01-01."""
    return (day - EPOCH).days


@dataclass(frozen=True, slots=True)
class Events:
    """Events sorted by household, item and day.

    `household`, `item`: codes into `household_ids` and `item_ids` (both sorted series);
    `day`: days since 1970-01-01; `quantity`: pieces bought that day, above zero.
    """

    household_ids: pl.Series
    item_ids: pl.Series
    household: Ints
    item: Ints
    day: Ints
    quantity: Floats

    @property
    def rows(self) -> int:
        """How many events there are."""
        return len(self.day)

    def where(self, keep: Flags) -> Events:
        """The same code books with only the events marked in `keep`."""
        return Events(
            household_ids=self.household_ids,
            item_ids=self.item_ids,
            household=self.household[keep],
            item=self.item[keep],
            day=self.day[keep],
            quantity=self.quantity[keep],
        )

    def until(self, day: int) -> Events:
        """Only what was bought before `day` (exclusive)."""
        return self.where(self.day < day)

    def shards(self, rows: int) -> Iterator[Events]:
        """Runs of whole households of about `rows` events each, with household codes from 0."""
        start = 0
        while start < self.rows:
            stop = min(start + rows, self.rows)
            if stop < self.rows:
                stop = int(np.searchsorted(self.household, self.household[stop - 1], side="right"))
            first, last = int(self.household[start]), int(self.household[stop - 1])
            part = slice(start, stop)
            yield Events(
                household_ids=self.household_ids[first : last + 1],
                item_ids=self.item_ids,
                household=self.household[part] - first,
                item=self.item[part],
                day=self.day[part],
                quantity=self.quantity[part],
            )
            start = stop

    def heads(self) -> Flags:
        """True at the first event of every household-item pair."""
        head = np.ones(self.rows, dtype=np.bool_)
        if self.rows > 1:
            head[1:] = (self.household[1:] != self.household[:-1]) | (
                self.item[1:] != self.item[:-1]
            )
        return head


def date_of(day: int) -> date:
    """The date of a day number."""
    return EPOCH + timedelta(days=day)


def encode(history: pl.DataFrame, as_of: date | None = None) -> Events:
    """Sort a validated history into events, with `as_of` only what was bought before that day.

    Returned goods (quantity not above 0) are no event. `history` has `household_id`, `item_id`,
    `purchased_at`, `quantity`; its ids may be integers or text. One integer sort, else linear.
    """
    day = history["purchased_at"].cast(pl.Date).cast(pl.Int32).to_numpy().astype(np.int64)
    quantity = history["quantity"].to_numpy()
    keep = quantity > 0
    if as_of is not None:
        keep &= day < day_number(as_of)
    household_ids, household = _codes(history["household_id"], keep)
    item_ids, item = _codes(history["item_id"], keep)
    day, quantity = day[keep], quantity[keep]
    if not len(day):
        return Events(household_ids, item_ids, household, item, day, quantity)
    first = int(day.min())
    span = int(day.max()) - first + 1
    key = (household * len(item_ids) + item) * span + (day - first)
    order = np.argsort(key)
    key = key[order]
    head = np.ones(len(key), dtype=np.bool_)
    head[1:] = key[1:] != key[:-1]
    starts = np.flatnonzero(head)
    rows = order[starts]
    return Events(
        household_ids=household_ids,
        item_ids=item_ids,
        household=household[rows],
        item=item[rows],
        day=day[rows],
        quantity=np.add.reduceat(quantity[order], starts),
    )


def _codes(ids: pl.Series, keep: Flags) -> tuple[pl.Series, Ints]:
    """The distinct ids kept in ascending order, and each kept row's position among them."""
    if ids.dtype == pl.String:
        kept = ids.filter(pl.Series(keep))
        book = kept.unique().sort()
        return book, kept.cast(pl.Enum(book)).to_physical().to_numpy().astype(np.int64)
    numbers = ids.to_numpy()[keep]
    distinct = np.unique(numbers)
    return pl.Series(ids.name, distinct), np.searchsorted(distinct, numbers)


def named(book: pl.Series, codes: Ints) -> pl.Series:
    """The ids of codes."""
    if book.dtype == pl.String:
        return book.gather(codes)
    return pl.Series(book.name, book.to_numpy()[codes])
