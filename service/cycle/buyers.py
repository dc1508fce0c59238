"""Who got a deal's copies in a cycle, and what the copy of the last of them was worth."""

from collections import Counter
from dataclasses import dataclass

import polars as pl

from service.engine.lift import held_out

MOST_VALUED = 100
"""Buyers of a deal whose copies are valued; of more, about as many drawn by hash."""


@dataclass(frozen=True, slots=True)
class LastBuyer:
    """The household to whom a copy of a deal was worth least beyond its price."""

    value_cents: float
    chance: float
    cell: str
    tier: str
    worth_decile: int


@dataclass(frozen=True, slots=True)
class Buyers:
    """Who got a deal's copies, on average; nobody is named.

    `valued` of the `copies` were valued as of the day in question, others are not counted in
    `mean_value_cents`; `last` is of those valued, or None where no copy could be.
    """

    copies: int
    mean_worth_decile: float
    tiers: dict[str, int]
    cells: dict[str, int]
    valued: int
    mean_value_cents: float | None
    last: LastBuyer | None


def to_value(holders: pl.DataFrame, *, salt: str) -> pl.DataFrame:
    """The holders whose copies are valued: all of a deal, or a draw. See `store.copies.holders`.

    Whose list follows from no purchase has no worth: its purchases are not read here either.
    """
    parts = [holders.clear()]
    known = holders.filter(pl.col("worth_decile").is_not_null())
    for each in known.partition_by("offer_id", maintain_order=True):
        if each.height > MOST_VALUED:
            percent = max(1, 100 * MOST_VALUED // each.height)
            drawn = held_out(each["household_id"], percent, salt=salt)
            parts.append(each.filter(drawn).head(MOST_VALUED))
        else:
            parts.append(each)
    return pl.concat(parts)


def buyers_of(holders: pl.DataFrame, valued: pl.DataFrame, *, budget_price: float) -> Buyers:
    """The buyers of one deal: its `holders`, and the pairs of those who were valued."""
    known = holders.join(
        valued.select("household_id", "value_cents", "cost_cents", "p_purchase"),
        on="household_id",
    ).sort(
        pl.col("value_cents") - budget_price * pl.col("cost_cents"),
        "household_id",
    )
    tiers, cells = (
        dict(sorted(Counter(holders[name].drop_nulls()).items(), key=lambda each: (-each[1], each)))
        for name in ("tier", "cell")
    )
    last = None
    if not known.is_empty():
        row = known.row(0, named=True)
        last = LastBuyer(
            value_cents=round(row["value_cents"], 2),
            chance=row["p_purchase"] or 0.0,
            cell=row["cell"] or "",
            tier=row["tier"] or "",
            worth_decile=row["worth_decile"],
        )
    mean = known.select(pl.col("value_cents").mean()).item()
    return Buyers(
        copies=holders.height,
        mean_worth_decile=round(
            float(holders.select(pl.col("worth_decile").mean()).item() or 0), 1
        ),
        tiers=tiers,
        cells=cells,
        valued=known.height,
        mean_value_cents=None if mean is None else round(mean, 2),
        last=last,
    )
