"""Purchase histories as sorted integer arrays, from which every statistic is counted.

An *event* is one item bought by one household on one day. Several rows of one day are one event,
whose quantity is their sum. A *trip* is one day on which a household has at least one event.
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

    `household` and `item` are codes: positions in `household_ids` and `item_ids`, two sorted
    series. `day` counts days since 1970-01-01. `quantity` is the pieces bought that day, above 0.
    """

    household_ids: pl.Series
    item_ids: pl.Series
    household: Ints
    item: Ints
    day: Ints
    quantity: Floats

    @property
    def rows(self) -> int:
        """The number of events."""
        return len(self.day)

    def where(self, mask: Flags) -> Events:
        """Only the events where `mask` is true. Ids and codes stay the same."""
        return Events(
            household_ids=self.household_ids,
            item_ids=self.item_ids,
            household=self.household[mask],
            item=self.item[mask],
            day=self.day[mask],
            quantity=self.quantity[mask],
        )

    def before(self, day: int) -> Events:
        """Only the events before day number `day`, which is excluded."""
        return self.where(self.day < day)

    def parts(self) -> Iterator[Events]:
        """Yield these events as the only part, as `CustomerBase` requires."""
        yield self

    def take_households(self, start: int, stop: int) -> Events:
        """The events at positions `start` to `stop`, renumbering the households from 0.

        The positions must lie between households, so that no household is cut in two.
        """
        part = self.take_rows(start, stop)
        first, last = int(part.household[0]), int(part.household[-1])
        return replace(
            part,
            household_ids=self.household_ids[first : last + 1],
            household=part.household - first,
        )

    def take_rows(self, start: int, stop: int) -> Events:
        """The events at positions `start` to `stop`. Ids and codes stay the same."""
        part = slice(start, stop)
        return replace(
            self,
            household=self.household[part],
            item=self.item[part],
            day=self.day[part],
            quantity=self.quantity[part],
        )

    def select_households(self, chosen: Flags) -> Events:
        """Only the households where `chosen` is true (one flag per code), renumbered from 0."""
        events = self.where(chosen[self.household])
        return replace(
            events,
            household_ids=self.household_ids.filter(pl.Series(chosen)),
            household=(np.cumsum(chosen) - 1)[events.household],
        )

    def pair_starts(self) -> Flags:
        """True at the first event of each household-item pair."""
        starts = np.ones(self.rows, dtype=np.bool_)
        if self.rows > 1:
            starts[1:] = (self.household[1:] != self.household[:-1]) | (
                self.item[1:] != self.item[:-1]
            )
        return starts


class CustomerBase(Protocol):
    """The events of all households before a day, which can be read any number of times.

    Both id series are sorted. Each part holds whole households, in ascending order, and its codes
    are positions in these id series. `Events` is a base in memory; `files.spill.Spill` is one on
    disk.
    """

    @property
    def household_ids(self) -> pl.Series:
        """The ids of all households, in ascending order."""

    @property
    def item_ids(self) -> pl.Series:
        """The ids of all items, in ascending order."""

    def parts(self) -> Iterator[Events]:
        """Yield the events of some households at a time. The part size changes no result."""


def shards(base: CustomerBase, rows: int) -> Iterator[Events]:
    """Yield whole households in shards of about `rows` events, numbered from 0 in each shard.

    The shards do not depend on how the base is split into parts.
    """
    rest: Events | None = None
    for part in base.parts():
        rest = part if rest is None else concat_events([rest, part])
        start = 0
        while rest.rows - start > rows:
            last = rest.household[start + rows - 1]
            stop = int(np.searchsorted(rest.household, last, side="right"))
            yield rest.take_households(start, stop)
            start = stop
        rest = rest.take_rows(start, rest.rows)
    if rest is not None and rest.rows:
        yield rest.take_households(0, rest.rows)


def no_events(base: CustomerBase) -> Events:
    """Events with no rows and no households, in the id types of the base."""
    none = np.zeros(0, dtype=np.int64)
    return Events(base.household_ids.head(0), base.item_ids, none, none, none, np.zeros(0))


def concat_events(parts: list[Events]) -> Events:
    """Concatenate at least one part. All parts must use the same id series."""
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
    """Turn a validated history into events; with `as_of`, only rows before that day count.

    `history` has `household_id`, `item_id` (integers or text), `purchased_at` and `quantity`. Rows
    with a quantity of 0 or below are returns, not events. The cost is one integer sort; everything
    else is linear in the rows.
    """
    day = history["purchased_at"].cast(pl.Date).cast(pl.Int32).to_numpy().astype(np.int64)
    quantity = history["quantity"].to_numpy()
    mask = quantity > 0
    if as_of is not None:
        mask &= day < day_number(as_of)
    household_ids, household = _encode_ids(history["household_id"], mask)
    item_ids, item = _encode_ids(history["item_id"], mask)
    return sort_and_merge(
        Events(household_ids, item_ids, household, item, day[mask], quantity[mask].astype(float))
    )


def sort_and_merge(rows: Events) -> Events:
    """Sort rows in any order and merge those of one household, item and day into one event."""
    if not rows.rows:
        return rows
    first = int(rows.day.min())
    span = int(rows.day.max()) - first + 1
    key = (rows.household * len(rows.item_ids) + rows.item) * span + (rows.day - first)
    order = np.argsort(key)
    key = key[order]
    is_first = np.ones(len(key), dtype=np.bool_)
    is_first[1:] = key[1:] != key[:-1]
    starts = np.flatnonzero(is_first)
    first_rows = order[starts]
    return replace(
        rows,
        household=rows.household[first_rows],
        item=rows.item[first_rows],
        day=rows.day[first_rows],
        quantity=np.add.reduceat(rows.quantity[order], starts),
    )


def _encode_ids(ids: pl.Series, mask: Flags) -> tuple[pl.Series, Ints]:
    """The distinct ids where `mask` is true, ascending, and the position of each row's id there."""
    if ids.dtype == pl.String:
        texts = ids if mask.all() else ids.filter(pl.Series(mask))
        if len(texts) and (texts == texts[0]).all():
            # A short cut for one household, whose ids would cost the most otherwise.
            return texts.head(1), np.zeros(len(texts), dtype=np.int64)
        distinct_texts = texts.unique().sort()
        codes = texts.cast(pl.Enum(distinct_texts)).to_physical()
        return distinct_texts, codes.to_numpy().astype(np.int64)
    numbers = ids.to_numpy()[mask]
    distinct = np.unique(numbers)
    return pl.Series(ids.name, distinct), np.searchsorted(distinct, numbers)


def decode_ids(ids: pl.Series, codes: Ints) -> pl.Series:
    """The id at each code; `ids` are the sorted distinct ids that the codes are positions in."""
    if ids.dtype == pl.String:
        return ids.gather(codes)
    return pl.Series(ids.name, ids.to_numpy()[codes])
