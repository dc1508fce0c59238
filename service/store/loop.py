"""Queries on what the newest lists came to at the tills, and on what waits for people."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Date, text
from sqlmodel import Session, col, func, select

from service.store.tables.cycle import Batch, BatchState, Run, RunState

BY_DAY = {
    "day": pl.Date,
    "uses": pl.Int64,
    "discount_cents": pl.Int64,
    "supplier_cents": pl.Int64,
}
"""The columns of `uses_by_day`."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What a cycle's lists held when they were issued, partners' slots left out.

    `expected_uses` are the uses that were expected of all copies, of which those without an
    expectation count none.
    """

    lists: int
    copies: int
    face_value_cents: int
    expected_uses: float


def issued(session: Session, cycle_id: int) -> Issued:
    """What the lists of a cycle hold."""
    lists, copies, face_value_cents, expected = session.execute(
        text(
            """SELECT count(DISTINCT s.id), count(l.line), coalesce(sum(l.face_value_cents), 0),
                      coalesce(sum(l.expected_uses), 0)
               FROM shopping_list s
               LEFT JOIN list_line l ON l.list_id = s.id AND l.offer_id IS NOT NULL
                    AND l.uses > 0
               WHERE s.cycle_id = :cycle AND s.state IN ('issued', 'expired')"""
        ),
        {"cycle": cycle_id},
    ).one()
    return Issued(lists, copies, int(face_value_cents), float(expected))


def uses_by_day(session: Session, cycle_id: int) -> pl.DataFrame:
    """The uses of a cycle's lists that count, by business day; see `BY_DAY`."""
    rows = session.execute(
        text(
            """SELECT r.business_date AS day, sum(l.uses), sum(l.amount_cents),
                      sum(l.supplier_cents)
               FROM shopping_list s
               JOIN redemption_line l ON l.list_id = s.id AND l.live
               JOIN redemption r ON r.id = l.redemption_id
               WHERE s.cycle_id = :cycle
               GROUP BY r.business_date ORDER BY r.business_date"""
        ).columns(day=Date()),
        {"cycle": cycle_id},
    )
    return pl.DataFrame(
        [(day, *(int(value) for value in sums)) for day, *sums in rows], BY_DAY, orient="row"
    )


def failed_runs(session: Session, *, since: datetime) -> int:
    """Runs that failed since a moment."""
    statement = (
        select(func.count())
        .select_from(Run)
        .where(col(Run.state) == RunState.FAILED, col(Run.finished_at) >= since)
    )
    return session.exec(statement).one()


def batches_not_received(session: Session, *, published_before: datetime) -> int:
    """Batches that lie ready since a moment, and that the mailing house has not confirmed."""
    statement = (
        select(func.count())
        .select_from(Batch)
        .where(
            col(Batch.state) == BatchState.READY,
            col(Batch.received_at).is_(None),
            col(Batch.purged_at).is_(None),
            col(Batch.published_at) < published_before,
        )
    )
    return session.exec(statement).one()
