"""Pinned copies: placed before all others within every limit, or refused by name."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from service.engine.offers.arms import Arm
from service.engine.offers.left_out import LeftOut
from service.engine.offers.overrides import no_overrides, scopes
from service.engine.offers.why import LEFT_OUT, Why

_KEYS = ["household_id", "offer_id"]
_REFUSED: dict[str, Any] = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "pin": pl.Int64,
    "because": pl.String,
}


@dataclass(frozen=True, slots=True)
class Pinned:
    """What became of pins.

    `given` are the pinned pairs that are given, as rows of the candidates, with `scope` (how narrow
    their pin is); `refused` those that are not: household_id, offer_id, pin, because (`Why`).
    """

    given: pl.DataFrame
    refused: pl.DataFrame


def place_pins(
    pairs: pl.DataFrame,
    households: pl.DataFrame,
    room: pl.DataFrame,
    overrides: pl.DataFrame,
    *,
    reserving: bool = True,
) -> Pinned:
    """Give the pinned pairs, or say what forbids each.

    `pairs` as `candidates` gives them, `households` with arm and limits, `room` what each offer has
    left (an offer without a row has no limit). Where not all can be given, pins of a household
    come before those of a cell, those before pins of all, and then what is worth more, ties to the
    lower household and offer: in which order pins were made counts for nothing. Unless `reserving`,
    a copy must find room, but takes none from the next: every household for itself.
    """
    wanted = (
        pairs.filter(pl.col("pin").is_not_null())
        .join(scopes(overrides), on="pin", how="left")
        .join(households.select("household_id", "arm", *_LIMITS), on="household_id")
        .join(room.select("offer_id", "budget_cents", "circulation_max"), on="offer_id", how="left")
        .sort(
            "scope", "value_cents", "household_id", "offer_id",
            descending=[False, True, False, False],
        )
    )  # fmt: skip
    lists, left = _Lists(), _Room(reserving=reserving)
    reasons = [_decide(row, lists, left) for row in wanted.iter_rows(named=True)]
    decided = wanted.with_columns(pl.Series("because", reasons, pl.String))
    given = decided.filter(pl.col("because").is_null())
    refused = decided.filter(pl.col("because").is_not_null())
    return Pinned(
        given.select(*pairs.columns, "scope").sort(_KEYS),
        refused.select(list(_REFUSED)).sort(_KEYS),
    )


_LIMITS = ("slots", "category_max", "face_value_ceiling_cents")


def _forbidden(row: Mapping[str, Any]) -> str | None:
    """What forbids a copy whatever else is on the list."""
    if row["arm"] == Arm.HOLDOUT:
        return Why.HOLDOUT
    return None if row["left_out"] is None else LEFT_OUT[LeftOut(row["left_out"])]


def _decide(row: Mapping[str, Any], lists: "_Lists", left: "_Room") -> str | None:
    """What forbids a copy, or None for one that is given and takes its room."""
    forbidden = _forbidden(row) or left.lacks(row) or lists.lacks(row)
    if forbidden is None:
        lists.add(row)
        left.take(row)
    return forbidden


class _Lists:
    """What is on lists by pins."""

    def __init__(self) -> None:
        self.lines: Counter[int] = Counter()
        self.face_cents: Counter[int] = Counter()
        self.of_category: Counter[tuple[int, int]] = Counter()
        self.groups: set[tuple[int, int]] = set()

    def lacks(self, row: Mapping[str, Any]) -> str | None:
        """Which limit of its list forbids a copy."""
        home, ceiling = row["household_id"], row["face_value_ceiling_cents"]
        if row["conflict_id"] is not None and (home, row["conflict_id"]) in self.groups:
            return Why.CONFLICT
        category = row["category_id"]
        if category is not None and self.of_category[home, category] >= row["category_max"]:
            return Why.CATEGORY
        if self.lines[home] >= row["slots"]:
            return Why.FULL
        face = self.face_cents[home] + row["face_value_cents"]
        return Why.CEILING if ceiling is not None and face > ceiling else None

    def add(self, row: Mapping[str, Any]) -> None:
        home = row["household_id"]
        self.lines[home] += 1
        self.face_cents[home] += row["face_value_cents"]
        self.of_category[home, row["category_id"]] += 1
        self.groups.add((home, row["conflict_id"]))


class _Room:
    """What pins took of offers; nothing where they reserve nothing."""

    def __init__(self, *, reserving: bool) -> None:
        self.reserving = reserving
        self.copies: Counter[int] = Counter()
        self.cents: Counter[int] = Counter()

    def lacks(self, row: Mapping[str, Any]) -> str | None:
        """Which limit of its offer forbids a copy."""
        offer, most, budget = row["offer_id"], row["circulation_max"], row["budget_cents"]
        if most is not None and self.copies[offer] >= most:
            return Why.COPIES
        spent = self.cents[offer] + row["cost_cents"]
        return Why.BUDGET if budget is not None and spent > budget else None

    def take(self, row: Mapping[str, Any]) -> None:
        if self.reserving:
            self.copies[row["offer_id"]] += 1
            self.cents[row["offer_id"]] += row["cost_cents"]


@dataclass(frozen=True, slots=True)
class Pins:
    """Pins as others than those of a cycle would have got them.

    `last` has for each offer whose copies ran out the last pin that got one: offer_id, scope,
    value_cents (both null where none did).
    """

    overrides: pl.DataFrame
    last: pl.DataFrame

    @staticmethod
    def of(overrides: pl.DataFrame, pinned: Pinned) -> "Pins":
        """The pins of a cycle that came to that."""
        ran_out = pinned.refused.filter(pl.col("because").is_in([Why.BUDGET, Why.COPIES]))
        last = pinned.given.sort("scope", "value_cents", descending=[True, False]).unique(
            "offer_id", keep="first", maintain_order=True
        )
        return Pins(
            overrides,
            ran_out.select("offer_id")
            .unique()
            .join(last.select(list(_LAST)), on="offer_id", how="left")
            .sort("offer_id"),
        )

    def would_give(self, pairs: pl.DataFrame, households: pl.DataFrame) -> Pinned:
        """The pinned pairs of households that a cycle would have given had it asked them."""
        alone = place_pins(pairs, households, NO_ROOM, self.overrides, reserving=False)
        scope, value = pl.col("scope"), pl.col("value_cents")
        earlier = (scope < pl.col("_scope")) | (
            (scope == pl.col("_scope")) & (value >= pl.col("_value_cents"))
        )
        ran_out = self.last.select(
            "offer_id",
            pl.col("scope").alias("_scope"),
            pl.col("value_cents").alias("_value_cents"),
            pl.lit(True).alias("_ran_out"),
        )
        given = (
            alone.given.join(ran_out, on="offer_id", how="left", maintain_order="left")
            .filter(pl.col("_ran_out").is_null() | earlier.fill_null(False))
            .select(alone.given.columns)
        )
        return Pinned(given, alone.refused)


_LAST: dict[str, Any] = {"offer_id": pl.Int64, "scope": pl.Int64, "value_cents": pl.Float64}
NO_ROOM = pl.DataFrame(
    schema={"offer_id": pl.Int64, "budget_cents": pl.Int64, "circulation_max": pl.Int64}
)
NO_PINS = Pins(no_overrides(), pl.DataFrame(schema=_LAST))
"""Where nobody pinned anything."""
