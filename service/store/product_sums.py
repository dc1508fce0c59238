"""Queries on what products sold and who bought them, as it was counted."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl
from sqlalchemy import Date, bindparam, delete, text
from sqlmodel import Session, col, select

from service.store import history
from service.store.bulk import append, day_value
from service.store.searching import containing
from service.store.tables.product_sums import (
    ProductBuyers,
    ProductCount,
    ProductDemand,
    ProductWeek,
)

WEEKS = {
    "week": pl.Date,
    "quantity": pl.Float64,
    "amount_cents": pl.Int64,
    "baskets": pl.Int64,
}
"""The columns of `weeks_of`."""

_LIKE = "LIKE :{word} ESCAPE '\\'"
_HAS_WORD = f"""(lower(p.description) {_LIKE} OR lower(p.brand) {_LIKE}
    OR p.item_id IN (SELECT i.id FROM item i WHERE lower(i.name) {_LIKE}))"""

ALL, TIER, CELL = "all", "tier", "cell"


class Counted(NamedTuple):
    """As of when products were counted, and how many of the households were looked at."""

    as_of: date
    households: int
    counted: int


def counted(session: Session) -> Counted | None:
    """When products were counted; None before the first time."""
    row = session.exec(select(ProductCount)).first()
    return None if row is None else Counted(row.as_of, row.households, row.counted)


def counted_weeks(session: Session) -> set[date]:
    """The weeks of which anything is kept."""
    rows = session.execute(
        text("SELECT DISTINCT week AS week FROM product_week").columns(week=Date())
    )
    return {week for (week,) in rows}


def count_week(session: Session, week: date, *, before: date) -> None:
    """Count what was sold in a week before a day, in place of what was counted of it."""
    session.execute(delete(ProductWeek).where(col(ProductWeek.week) == week))
    lines = history.of_days(session, week, week + timedelta(days=6))
    session.execute(
        text(
            f"""INSERT INTO product_week (gtin, week, quantity_milli, amount_cents, baskets)
               SELECT l.gtin, :week, sum(l.quantity_milli), sum(l.amount_cents),
                      count(DISTINCT l.basket_id)
               FROM basket b JOIN {lines} l ON l.basket_id = b.id
               JOIN product p ON p.gtin = l.gtin
               WHERE b.business_date >= :week AND b.business_date < :end
               GROUP BY l.gtin"""
        ).bindparams(bindparam("week", type_=Date()), bindparam("end", type_=Date())),
        {"week": week, "end": min(before, week + timedelta(days=7))},
    )


def forget_weeks(session: Session, *, before: date) -> None:
    """Weeks that began before a day are not shown any more."""
    session.execute(
        text("DELETE FROM product_week WHERE week < :before"),
        {"before": day_value(session, before)},
    )


def replace(
    session: Session, counted: Counted, *, buyers: pl.DataFrame, demand: pl.DataFrame
) -> None:
    """Store who bought and what is expected: the columns of `ProductBuyers`, `ProductDemand`."""
    for table in (ProductBuyers, ProductDemand, ProductCount):
        session.execute(delete(table))
    append(session, "product_buyers", buyers.select("gtin", "part", "name", "households"))
    append(session, "product_demand", demand.select("gtin", "item_buyers", "quantity"))
    session.add(ProductCount(id=1, **counted._asdict()))
    session.flush()


def weeks_of(session: Session, gtin: int) -> pl.DataFrame:
    """What was sold of a product by week, in order; see `WEEKS`."""
    found = session.exec(
        select(ProductWeek).where(ProductWeek.gtin == gtin).order_by(col(ProductWeek.week))
    )
    rows = [
        (each.week, each.quantity_milli / 1000, each.amount_cents, each.baskets) for each in found
    ]
    return pl.DataFrame(rows, WEEKS, orient="row")


def buyers_of(session: Session, gtin: int) -> dict[str, dict[str, int]]:
    """How many of the counted households bought a product, by part and name."""
    found: dict[str, dict[str, int]] = {}
    statement = select(ProductBuyers).where(ProductBuyers.gtin == gtin)
    for row in session.exec(statement.order_by(col(ProductBuyers.households).desc())):
        found.setdefault(row.part, {})[row.name] = row.households
    return found


def demand_of(session: Session, gtin: int) -> ProductDemand | None:
    """What is expected of a product; None where the counted households never bought its item."""
    return session.get(ProductDemand, gtin)


def find(session: Session, words: Sequence[str], *, after: int, limit: int) -> list[int]:
    """The GTINs of products whose name, brand or item has each word, by GTIN, from one on."""
    conditions = []
    values: dict[str, object] = {"after": after, "limit": limit}
    for number, word in enumerate(words):
        values[f"word{number}"] = containing(word.lower())
        conditions.append(_HAS_WORD.format(word=f"word{number}"))
    rows = session.execute(
        text(
            f"""SELECT p.gtin FROM product p
                WHERE p.gtin > :after AND {" AND ".join(conditions) or "true"}
                ORDER BY p.gtin LIMIT :limit"""
        ),
        values,
    )
    return [gtin for (gtin,) in rows]
