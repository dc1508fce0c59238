"""A purchase history of any size as input of the forecast, with only a part of it in memory.

Rows are added in frames, in any order. What the forecast needs of them is written to disk as
records of twenty bytes: first in the order of arrival, then in files by household.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from service.engine.predict.events import Events, Ints, sort_and_merge

PART_ROWS = 1_000_000
RECORD = np.dtype(
    [("household", "<i4"), ("item", "<i4"), ("day", "<i4"), ("quantity", "<f8")], align=False
)


@dataclass(frozen=True, slots=True)
class Spill:
    """Events on disk; a household is in one file only. Satisfies `predict.CustomerBase`."""

    household_ids: pl.Series
    item_ids: pl.Series
    files: tuple[Path, ...]

    def parts(self) -> Iterator[Events]:
        """Yield the events of one file after the other."""
        for file in self.files:
            yield _events(np.fromfile(file, dtype=RECORD), self.household_ids, self.item_ids)


@dataclass(slots=True)
class _IdNumbers:
    """Numbers of ids, in the order in which the ids were first seen."""

    name: str
    known: pl.DataFrame | None = None

    def numbers(self, ids: pl.Series) -> pl.Series:
        """The number of each id; a new id gets the next number."""
        new = pl.DataFrame({"id": ids.unique(maintain_order=True)})
        if self.known is None:
            self.known = new.with_row_index("number")
        else:
            new = new.join(self.known, on="id", how="anti", maintain_order="left")
            index = pl.int_range(pl.len(), dtype=pl.UInt32) + self.known.height
            self.known = pl.concat([self.known, new.select(index.alias("number"), "id")])
        numbered = pl.DataFrame({"id": ids}).join(
            self.known, on="id", how="left", maintain_order="left"
        )
        return numbered["number"]

    def sorted(self, *, whole: bool) -> tuple[pl.Series, Ints]:
        """The ids, sorted (integers with `whole`), and the place of each number among them."""
        if self.known is None:
            return pl.Series(self.name, [], dtype=pl.Int64), np.zeros(0, dtype=np.int64)
        kind = pl.Int64 if whole else self.known.schema["id"]
        ordered = self.known.with_columns(pl.col("id").cast(kind)).sort("id")
        place = np.empty(ordered.height, dtype=np.int64)
        place[ordered["number"].to_numpy()] = np.arange(ordered.height)
        return ordered["id"].alias(self.name), place


@dataclass(slots=True)
class Spiller:
    """Collects the frames of a history and makes a `Spill` of what was bought before `as_of`.

    `rows` counts the rows added, `rows_used` those before `as_of`.
    """

    folder: Path
    as_of: date
    rows: int = 0
    rows_used: int = 0
    _households: _IdNumbers = field(default_factory=lambda: _IdNumbers("household_id"))
    _items: _IdNumbers = field(default_factory=lambda: _IdNumbers("item_id"))

    def add(self, frame: pl.DataFrame) -> None:
        """Add rows of a validated history; uses the ids, purchased_at and quantity."""
        day = pl.col("purchased_at").cast(pl.Date)
        known = frame.filter(day < self.as_of)
        self.rows += frame.height
        self.rows_used += known.height
        bought = known.filter(pl.col("quantity") > 0)
        records = np.empty(bought.height, dtype=RECORD)
        records["household"] = self._households.numbers(bought["household_id"]).to_numpy()
        records["item"] = self._items.numbers(bought["item_id"]).to_numpy()
        records["day"] = bought.select(day.cast(pl.Int32)).to_series().to_numpy()
        records["quantity"] = bought["quantity"].to_numpy()
        with self._arrival_file().open("ab") as out:
            records.tofile(out)

    def base(self, *, whole: Iterable[str] = ()) -> Spill:
        """The events added so far. Text ids of the columns in `whole` become integers."""
        chosen = set(whole)
        household_ids, household = self._households.sorted(whole="household_id" in chosen)
        item_ids, item = self._items.sorted(whole="item_id" in chosen)
        counts = np.zeros(len(household_ids), dtype=np.int64)
        for records in self._read_arrived():
            counts += np.bincount(household[records["household"]], minlength=len(counts))
        part = (np.cumsum(counts) - 1) // PART_ROWS
        files = tuple(self.folder / f"part-{k}" for k in np.unique(part))
        for records in self._read_arrived():
            records["household"] = household[records["household"]]
            records["item"] = item[records["item"]]
            where = part[records["household"]]
            for k in np.unique(where):
                with (self.folder / f"part-{k}").open("ab") as out:
                    records[where == k].tofile(out)
        self._arrival_file().unlink(missing_ok=True)
        for file in files:
            rows = _events(np.fromfile(file, dtype=RECORD), household_ids, item_ids)
            _records_of(sort_and_merge(rows)).tofile(file)
        return Spill(household_ids, item_ids, files)

    def _arrival_file(self) -> Path:
        return self.folder / "arrived"

    def _read_arrived(self) -> Iterator[np.ndarray]:
        """Yield the records in the order of arrival, at most `PART_ROWS` at a time."""
        if not self._arrival_file().exists():
            return
        with self._arrival_file().open("rb") as file:
            while len(records := np.fromfile(file, dtype=RECORD, count=PART_ROWS)):
                yield records


def _events(records: np.ndarray, household_ids: pl.Series, item_ids: pl.Series) -> Events:
    return Events(
        household_ids=household_ids,
        item_ids=item_ids,
        household=records["household"].astype(np.int64),
        item=records["item"].astype(np.int64),
        day=records["day"].astype(np.int64),
        quantity=records["quantity"].astype(np.float64),
    )


def _records_of(events: Events) -> np.ndarray:
    records = np.empty(events.rows, dtype=RECORD)
    for name in RECORD.names or ():
        records[name] = getattr(events, name)
    return records
