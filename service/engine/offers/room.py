"""What each offer still has to give."""

import polars as pl

# A limit, and what counts against it.
_USED_BY = (
    ("budget_cents", "spent_cents"),
    ("circulation_max", "issued"),
    ("circulation_min", "issued"),
)


def room(offers: pl.DataFrame, committed: pl.DataFrame, *, share: float = 1.0) -> pl.DataFrame:
    """Each offer's limits less what is promised already, by offer; null stays no limit.

    `committed`: offer_id, spent_cents, issued. Of a `share` only, rounded down.
    """
    return (
        offers.join(committed, on="offer_id")
        .sort("offer_id")
        .select(
            "offer_id",
            *(
                ((pl.col(limit) - pl.col(used)).clip(lower_bound=0) * share)
                .floor()
                .cast(pl.Int64)
                .alias(limit)
                for limit, used in _USED_BY
            ),
        )
    )
