"""Queries on where households live and shop, for deals that are aimed at places."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl
from sqlalchemy import text
from sqlmodel import Session

from service.store.bulk import moment_literal


def regions(session: Session, household_ids: Sequence[int] | None = None) -> pl.DataFrame:
    """The region of each household's address, where it has one: household_id, region."""
    chosen = "" if household_ids is None else f"AND household_id IN ({_ids(household_ids)})"
    rows = session.execute(
        text(
            f"""SELECT household_id, region FROM contact WHERE region <> '' {chosen}
                ORDER BY household_id"""
        )
    )
    schema = {"household_id": pl.Int64, "region": pl.String}
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def store_ids(session: Session) -> list[str]:
    """Every store that a key or a basket has named."""
    return [name for (name,) in session.execute(text("SELECT id FROM store ORDER BY id"))]


def usual_stores(
    session: Session,
    *,
    since: datetime,
    before: datetime,
    household_ids: Sequence[int] | None = None,
) -> pl.DataFrame:
    """The store of most of a household's baskets in a span, ties to the lower: household_id, store.

    Households without a basket in it are left out.
    """
    chosen = "" if household_ids is None else f"AND household_id IN ({_ids(household_ids)})"
    rows = session.execute(
        text(
            f"""SELECT household_id, store_id, count(*) FROM basket
                WHERE household_id IS NOT NULL {chosen}
                  AND purchased_at >= {moment_literal(session, since)}
                  AND purchased_at < {moment_literal(session, before)}
                GROUP BY household_id, store_id"""
        )
    )
    schema = {"household_id": pl.Int64, "store": pl.String, "baskets": pl.Int64}
    return (
        pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
        .sort("household_id", "baskets", "store", descending=[False, True, False])
        .unique("household_id", keep="first", maintain_order=True)
        .select("household_id", "store")
    )


def _ids(household_ids: Sequence[int]) -> str:
    return ", ".join(str(int(each)) for each in household_ids) or "NULL"
