"""Interpreted rows: a frame of deals, and the products of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from service.deals.coded_grid import CodedGrid
from service.deals.digest import rows_as_read
from service.deals.goods_rules import Kept
from service.engine.redeem import Terms

OFFER_COLUMNS: dict[str, Any] = {
    "deal_ref": pl.String, "title": pl.String, "category_id": pl.Int64, "terms": pl.String,
    "private_label": pl.Boolean,
    "price_cents": pl.Int64, "face_value_cents": pl.Int64, "limit_per_household": pl.Int64,
    "funding_share": pl.Int64, "control_share": pl.Int64, "handling_fee_cents": pl.Int64,
    "budget_cents": pl.Int64, "circulation_max": pl.Int64, "circulation_min": pl.Int64,
    "mail_from": pl.Date, "mail_to": pl.Date, "redeem_from": pl.Date, "redeem_to": pl.Date,
    "legal": pl.String, "kind": pl.String, "funding_cap_cents": pl.Int64,
    "copy_fee_cents": pl.Int64, "value_text": pl.String, "texts": pl.String,
    "face_values": pl.String, "targets": pl.String,
}  # fmt: skip
"""The columns of an offer that come from its row and the products it names."""

COLUMNS_BY_KIND: dict[str, Any] = {
    "position": pl.Int64, "first_set": pl.Int64, "second_set": pl.Int64, "restricted": pl.Int64,
    "first_excluded": pl.Int64, "kept": pl.Int64,
    "kind": pl.String, "terms": pl.String, "face_value_cents": pl.Int64, "face_values": pl.String,
    "limit_per_household": pl.Int64, "funding_share": pl.Int64, "funding_cap_cents": pl.Int64,
    "handling_fee_cents": pl.Int64, "redeem_from": pl.Date, "redeem_to": pl.Date,
    "copy_fee_cents": pl.Int64, "value_text": pl.String,
}  # fmt: skip
"""The columns that product deals and partners' slots fill differently."""

WINDOWS = (("mail_from", "mail_to"), ("redeem_from", "redeem_to"))
WINDOW_COLUMNS = tuple(name for window in WINDOWS for name in window)


@dataclass(frozen=True, slots=True)
class InterpretedDeal:
    """One interpreted row. `columns` are the offer's as stored, except for its supplier's id.

    `sets` are the products of each set, of which `descriptions` has the names; `restricted` is how
    many more were left out because of a restriction; `terms` None for a partner's slot. `given` are
    the cells that were filled in, by column.
    """

    table: int
    row: int
    supplier: str
    columns: Mapping[str, Any] = field(repr=False)
    sets: tuple[tuple[int, ...], ...] = field(repr=False)
    terms: Terms | None
    restricted: int
    given: Mapping[str, Any] = field(repr=False)
    descriptions: Mapping[int, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class InterpretedDeals:
    """The rows that have no fault, in order.

    `frame`: table, row (both of the form), supplier, supplier_id (null for a new one), the
    columns of `OFFER_COLUMNS` (a partner has no category), digest (what the deal means, equal for
    two that mean the same), restricted, and first_set and second_set, places in `sets`, the
    products of each, first_excluded, a place in `exclusions`, those left out of the first, and
    kept, a place in `kept`, what is stored of them; null where there is none. `descriptions` are
    the names of products.
    """

    frame: pl.DataFrame
    sets: Sequence[tuple[int, ...]] = field(repr=False)
    exclusions: Sequence[tuple[int, ...]] = field(repr=False)
    terms: Mapping[str, Terms] = field(repr=False)
    grids: Sequence[CodedGrid] = field(repr=False)
    descriptions: Mapping[int, str] = field(repr=False)
    digits: int = 2
    kept: Sequence[Kept] = field(default=(), repr=False)

    def with_rows_as_read(self) -> pl.DataFrame:
        """The frame and `given`: each row as it was read, as JSON, for the deal's history."""
        rows = [
            pl.DataFrame({"row": grid.rows, "given": rows_as_read(grid, self.digits)}).with_columns(
                pl.lit(grid.table, pl.Int64).alias("table")
            )
            for grid in self.grids
        ]
        keys = ["table", "row"]
        return self.frame.join(pl.concat(rows), on=keys, how="left", maintain_order="left")

    def goods(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """How many products of a row's only set differ in name (varieties), or the name of one."""
        if row["first_set"] is None or row["second_set"] is not None:
            return {}
        left_out = row["first_excluded"]
        excluded = set() if left_out is None else {*self.exclusions[left_out]}
        counted = {*self.sets[row["first_set"]]} - excluded
        names = {self.descriptions[gtin] for gtin in counted}
        return {"varieties": len(names), "product": min(names) if len(names) == 1 else None}

    def each(self, frame: pl.DataFrame) -> Iterable[InterpretedDeal]:
        """Iterate over some rows of the frame."""
        grids = {grid.table: grid for grid in self.grids}
        positions = {
            table: {row: position for position, row in enumerate(grid.rows.tolist())}
            for table, grid in grids.items()
        }
        for row in frame.iter_rows(named=True):
            sets = [row[name] for name in ("first_set", "second_set") if row[name] is not None]
            grid = grids[row["table"]]
            position = positions[row["table"]][row["row"]]
            yield InterpretedDeal(
                row["table"],
                row["row"],
                row["supplier"],
                row,
                tuple(self.sets[place] for place in sets),
                self.terms.get(row["terms"]),
                row["restricted"],
                grid.values(position, grid.columns),
                self.descriptions,
            )
