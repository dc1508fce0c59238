"""Queries on what a cycle tried: the copies of exposed households, and the chances they had."""

import polars as pl
from sqlalchemy import text
from sqlmodel import Session

TRIED = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "cell": pl.String,
    "depth_percent": pl.Int64,
    "chance": pl.Float64,
    "is_picked": pl.Boolean,
}
"""The columns of `tried`; a copy that was pinned has the chance 1."""


def tried(session: Session, cycle_id: int) -> pl.DataFrame:
    """What a cycle gave exposed households or might have given them, by household and offer.

    Empty where the cycle explored nothing.
    """
    rows = session.execute(
        text(
            """SELECT household_id, offer_id, cell, depth_percent, coalesce(chance, 1.0) AS chance,
                      1 AS picked
               FROM cycle_pick
               WHERE cycle_id = :cycle AND arm = 'exposed'
                 AND EXISTS (SELECT 1 FROM cycle_chance e WHERE e.cycle_id = :cycle)
               UNION ALL
               SELECT household_id, offer_id, cell, depth_percent, chance, 0
               FROM cycle_chance WHERE cycle_id = :cycle AND NOT is_picked
               ORDER BY household_id, offer_id"""
        ),
        {"cycle": cycle_id},
    )
    return pl.DataFrame(
        [(*keys, bool(picked)) for *keys, picked in rows], schema=TRIED, orient="row"
    )
