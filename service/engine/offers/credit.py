"""What suppliers' credit leaves of the budgets of their offers."""

import polars as pl

from service.engine.money import spread

CREDIT = {"supplier_id": pl.Int64, "account_id": pl.Int64, "left_cents": pl.Int64}
"""What an account with a limit may still come to owe, on a row for each supplier it pays for."""


def within_credit(
    left: pl.DataFrame, offers: pl.DataFrame, credit: pl.DataFrame, *, share: float = 1.0
) -> pl.DataFrame:
    """What offers have left, cut so that the offers of an account stay within its credit together.

    `left`: offer_id, budget_cents (null for no limit) and others; `offers`: offer_id, supplier_id;
    `credit` as `CREDIT`. An account whose budgets are more than its credit shares it in proportion
    to them; an offer without a budget counts as one of all the credit. Of a `share` only.
    """
    of_account = (
        left.join(offers.select("offer_id", "supplier_id"), on="offer_id", maintain_order="left")
        .join(credit, on="supplier_id", maintain_order="left")
        .with_columns((pl.col("left_cents").clip(lower_bound=0) * share).floor().cast(pl.Int64))
    )
    by_account = of_account.group_by("account_id", "left_cents", maintain_order=True).agg(
        "offer_id", pl.col("budget_cents").fill_null(pl.col("left_cents"))
    )
    cut: dict[int, int] = {}
    for _, most, ids, budgets in by_account.iter_rows():
        if sum(budgets) > most:
            cut |= dict(zip(ids, spread(most, budgets), strict=True))
    if not cut:
        return left
    changed = pl.DataFrame(
        {"offer_id": [*cut], "cut": [*cut.values()]}, {"offer_id": pl.Int64, "cut": pl.Int64}
    )
    return (
        left.join(changed, on="offer_id", how="left", maintain_order="left")
        .with_columns(pl.coalesce(pl.min_horizontal("budget_cents", "cut"), "budget_cents"))
        .drop("cut")
    )
