"""Queries on what households did after a cycle: picks, redemptions, and the sums of both."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl
from sqlalchemy import Date, delete, text
from sqlmodel import Session, col, select

from service.engine.lift.outcomes import Goods
from service.store.bulk import append
from service.store.tables.catalogue import Supplier
from service.store.tables.cycle import Cycle
from service.store.tables.offer import Offer
from service.store.tables.outcome import OutcomeSum, OutcomeWindow

PICKED = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "arm": pl.String,
    "cell": pl.String,
    "is_given": pl.Boolean,
}
"""The columns of `picks`."""
USES = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "day": pl.Date,
    "uses": pl.Int64,
    "cents": pl.Int64,
}
"""The columns of `uses`; `cents` are what the supplier pays: its share and the handling fee."""


def picks(session: Session, cycle_id: int) -> pl.DataFrame:
    """What the rule of a cycle picked; see `PICKED`. Nothing for a cycle older than the picks."""
    rows = session.execute(
        text(
            """SELECT household_id, offer_id, arm, cell, is_given FROM cycle_pick
               WHERE cycle_id = :cycle
                 AND EXISTS (SELECT 1 FROM cycle_pick e
                             WHERE e.cycle_id = :cycle AND e.arm = 'exposed')
               ORDER BY household_id, offer_id"""
        ),
        {"cycle": cycle_id},
    )
    return pl.DataFrame(
        [(*keys, bool(given)) for *keys, given in rows], schema=PICKED, orient="row"
    )


def uses(session: Session, cycle_id: int) -> pl.DataFrame:
    """The uses of a cycle's copies that count, by day; see `USES`."""
    rows = session.execute(
        text(
            """SELECT s.household_id, l.offer_id, r.business_date AS day, sum(l.uses),
                      sum(l.supplier_cents + l.uses * o.handling_fee_cents)
               FROM shopping_list s JOIN redemption_line l ON l.list_id = s.id AND l.live
               JOIN offer o ON o.id = l.offer_id
               JOIN redemption r ON r.id = l.redemption_id
               WHERE s.cycle_id = :cycle
               GROUP BY s.household_id, l.offer_id, r.business_date
               ORDER BY s.household_id, l.offer_id, r.business_date"""
        ).columns(day=Date()),
        {"cycle": cycle_id},
    )
    return pl.DataFrame(
        [(household, offer, day, int(n), int(cents)) for household, offer, day, n, cents in rows],
        schema=USES,
        orient="row",
    )


def goods(session: Session, cycle_id: int) -> Goods:
    """The products of the deals that a cycle picked, their categories and costs."""
    cycle = {"cycle": cycle_id}
    deals = "SELECT DISTINCT offer_id FROM cycle_pick WHERE cycle_id = :cycle"
    products = session.execute(
        text(f"SELECT DISTINCT offer_id, gtin FROM offer_product WHERE offer_id IN ({deals})"),
        cycle,
    )
    offers = session.execute(
        text(f"SELECT id, category_id FROM offer WHERE id IN ({deals}) ORDER BY id"), cycle
    )
    costs = session.execute(
        text(
            f"""SELECT DISTINCT p.gtin, p.cost_cents FROM product p
                JOIN offer_product o ON o.gtin = p.gtin
                WHERE o.offer_id IN ({deals}) AND p.cost_cents IS NOT NULL"""
        ),
        cycle,
    )

    def frame(rows: Sequence[object], *names: str) -> pl.DataFrame:
        return pl.DataFrame(rows, dict.fromkeys(names, pl.Int64), orient="row")

    return Goods(
        products=frame([tuple(row) for row in products], "offer_id", "gtin"),
        offers=frame([tuple(row) for row in offers], "offer_id", "category_id"),
        costs=frame([tuple(row) for row in costs], "gtin", "cost_cents"),
    )


@dataclass(frozen=True, slots=True)
class Deal:
    """A revision of a deal as a report names it; `control_share` in per cent."""

    offer_id: int
    deal_ref: str
    supplier: str
    control_share: int


def deals(session: Session, offer_ids: Sequence[int]) -> dict[int, Deal]:
    """Some deals by their ids."""
    statement = (
        select(Offer.id, Offer.deal_ref, Supplier.name, Offer.control_share)
        .join(Supplier, col(Supplier.id) == col(Offer.supplier_id))
        .where(col(Offer.id).in_(offer_ids))
    )
    return {row[0]: Deal(*row) for row in session.execute(statement)}


def waiting(session: Session, *, started_before: date) -> Sequence[Cycle]:
    """Cycles whose lists became valid before a day and were not taken back, oldest first."""
    statement = (
        select(Cycle)
        .where(col(Cycle.valid_from) < started_before, col(Cycle.withdrawn_at).is_(None))
        .order_by(col(Cycle.as_of))
    )
    return session.exec(statement).all()


def windows(session: Session, cycle_id: int) -> Sequence[OutcomeWindow]:
    """The windows of a cycle that were counted, in order."""
    statement = (
        select(OutcomeWindow)
        .where(OutcomeWindow.cycle_id == cycle_id)
        .order_by(col(OutcomeWindow.first_day))
    )
    return session.exec(statement).all()


def replace(session: Session, window: OutcomeWindow, sums: pl.DataFrame) -> None:
    """Keep a window and its sums; they replace those of an earlier count.

    `sums` has the columns of `OutcomeSum` except the window's.
    """
    for table in (OutcomeSum, OutcomeWindow):
        session.execute(
            delete(table).where(
                col(table.cycle_id) == window.cycle_id, col(table.first_day) == window.first_day
            )
        )
    session.add(window)
    session.flush()
    rows = sums.with_columns(
        pl.lit(window.cycle_id, pl.Int64).alias("cycle_id"),
        pl.lit(window.first_day, pl.Int64).alias("first_day"),
        pl.Series("sums", [json.dumps(each) for each in sums["sums"].to_list()], pl.String),
    )
    append(session, OutcomeSum.__tablename__, rows)


def sums(session: Session, cycle_id: int, *, offer_id: int | None = None) -> list[OutcomeSum]:
    """The sums of a cycle, of one of its deals or all, in order."""
    statement = select(OutcomeSum).where(OutcomeSum.cycle_id == cycle_id)
    if offer_id is not None:
        statement = statement.where(OutcomeSum.offer_id == offer_id)
    keys = (OutcomeSum.offer_id, OutcomeSum.first_day, OutcomeSum.arm, OutcomeSum.cell)
    return list(session.exec(statement.order_by(*keys, OutcomeSum.store_id)))  # type: ignore[arg-type]
