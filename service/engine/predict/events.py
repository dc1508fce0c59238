"""Purchase histories as sorted integer arrays: the form every statistic is counted from.

An *event* is one item bought by one household on one day; several rows of that day are one event
whose quantity is their sum. A *trip* is one household's day with at least one event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Singles = NDArray[np.float32]
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

    def parts(self) -> Iterator[Events]:
        """Itself: the whole of a base that is held in memory."""
        yield self

    def run(self, start: int, stop: int) -> Events:
        """The events from `start` to `stop`, whole households, with household codes from 0."""
        part = self.between(start, stop)
        first, last = int(part.household[0]), int(part.household[-1])
        return replace(
            part,
            household_ids=self.household_ids[first : last + 1],
            household=part.household - first,
        )

    def between(self, start: int, stop: int) -> Events:
        """The events from `start` to `stop`, with the same code books."""
        part = slice(start, stop)
        return replace(
            self,
            household=self.household[part],
            item=self.item[part],
            day=self.day[part],
            quantity=self.quantity[part],
        )

    def of(self, chosen: Flags) -> Events:
        """Only the households marked in `chosen` (one flag per code), with codes from 0."""
        kept = self.where(chosen[self.household])
        return replace(
            kept,
            household_ids=self.household_ids.filter(pl.Series(chosen)),
            household=(np.cumsum(chosen) - 1)[kept.household],
        )

    def heads(self) -> Flags:
        """True at the first event of every household-item pair."""
        head = np.ones(self.rows, dtype=np.bool_)
        if self.rows > 1:
            head[1:] = (self.household[1:] != self.household[:-1]) | (
                self.item[1:] != self.item[:-1]
            )
        return head


class Base(Protocol):
    """The events of a whole base before a day, to be gone through as often as wanted.

    The books are sorted. `parts` are whole households, ascending, under the codes of the books.
    """

    @property
    def household_ids(self) -> pl.Series:
        """The households in ascending order."""

    @property
    def item_ids(self) -> pl.Series:
        """The items in ascending order."""

    def parts(self) -> Iterator[Events]:
        """The events, some households after others; how many at a time changes nothing."""


def shards(base: Base, rows: int) -> Iterator[Events]:
    """Runs of whole households of about `rows` events each, with household codes from 0.

    They are the same wherever the base is parted.
    """
    rest: Events | None = None
    for part in base.parts():
        rest = part if rest is None else joined([rest, part])
        start = 0
        while rest.rows - start > rows:
            last = rest.household[start + rows - 1]
            stop = int(np.searchsorted(rest.household, last, side="right"))
            yield rest.run(start, stop)
            start = stop
        rest = rest.between(start, rest.rows)
    if rest is not None and rest.rows:
        yield rest.run(0, rest.rows)


def nothing(base: Base) -> Events:
    """No event of no household, in the books' own types."""
    none = np.zeros(0, dtype=np.int64)
    return Events(base.household_ids.head(0), base.item_ids, none, none, none, np.zeros(0))


def joined(parts: list[Events]) -> Events:
    """Events of the same books, one part after the other; at least one is given."""
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[0],
        household=np.concatenate([part.household for part in parts]),
        item=np.concatenate([part.item for part in parts]),
        day=np.concatenate([part.day for part in parts]),
        quantity=np.concatenate([part.quantity for part in parts]),
    )


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
    return arranged(
        Events(household_ids, item_ids, household, item, day[keep], quantity[keep].astype(float))
    )


def arranged(rows: Events) -> Events:
    """Rows in any order as events: sorted, and those of one household, item and day as one."""
    if not rows.rows:
        return rows
    first = int(rows.day.min())
    span = int(rows.day.max()) - first + 1
    key = (rows.household * len(rows.item_ids) + rows.item) * span + (rows.day - first)
    order = np.argsort(key)
    key = key[order]
    head = np.ones(len(key), dtype=np.bool_)
    head[1:] = key[1:] != key[:-1]
    starts = np.flatnonzero(head)
    found = order[starts]
    return replace(
        rows,
        household=rows.household[found],
        item=rows.item[found],
        day=rows.day[found],
        quantity=np.add.reduceat(rows.quantity[order], starts),
    )


def _codes(ids: pl.Series, keep: Flags) -> tuple[pl.Series, Ints]:
    """The distinct ids kept in ascending order, and each kept row's position among them."""
    if ids.dtype == pl.String:
        kept = ids if keep.all() else ids.filter(pl.Series(keep))
        if len(kept) and (kept == kept[0]).all():
            # One household alone: most of the cost of its ids otherwise.
            return kept.head(1), np.zeros(len(kept), dtype=np.int64)
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
