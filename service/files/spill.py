"""A purchase history of any size as a base for the forecast, in memory a part at a time.

Rows come in frames, in any order; what a forecast needs of them is kept on disk as records of
twenty bytes, first as they came, then in files of some households after others.
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
    """The events of a base in files of whole households; satisfies `predict.CustomerBase`."""

    household_ids: pl.Series
    item_ids: pl.Series
    files: tuple[Path, ...]

    def parts(self) -> Iterator[Events]:
        """The events of one file after the other."""
        for file in self.files:
            yield _events(np.fromfile(file, dtype=RECORD), self.household_ids, self.item_ids)


@dataclass(slots=True)
class _Book:
    """Ids and the numbers they got as they turned up."""

    name: str
    known: pl.DataFrame | None = None

    def numbers(self, ids: pl.Series) -> pl.Series:
        """The number of each id; a new one gets the next."""
        fresh = pl.DataFrame({"id": ids.unique(maintain_order=True)})
        if self.known is None:
            self.known = fresh.with_row_index("number")
        else:
            fresh = fresh.join(self.known, on="id", how="anti", maintain_order="left")
            index = pl.int_range(pl.len(), dtype=pl.UInt32) + self.known.height
            self.known = pl.concat([self.known, fresh.select(index.alias("number"), "id")])
        told = pl.DataFrame({"id": ids}).join(
            self.known, on="id", how="left", maintain_order="left"
        )
        return told["number"]

    def sorted(self, *, whole: bool) -> tuple[pl.Series, Ints]:
        """The ids in ascending order, as integers with `whole`, and each number's place there."""
        if self.known is None:
            return pl.Series(self.name, [], dtype=pl.Int64), np.zeros(0, dtype=np.int64)
        kind = pl.Int64 if whole else self.known.schema["id"]
        ordered = self.known.with_columns(pl.col("id").cast(kind)).sort("id")
        place = np.empty(ordered.height, dtype=np.int64)
        place[ordered["number"].to_numpy()] = np.arange(ordered.height)
        return ordered["id"].alias(self.name), place


@dataclass(slots=True)
class Spiller:
    """Takes the frames of a history and makes a base of what was bought before a day."""

    folder: Path
    as_of: date
    rows: int = 0
    rows_used: int = 0
    _households: _Book = field(default_factory=lambda: _Book("household_id"))
    _items: _Book = field(default_factory=lambda: _Book("item_id"))

    def add(self, frame: pl.DataFrame) -> None:
        """Some rows of a validated history; of its columns ids, moment and quantity are used."""
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
        with self._came().open("ab") as out:
            records.tofile(out)

    def base(self, *, whole: Iterable[str] = ()) -> Spill:
        """What came so far. The ids of the columns in `whole`, texts so far, become integers."""
        chosen = set(whole)
        household_ids, household = self._households.sorted(whole="household_id" in chosen)
        item_ids, item = self._items.sorted(whole="item_id" in chosen)
        counts = np.zeros(len(household_ids), dtype=np.int64)
        for records in self._records():
            counts += np.bincount(household[records["household"]], minlength=len(counts))
        part = (np.cumsum(counts) - 1) // PART_ROWS
        files = tuple(self.folder / f"part-{k}" for k in np.unique(part))
        for records in self._records():
            records["household"] = household[records["household"]]
            records["item"] = item[records["item"]]
            where = part[records["household"]]
            for k in np.unique(where):
                with (self.folder / f"part-{k}").open("ab") as out:
                    records[where == k].tofile(out)
        self._came().unlink(missing_ok=True)
        for file in files:
            rows = _events(np.fromfile(file, dtype=RECORD), household_ids, item_ids)
            _records_of(sort_and_merge(rows)).tofile(file)
        return Spill(household_ids, item_ids, files)

    def _came(self) -> Path:
        return self.folder / "came"

    def _records(self) -> Iterator[np.ndarray]:
        """The records as they came, some at a time."""
        if not self._came().exists():
            return
        with self._came().open("rb") as file:
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
