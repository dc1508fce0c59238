"""What people decided over the allocation: deals that are pinned to households, or banned."""

from enum import StrEnum
from typing import Any

import polars as pl


class OverrideAct(StrEnum):
    """What an override does."""

    PIN = "pin"
    """Gives the copy, unless a limit or a target forbids it."""
    BAN = "ban"
    """Gives no copy, whatever is pinned."""


OVERRIDES: dict[str, Any] = {
    "override_id": pl.Int64,
    "offer_id": pl.Int64,
    "act": pl.String,
    "household_id": pl.Int64,
    "cell": pl.String,
}
"""The columns of overrides: of one household, of a cell, or of all where both are null."""

_SCOPES = (("household_id",), ("cell",), ())
"""What each scope compares beside the offer, the narrowest first."""


def no_overrides() -> pl.DataFrame:
    """Where nobody decided anything."""
    return pl.DataFrame(schema=OVERRIDES)


def matching(pairs: pl.DataFrame, overrides: pl.DataFrame, act: OverrideAct) -> pl.Series:
    """The override of each pair, or null: the narrowest one. In the order of `pairs`.

    `pairs`: household_id, offer_id, cell (null for a partner's slot, which no cell has).
    """
    found = [
        pairs.select("offer_id", *keys).join(
            of_scope.select("offer_id", *keys, "override_id"),
            on=["offer_id", *keys],
            how="left",
            maintain_order="left",
        )["override_id"]
        for of_scope, keys in _by_scope(overrides, act)
    ]
    return pl.select(pl.coalesce(found).alias("override_id")).to_series()


def pinned_to(
    household_ids: pl.Series, cells: pl.DataFrame, overrides: pl.DataFrame, offers: pl.DataFrame
) -> pl.DataFrame:
    """Whom offers are pinned to, whatever they buy: household_id, offer_id, each pair once.

    `cells` has household_id, category_id, cell; `offers` offer_id, category_id. Of a cell are those
    who bought something of the offer's category.
    """
    everybody = household_ids.unique().sort().to_frame("household_id")
    of_household, of_cell, of_all = (
        pins.join(offers.select("offer_id", "category_id"), on="offer_id")
        for pins, _ in _by_scope(overrides, OverrideAct.PIN)
    )
    pair = ("household_id", "offer_id")
    return pl.concat(
        [
            of_household.join(everybody, on="household_id", how="semi").select(pair),
            of_cell.drop("household_id").join(cells, on=["category_id", "cell"]).select(pair),
            of_all.drop("household_id").join(everybody, how="cross").select(pair),
        ]
    ).unique()


def _by_scope(
    overrides: pl.DataFrame, act: OverrideAct
) -> list[tuple[pl.DataFrame, tuple[str, ...]]]:
    """The overrides of an act by scope, the narrowest first, with what each compares."""
    acting = overrides.filter(pl.col("act") == act)
    scope = (
        pl.when(pl.col("household_id").is_not_null())
        .then(0)
        .when(pl.col("cell").is_not_null())
        .then(1)
        .otherwise(2)
    )
    return [(acting.filter(scope == place), keys) for place, keys in enumerate(_SCOPES)]


def scopes(overrides: pl.DataFrame) -> pl.DataFrame:
    """How narrow each pin is: pin (its override_id), scope (0 a household, 1 a cell, 2 all)."""
    parts = [
        pins.select(pl.col("override_id").alias("pin"), pl.lit(place, pl.Int64).alias("scope"))
        for place, (pins, _) in enumerate(_by_scope(overrides, OverrideAct.PIN))
    ]
    return pl.concat(parts)
