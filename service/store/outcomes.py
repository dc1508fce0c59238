"""Queries on what households did after a cycle: picks, redemptions, and the sums of both."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import polars as pl
from sqlalchemy import Date, delete, text
from sqlmodel import Session, col, select

from service.engine.lift.before import CAPS, OF_HOUSEHOLD, OF_PAIR
from service.engine.lift.goods import Goods
from service.store.bulk import append, is_sqlite
from service.store.offers.goods import stage_goods
from service.store.tables.basket import Basket
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
    **OF_PAIR,
    **OF_HOUSEHOLD,
}
"""The columns of `picks`; what was paid before is null for a cycle that did not keep it."""
_OF_PICK = ("household_id", "offer_id", "arm", "cell", "is_given")
_AT_ONCE = 2_000
USES = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "day": pl.Date,
    "store_id": pl.String,
    "uses": pl.Int64,
    "cents": pl.Int64,
}
"""The columns of `uses`; `cents` are what the supplier pays: its share and the handling fee."""


class Sums(NamedTuple):
    """The sums of one group of households; see `OutcomeSum`."""

    first_day: int
    offer_id: int
    arm: str
    cell: str
    region: str
    households: int
    given: int
    redeemed: int
    largest: float
    second: float
    sums: bytes


def picks(session: Session, cycle_id: int) -> pl.DataFrame:
    """What the rule of a cycle picked; see `PICKED`. Nothing for a cycle older than the picks."""
    of_pick = ", ".join(f"p.{name}" for name in (*_OF_PICK, *OF_PAIR))
    of_household = ", ".join(f"h.{name}" for name in OF_HOUSEHOLD)
    rows = session.execute(
        text(
            f"""SELECT {of_pick}, {of_household} FROM cycle_pick p
                LEFT JOIN cycle_household h
                    ON h.cycle_id = p.cycle_id AND h.household_id = p.household_id
                WHERE p.cycle_id = :cycle
                  AND EXISTS (SELECT 1 FROM cycle_pick e
                              WHERE e.cycle_id = :cycle AND e.arm = 'exposed')
                ORDER BY p.household_id, p.offer_id"""
        ),
        {"cycle": cycle_id},
    )
    raw = PICKED | {"is_given": pl.Int64 if is_sqlite(session) else pl.Boolean}
    found = pl.DataFrame([tuple(row) for row in rows], schema=raw, orient="row")
    return found.with_columns(pl.col("is_given").cast(pl.Boolean))


def caps(session: Session, cycle_id: int) -> pl.DataFrame:
    """The most that a household's money counts for; see `CAPS`. None that a cycle did not keep."""
    rows = session.execute(
        text(
            f"SELECT {', '.join(CAPS)} FROM cycle_cap WHERE cycle_id = :cycle "
            "ORDER BY offer_id, days"
        ),
        {"cycle": cycle_id},
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=CAPS, orient="row")


def uses(session: Session, cycle_id: int) -> pl.DataFrame:
    """The uses of a cycle's copies that count, by day and store of the till; see `USES`."""
    rows = session.execute(
        text(
            """SELECT s.household_id, l.offer_id, r.business_date AS day, r.store_id,
                      sum(l.uses),
                      sum(l.supplier_cents + l.uses * o.handling_fee_cents)
               FROM shopping_list s JOIN redemption_line l ON l.list_id = s.id AND l.live
               JOIN offer o ON o.id = l.offer_id
               JOIN redemption r ON r.id = l.redemption_id
               WHERE s.cycle_id = :cycle
               GROUP BY s.household_id, l.offer_id, r.business_date, r.store_id
               ORDER BY s.household_id, l.offer_id, r.business_date, r.store_id"""
        ).columns(day=Date()),
        {"cycle": cycle_id},
    )
    return pl.DataFrame(
        [(*keys, int(uses), int(cents)) for *keys, uses, cents in rows],
        schema=USES,
        orient="row",
    )


def goods(session: Session, offer_ids: Sequence[int]) -> Goods:
    """The products of some deals, their categories and costs."""
    deals = ", ".join(str(int(each)) for each in offer_ids) or "NULL"
    stage_goods(session, offer_ids)
    products = session.execute(text("SELECT DISTINCT offer_id, gtin FROM staged_goods"))
    offers = session.execute(
        text(f"SELECT id, category_id FROM offer WHERE id IN ({deals}) ORDER BY id")
    )
    costs = session.execute(
        text(
            """SELECT DISTINCT p.gtin, p.cost_cents FROM product p
               JOIN staged_goods o ON o.gtin = p.gtin WHERE p.cost_cents IS NOT NULL"""
        )
    )

    def frame(rows: Iterable[Sequence[object]], *names: str) -> pl.DataFrame:
        schema = dict.fromkeys(names, pl.Int64)
        return pl.DataFrame([tuple(row) for row in rows], schema, orient="row")

    return Goods(
        products=frame(products, "offer_id", "gtin"),
        offers=frame(offers, "offer_id", "category_id"),
        costs=frame(costs, "gtin", "cost_cents"),
    )


@dataclass(frozen=True, slots=True)
class Deal:
    """A revision of a deal as a report names it; `control_share` in per cent."""

    offer_id: int
    deal_ref: str
    supplier: str
    control_share: int
    supplier_id: int
    title: str


def deals(session: Session, offer_ids: Sequence[int]) -> dict[int, Deal]:
    """Some deals by their ids."""
    statement = (
        select(  # type: ignore[call-overload]
            Offer.id,
            Offer.deal_ref,
            Supplier.name,
            Offer.control_share,
            Offer.supplier_id,
            Offer.title,
        )
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


def counted(session: Session) -> Sequence[Cycle]:
    """The cycles that were counted and not taken back, newest first."""
    known = select(OutcomeWindow.cycle_id).where(OutcomeWindow.cycle_id == col(Cycle.id))
    statement = (
        select(Cycle)
        .where(known.exists(), col(Cycle.withdrawn_at).is_(None))
        .order_by(col(Cycle.as_of).desc())
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

    `sums` has the columns of `Sums`.
    """
    for table in (OutcomeSum, OutcomeWindow):
        session.execute(
            delete(table).where(
                col(table.cycle_id) == window.cycle_id, col(table.first_day) == window.first_day
            )
        )
    session.add(window)
    session.flush()
    rows = sums.with_columns(pl.lit(window.cycle_id, pl.Int64).alias("cycle_id"))
    if not is_sqlite(session):
        rows = rows.with_columns(("\\x" + pl.col("sums").bin.encode("hex")).alias("sums"))
    append(session, OutcomeSum.__tablename__, rows)


def sums(session: Session, cycle_id: int, *, offer_id: int | None = None) -> Iterator[Sums]:
    """The sums of a cycle, of one of its deals or all, by window and deal, as they are read."""
    of_deal = "" if offer_id is None else "AND offer_id = :offer"
    statement = text(
        f"""SELECT {", ".join(Sums._fields)} FROM outcome_sum WHERE cycle_id = :cycle {of_deal}
            ORDER BY {", ".join(Sums._fields[:5])}"""
    )
    found = session.execute(
        statement,
        {"cycle": cycle_id, "offer": offer_id},
        execution_options={"yield_per": _AT_ONCE},
    )
    return (Sums(*row) for row in found)


def counted_offers(session: Session, cycle_id: int) -> list[int]:
    """The deals that a cycle's sums are of."""
    statement = select(OutcomeSum.offer_id).where(OutcomeSum.cycle_id == cycle_id).distinct()
    return list(session.exec(statement.order_by(col(OutcomeSum.offer_id))))


def business_days(session: Session, *, since: date, before: date) -> dict[str, list[date]]:
    """The days on which each store sold anything, in order."""
    statement = (
        select(col(Basket.store_id), col(Basket.business_date))
        .where(col(Basket.business_date) >= since, col(Basket.business_date) < before)
        .distinct()
        .order_by(col(Basket.store_id), col(Basket.business_date))
    )
    found: dict[str, list[date]] = {}
    for store_id, day in session.exec(statement):
        found.setdefault(store_id, []).append(day)
    return found
